"""Who is behind a pseudonym: handed to a register, never to the facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.intake.rows import Rows


@dataclass(frozen=True)
class Introduction:
    """A household, or a member of one, with the details that a delivery gives of it.

    ``household`` and ``person`` are pseudonyms (``person`` is None for the household itself), ``key`` is the
    household's source key ("k1|k2|k3"), ``details`` are texts as received, by the keys of ``register``.
    """

    household: str
    key: str
    person: str | None
    details: Mapping[str, str]


class Register(Protocol):
    """Keeps whom the pseudonyms stand for, encrypted, apart from everything else. By default nobody does."""

    def remember(self, introductions: Sequence[Introduction], *, source: str, delivery: int) -> None:
        """Called before a delivery is recorded, so that no household is ever known without its name.

        Parameters
        ----------
        introductions : what is new or differs from what was told before; an earlier detail is replaced
        source, delivery : id of the mapping, and the number that the delivery will have
        """
        ...


@dataclass
class Introductions:
    """What a register was told last, so that it hears of each detail once and of every change."""

    told: dict[str, dict[str, str]] = field(default_factory=dict)

    def of(self, rows: Rows) -> list[Introduction]:
        """The details of a delivery's usable rows that were not told before; of several rows the latest counts."""
        at = _latest_rows(rows)
        households = rows.households.take(pa.array(rows.household[at])).to_pylist()
        keys = rows.household_keys.take(pa.array(rows.household[at])).to_pylist()
        persons: list[str | None] = [None] * len(at)
        if rows.persons is not None and rows.person is not None:
            persons = rows.persons.take(pa.array(rows.person[at])).to_pylist()
        news: dict[int, dict[str, str]] = {}
        for detail, column in rows.mapping.register.items():
            told = self.told.setdefault(detail, {})
            values = _texts(rows, column).take(pa.array(at)).to_pylist()
            for place, value in enumerate(values):
                who = persons[place] or households[place]
                if value is not None and told.get(who) != value:
                    told[who] = value
                    news.setdefault(place, {})[detail] = value
        return [
            Introduction(households[place], keys[place], persons[place], details)
            for place, details in sorted(news.items())
        ]


def _latest_rows(rows: Rows) -> np.ndarray:
    """One row for each household (or person): that of its latest period, the last in the file."""
    usable = np.flatnonzero(rows.usable & ~rows.retracts)
    if rows.person is None or rows.persons is None:
        who = rows.household.astype(np.int64)
    else:
        who = rows.household * np.int64(len(rows.persons)) + rows.person
    order = usable[np.lexsort((rows.raw.lines[usable], rows.last[usable], who[usable]))]
    is_last = np.append(np.diff(who[order]) != 0, True)[: len(order)]
    return order[is_last]


def _texts(rows: Rows, column: str) -> pa.Array:
    """A column's cells, trimmed; null for what the mapping calls missing."""
    coded = rows.raw.columns[column]
    texts = pc.utf8_trim_whitespace(coded.dictionary.cast(pa.string()))
    missing = pc.is_in(texts, value_set=pa.array(dict.fromkeys(["", *rows.mapping.missing]), pa.string()))
    return pc.if_else(missing, pa.scalar(None, pa.string()), texts).take(coded.indices)
