"""Waves: which period a row speaks of, from its columns; first and last day of each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import numpy as np

from features.intake.grammar import Section, as_day, as_text
from features.intake.rounds import ROUND, of_rounds

# The forms that `wave` can take, by the keys that must be there, and those that may.
FORMS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "year_quarter": (("year", "quarter"), ()),
    "year_month": (("year", "month"), ()),
    "year": (("year",), ("first_month", "named_by")),
    "quarter": (("quarter",), ()),
    "month": (("month",), ("format",)),
    "day": (("day",), ("format",)),
    "table": (("column", "table"), ()),
    "rounds": (("rounds",), ("present", "everyone")),
}
KEYS = (
    "year", "quarter", "month", "day", "format", "column", "table", "first_month", "named_by", "rounds", "present", "everyone",
)  # fmt: skip
_NUMBER = re.compile(r"(\d+)(?:\.0*)?")
_QUARTER = re.compile(r"(\d{4})\s*[-/ ]?\s*[QqTt]?([1-4])")


@dataclass(frozen=True)
class Wave:
    """How the period of a row is told: ``form`` names the rule, ``columns`` what it reads.

    ``present`` says in which columns a wide table tells that a household was interviewed in a round, and by
    which cells; ``everyone`` are the rounds that have no such columns because every household has them.
    """

    form: str
    columns: tuple[str, ...]
    format: str | None = None
    table: Mapping[str, tuple[date, date]] = field(default_factory=dict)
    first_month: int = 1
    named_by: str = "end"
    present: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    everyone: tuple[str, ...] = ()

    @property
    def wide(self) -> bool:
        """Whether the rounds stand side by side as columns."""
        return self.form == "rounds"

    def signs(self, code: str) -> Mapping[str, tuple[str, ...]]:
        """The columns that say who was interviewed in the round, with the cells that say so."""
        return {} if code in self.everyone else self.present

    def period(self, cells: tuple[str, ...]) -> tuple[date, date] | None:
        """First and last day of the period that the cells name; None where they name none."""
        try:
            return self._period(tuple(cell.strip() for cell in cells))
        except (ValueError, OverflowError):
            return None

    def _period(self, cells: tuple[str, ...]) -> tuple[date, date] | None:
        if self.form in ("table", "rounds"):
            return self.table.get(_code(cells[0]))
        if self.form == "day":
            day = datetime.strptime(cells[0], self.format or "%Y-%m-%d").date()
            return day, day
        if self.form == "month" and self.format is not None:
            first = datetime.strptime(cells[0], self.format).date().replace(day=1)
            return first, last_of_month(first)
        if self.form == "quarter":
            matched = _QUARTER.fullmatch(cells[0])
            return quarter(int(matched[1]), int(matched[2])) if matched else None
        numbers = [_whole(cell) for cell in cells]
        if self.form == "year_quarter":
            return quarter(*numbers) if 1 <= numbers[1] <= 4 else None
        if self.form == "year_month":
            first = date(numbers[0], numbers[1], 1)
            return first, last_of_month(first)
        year = numbers[0] - (1 if self.first_month > 1 and self.named_by == "end" else 0)
        first = date(year, self.first_month, 1)
        return first, date(year + 1, self.first_month, 1) - timedelta(days=1)


def quarter(year: int, number: int) -> tuple[date, date]:
    first = date(year, 3 * number - 2, 1)
    return first, last_of_month(date(year, 3 * number, 1))


def last_of_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def _whole(cell: str) -> int:
    matched = _NUMBER.fullmatch(cell)
    if matched is None:
        raise ValueError(cell)
    return int(matched[1])


def _code(cell: str) -> str:
    matched = _NUMBER.fullmatch(cell)
    return matched[1] if matched else cell


def read_wave(section: Section) -> Wave:
    """The ``wave`` of a mapping. Refused where its keys make none of the forms."""
    section.only(*KEYS)
    given = {key for key in KEYS if key in section}
    form = next((name for name, (must, may) in FORMS.items() if set(must) <= given <= {*must, *may}), None)
    if form is None:
        known = "; ".join(" + ".join(must) for must, _ in FORMS.values())
        raise section.wrong("", "choice", known=known)
    if form == "table":
        return Wave(form, (str(section.text("column")),), table=_read_table(section.section("table")))
    if form == "rounds":
        return _read_rounds(section)
    if form == "month":
        return Wave(form, (str(section.text("month")),), str(section.text("format", "%Y-%m")))
    first_month = section.integer("first_month", 1)
    if not 1 <= first_month <= 12:
        raise section.wrong("first_month", "integer")
    columns = tuple(str(section.text(key)) for key in FORMS[form][0])
    return Wave(
        form,
        columns,
        section.text("format", None),
        {},
        first_month,
        section.choice("named_by", ("start", "end"), "end"),
    )


def _read_table(section: Section) -> Mapping[str, tuple[date, date]]:
    table = {}
    for code, value in section.items():
        if not isinstance(value, list) or len(value) != 2:
            raise section.wrong(code, "day")
        first, last = (as_day(section, code, day) for day in value)
        if last < first:
            raise section.wrong(code, "day")
        table[str(as_text(code))] = (first, last)
    return table


def _read_rounds(section: Section) -> Wave:
    table = _read_table(section.section("rounds"))
    if not table:
        raise section.wrong("rounds", "section")
    present = {}
    if "present" in section:
        inner = section.section("present")
        present = {column: inner.texts(column) for column in inner.names()}
        for column in present:
            if not of_rounds(column):
                raise inner.wrong(column, "round")
    everyone = section.texts("everyone", ())
    for code in everyone:
        if code not in table:
            raise section.wrong("everyone", "choice", known=", ".join(table))
    return Wave("rounds", (ROUND,), table=table, present=present, everyone=everyone)


def epoch_days(days: list[date | None]) -> np.ndarray:
    """Days as int32 since 1970; ``NO_DAY`` for none."""
    return np.array([NO_DAY if day is None else (day - EPOCH).days for day in days], np.int32)


EPOCH = date(1970, 1, 1)
NO_DAY = np.iinfo(np.int32).min
