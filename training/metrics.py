"""Every metric, declared once, as a pure function of scores, outcomes and row weights.

A bootstrap over households is a change of row weights, so one sorting of the scores serves all replicates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
TOP = 0.10  # the share of rows, over the whole pooled table, that a list of this length would hold
REPLICATES = 300
# Lengths of list at which precision and recall are told: every thousandth row to every row.
SHARES = (0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Sample:
    """Scores and outcomes in falling order of score, with rows of equal score in one group.

    score, outcome, weight : shape (rows,); outcome is 0 or 1
    starts : first row of each group of equal scores
    """

    score: Array
    outcome: Array
    weight: Array
    starts: NDArray[np.intp]

    @classmethod
    def of(cls, score: Array, outcome: Array, weight: Array | None = None) -> Sample:
        order = np.argsort(-score, kind="stable")
        ranked = np.asarray(score, float)[order]
        starts = (
            np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]]) if len(ranked) else np.zeros(0, np.intp)
        )
        weights = np.ones(len(ranked)) if weight is None else np.asarray(weight, float)[order]
        return cls(ranked, np.asarray(outcome, float)[order], weights, starts)

    @cached_property
    def groups(self) -> tuple[Array, Array]:
        """Weight of rows and weight of events of each group of equal scores."""
        events = self.weight * self.outcome
        if len(self.starts) == len(self.score):
            return self.weight, events
        return np.add.reduceat(self.weight, self.starts), np.add.reduceat(events, self.starts)

    @cached_property
    def cumulated(self) -> tuple[Array, Array]:
        """The same, cumulated from the highest score down."""
        rows, events = self.groups
        return np.cumsum(rows), np.cumsum(events)

    def captured(self, share: float) -> tuple[float, float]:
        """Weight of events in the top ``share`` of rows, and that weight of rows.

        A group that straddles the boundary counts by its part: the expectation over a random order.
        """
        rows, events = self.cumulated
        length = share * rows[-1]
        at = int(np.searchsorted(rows, length))
        below_rows = rows[at - 1] if at else 0.0
        below = events[at - 1] if at else 0.0
        within = rows[at] - below_rows
        return float(
            below + (events[at] - below) * ((length - below_rows) / within if within else 0.0)
        ), float(length)


def auc(sample: Sample) -> float:
    """Area under the ROC curve; pairs of equal score count one half. NaN without both classes."""
    rows, events = sample.groups
    if not len(rows):
        return float("nan")
    others = rows - events
    until, found = sample.cumulated
    positives, negatives = found[-1], until[-1] - found[-1]
    if not positives or not negatives:
        return float("nan")
    below = negatives - (until - found)
    return float((events * (below + others / 2)).sum() / (positives * negatives))


def ap(sample: Sample) -> float:
    """Average precision: precision at each distinct score, weighted by the gain in recall."""
    _, gained = sample.groups
    rows, events = sample.cumulated
    if not len(events) or not events[-1]:
        return float("nan")
    precision = np.divide(events, rows, out=np.zeros_like(events), where=rows > 0)
    return float((gained * precision).sum() / events[-1])


def recall_10(sample: Sample) -> float:
    """Share of all events that the top 10 % of rows hold."""
    events = sample.cumulated[1]
    return sample.captured(TOP)[0] / events[-1] if len(events) and events[-1] else float("nan")


def precision_10(sample: Sample) -> float:
    """Share of events among the top 10 % of rows."""
    if not len(sample.score):
        return float("nan")
    caught, length = sample.captured(TOP)
    return caught / length


def brier(sample: Sample) -> float:
    """Mean squared difference of probability and outcome; lower is better."""
    total = sample.weight.sum()
    return (
        float((sample.weight * (sample.score - sample.outcome) ** 2).sum() / total) if total else float("nan")
    )


METRICS: Mapping[str, Callable[[Sample], float]] = {
    "auc": auc,
    "ap": ap,
    "recall_10": recall_10,
    "precision_10": precision_10,
    "brier": brier,
}


def measure(sample: Sample) -> dict[str, float]:
    """All metrics of one sample."""
    return {name: metric(sample) for name, metric in METRICS.items()}


def capture(sample: Sample, shares: Sequence[float] = SHARES) -> Array:
    """Weight of events in the top of each share of rows, then all rows, then all events: shape (shares + 2,).

    Everything that a precision and a recall need: events / (share * rows), and events / all events.
    """
    rows, events = sample.cumulated
    if not len(rows):
        return np.zeros(len(shares) + 2)
    length = np.asarray(shares, float) * rows[-1]
    at = np.minimum(np.searchsorted(rows, length), len(rows) - 1)
    below_rows, below = np.r_[0.0, rows][at], np.r_[0.0, events][at]
    within = rows[at] - below_rows
    part = np.divide(length - below_rows, within, out=np.zeros(len(length)), where=within > 0)
    return np.r_[below + (events[at] - below) * np.minimum(part, 1.0), rows[-1], events[-1]]


def replicates(households: NDArray[np.intp], count: int, seed: int) -> Iterator[Array]:
    """Row weights of ``count`` bootstrap draws of whole households, all rows of a household together.

    households : household number (0, 1, …) of each row, shape (rows,)
    """
    generator = np.random.default_rng(seed)
    size = int(households.max()) + 1
    for _ in range(count):
        yield np.bincount(generator.integers(0, size, size), minlength=size)[households].astype(float)


def bootstrap(
    scores: Mapping[str, Array],
    outcome: Array,
    households: NDArray[np.intp],
    *,
    count: int = REPLICATES,
    seed: int = 0,
) -> dict[str, dict[str, Array]]:
    """Metrics of every model over the same bootstrap draws of households: {model: {metric: (count,)}}.

    The draws are shared, so the difference of two models' replicates is a paired replicate.
    """
    found = bootstrap_of(scores, outcome, households, _measured, size=len(METRICS), count=count, seed=seed)
    return {name: dict(zip(METRICS, draws.T, strict=True)) for name, draws in found.items()}


def _measured(sample: Sample) -> Array:
    return np.array(list(measure(sample).values()))


def bootstrap_of(
    scores: Mapping[str, Array],
    outcome: Array,
    households: NDArray[np.intp],
    function: Callable[[Sample], Array],
    *,
    size: int,
    count: int = REPLICATES,
    seed: int = 0,
) -> dict[str, Array]:
    """``size`` figures of every model over the same draws of households: {model: (count, size)}."""
    orders = {name: np.argsort(-score, kind="stable") for name, score in scores.items()}
    samples = {name: Sample.of(score, outcome) for name, score in scores.items()}
    draws = {name: np.empty((count, size)) for name in scores}
    if not scores or not len(outcome):
        return {name: np.full((count, size), np.nan) for name in scores}
    for number, weight in enumerate(replicates(households, count, seed)):
        for name, sample in samples.items():
            drawn = Sample(sample.score, sample.outcome, weight[orders[name]], sample.starts)
            draws[name][number] = function(drawn)
    return draws


def interval(values: Array, coverage: float = 0.95) -> tuple[float, float]:
    """Percentile interval of bootstrap replicates, ignoring those in which the metric does not exist."""
    known = values[np.isfinite(values)]
    if not len(known):
        return float("nan"), float("nan")
    low, high = np.quantile(known, [(1 - coverage) / 2, (1 + coverage) / 2])
    return float(low), float(high)


def summed(values: Array, households: NDArray[np.intp], *, count: int = REPLICATES, seed: int = 0) -> Array:
    """Column sums over the same draws of households as `replicates` gives: shape (count, columns).

    values : of each row, shape (rows, columns); any ratio of sums over rows has its interval from here at the
        price of one product of matrices
    """
    size = int(households.max()) + 1 if len(households) else 0
    totals = np.column_stack([np.bincount(households, column, minlength=size) for column in values.T])
    generator = np.random.default_rng(seed)
    drawn = np.empty((count, values.shape[1]))
    for number in range(count):
        drawn[number] = np.bincount(generator.integers(0, size, size), minlength=size) @ totals
    return drawn
