"""Townships and villages, and what is common to those who live there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from county.setting import COUNTY, INDUSTRIES, TOWNSHIPS, VILLAGES

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Places:
    """One row a village; `township` is its number. Codes are 12 digits, as in the statistical division codes."""

    township: Ints
    township_code: npt.NDArray[np.str_]
    village_code: npt.NDArray[np.str_]
    remote: Floats  # 0..1
    prosperity: Floats  # shift of log income
    search: Floats  # how eagerly cadres search; mean about 1
    exposed: Floats  # how hard disasters hit; mean about 1
    mix: Floats  # village x industry, shares

    @property
    def count(self) -> int:
        return len(self.township)


def make_places(rng: np.random.Generator) -> Places:
    """Ten townships of eight villages; each has its remoteness, its main industry and its eagerness to search."""
    township = np.repeat(np.arange(TOWNSHIPS), VILLAGES)
    village = np.tile(np.arange(VILLAGES), TOWNSHIPS)
    remote_township = rng.uniform(0.05, 0.85, TOWNSHIPS)
    remote = np.clip(remote_township[township] + rng.normal(0, 0.12, len(township)), 0, 1)
    main = rng.permutation(np.resize(np.arange(len(INDUSTRIES)), TOWNSHIPS))
    mix = rng.dirichlet(np.full(len(INDUSTRIES), 0.8), len(township)) * 0.45
    mix[np.arange(len(township)), main[township]] += 0.40
    mix[:, 0] += 0.15  # nearly everyone grows some grain
    return Places(
        township=township,
        township_code=np.array([f"{COUNTY}{101 + t:03d}000" for t in township]),
        village_code=np.array(
            [f"{COUNTY}{101 + t:03d}{201 + v:03d}" for t, v in zip(township, village, strict=True)]
        ),
        remote=remote,
        prosperity=0.06 - 0.16 * remote + rng.normal(0, 0.05, len(township)),
        search=np.exp(rng.normal(0, 0.35, TOWNSHIPS)[township] + rng.normal(0, 0.3, len(township)) - 0.1),
        exposed=rng.gamma(2.5, 0.4, TOWNSHIPS)[township] * (0.6 + 0.8 * remote),
        mix=mix / mix.sum(axis=1, keepdims=True),
    )
