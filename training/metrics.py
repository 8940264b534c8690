"""Every metric, declared once, as a pure function of scores, outcomes and row weights.

A bootstrap over households is a change of row weights, so one sorting of the scores serves all replicates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
TOP = 0.10  # the share of rows, over the whole pooled table, that a list of this length would hold
REPLICATES = 300


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
    others = rows - events
    positives, negatives = events.sum(), others.sum()
    if not positives or not negatives:
        return float("nan")
    below = negatives - np.cumsum(others)
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
    orders = {name: np.argsort(-score, kind="stable") for name, score in scores.items()}
    samples = {name: Sample.of(score, outcome) for name, score in scores.items()}
    draws: dict[str, dict[str, Array]] = {n: {m: np.empty(count) for m in METRICS} for n in scores}
    for number, weight in enumerate(replicates(households, count, seed)):
        for name, sample in samples.items():
            drawn = Sample(sample.score, sample.outcome, weight[orders[name]], sample.starts)
            for metric, value in measure(drawn).items():
                draws[name][metric][number] = value
    return draws


def interval(values: Array, coverage: float = 0.95) -> tuple[float, float]:
    """Percentile interval of bootstrap replicates, ignoring those in which the metric does not exist."""
    known = values[np.isfinite(values)]
    if not len(known):
        return float("nan"), float("nan")
    low, high = np.quantile(known, [(1 - coverage) / 2, (1 + coverage) / 2])
    return float(low), float(high)
