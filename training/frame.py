"""The training frame: households × as-of days with their columns and what became of them.

Columns are as known on the as-of day; labels are as known on the cut-off day. Rows are sorted by
(household, as-of), so that the same content gives the same frame, the same fingerprint and the same model.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from models.risk.columns import ColumnSpec
from training.periods import fold_of

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]
# Rows on which a component already holds teach the same scale from below the line, but are not judged.
HOLDS_NOW_WEIGHT = 0.5


@dataclass(frozen=True)
class Category:
    """A category column: ``levels`` sorted, ``codes`` their places, -1 where nothing is known."""

    levels: tuple[str, ...]
    codes: NDArray[np.int32]

    @classmethod
    def of(cls, values: pa.ChunkedArray | pa.Array | Sequence[str | None]) -> Category:
        array = values if isinstance(values, pa.ChunkedArray | pa.Array) else pa.array(values, pa.string())
        array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
        if not pa.types.is_dictionary(array.type):
            array = pc.dictionary_encode(array.cast(pa.string()))
        names = [str(name) for name in array.dictionary.to_pylist()]
        order = sorted(range(len(names)), key=names.__getitem__)
        place = np.empty(len(names) + 1, np.int32)
        place[order] = np.arange(len(names))
        place[-1] = -1
        codes = pc.fill_null(array.indices, len(names)).to_numpy(zero_copy_only=False)
        return cls(tuple(names[i] for i in order), place[codes])

    def values(self, rows: Rows) -> NDArray[Any]:
        """Object array of ``str`` or ``None``."""
        lookup = np.array([*self.levels, None], dtype=object)
        return lookup[self.codes[rows]]

    def numbers(self, rows: Rows) -> Floats:
        """The levels as the numbers they look like, else their places; NaN where nothing is known."""
        try:
            lookup = np.array([float(level) for level in self.levels] + [np.nan])
        except ValueError:
            lookup = np.r_[np.arange(len(self.levels), dtype=float), np.nan]
        return lookup[self.codes[rows]]


@dataclass(frozen=True)
class Labels:
    """What became of each row, as known on one day.

    event : per horizon, 1 or 0, NaN where immature or not observed
    state : per horizon, 1 where a component holds at that time, else 0, NaN as above
    """

    event: dict[int, Floats]
    state: dict[int, Floats]


@dataclass(frozen=True)
class Revision:
    """What was known of some rows on an earlier day, where it differs from what the frame says.

    rows : their numbers; event, state : at the tier horizon, as in `Labels`; welfare_later : as in `Frame`
    """

    rows: Rows
    event: Floats
    state: Floats
    welfare_later: Floats


@dataclass(frozen=True)
class Frame:
    """Rows of one outcome, sorted by (household, as-of).

    household : number of the household in ``households``, shape (rows,)
    as_of : datetime64[D]
    area : dated code path of the household, as a category
    at_risk, holds_now : bool; rows where neither is true are of no use and not here
    welfare_later : welfare (log ratio to the line) at the tier horizon, NaN where not observed or not mapped
    of_welfare : columns computed from income or welfare themselves
    severity : the highest tier that a rule gives on the day (`models.judgement.tiers.SEVERITY`), None where the
        rules hit nobody at risk; no learner reads it
    told : for each as-of day the day on which its outcome was known, where the horizon does not say it (None)
    revisions : by cut-off of a block of the backtest, the labels that were not yet, or no longer, known then
    """

    outcome: str
    kind: str
    horizons: tuple[int, ...]
    tier_horizon: int
    delay_days: int
    specs: tuple[ColumnSpec, ...]
    numbers: dict[str, Floats]
    categories: dict[str, Category]
    households: tuple[str, ...]
    household: NDArray[np.int32]
    as_of: NDArray[np.datetime64]
    area: Category
    at_risk: NDArray[np.bool_]
    holds_now: NDArray[np.bool_]
    labels: Labels
    welfare_later: Floats
    of_welfare: frozenset[str] = frozenset()
    severity: NDArray[np.int8] | None = None
    told: Mapping[date, date] | None = None
    revisions: Mapping[date, Revision] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.household)

    @property
    def days(self) -> list[date]:
        """The as-of days, in order."""
        return list(np.unique(self.as_of).astype(object))

    @cached_property
    def fold(self) -> NDArray[np.int8]:
        """Fold of each row, from its household's id alone."""
        return np.array([fold_of(h) for h in self.households], np.int8)[self.household]

    @property
    def event(self) -> Floats:
        """The label that trains and judges the margin: the event by (at) the tier horizon.

        For outcomes ``by`` a horizon the tier horizon is taken rather than the longest: lists are ranked at
        it, and its outcomes mature sooner, so the newest as-of days can train.
        """
        return self.labels.event[self.tier_horizon]

    @property
    def judged(self) -> NDArray[np.bool_]:
        """Rows that calibration and metrics use: at risk, outcome known."""
        return self.at_risk & ~np.isnan(self.event)

    @cached_property
    def target(self) -> Floats:
        """What the estimator learns: the event where at risk, the state at the horizon where one holds now."""
        return np.where(
            self.at_risk, self.event, np.where(self.holds_now, self.labels.state[self.tier_horizon], np.nan)
        )

    @property
    def weight(self) -> Floats:
        return np.where(self.at_risk, 1.0, HOLDS_NOW_WEIGHT)

    @property
    def welfare(self) -> str | None:
        """The column that plays welfare now, or None where the home declares none."""
        return next((spec.name for spec in self.specs if spec.welfare == "now"), None)

    def columns(self, rows: Rows) -> dict[str, NDArray[Any]]:
        """The columns of ``rows`` as the estimator takes them."""
        return {
            spec.name: self.numbers[spec.name][rows]
            if spec.type == "number"
            else self.categories[spec.name].values(rows)
            for spec in self.specs
        }

    def ids(self, rows: Rows) -> NDArray[Any]:
        """Household ids of ``rows``."""
        return np.array(self.households, dtype=object)[self.household[rows]]

    def on(self, days: Sequence[date]) -> NDArray[np.bool_]:
        """Which rows stand on one of ``days``."""
        return np.isin(self.as_of, np.array(days, "datetime64[D]"))

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over everything that training reads: ids, days, columns, labels, and the columns' metadata."""
        digest = hashlib.sha256()

        def add(name: str, values: NDArray[Any]) -> None:
            digest.update(f"{name}:{values.dtype.str}:{len(values)}\n".encode())
            digest.update(np.ascontiguousarray(values).tobytes())

        header = (self.outcome, self.kind, self.horizons, self.tier_horizon, self.delay_days)
        digest.update(repr((header, [spec.document() for spec in self.specs])).encode())
        digest.update("\n".join(self.households).encode())
        add("household", self.household)
        add("as_of", self.as_of.astype("datetime64[D]").astype(np.int64))
        for name, values in sorted(self.numbers.items()):
            add(name, np.where(np.isnan(values), np.nan, values))
        for name, category in sorted({**self.categories, " area": self.area}.items()):
            digest.update("\n".join(category.levels).encode())
            add(name, category.codes)
        add("at_risk", self.at_risk)
        add("holds_now", self.holds_now)
        for horizon in self.horizons:
            add(
                f"event {horizon}",
                np.where(np.isnan(self.labels.event[horizon]), np.nan, self.labels.event[horizon]),
            )
            add(
                f"state {horizon}",
                np.where(np.isnan(self.labels.state[horizon]), np.nan, self.labels.state[horizon]),
            )
        return digest.hexdigest()

    def as_known(self, cutoff: date) -> Frame:
        """The frame with labels as they were known on the cut-off of a block; itself where none differs."""
        revision = self.revisions.get(cutoff)
        if revision is None:
            return self

        def put(values: Floats, earlier: Floats) -> Floats:
            changed = values.copy()
            changed[revision.rows] = earlier
            return changed

        tier = self.tier_horizon
        event = {**self.labels.event, tier: put(self.event, revision.event)}
        state = {**self.labels.state, tier: put(self.labels.state[tier], revision.state)}
        later = put(self.welfare_later, revision.welfare_later)
        return replace(self, labels=Labels(event, state), welfare_later=later, revisions={})

    def narrowed(self, train: Rows, rows: Rows) -> Frame:
        """The frame without what only rows other than ``rows`` could say of its columns.

        Columns that say the same of every row of ``train`` are left out, as `training.assembly` leaves out
        those that say the same of all; levels of categories that no row of ``rows`` has are forgotten.
        """
        kept = []
        categories = {}
        for spec in self.specs:
            if spec.type == "number":
                values = self.numbers[spec.name][train]
                known = values[~np.isnan(values)]
                varies = 0 < len(known) < len(values) or (len(known) > 0 and known.min() < known.max())
            else:
                category = self.categories[spec.name]
                codes = category.codes[train]
                varies = len(codes) > 0 and codes.min() < codes.max()
                seen = np.unique(category.codes[rows])
                seen = seen[seen >= 0]
                if len(seen) < len(category.levels):
                    place = np.full(len(category.levels) + 1, -1, np.int32)
                    place[seen] = np.arange(len(seen), dtype=np.int32)
                    category = Category(tuple(category.levels[i] for i in seen), place[category.codes])
                categories[spec.name] = category
            if varies:
                kept.append(spec)
        if not any(spec.welfare == "now" for spec in kept):
            kept = [replace(spec, welfare=None) if spec.welfare == "before" else spec for spec in kept]
        return replace(self, specs=tuple(kept), categories={**self.categories, **categories})

    def shuffled(self, seed: int) -> Frame:
        """The frame with outcomes exchanged between households of the same day and the same standing.

        Everything a household is stays; what became of it is another's. Nothing can be learned from it.
        """
        generator = np.random.default_rng(seed)
        source = np.arange(len(self))
        for day in np.unique(self.as_of):
            for standing in (self.at_risk, self.holds_now & ~self.at_risk):
                rows = np.flatnonzero((self.as_of == day) & standing)
                source[rows] = generator.permutation(rows)

        def move(values: Mapping[int, Floats]) -> dict[int, Floats]:
            return {horizon: value[source] for horizon, value in values.items()}

        labels = Labels(move(self.labels.event), move(self.labels.state))
        return replace(self, labels=labels, welfare_later=self.welfare_later[source], revisions={})
