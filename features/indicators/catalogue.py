"""The catalogue of a home: the shipped indicator records and the traits its mappings declare.

Its hash names the meaning of every snapshot column; a bundle and a snapshot fit when their hashes agree.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from features.declarations import Declarations, declared
from features.errors import Refusal
from features.facts.store import FactStore
from features.home import Home
from features.indicators.expression import Expression
from features.indicators.record import Record, Window, make_record, read_records
from features.policy.parameters import ParameterSet
from features.wording import N_, both

RECORDS = Path(__file__).parent / "records"
LINE = "line"
_TRAIT_REASON = N_("{name}: {value} (compared with {norm})")
_TRAIT_SOURCE = N_("declared by the mapping {mapping}")


@dataclass(frozen=True)
class Column:
    """One snapshot column: a record and one of its windows."""

    name: str
    record: Record
    window: Window

    @property
    def type(self) -> str:
        return self.record.type


@dataclass(frozen=True)
class Catalogue:
    """Records by id, columns by name; derived columns stand after what they read."""

    records: Mapping[str, Record]
    columns: Mapping[str, Column]
    parameters: ParameterSet
    declarations: Declarations
    store: FactStore = field(repr=False)

    @cached_property
    def hash(self) -> str:
        return sha256(json.dumps(self.document(), sort_keys=True, ensure_ascii=False).encode()).hexdigest()

    def document(self) -> dict[str, Any]:
        """All that gives the columns their meaning, as plain JSON values."""
        return {
            "indicators": [_plain(record.document) for record in self.records.values()],
            "welfare": _plain(self.declarations.welfare),
            "line": _plain(self.declarations.line),
        }

    def predictors(self, outcome: str) -> list[Column]:
        """Columns that may enter a model of ``outcome``: neither protected nor kept from it by ``may_predict``."""
        return [
            column
            for column in self.columns.values()
            if not column.record.protected
            and (column.record.may_predict == "all" or outcome in tuple(column.record.may_predict))
        ]

    def needed(self, names: list[str]) -> list[Column]:
        """``names`` and every column they are derived from, in order of the catalogue."""
        wanted: set[str] = set()
        queue = list(names)
        while queue:
            name = queue.pop()
            if name in wanted or name not in self.columns:
                continue
            wanted.add(name)
            expression = self.columns[name].record.expression
            queue += expression.names if expression else ()
        return [column for name, column in self.columns.items() if name in wanted]


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value.isoformat() if isinstance(value, date) else value


def trait_document(mapping: str, name: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """The record of a trait: the last known value of one covariate of a mapping."""
    unit = {"boolean": "yes_no", "code": "level", "category": "level", "text": "level"}.get(
        entry["type"], "number"
    )
    reason = both(_TRAIT_REASON, name=dict(entry["name"]), value="{value}", norm="{norm}")
    return {
        "id": name,
        "shape": "windowed",
        "name": dict(entry["name"]),
        "group": entry.get("group", "make_up"),
        "level": "micro",
        "owner": mapping,
        "unit": unit,
        "rhythm": "wave",
        "kind": f"trait_{mapping}",
        "column": name,
        "aggregate": "last",
        "protected": bool(entry.get("protected", False)),
        "may_predict": "all",
        "valid_from": date(1900, 1, 1),
        "source": both(_TRAIT_SOURCE, mapping=mapping)["en"],
        "reason": reason,
        "examples": [],
    }


def load(home: Home) -> Catalogue:
    """The catalogue of a home. Raises `Refusal` ``bad_record`` or ``bad_expression`` naming the record."""
    store = FactStore(home)
    return assemble(store, declared(store), ParameterSet.load(home))


def from_document(
    document: Mapping[str, Any], *, hash_: str, parameters: ParameterSet, store: FactStore
) -> Catalogue:
    """The catalogue that `Catalogue.document` described, for following single households.

    It knows no mappings, hence no population: what concerns a whole area has to be given to its `Tracer`.

    Parameters
    ----------
    hash_ : what the document is known by; it must still be the hash of what was read
    parameters : the set that the values were computed with

    Raises
    ------
    Refusal
        ``catalogue_damaged`` where the hash differs.
    """
    kinds = store.kinds()
    records = {}
    for indicator in document["indicators"]:
        valid_from = date.fromisoformat(indicator["valid_from"])
        record = make_record({**indicator, "valid_from": valid_from}, file=hash_, kinds=kinds)
        records[record.id] = record
    welfare = dict(document["welfare"])
    declarations = Declarations(
        {}, {}, welfare.get("concept"), welfare, dict(document["line"]), (), {}, False
    )
    made = Catalogue(records, _ordered(records, parameters), parameters, declarations, store)
    if made.hash != hash_:
        raise Refusal("catalogue_damaged", catalogue=hash_[:12])
    return made


def assemble(
    store: FactStore, declarations: Declarations, parameters: ParameterSet, *, folder: Path = RECORDS
) -> Catalogue:
    """The catalogue from its parts; `load` reads them from a home."""
    kinds = store.kinds()
    records = {}
    shipped = read_records(folder, kinds)
    traits = [
        make_record(trait_document(mapping, name, entry), file=f"{mapping}.yaml", kinds=kinds)
        for mapping, covariates in declarations.covariates.items()
        if f"trait_{mapping}" in kinds
        for name, entry in covariates.items()
        if name in kinds[f"trait_{mapping}"].columns
    ]
    taken: set[str] = set()
    for record in [*shipped, *traits]:
        clash = taken & set(record.columns)
        if record.id in records or clash:
            raise Refusal(
                "bad_record",
                record=record.id,
                file=str(folder.name),
                place="id",
                reason=both("it stands twice"),
            )
        if set(record.columns) & parameters.ids():
            raise Refusal(
                "bad_record",
                record=record.id,
                file="parameters",
                place="id",
                reason=both("a parameter has that name"),
            )
        records[record.id] = record
        taken |= set(record.columns)
    return Catalogue(records, _ordered(records, parameters), parameters, declarations, store)


def _ordered(records: Mapping[str, Record], parameters: ParameterSet) -> dict[str, Column]:
    """Windowed columns first, then each derived column after those it reads; names and types are checked."""
    columns = {
        name: Column(name, record, window)
        for record in records.values()
        if record.shape == "windowed"
        for name, window in zip(record.columns, record.windows, strict=True)
    }
    waiting = {record.id: record for record in records.values() if record.shape == "derived"}
    while waiting:
        ready = {
            id_: record
            for id_, record in waiting.items()
            if not any(name in waiting for name in (record.expression.names if record.expression else ()))
        }
        if not ready:
            raise Refusal(
                "bad_expression", record=sorted(waiting)[0], reason=both("it reads itself, through others")
            )
        for id_, record in ready.items():
            _check_types(record, columns, parameters)
            columns[id_] = Column(id_, record, Window(""))
            del waiting[id_]
    return columns


def _check_types(record: Record, columns: Mapping[str, Column], parameters: ParameterSet) -> None:
    def type_of(name: str) -> str:
        if name in columns:
            return columns[name].type
        if name == LINE:
            return "number"
        if name in parameters.ids():
            return parameters.type_of(name)
        raise Refusal(
            "bad_expression",
            record=record.id,
            reason=both("no indicator or parameter is called {name}", name=name),
        )

    expression: Expression | None = record.expression
    assert expression is not None
    gives = expression.type_of(type_of)
    if gives != record.type:
        raise Refusal(
            "bad_expression",
            record=record.id,
            reason=both("the unit {unit} does not fit a value of type {type}", unit=record.unit, type=gives),
        )
