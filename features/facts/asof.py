"""The only door to facts: *as of* a day, inclusive, by both clocks.

A fact is visible from the later of known_at and recorded_at until a later delivery supersedes it. So each
row carries the interval in which it is the last word, and "as of D" is one comparison.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from features.facts.by_household import all_rows, rows_of
from features.facts.kinds import CHAIN
from features.facts.store import FactStore

# The time of a fact: when it happened, or the end of the period it speaks of, or since when it holds.
TIME = "COALESCE(happened_on, valid_to, valid_from)"


def last_word(store: FactStore, kind: str, *, recorded_by: date | None = None) -> str | None:
    """SQL of a kind's rows with ``live_from`` and ``live_until`` (null: still the last word) and ``t``.

    With ``recorded_by`` what was recorded by that day counts from known_at alone: a retrospective delivery from
    the day it claims. For training where that is asked for, never for a list. None where the home holds no such fact.
    """
    deliveries = store.deliveries()
    paths = store.paths(kind, deliveries)
    if not paths:
        return None
    files = ", ".join("'" + str(path).replace("'", "''") + "'" for path in paths)
    since = "GREATEST(known_at, recorded_at)" if recorded_by is None else "known_at"
    if any(d.revised.get(kind) for d in deliveries):
        until = (
            f"MIN({since}) OVER (PARTITION BY {', '.join(CHAIN)} ORDER BY delivery, row "
            "ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)"
        )
    else:
        until = "CAST(NULL AS DATE)"
    # By name: an older file lacks the traits that a mapping has gained since.
    source = f"read_parquet([{files}], union_by_name = true)"
    if recorded_by is not None:
        source += f" WHERE recorded_at <= DATE '{recorded_by.isoformat()}'"
    return f"SELECT *, {TIME} AS t, {since} AS live_from, {until} AS live_until FROM {source}"


def first_visible(store: FactStore, kind: str) -> date | None:
    """The earliest day on which any fact of the kind can be seen: before it, "none" means "not known"."""
    days = [d.first_visible[kind] for d in store.deliveries() if kind in d.first_visible]
    return min(days, default=None)


def visible_rows(
    store: FactStore, kind: str, day: date, household: str | None = None
) -> list[dict[str, Any]]:
    """The facts of one household (or all) visible as of ``day``, each with its ``kind``: the slow, obvious reading.

    Plain loops over rows read by pyarrow; the reference that `last_word` must agree with.
    """
    if household is not None:
        return HouseholdFacts(store, household, day).of(kind)
    known = store.kinds()
    if kind not in known:
        return []
    rows = [row for path in store.paths(kind) for row in all_rows(path, known[kind])]
    return _last_words(kind, rows, day)


class HouseholdFacts:
    """What can be seen of one household as of ``day``: one view of the deliveries, in which each kind is read once.

    A delivery that is taken in meanwhile does not show halfway through. For one thread.
    """

    def __init__(self, store: FactStore, household: str, day: date) -> None:
        self.store, self.household, self.day = store, household, day
        self.kinds = store.kinds()
        self._deliveries = store.deliveries()
        self._rows: dict[tuple[str, str], list[dict[str, Any]]] = {}

    def of(self, kind: str, household: str | None = None) -> list[dict[str, Any]]:
        """The rows of a kind, each with its ``kind``; of another household where one is named (its neighbours)."""
        who = self.household if household is None else household
        if (kind, who) not in self._rows:
            known = self.kinds.get(kind)
            rows = rows_of(self.store, self._deliveries, known, who, self.day) if known else []
            self._rows[kind, who] = _last_words(kind, rows, self.day)
        return self._rows[kind, who]


def _last_words(kind: str, rows: list[dict[str, Any]], day: date) -> list[dict[str, Any]]:
    latest: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in sorted(rows, key=lambda r: (r["delivery"], r["row"])):
        if row["known_at"] <= day and row["recorded_at"] <= day:
            latest[tuple(row[name] for name in CHAIN)] = row
    return [{**row, "kind": kind} for row in latest.values() if not row["retracted"]]
