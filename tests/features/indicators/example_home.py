"""A home made from the example table of a record: its facts in, the value of each household out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pyarrow as pa

from features.declarations import Declarations
from features.facts.kinds import Kind, kinds
from features.facts.store import Delivery, FactStore
from features.home import Home
from features.indicators.catalogue import Catalogue, Column
from features.indicators.record import Record
from features.policy.parameters import ParameterSet

SOURCE, CONCEPT = "example", "example"
EARLY = date(2000, 1, 31)
STRATEGIES = (
    "savings_spent", "loan_from_family", "loan_from_lender", "instalments", "belongings_sold", "other_cash",
    "money_assistance", "goods_assistance", "family_help",
)  # fmt: skip
WELFARE = {"part": "total", "per": "person", "concept": CONCEPT, "months": 1}


def _row(kind: Kind, fact: Mapping[str, Any], number: int) -> dict[str, Any]:
    """A row of the kind's table from a row of the example: yuan become fen, decimals whole numbers."""
    own = dict(fact)
    # A mapping has a fact template for each part of income and each strategy: a slot of its own.
    template = kind.columns.get("part") or kind.columns.get("strategy")
    slots = {value: n for n, value in enumerate((template.values or STRATEGIES) if template else ())}
    row: dict[str, Any] = {
        "household": own.pop("household"),
        "person": own.pop("person", None),
        "source": SOURCE,
        "entry": own.pop("entry", ""),
        "slot": slots[own[template.name]] if template else 0,
        "valid_from": own.pop("valid_from", None),
        "valid_to": own.pop("valid_to", None),
        "happened_on": own.pop("happened_on", None),
        "known_at": own.pop("known_at"),
        "recorded_at": None,
        "delivery": 0,
        "row": number,
        "revision": 1,
        "retracted": False,
    }
    row["recorded_at"] = own.pop("recorded_at", row["known_at"])
    row["period"] = row["valid_to"] or row["happened_on"]
    for name, value in own.items():
        column = kind.columns[name]
        row[name] = value if value is None or isinstance(value, str | bool) else round(value * column.divisor)
    return row


def catalogue_of(record: Record, example: Mapping[str, Any], path: Path) -> Catalogue:
    """A catalogue of this record alone over a home that holds the facts of the example."""
    home = Home.create(path, clock="simulated")
    store = FactStore(home)
    kind = kinds()["income" if record.kind == "welfare" else record.kind]
    extra = WELFARE if record.kind == "welfare" else {}
    places = example.get("areas", {})
    households = sorted({fact["household"] for fact in example["facts"]} | set(_households(example)))
    living = [
        {"household": name, "area": places.get(name, "9/9"), "valid_to": EARLY, "known_at": EARLY}
        for name in households
    ]
    tables: dict[str, list[dict[str, Any]]] = {"household": []}
    tables["household"] += [_row(kinds()["household"], fact, n) for n, fact in enumerate(living, 2)]
    tables.setdefault(kind.id, [])
    tables[kind.id] += [_row(kind, {**extra, **fact}, n) for n, fact in enumerate(example["facts"], 100)]
    last = max(row["recorded_at"] for rows in tables.values() for row in rows)
    store.append(
        Delivery(SOURCE, "", "example.csv", "", None, last, 0, 0, 0, 0, 0),
        {name: pa.Table.from_pylist(rows, schema=kinds()[name].schema) for name, rows in tables.items()},
    )
    declarations = Declarations(
        mappings={},
        populations={SOURCE: "registered"},
        concept=CONCEPT,
        welfare={"concept": CONCEPT},
        line={"parameter": "monitoring_line"},
        outcomes=(),
        covariates={},
        synthetic=True,
    )
    columns = {n: Column(n, record, w) for n, w in zip(record.columns, record.windows, strict=True)}
    return Catalogue({record.id: record}, columns, _line(example.get("line")), declarations, store)


@cache
def _shipped() -> ParameterSet:
    return ParameterSet.load()


def _line(yearly: float | None) -> ParameterSet:
    """The shipped parameters with the example's line, yuan per person and year."""
    shipped = _shipped()
    if yearly is None:
        return shipped
    parameter = shipped.parameters["monitoring_line"]
    dated = replace(parameter.values[-1], value=yearly, valid_from=EARLY, area="/")
    return ParameterSet(
        MappingProxyType({**shipped.parameters, "monitoring_line": replace(parameter, values=(dated,))})
    )


def _households(example: Mapping[str, Any]) -> list[str]:
    return list(example["expect"])


def expected(record: Record, example: Mapping[str, Any]) -> dict[tuple[str, str], Any]:
    """Value by household and column: ``expect: {a: {12m: 5}}``, or ``{a: 5}`` for a record of one column."""
    found = {}
    for household, values in example["expect"].items():
        by_window = values if isinstance(values, dict) else {"": values}
        for window, value in by_window.items():
            found[household, f"{record.id}_{window}" if window else record.id] = value
    return found
