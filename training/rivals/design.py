"""The design matrix of the linear rivals: what a careful analyst would do with any table.

Numbers: median imputation with a flag, standardised. Categories: one column a level, missing a level of
its own. Everything is learned from the training rows alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.frame import Frame

Rows = NDArray[np.intp]
LIMIT = 8.0  # standardised values are clipped here, so that one wild number cannot carry a prediction


@dataclass(frozen=True)
class _Number:
    name: str
    median: float
    mean: float
    scale: float
    flag: tuple[float, float] | None  # mean and scale of the missing flag


@dataclass(frozen=True)
class _Category:
    name: str
    levels: NDArray[np.integer]
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]


@dataclass(frozen=True)
class Design:
    """A fitted design; `matrix` gives float64, shape (rows, width)."""

    parts: tuple[_Number | _Category, ...]
    width: int

    @classmethod
    def fit(cls, frame: Frame, rows: Rows, names: Sequence[str]) -> Design:
        """Learn medians, levels, means and scales of the columns ``names`` on ``rows``."""
        parts: list[_Number | _Category] = []
        width = 0
        for name in names:
            if name in frame.categories:
                codes = frame.categories[name].codes[rows]
                count = np.bincount(codes + 1, minlength=1)
                levels = np.flatnonzero(count) - 1
                if len(levels) < 2:
                    continue
                mean = count[levels + 1] / len(rows)
                # of two levels the second column is the first mirrored
                keep = slice(1, None) if len(levels) == 2 else slice(None)
                parts.append(_Category(name, levels[keep], mean[keep], np.sqrt(mean * (1 - mean))[keep]))
                width += len(levels[keep])
                continue
            values = frame.numbers[name][rows]
            known = values[~np.isnan(values)]
            share = 1 - len(known) / max(1, len(rows))
            if not len(known):
                continue
            median = float(np.median(known))
            filled = np.where(np.isnan(values), median, values)
            mean_, scale_ = float(filled.mean()), float(filled.std())
            flag = (share, float(np.sqrt(share * (1 - share)))) if 0 < share < 1 else None
            if scale_ <= 1e-12 and flag is None:
                continue
            parts.append(_Number(name, median, mean_, scale_, flag))
            width += (scale_ > 1e-12) + (flag is not None)
        return cls(tuple(parts), width)

    def matrix(self, frame: Frame, rows: Rows) -> NDArray[np.float64]:
        """The standardised design of ``rows``."""
        out = np.empty((len(rows), self.width), np.float64, order="F")
        at = 0
        for part in self.parts:
            if isinstance(part, _Category):
                codes = frame.categories[part.name].codes[rows]
                for level, mean, scale in zip(part.levels, part.mean, part.scale, strict=True):
                    out[:, at] = ((codes == level) - mean) / scale
                    at += 1
                continue
            values = frame.numbers[part.name][rows]
            missing = np.isnan(values)
            if part.scale > 1e-12:
                standard = (np.where(missing, part.median, values) - part.mean) / part.scale
                out[:, at] = np.clip(standard, -LIMIT, LIMIT)
                at += 1
            if part.flag is not None:
                out[:, at] = (missing - part.flag[0]) / part.flag[1]
                at += 1
        return out
