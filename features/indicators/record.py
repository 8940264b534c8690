"""An indicator is a record of one of two flat shapes; this module reads and checks them.

*Windowed*: fact kind, column, filter, roll-up, windows and one aggregate of a closed list.
*Derived*: one expression over other indicators, dated parameters and the line.

What "missing" means: without ``missing: zero`` an indicator is missing where the household's facts do not
speak of it. ``missing: zero`` reads silence as zero (false), but only once the home has seen any fact of the
kind. ``count`` with a boolean column counts the true ones among the rows that pass the filter; ``count`` and
``any`` without a column count the rows that pass, and are missing where the window holds no row at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from features import plain_yaml
from features.errors import Refusal
from features.facts.kinds import FactColumn, Kind
from features.indicators.expression import Expression, parse
from features.wording import both

AGGREGATES = (
    "last", "sum", "count", "any", "min", "max", "mean", "slope", "spread", "months_since", "spell", "distinct",
)  # fmt: skip
ROLLUPS = ("household", "current", "area")
UNITS = (
    "yuan", "yuan_per_person", "share", "log_ratio", "months", "count", "members", "rooms", "km", "mu", "m2", "years",
    "yes_no", "level", "days", "score", "yuan_per_month", "log_ratio_per_month", "number",
)  # fmt: skip
# The built-in view over income facts and the line of their period (see `compile`).
WELFARE = {
    "amount": FactColumn("amount", "money", {"zh": "人均收入", "en": "income per person"}),
    "line": FactColumn("line", "money", {"zh": "参照线", "en": "line"}),
    "log_ratio": FactColumn(
        "log_ratio", "decimal", {"zh": "收入与参照线之比的对数", "en": "log of income over line"}, scale=6
    ),
    "below": FactColumn("below", "boolean", {"zh": "是否低于参照线", "en": "below the line"}),
}

_META = {
    "id", "shape", "name", "group", "level", "owner", "unit", "rhythm", "missing", "monotone", "protected",
    "may_predict", "valid_from", "source", "reason", "examples",
}  # fmt: skip
_KEYS = {
    "windowed": _META | {"kind", "column", "filter", "rollup", "windows", "aggregate"},
    "derived": _META | {"expression"},
}


@dataclass(frozen=True)
class Window:
    """Months back from the as-of day: ``first <= delta < past``; past None means all history."""

    name: str
    first: int = 0
    past: int | None = None


@dataclass(frozen=True)
class Record:
    """One indicator (a family of windows is one record). Texts are ``{"zh", "en"}``."""

    id: str
    shape: str
    name: Mapping[str, str]
    group: str
    level: str
    owner: str
    unit: str
    rhythm: str
    missing: str
    monotone: int
    protected: bool
    may_predict: tuple[str, ...] | str
    valid_from: date
    source: str
    reason: Mapping[str, str]
    examples: tuple[Mapping[str, Any], ...]
    document: Mapping[str, Any]
    kind: str = ""
    column: str | None = None
    filter: Mapping[str, Any] | None = None
    rollup: str = "household"
    windows: tuple[Window, ...] = ()
    aggregate: str = ""
    expression: Expression | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The snapshot columns this record gives."""
        return tuple(f"{self.id}_{w.name}" if w.name else self.id for w in self.windows) or (self.id,)

    @property
    def type(self) -> str:
        """``boolean``, ``category`` or ``number``, by the unit."""
        return {"yes_no": "boolean", "level": "category"}.get(self.unit, "number")


def _bad(document: Mapping[str, Any], file: str, place: str, reason: Mapping[str, str]) -> Refusal:
    return Refusal("bad_record", record=document.get("id", "?"), file=file, place=place, reason=reason)


def _none_of(value: object, allowed: Sequence[str]) -> dict[str, str]:
    return both("{value} is none of {allowed}", value=value, allowed=", ".join(allowed))


def _windows(document: Mapping[str, Any], file: str) -> tuple[Window, ...]:
    entry = document.get("windows")
    if entry is None:
        return (Window(""),)
    named = {"": entry} if "months" in entry else entry
    windows = []
    for name, window in named.items():
        months = window.get("months")
        if isinstance(months, int) and months > 0:
            windows.append(Window(str(name), 0, months))
        elif isinstance(months, list) and len(months) == 2 and 0 <= months[0] < months[1]:
            windows.append(Window(str(name), months[0], months[1]))
        elif months is None and not window:
            windows.append(Window(str(name)))
        else:
            raise _bad(document, file, "windows", both("months cannot be {value}", value=months))
    return tuple(windows)


def _check_windowed(
    record: dict[str, Any], document: Mapping[str, Any], kinds: Mapping[str, Kind], file: str
) -> None:
    kind, column, aggregate = document["kind"], document.get("column"), document["aggregate"]
    if kind != "welfare" and kind not in kinds:
        raise _bad(document, file, "kind", both("there is no kind {kind}", kind=kind))
    own = WELFARE if kind == "welfare" else kinds[kind].columns
    if aggregate not in AGGREGATES:
        raise _bad(document, file, "aggregate", _none_of(aggregate, AGGREGATES))
    needs_column = aggregate not in ("count", "any", "months_since")
    if (column is None and needs_column) or (column is not None and column not in own):
        raise _bad(document, file, "column", both("{kind} has no column {column}", kind=kind, column=column))
    for name in document.get("filter") or {}:
        if name not in own:
            raise _bad(
                document, file, "filter", both("{kind} has no column {column}", kind=kind, column=name)
            )
    if document.get("rollup", "household") not in ROLLUPS:
        raise _bad(document, file, "rollup", _none_of(document["rollup"], ROLLUPS))
    type_ = own[column].type if column else "boolean"
    wrong = {
        "any": type_ != "boolean",
        "spell": type_ != "boolean",
        "last": False,
        "count": False,
        "months_since": type_ != "boolean",
        "distinct": False,
    }.get(aggregate, type_ not in ("money", "integer", "decimal"))
    if wrong:
        raise _bad(
            document,
            file,
            "aggregate",
            both("a column of type {type} has no {aggregate}", type=type_, aggregate=aggregate),
        )
    gives = "number"
    if aggregate == "any" or (aggregate == "last" and type_ == "boolean"):
        gives = "boolean"
    elif aggregate == "last" and type_ in ("category", "code", "text"):
        gives = "category"
    if gives != Record(**{**record, "windows": ()}).type:
        raise _bad(
            document,
            file,
            "unit",
            both("the unit {unit} does not fit a value of type {type}", unit=document["unit"], type=gives),
        )


def make_record(document: Mapping[str, Any], *, file: str, kinds: Mapping[str, Kind]) -> Record:
    """A record from its document. Raises `Refusal` ``bad_record`` naming file, record, place and reason."""
    shape = document.get("shape")
    if shape not in _KEYS:
        raise _bad(document, file, "shape", _none_of(shape, tuple(_KEYS)))
    unknown = set(document) - _KEYS[shape]
    lacking = _META - {"missing", "monotone", "protected"} - set(document)
    if unknown or lacking:
        reason = both("there is no such key") if unknown else both("it is missing")
        raise _bad(document, file, ", ".join(sorted(unknown or lacking)), reason)
    for place, allowed in (
        ("unit", UNITS),
        ("level", ("micro", "meso", "macro")),
        ("rhythm", ("event", "monthly", "quarterly", "yearly", "wave")),
    ):
        if document[place] not in allowed:
            raise _bad(document, file, place, _none_of(document[place], allowed))
    monotone = {"none": 0, "rises": 1, "falls": -1}.get(document.get("monotone", "none"))
    missing = document.get("missing", "unknown")
    if monotone is None or missing not in ("unknown", "zero"):
        raise _bad(document, file, "monotone, missing", both("none, rises or falls; unknown or zero"))
    for place in ("name", "reason"):
        if set(document[place]) != {"zh", "en"}:
            raise _bad(document, file, place, both("it needs zh and en"))
    may = document["may_predict"]
    record: dict[str, Any] = {
        **{
            k: document[k]
            for k in ("id", "shape", "name", "group", "level", "owner", "unit", "rhythm", "source", "reason")
        },
        "missing": missing,
        "monotone": monotone,
        "protected": bool(document.get("protected", False)),
        "may_predict": may if isinstance(may, str) else tuple(may),
        "valid_from": document["valid_from"],
        "examples": tuple(document["examples"]),
        "document": document,
    }
    if shape == "derived":
        record["expression"] = parse(document["expression"], where=document["id"])
        return Record(**record)
    if "kind" not in document or "aggregate" not in document:
        raise _bad(document, file, "kind, aggregate", both("it is missing"))
    record |= {
        k: document[k]
        for k in ("kind", "column", "filter", "rollup", "aggregate")
        if document.get(k) is not None
    }
    _check_windowed(record, document, kinds, file)
    record["windows"] = _windows(document, file)
    return Record(**record)


def read_records(folder: Path, kinds: Mapping[str, Kind]) -> list[Record]:
    """All records of a folder, file by file in order of name. Raises `Refusal` ``bad_record``."""
    records: list[Record] = []
    for path in sorted(folder.glob("*.yaml")):
        documents = plain_yaml.load(path.read_bytes()) or []
        records += [make_record(document, file=path.name, kinds=kinds) for document in documents]
    return records
