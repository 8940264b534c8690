"""From the margin to probabilities: σ(a_h + b·margin) at each horizon h.

Two promises, for whatever data it was fitted on: a higher margin never has a lower probability, at any
horizon (one b > 0 for all); and where a horizon counts everything up to it (outcomes of kind ``by``), a
longer horizon never has a lower one (a_h does not fall with h).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from models.risk.columns import Floats
from models.risk.logistic import sigmoid

# Of the step itself: how intercepts and slope become probabilities. A bundle that says nothing is of the first.
VERSION = 1
MIN_SLOPE = 1e-3
FLOOR_SHARES = {"orange": 0.01, "yellow": 0.03, "blue": 0.10}


@dataclass(frozen=True)
class Calibration:
    """Intercepts by horizon (months, rising) and the common slope.

    `nested` says that the intercepts must not fall with the horizon.
    """

    horizons: tuple[int, ...]
    intercepts: tuple[float, ...]
    slope: float
    nested: bool

    def __post_init__(self) -> None:
        if (
            not self.horizons
            or any(h <= 0 for h in self.horizons)
            or list(self.horizons) != sorted(set(self.horizons))
        ):
            raise ValueError("horizons must be different, positive and rising")
        if len(self.intercepts) != len(self.horizons) or not np.isfinite(self.intercepts).all():
            raise ValueError("each horizon needs one intercept")
        if not (np.isfinite(self.slope) and self.slope > 0):
            raise ValueError("the slope must be positive")
        if self.nested and any(b < a for a, b in zip(self.intercepts, self.intercepts[1:], strict=False)):
            raise ValueError("the intercepts fall with the horizon")

    def probability(self, margin: Floats) -> dict[int, Floats]:
        """Probability of each row at each horizon."""
        found: dict[int, Floats] = {}
        below = np.zeros(len(margin))
        for horizon, intercept in zip(self.horizons, self.intercepts, strict=True):
            chance = sigmoid(intercept + self.slope * np.ascontiguousarray(margin))
            if self.nested:
                # equal up to the last bit is not enough where the promise is "never lower"
                chance = below = np.maximum(chance, below)
            found[horizon] = chance
        return found

    def document(self) -> dict[str, Any]:
        return {
            "version": VERSION,
            "horizons": list(self.horizons),
            "intercepts": list(self.intercepts),
            "slope": self.slope,
            "nested": self.nested,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Calibration:
        """Raises ValueError, TypeError or KeyError where the document is not one of ours."""
        if document.get("version", 1) != VERSION:
            raise ValueError(f"a calibration of version {document['version']}; this reads {VERSION}")
        horizons = tuple(document["horizons"])
        if not all(type(h) is int for h in horizons):
            raise ValueError("horizons are whole months")
        intercepts = tuple(float(a) for a in document["intercepts"])
        return cls(horizons, intercepts, float(document["slope"]), bool(document["nested"]))


def fit(
    margin: Floats,
    outcomes: Mapping[int, npt.NDArray[Any]],
    *,
    nested: bool,
    weight: npt.NDArray[Any] | None = None,
) -> Calibration:
    """Intercepts and slope by maximum likelihood.

    Parameters
    ----------
    margin : out-of-fold margins of rows at risk
    outcomes : for each horizon in months, 0, 1, or NaN where it has not matured
    nested : the horizons count everything up to them (kind ``by``); adjacent intercepts that would fall
        are then fitted as one
    weight : of each row, default 1

    Raises
    ------
    ValueError : a horizon without a matured row
    """
    horizons = tuple(sorted(outcomes))
    weight = np.ones(len(margin)) if weight is None else np.asarray(weight, dtype=np.float64)
    labels, weights = [], []
    for h in horizons:
        y = np.asarray(outcomes[h], dtype=np.float64)
        known = ~np.isnan(y)
        if not (weight[known] > 0).any():
            raise ValueError(f"no outcome has matured at {h} months")
        labels.append(np.where(known, y, 0.0))
        weights.append(np.where(known, weight, 0.0))
    blocks = [[i] for i in range(len(horizons))]
    while True:
        a, b = _fit_blocks(np.asarray(margin, dtype=np.float64), labels, weights, blocks)
        falls = [i for i in range(len(blocks) - 1) if a[i] > a[i + 1]]
        if not nested or not falls:
            break
        blocks[falls[0]] += blocks.pop(falls[0] + 1)
    intercepts = [0.0] * len(horizons)
    for block, value in zip(blocks, a, strict=True):
        for i in block:
            intercepts[i] = float(value)
    return Calibration(horizons, tuple(intercepts), b, nested)


def _fit_blocks(
    margin: Floats, labels: list[Floats], weights: list[Floats], blocks: list[list[int]]
) -> tuple[Floats, float]:
    """Newton's method for one intercept a block and one slope; half a row at the observed share is added
    to each so that it ends even where nothing, or everything, has happened."""
    centre = float(margin.mean())
    spread = float(margin.std())
    m = (margin - centre) / spread if spread > 0 else np.zeros(len(margin))
    count = len(blocks)
    total = [sum(float(weights[i].sum()) for i in block) for block in blocks]
    events = [sum(float((weights[i] * labels[i]).sum()) for i in block) for block in blocks]
    share = [(e + 0.5) / (t + 1.0) for e, t in zip(events, total, strict=True)]
    flat = np.log(np.array(share) / (1 - np.array(share)))

    def value(x: Floats) -> float:
        loss = 0.005 * float(np.sum((x[:-1] - flat) ** 2)) + 0.005 * (float(x[-1]) - spread) ** 2
        for k, block in enumerate(blocks):
            z = x[k] + x[-1] * m
            for i in block:
                loss += float(np.sum(weights[i] * (np.logaddexp(0.0, z) - labels[i] * z)))
        return loss

    def solve(x: Floats, free: int) -> Floats:
        now = value(x)
        for _ in range(100):
            gradient = np.append(0.01 * (x[:-1] - flat), 0.01 * (x[-1] - spread))
            hessian = 0.01 * np.eye(count + 1)
            for k, block in enumerate(blocks):
                chance = sigmoid(x[k] + x[-1] * m)
                for i in block:
                    slope, curve = weights[i] * (chance - labels[i]), weights[i] * chance * (1 - chance)
                    gradient[k] += np.sum(slope)
                    gradient[-1] += np.sum(slope * m)
                    hessian[k, k] += np.sum(curve)
                    hessian[k, -1] += np.sum(curve * m)
                    hessian[-1, -1] += np.sum(curve * m * m)
            hessian[-1, :-1] = hessian[:-1, -1]
            if np.abs(gradient[:free]).max() <= 1e-9 * max(sum(total), 1.0):
                break
            step = np.zeros(count + 1)
            step[:free] = np.linalg.solve(hessian[:free, :free], gradient[:free])
            length = 1.0
            while (trial := value(x - length * step)) > now and length > 1e-8:
                length *= 0.5
            if trial > now:
                break
            x, now = x - length * step, trial
        return x

    x = solve(np.append(flat, 0.0), count + 1)
    unit = spread if spread > 0 else 1.0
    if x[-1] < MIN_SLOPE * unit:
        # what orders the wrong way round must not order at all; but b > 0 is promised
        x[-1] = MIN_SLOPE * unit
        x = solve(x, count)
    b = float(x[-1]) / unit
    return x[:-1] - b * centre, b


def floors(probability: Floats) -> dict[str, float]:
    """Lowest probability of the highest 1, 3 and 10 % of the rows: floors of orange, yellow and blue.

    Where equal probabilities would make more rows reach a floor than its share (at least one row), the
    floor lies above them: a model that cannot tell households apart flags none.
    """
    ordered = np.sort(probability)[::-1]
    result: dict[str, float] = {}
    for tier, share in FLOOR_SHARES.items():
        count = max(1, int(share * len(ordered)))
        candidate = float(ordered[count - 1])
        if count < len(ordered) and ordered[count] == candidate:
            higher = ordered[ordered > candidate]
            candidate = float(higher[-1]) if len(higher) else float(np.nextafter(candidate, np.inf))
        result[tier] = candidate
    return result
