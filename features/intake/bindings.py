"""What a mapping says about a column: a *binding*; and the facts and traits that are made of bindings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from features.errors import Refusal
from features.facts.kinds import FactColumn, Kind, kinds
from features.intake.grammar import Section, as_day, as_text, check_id, exact

BINDING_KEYS = ("from", "format", "codes", "missing", "above", "at_least", "at_most", "scale", "shared")
FACT_KEYS = ("kind", "set", "columns", "when", "happened_on", "valid_from", "valid_to", "once")
TRAIT_KEYS = (*BINDING_KEYS, "type", "name", "group", "digits", "protected")
TRAIT_TYPES = ("code", "category", "integer", "decimal", "money", "boolean")
# What a fact of the kind must state, by `set` or by a column: without it the fact has no meaning.
STATED = {"income": ("part", "per", "concept", "months"), "coping": ("strategy",), "benefit": ("programme",)}
DAY = FactColumn("day", "day", {})
SHARERS = FactColumn("sharers", "decimal", {}, None, 2)
# Codes of a yes/no column whose binding gives none.
YES_NO: Mapping[str, object] = {"1": True, "0": False, "true": True, "false": False, "是": True, "否": False}


@dataclass(frozen=True)
class Binding:
    """A column of the file and how its cells are read.

    ``missing`` cells, and values not ``above`` the number, become missing without complaint; what does not
    parse, is not in ``codes``, or lies outside ``at_least``–``at_most`` is a quarantined cell. An amount that several
    people live on is divided by 1 and what each of ``shared`` adds (an equivalence scale): its number times its weight.
    """

    column: str
    target: FactColumn
    format: str | None = None
    codes: Mapping[str, object] | None = None
    missing: tuple[str, ...] = ()
    above: Decimal | None = None
    at_least: Decimal | None = None
    at_most: Decimal | None = None
    scale: Decimal = Decimal(1)
    shared: tuple[tuple[Binding, Decimal], ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that the value is made of."""
        return (self.column, *(among.column for among, _ in self.shared))


@dataclass(frozen=True)
class FactTemplate:
    """One fact for each row: its kind, what is always so (``always``), and what the row says (``columns``)."""

    slot: int
    kind: Kind
    always: Mapping[str, object]
    columns: Mapping[str, Binding]
    when: Mapping[str, tuple[str, ...]]
    happened_on: Binding | None
    valid_from: Binding | None
    valid_to: Binding | None
    once: bool


@dataclass(frozen=True)
class Trait:
    """A covariate: a further column, kept as a typed trait of the household."""

    id: str
    binding: Binding
    label: Mapping[str, str]
    group: str
    protected: bool


def stored_value(section: Section, key: str, value: object, target: FactColumn) -> object:
    """A constant of the mapping in the physical form of the column (money in fen, decimals as integers)."""
    if target.type in ("money", "decimal"):
        scaled = exact(section, key, value) * target.divisor
        return int(scaled.to_integral_value(ROUND_HALF_EVEN))
    if target.type == "integer":
        if isinstance(value, bool) or not isinstance(value, int):
            raise section.wrong(key, "integer")
        return value
    if target.type == "boolean":
        if not isinstance(value, bool):
            raise section.wrong(key, "flag")
        return value
    if target.type == "day":
        return as_day(section, key, value)
    text = as_text(value)
    if text is None:
        raise section.wrong(key, "text")
    if target.values is not None and text not in target.values:
        raise section.wrong(key, "choice", known=", ".join(target.values))
    return text


def read_binding(
    section: Section, key: str, target: FactColumn, default_format: str | None = None
) -> Binding:
    """A binding: a column's name alone, or a section with ``from`` and how to read it."""
    value = section.get(key)
    name = as_text(value)
    if name is not None:
        codes = YES_NO if target.type == "boolean" else None
        return Binding(name, target, default_format, codes)
    inner = section.section(key)
    inner.only(*BINDING_KEYS)
    return read_binding_keys(inner, target, default_format)


def read_binding_keys(inner: Section, target: FactColumn, default_format: str | None = None) -> Binding:
    codes: Mapping[str, object] | None = YES_NO if target.type == "boolean" else None
    if "codes" in inner:
        table = inner.section("codes")
        codes = {
            code: None if value is None else stored_value(table, code, value, target)
            for code, value in table.items()
        }
    return Binding(
        str(inner.text("from")),
        target,
        inner.text("format", default_format),
        codes,
        inner.texts("missing", ()),
        inner.number("above", None),
        inner.number("at_least", None),
        inner.number("at_most", None),
        inner.number("scale", Decimal(1)),
        _read_shared(inner, target) if "shared" in inner else (),
    )


def _read_shared(inner: Section, target: FactColumn) -> tuple[tuple[Binding, Decimal], ...]:
    weights = inner.section("shared")
    if target.type not in ("money", "decimal") or "codes" in inner:
        raise inner.wrong("shared", "amount")
    found = []
    for column, value in weights.items():
        weight = exact(weights, column, value)
        if weight <= 0:
            raise weights.wrong(column, "number")
        found.append((Binding(column, SHARERS, at_least=Decimal(0)), weight))
    return tuple(found)


def read_fact(section: Section, slot: int) -> FactTemplate:
    """One entry of ``facts``."""
    section.only(*FACT_KEYS)
    name = section.choice("kind", tuple(kinds()))
    kind = kinds()[name]
    known = tuple(column for column in kind.columns if (name, column) != ("household", "area"))
    always: dict[str, object] = {}
    if "set" in section:
        constants = section.section("set")
        constants.only(*kind.columns)
        for column, value in constants.items():
            always[column] = stored_value(constants, column, value, kind.columns[column])
    columns: dict[str, Binding] = {}
    if "columns" in section:
        bound = section.section("columns")
        bound.only(*known)
        for column in bound.names():
            columns[column] = read_binding(bound, column, kind.columns[column])
    for column in STATED.get(name, ()):
        if column not in always and column not in columns:
            raise Refusal("mapping_missing_key", file=section.file, key=section.path(f"set.{column}"))
    when: dict[str, tuple[str, ...]] = {}
    if "when" in section:
        conditions = section.section("when")
        when = {column: conditions.texts(column) for column in conditions.names()}
    if not columns and not when and name != "household":
        raise Refusal("mapping_missing_key", file=section.file, key=section.path("columns"))
    days = {
        key: read_binding(section, key, DAY, "%Y-%m-%d") if key in section else None
        for key in ("happened_on", "valid_from", "valid_to")
    }
    return FactTemplate(
        slot, kind, always, columns, when, **days, once=section.flag("once", name == "household")
    )


def read_trait(section: Section, key: str) -> Trait:
    """One entry of ``covariates``."""
    check_id(section, key, key)
    inner = section.section(key)
    inner.only(*TRAIT_KEYS)
    kind = inner.choice("type", TRAIT_TYPES)
    label = inner.both("name")
    target = FactColumn(key, kind, label, None, inner.integer("digits", 0))
    return Trait(
        key,
        read_binding_keys(inner, target),
        label,
        inner.text("group", "make_up"),
        inner.flag("protected", False),
    )
