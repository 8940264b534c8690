"""What each snapshot column means, read back from a frozen catalogue document.

A decision is explained with the catalogue it was made with, not with today's records.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from features.indicators.expression import parse

# The view over income facts; the line beside them is no fact about the household.
_WELFARE = "welfare"
_WELFARE_KIND = "income"


@dataclass(frozen=True)
class Meaning:
    """One column: the indicator it belongs to, and the fact kinds that its value comes from.

    ``event`` is true of months since something happened: no value then means that it never did, once the
    feed is there at all.
    """

    column: str
    indicator: str
    name: Mapping[str, str]
    group: str
    unit: str
    owner: str
    reason: Mapping[str, str]
    kinds: frozenset[str]
    event: bool = False


def meanings(catalogue: Mapping[str, Any]) -> dict[str, Meaning]:
    """Columns by name, from the document of a catalogue."""
    records = {record["id"]: record for record in catalogue["indicators"]}
    by_column = {column: record for record in records.values() for column in columns_of(record)}
    kinds: dict[str, frozenset[str]] = {}

    def kinds_of(column: str) -> frozenset[str]:
        if column not in kinds:
            record = by_column.get(column)
            if record is None:
                return frozenset()
            if record["shape"] == "windowed":
                kind = record["kind"]
                kinds[column] = frozenset({_WELFARE_KIND if kind == _WELFARE else kind})
            else:
                names = parse(record["expression"], where=record["id"]).names
                kinds[column] = frozenset().union(*(kinds_of(name) for name in names))
        return kinds[column]

    return {
        column: Meaning(
            column,
            record["id"],
            record["name"],
            record["group"],
            record["unit"],
            record["owner"],
            record["reason"],
            kinds_of(column),
            record.get("aggregate") == "months_since",
        )
        for column, record in by_column.items()
    }


def columns_of(record: Mapping[str, Any]) -> tuple[str, ...]:
    """The snapshot columns of an indicator record: one a window, ``<id>_<window>``."""
    windows = record.get("windows")
    if not windows or "months" in windows:
        return (record["id"],)
    return tuple(f"{record['id']}_{name}" if name else record["id"] for name in windows)
