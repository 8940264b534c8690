"""Kinds of fact: a closed vocabulary, one YAML file a kind, each a typed table.

A kind's clock is ``span`` (valid_from, valid_to) or ``event`` (happened_on). Money is integer fen, a
decimal is an integer with a declared number of digits after the point.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

import pyarrow as pa

from features import plain_yaml
from features.errors import Refusal

TYPES = {
    "money": pa.int64(), "integer": pa.int64(), "decimal": pa.int64(), "boolean": pa.bool_(), "category": pa.string(),
    "code": pa.string(), "text": pa.string(), "day": pa.date32(),
}  # fmt: skip

# In this order in every file: who, from where, when, and which word on it is the last. ``period`` is the last
# day of the row's wave (null where the mapping has none): with ``entry`` it is what the row speaks of.
COMMON = pa.schema(
    [
        ("household", pa.string()), ("person", pa.string()), ("source", pa.string()), ("entry", pa.string()),
        ("slot", pa.int16()), ("period", pa.date32()), ("valid_from", pa.date32()), ("valid_to", pa.date32()), ("happened_on", pa.date32()),
        ("known_at", pa.date32()), ("recorded_at", pa.date32()), ("delivery", pa.int32()), ("row", pa.int32()),
        ("revision", pa.int32()), ("retracted", pa.bool_()),
    ]
)  # fmt: skip
# One fact through its corrections. ``period`` is the last day of the row's period: next quarter's income is a
# new fact, no correction of this quarter's. It is null where an entry (a claim, a case) lasts over periods.
CHAIN = ("household", "person", "source", "entry", "slot", "period")


@dataclass(frozen=True)
class FactColumn:
    """A kind's own column; ``values`` closes a category, ``scale`` counts a decimal's digits after the point."""

    name: str
    type: str
    label: Mapping[str, str]
    values: tuple[str, ...] | None = None
    scale: int = 0

    @property
    def divisor(self) -> int:
        """What the stored integer is divided by to give its unit (yuan for money)."""
        return 100 if self.type == "money" else 10**self.scale


@dataclass(frozen=True)
class Kind:
    """One kind of fact."""

    id: str
    label: Mapping[str, str]
    clock: str
    subject: str
    columns: Mapping[str, FactColumn]

    @property
    def schema(self) -> pa.Schema:
        """The physical table: the common columns, then the kind's own."""
        own = [pa.field(column.name, TYPES[column.type]) for column in self.columns.values()]
        return pa.schema([*COMMON, *own])


def make_kind(document: Mapping[str, object], *, file: str) -> Kind:
    """A kind from its record. Raises `Refusal` ``bad_record`` naming the file and the place."""
    try:
        columns = {}
        for name, entry in dict(document["columns"]).items():  # type: ignore[call-overload]
            if entry["type"] not in TYPES:
                raise ValueError(f"type {entry['type']}")
            values = entry.get("values")
            columns[name] = FactColumn(
                name, entry["type"], MappingProxyType(dict(entry["name"])), tuple(values) if values else None,
                int(entry.get("scale", 0)),
            )  # fmt: skip
        if document["clock"] not in ("span", "event") or document["subject"] not in ("household", "person"):
            raise ValueError("clock or subject")
        return Kind(
            str(document["id"]), MappingProxyType(dict(document["name"])), str(document["clock"]),  # type: ignore[call-overload]
            str(document["subject"]), MappingProxyType(columns),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError) as problem:
        raise Refusal(
            "bad_record", record=document.get("id"), file=file, place="columns", reason=str(problem)
        ) from problem


@cache
def kinds() -> Mapping[str, Kind]:
    """The shipped kinds by id (a mapping's traits are a kind of their own, made from the mapping)."""
    shipped = {}
    for path in sorted(Path(__file__).parent.glob("*.yaml")):
        kind = make_kind(plain_yaml.load(path.read_bytes()), file=path.name)
        shipped[kind.id] = kind
    return MappingProxyType(shipped)


def trait_kind(mapping: str, covariates: Mapping[str, Mapping[str, object]]) -> Kind:
    """The kind ``trait_<mapping>``: one table a mapping, one typed column a covariate."""
    columns = {
        name: {"type": entry["type"], "scale": entry.get("digits", 0), "name": entry["name"]}
        for name, entry in covariates.items()
    }
    document = {
        "id": f"trait_{mapping}", "name": {"zh": "其他特征", "en": "further traits"}, "clock": "span",
        "subject": "household", "columns": columns,
    }  # fmt: skip
    return make_kind(document, file=f"{mapping}.yaml")
