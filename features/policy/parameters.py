"""Dated parameters by area: every threshold, line, deadline and share that policy may change.

A record holds its values with the day from which each is in force, the area and the source::

    - id: monitoring_line
      name: {zh: 监测线, en: monitoring line}
      unit: yuan_per_person_year
      at_least: 0
      values:
        - {from: 2021-01-01, area: "/", value: 6000, source: "…"}

The value on a day is the latest in force of the most specific area that has one. A home's overlay
(``parameters/*.yaml``, the same schema) wins over the defaults of the same area from its first day on;
before that day, and for other areas, the defaults stay. A value may be null: known to be unset.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn

import yaml

from features import plain_yaml
from features.errors import Refusal
from features.home import Home
from features.policy.areas import WHOLE, covers, depth, valid
from features.wording import both

DEFAULTS = Path(__file__).parent / "defaults"
OVERLAY = "parameters"
# Files of the folder that hold vocabularies, not parameters.
VOCABULARIES = ("groups.yaml", "departments.yaml", "units.yaml")

Scalar = float | int | bool | str
Value = Scalar | Mapping[str, float] | None

_KEYS = {"id", "name", "unit", "at_least", "at_most", "values"}
_VALUE_KEYS = {"from", "area", "value", "source"}


@dataclass(frozen=True)
class Dated:
    """One value of a parameter: from a day on, in an area, with its source."""

    value: Value
    unit: str
    valid_from: date
    source: str
    area: str
    overlay: bool


@dataclass(frozen=True)
class Parameter:
    """A parameter with all its dated values, those of the most specific areas first, latest first."""

    id: str
    name: Mapping[str, str]
    unit: str
    values: tuple[Dated, ...]
    at_least: float | None = None
    at_most: float | None = None

    @property
    def type(self) -> str:
        """``number``, ``boolean``, ``category`` or ``mapping``; a parameter that is unset everywhere is a number."""
        return _type(self.values) or "number"


@dataclass(frozen=True)
class ParameterSet:
    """The resolved whole, named by its SHA-256. Read one with `load`, or back with `from_document`."""

    parameters: Mapping[str, Parameter]

    @classmethod
    def load(cls, home: Home | None = None, *, defaults: Path = DEFAULTS) -> ParameterSet:
        """The shipped defaults under the overlay of a home.

        Raises
        ------
        Refusal
            ``bad_record`` naming file, record and place; ``unknown_name`` where the overlay names a
            parameter that there is not.
        """
        parameters: dict[str, Parameter] = {}
        for file, document in _documents(defaults, VOCABULARIES):
            parameter = _parameter(document, file, overlay=False)
            if parameter.id in parameters:
                _bad(document, file, "id", both("it stands twice"))
            parameters[parameter.id] = parameter
        overlaid: set[str] = set()
        for file, document in _documents(home.folder(OVERLAY)) if home else ():
            shipped = parameters.get(str(document.get("id")))
            if shipped is None:
                known = ", ".join(sorted(parameters))
                raise Refusal(
                    "unknown_name", file=file, what=both("parameter"), name=document.get("id"), known=known
                )
            if shipped.id in overlaid:
                _bad(document, file, "id", both("it stands twice"))
            overlaid.add(shipped.id)
            parameters[shipped.id] = _overlaid(shipped, document, file)
        return cls(MappingProxyType(parameters))

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> ParameterSet:
        """The set that `document` described; its hash is the same."""
        return cls(
            MappingProxyType(
                {
                    id_: Parameter(
                        id_,
                        dict(entry["name"]),
                        entry["unit"],
                        _ordered(_from_plain(dated, entry["unit"]) for dated in entry["values"]),
                    )
                    for id_, entry in document["parameters"].items()
                }
            )
        )

    def ids(self) -> frozenset[str]:
        return frozenset(self.parameters)

    def type_of(self, id_: str) -> str:
        """``number``, ``boolean``, ``category`` or ``mapping``. Raises `Refusal` ``unknown_name``."""
        return self._parameter(id_).type

    def value(self, id_: str, day: date, area: str = WHOLE) -> Any:
        """The value in force, None where there is none on that day. Raises `Refusal` ``unknown_name``."""
        found = self.entry(id_, day, area)
        return None if found is None else found.value

    def entry(self, id_: str, day: date, area: str = WHOLE) -> Dated | None:
        """The value in force with its unit, first day, source and area."""
        for dated in self.in_force(id_, day):
            if covers(dated.area, area):
                return dated
        return None

    def in_force(self, id_: str, day: date) -> tuple[Dated, ...]:
        """For every area that has a value on `day`, that value; the most specific areas first."""
        found: dict[str, Dated] = {}
        for dated in self._parameter(id_).values:
            if dated.valid_from <= day:
                found.setdefault(dated.area, dated)
        return tuple(found.values())

    def document(self) -> dict[str, Any]:
        """All of it as plain JSON values; what `hash` is taken over."""
        return {
            "parameters": {
                id_: {
                    "name": dict(parameter.name),
                    "unit": parameter.unit,
                    "values": [_plain(dated) for dated in parameter.values],
                }
                for id_, parameter in sorted(self.parameters.items())
            }
        }

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the canonical JSON of `document`, hexadecimal."""
        text = json.dumps(
            self.document(), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
        )
        return sha256(text.encode()).hexdigest()

    def _parameter(self, id_: str) -> Parameter:
        try:
            return self.parameters[id_]
        except KeyError:
            known = ", ".join(sorted(self.parameters))
            raise Refusal("unknown_name", what=both("parameter"), name=id_, known=known) from None


def _type(values: Iterable[Dated]) -> str | None:
    """The type of the first value that is set."""
    for dated in values:
        match dated.value:
            case bool():
                return "boolean"
            case str():
                return "category"
            case int() | float():
                return "number"
            case Mapping():
                return "mapping"
    return None


def _ordered(values: Iterable[Dated]) -> tuple[Dated, ...]:
    """Deepest area first; within an area the latest first."""
    return tuple(sorted(values, key=lambda v: (-depth(v.area), v.area, -v.valid_from.toordinal())))


def _documents(folder: Path, leave_out: tuple[str, ...] = ()) -> list[tuple[str, Mapping[str, Any]]]:
    found = []
    for path in sorted(folder.glob("*.yaml")):
        if path.name in leave_out:
            continue
        try:
            records = plain_yaml.load(path.read_bytes()) or []
        except (yaml.YAMLError, UnicodeDecodeError) as problem:
            line = getattr(getattr(problem, "problem_mark", None), "line", -1) + 1
            _bad({}, path.name, both("line {line}", line=line), both("it is not YAML in UTF-8"))
        if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
            _bad({}, path.name, both("the top"), both("it is not a list of records"))
        found += [(path.name, record) for record in records]
    return found


def _bad(document: Mapping[str, Any], file: str, place: object, reason: Mapping[str, str]) -> NoReturn:
    raise Refusal("bad_record", record=document.get("id", "?"), file=file, place=place, reason=reason)


def _parameter(document: Mapping[str, Any], file: str, *, overlay: bool) -> Parameter:
    """A parameter from its record, every key and value checked."""
    for key in sorted(set(document) - _KEYS):
        _bad(document, file, key, both("there is no such key"))
    for key in ("id", "name", "unit", "values"):
        if key not in document:
            _bad(document, file, key, both("it is missing"))
    name, id_ = document["name"], document["id"]
    if not isinstance(id_, str) or not id_.isidentifier():
        _bad(document, file, "id", both("it is not a plain name"))
    if not isinstance(name, dict) or set(name) != {"zh", "en"} or not all(name.values()):
        _bad(document, file, "name", both("it needs a text in zh and in en"))
    if not isinstance(document["values"], list) or not document["values"]:
        _bad(document, file, "values", both("it is not a list of dated values"))
    values = [_dated(document, entry, file, overlay) for entry in document["values"]]
    if len({(dated.area, dated.valid_from) for dated in values}) < len(values):
        _bad(document, file, "values", both("an area has two values from the same day"))
    if len({_type([dated]) for dated in values} - {None}) > 1:
        _bad(document, file, "values", both("its values are of different types"))
    bounds = document.get("at_least"), document.get("at_most")
    return Parameter(id_, dict(name), str(document["unit"]), _ordered(values), *bounds)


def _dated(document: Mapping[str, Any], entry: object, file: str, overlay: bool) -> Dated:
    if not isinstance(entry, dict) or set(entry) != _VALUE_KEYS:
        _bad(document, file, "values", both("each value needs: {keys}", keys=", ".join(sorted(_VALUE_KEYS))))
    # A datetime is a date to Python, not to us.
    if type(entry["from"]) is not date:
        _bad(document, file, "from", both("it is not a day"))
    if not valid(entry["area"]):
        _bad(document, file, "area", both("it is not an area path"))
    if not isinstance(entry["source"], str) or not entry["source"].strip():
        _bad(document, file, "source", both("a value needs its source"))
    value = entry["value"]
    numbers = list(value.values()) if isinstance(value, dict) else [value]
    for number in numbers:
        if isinstance(number, bool | str) or number is None:
            continue
        if not isinstance(number, int | float) or not math.isfinite(number):
            _bad(document, file, "value", both("it is neither a finite number nor a text nor yes or no"))
        if not document.get("at_least", -math.inf) <= number <= document.get("at_most", math.inf):
            _bad(document, file, "value", both("it lies outside at_least and at_most"))
    return Dated(value, str(document["unit"]), entry["from"], entry["source"].strip(), entry["area"], overlay)


def _overlaid(shipped: Parameter, document: Mapping[str, Any], file: str) -> Parameter:
    """The shipped parameter under an overlay's record, whose name and unit may be left out.

    From its first day on, and in its area, a value of the overlay takes the place of the shipped ones.
    """
    bounds = {"at_least": shipped.at_least, "at_most": shipped.at_most}
    shipped_part = {"name": dict(shipped.name), "unit": shipped.unit}
    own = _parameter(
        {**shipped_part, **document, **{k: v for k, v in bounds.items() if v is not None}}, file, overlay=True
    )
    if own.unit != shipped.unit:
        _bad(document, file, "unit", both("it differs from the shipped unit, {unit}", unit=shipped.unit))
    if len({_type(own.values), _type(shipped.values)} - {None}) > 1:
        _bad(document, file, "values", both("its values are of different types"))
    kept = [
        dated
        for dated in shipped.values
        if not any(new.area == dated.area and new.valid_from <= dated.valid_from for new in own.values)
    ]
    return replace(own, values=_ordered([*kept, *own.values]))


def _plain(dated: Dated) -> dict[str, Any]:
    value = dict(dated.value) if isinstance(dated.value, Mapping) else dated.value
    return {
        "from": dated.valid_from.isoformat(),
        "area": dated.area,
        "value": value,
        "source": dated.source,
        "overlay": dated.overlay,
    }


def _from_plain(entry: Mapping[str, Any], unit: str) -> Dated:
    return Dated(
        entry["value"],
        unit,
        date.fromisoformat(entry["from"]),
        entry["source"],
        entry["area"],
        entry["overlay"],
    )
