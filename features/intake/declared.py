"""Parts of a mapping that say how its table is written, and what it declares beyond its facts."""

from __future__ import annotations

from collections.abc import Mapping as Table
from dataclasses import dataclass
from decimal import Decimal

from features.facts.kinds import FactColumn
from features.intake.bindings import DAY, Binding
from features.intake.grammar import Section

FORMAT_KEYS = (
    "delimiter", "encoding", "quote", "decimal", "thousands", "header_ends_at_nul", "header_case", "header_row", "multiline",
)  # fmt: skip
REGISTER_KEYS = ("name", "identity", "phone", "address")
OUTCOME_KEYS = (
    "id", "name", "kind", "horizons", "tier_horizon", "observed", "components", "given", "delay_days",
)  # fmt: skip


@dataclass(frozen=True)
class Format:
    """The CSV dialect."""

    delimiter: str = ","
    encoding: str = "utf-8"
    quote: str = '"'
    decimal: str = "."
    thousands: str = ""
    header_ends_at_nul: bool = False
    header_case: str = "as_is"
    header_row: int = 1
    multiline: bool = False


@dataclass(frozen=True)
class Arrival:
    """When a row became known: ``wave_end``, ``after_wave`` (+ days), ``column`` or ``delivery``."""

    rule: str
    days: int = 0
    binding: Binding | None = None


@dataclass(frozen=True)
class Area:
    columns: tuple[str, ...]
    levels: tuple[str, ...]
    visits: str


@dataclass(frozen=True)
class Welfare:
    concept: str
    now: str | None
    before: tuple[str, ...]


@dataclass(frozen=True)
class DerivedLine:
    """The line of a wave: nearest-rank ``quantile`` of its welfare facts, ``times`` a number; or one ``amount`` for
    all waves; or a dated parameter."""

    quantile: Decimal | None
    times: Decimal
    parameter: str | None
    amount: Decimal | None = None

    @property
    def of_wave(self) -> bool:
        """Whether the line is kept as a fact a wave; a parameter is not."""
        return self.parameter is None


@dataclass(frozen=True)
class Retraction:
    column: str
    codes: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """An outcome that the source declares; `features.outcomes` gives it its meaning."""

    id: str
    label: Table[str, str]
    kind: str
    horizons: tuple[int, ...]
    tier_horizon: int
    components: tuple[str, ...]
    given: str | None
    delay_days: int
    observed: str = "at_horizon"


def read_format(section: Section) -> Format:
    section.only(*FORMAT_KEYS)
    plain = Format()
    made = Format(
        section.text("delimiter", plain.delimiter),
        section.text("encoding", plain.encoding),
        section.text("quote", plain.quote),
        section.text("decimal", plain.decimal),
        section.text("thousands", plain.thousands),
        section.flag("header_ends_at_nul", plain.header_ends_at_nul),
        section.choice("header_case", ("as_is", "upper", "lower"), plain.header_case),
        section.integer("header_row", plain.header_row),
        section.flag("multiline", plain.multiline),
    )
    for key, sizes in (("delimiter", (1,)), ("quote", (0, 1)), ("decimal", (1,)), ("thousands", (0, 1))):
        character = getattr(made, key)
        if len(character) not in sizes or not character.isascii():
            raise section.wrong(key, "choice", known=", ; | \\t" if key == "delimiter" else ". ,")
    if made.header_row < 1:
        raise section.wrong("header_row", "integer")
    try:
        "a".encode(made.encoding)
    except LookupError as problem:
        raise section.wrong("encoding", "choice", known="utf-8, gb18030, latin-1, utf-16, …") from problem
    return made


def read_register(section: Section) -> dict[str, str]:
    section.only(*REGISTER_KEYS)
    return {detail: section.text(detail) for detail in REGISTER_KEYS if detail in section}


def read_area(section: Section) -> Area:
    section.only("columns", "levels", "visits")
    columns, levels = section.texts("columns"), section.texts("levels")
    if not columns or len(columns) != len(levels):
        raise section.wrong("levels", "texts")
    return Area(columns, levels, section.choice("visits", levels, levels[-1]))


def read_arrival(root: Section) -> Arrival:
    value = root.get("arrival", "delivery")
    if isinstance(value, str):
        return Arrival(root.choice("arrival", ("wave_end", "delivery"), "delivery"))
    section = root.section("arrival")
    if "after_wave" in section:
        section.only("after_wave")
        return Arrival("after_wave", section.integer("after_wave"))
    section.only("column", "format")
    target: FactColumn = DAY
    return Arrival("column", 0, Binding(section.text("column"), target, section.text("format", "%Y-%m-%d")))


def read_welfare(section: Section) -> Welfare:
    section.only("concept", "now", "before")
    return Welfare(section.id("concept"), section.text("now", None), section.texts("before", ()))


def read_line(section: Section) -> DerivedLine:
    section.only("quantile", "times", "parameter", "amount")
    if "parameter" in section:
        section.only("parameter")
        return DerivedLine(None, Decimal(1), section.id("parameter"))
    if "amount" in section:
        section.only("amount")
        return DerivedLine(None, Decimal(1), None, section.number("amount"))
    quantile, times = section.number("quantile"), section.number("times", Decimal(1))
    if not 0 < quantile <= 1:
        raise section.wrong("quantile", "number")
    return DerivedLine(quantile, times, None)


def read_retraction(section: Section) -> Retraction:
    section.only("column", "codes")
    return Retraction(section.text("column"), section.texts("codes"))


def read_outcome(section: Section) -> Outcome:
    section.only(*OUTCOME_KEYS)
    value = section.get("horizons")
    if not isinstance(value, list) or not value or any(type(h) is not int or h < 1 for h in value):
        raise section.wrong("horizons", "list")
    tier_horizon = section.integer("tier_horizon", value[-1])
    if tier_horizon not in value:
        raise section.wrong("tier_horizon", "choice", known=", ".join(str(h) for h in value))
    kind = section.choice("kind", ("at", "by"), "at")
    observed = section.choice("observed", ("at_horizon", "next_wave"), "at_horizon")
    if observed == "next_wave" and (kind, len(value)) != ("at", 1):
        raise section.wrong("observed", "choice", known="at_horizon")
    return Outcome(
        section.id("id"),
        section.both("name"),
        kind,
        tuple(value),
        tier_horizon,
        section.texts("components"),
        section.text("given", None),
        section.integer("delay_days", 0),
        observed,
    )
