"""The slow, obvious evaluator beside the compiler: a value and the fact rows it came from.

It reads the facts of the household with pyarrow.parquet alone and loops over rows. The household page,
``household --why`` and the auditor use it; the compiler must agree with it on every example and on random
histories.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from features.facts.asof import HouseholdFacts, first_visible, visible_rows
from features.indicators.catalogue import LINE, Catalogue, Column
from features.indicators.record import WELFARE

Row = dict[str, Any]
LOWEST_SHARE = 100


@dataclass(frozen=True)
class Traced:
    """A value (None: not known) and the fact rows behind it, oldest first."""

    value: float | bool | str | None
    facts: list[Row] = field(default_factory=list)


def time_of(row: Row) -> date:
    """When a fact happened, or the end of the period it speaks of, or since when it holds."""
    found: date = row["happened_on"] or row["valid_to"] or row["valid_from"]
    return found


def _order(row: Row) -> tuple[Any, ...]:
    return time_of(row), row["delivery"], row["row"], row["slot"]


def _delta(day: date, t: date) -> int:
    return (day.year * 12 + day.month) - (t.year * 12 + t.month)


def area_of(facts: HouseholdFacts) -> str:
    """The area path of a household as known on the day; "/" where none is known."""
    rows = [r for r in facts.of("household") if time_of(r) <= facts.day]
    named = [r for r in sorted(rows, key=_order) if r["area"] is not None]
    return str(named[-1]["area"]) if named else "/"


def trace(catalogue: Catalogue, column: str, household: str, day: date) -> Traced:
    """Value of a snapshot column for one household as of ``day``, with the rows it came from.

    Raises KeyError for a column that the catalogue does not have.
    """
    return Tracer(catalogue, HouseholdFacts(catalogue.store, household, day)).trace(column)


class Tracer:
    """Follows several columns of one household; facts are read once, each column is computed once.

    Parameters
    ----------
    areas : values of the columns that concern a whole area, by column, where they are known and the facts of
        other households are not to be read; such a column then has no facts
    """

    def __init__(
        self, catalogue: Catalogue, facts: HouseholdFacts, *, areas: Mapping[str, Any] | None = None
    ) -> None:
        self.catalogue, self.facts, self.areas = catalogue, facts, areas
        self.household, self.day = facts.household, facts.day
        self.area = area_of(facts)
        self._traced: dict[str, Traced] = {}
        self._everyone: dict[str, list[Row]] = {}

    def trace(self, column: str) -> Traced:
        """As `trace`. Raises KeyError for a column that the catalogue does not have."""
        return self.of(self.catalogue.columns[column])

    def of(self, column: Column) -> Traced:
        if column.name not in self._traced:
            self._traced[column.name] = self._of(column)
        return self._traced[column.name]

    def _of(self, column: Column) -> Traced:
        expression = column.record.expression
        if expression is None:
            if self.areas is not None and column.record.rollup == "area":
                return Traced(self.areas.get(column.name))
            return self.windowed(column)
        values: dict[str, Any] = {}
        facts: list[Row] = []
        for name in expression.names:
            part = self.named(name)
            values[name] = part.value
            facts += [row for row in part.facts if row not in facts]
        return Traced(expression.evaluate(values), sorted(facts, key=_order))

    def named(self, name: str) -> Traced:
        if name in self.catalogue.columns:
            return self.of(self.catalogue.columns[name])
        parameters = self.catalogue.parameters
        if name != LINE:
            return Traced(parameters.value(name, self.day, self.area))
        rule = self.catalogue.declarations.line
        if "parameter" in rule:
            return Traced(parameters.value(str(rule["parameter"]), self.day, self.area))
        rows = [r for r in self.everyone("line") if time_of(r) <= self.day]
        latest = max(rows, key=_order, default=None)
        return Traced(None) if latest is None else Traced(latest["amount"] / 100, [latest])

    # --- windowed

    def windowed(self, column: Column) -> Traced:
        record, window = column.record, column.window
        households = [self.household] if record.rollup != "area" else self.neighbours()
        rows = [row for household in households for row in self.rows(record.kind, household)]
        within = [
            row
            for row in rows
            if _delta(self.day, time_of(row)) >= window.first
            and (window.past is None or _delta(self.day, time_of(row)) < window.past)
        ]
        if record.rollup == "current":
            latest: dict[tuple[Any, ...], Row] = {}
            for row in sorted(within, key=_order):
                latest[row["household"], row["person"], row["source"], row["entry"], row["slot"]] = row
            within = list(latest.values())
        within.sort(key=_order)
        passing = [row for row in within if _passes(row, record.filter or {})]
        value, used = self.aggregate(column, within, passing)
        used = _with_lines(used)
        if value is None and record.missing == "zero":
            since = first_visible(self.catalogue.store, "income" if record.kind == "welfare" else record.kind)
            if since is not None and self.day >= since:
                value = False if column.type == "boolean" else 0.0
        return Traced(value, used)

    def rows(self, kind: str, household: str) -> list[Row]:
        if kind == "welfare":
            return self.welfare(household)
        return [row for row in self.facts.of(kind, household) if time_of(row) <= self.day]

    def everyone(self, kind: str) -> list[Row]:
        """The visible rows of a kind, whosever they are."""
        if kind not in self._everyone:
            self._everyone[kind] = visible_rows(self.catalogue.store, kind, self.day)
        return self._everyone[kind]

    def neighbours(self) -> list[str]:
        """The households of the same lowest area that are in the population on the day."""
        populations = self.catalogue.declarations.populations
        found = set()
        everyone: dict[str, list[Row]] = {}
        for row in sorted(self.everyone("household"), key=_order):
            if time_of(row) <= self.day:
                everyone.setdefault(row["household"], []).append(row)
        for household, rows in everyone.items():
            named = [r["area"] for r in rows if r["area"] is not None]
            if (named[-1] if named else "/") != self.area:
                continue
            for mapping, rule in populations.items():
                own = [r for r in rows if r["source"] == mapping]
                ended = [r["ended"] for r in own if r["ended"] is not None]
                if rule == "interviewed" and any(r["valid_to"] == self.day for r in own):
                    found.add(household)
                if rule == "registered" and own and not (ended and ended[-1]):
                    found.add(household)
        return sorted(found)

    def welfare(self, household: str) -> list[Row]:
        declared = self.catalogue.declarations
        lines = self.everyone("line") if "parameter" not in declared.line else []
        found = []
        for row in self.facts.of("income", household):
            mine = row["part"] == "total" and row["per"] == "person" and row["concept"] == declared.concept
            if not mine or time_of(row) > self.day:
                continue
            if "parameter" in declared.line:
                yearly = self.catalogue.parameters.value(
                    str(declared.line["parameter"]), time_of(row), self.area
                )
                line = None if yearly is None else round(float(yearly) * 100) * row["months"] // 12
                same = []
            else:
                same = [x for x in lines if x["source"] == row["source"] and x["valid_to"] == row["valid_to"]]
                line = same[-1]["amount"] if same else None
            if line is None or row["amount"] is None:
                continue
            ratio = math.log(max(row["amount"], line / LOWEST_SHARE) / line) if line else None
            found.append(
                {
                    **row,
                    "line": line,
                    "below": row["amount"] < line,
                    "line_fact": same[-1] if same else None,
                    "log_ratio": None if ratio is None else _round(ratio * 1e6),
                }
            )
        return found

    def aggregate(
        self, column: Column, within: list[Row], passing: list[Row]
    ) -> tuple[float | bool | str | None, list[Row]]:
        record, x = column.record, column.record.column
        known = [row for row in passing if x is None or row[x] is not None]
        values = [row[x] for row in known] if x else []
        own = WELFARE if record.kind == "welfare" else self.facts.kinds[record.kind].columns
        divisor = own[x].divisor if x else 1
        boolean = x is not None and own[x].type == "boolean"
        match record.aggregate:
            case "last":
                if not known:
                    return None, []
                last = values[-1]
                return (last / divisor if column.type == "number" else last), [known[-1]]
            case "count" | "any":
                spoken = within if x is None else known
                counted = [row for row in known if row[x]] if x and boolean else known
                if not spoken:
                    return None, []
                return (
                    bool(counted) if record.aggregate == "any" else float(len(counted))
                ), counted or spoken
            case "distinct":
                return (float(len(set(values))) if values else None), known
            case "months_since":
                held = [row for row in known if x is None or row[x]]
                return (float(_delta(self.day, time_of(held[-1]))), [held[-1]]) if held else (None, [])
            case "spell":
                if not known:
                    return None, []
                unbroken: list[Row] = []
                for row in reversed(known):
                    if not row[str(x)]:
                        break
                    unbroken.insert(0, row)
                return float(len(unbroken)), unbroken or [known[-1]]
            case _:
                value = _NUMERIC[record.aggregate](values, [-_delta(self.day, time_of(row)) for row in known])
                return (None if value is None else value / divisor), known


def _with_lines(rows: list[Row]) -> list[Row]:
    """The rows, and with those of `welfare` the line facts that they were read against."""
    found: list[Row] = []
    for row in rows:
        plain = {name: value for name, value in row.items() if name != "line_fact"}
        found += [one for one in (plain, row.get("line_fact")) if one is not None and one not in found]
    return sorted(found, key=_order)


def _passes(row: Row, conditions: dict[str, Any] | Any) -> bool:
    for name, wanted in conditions.items():
        value = row[name]
        if value is None:
            return False
        if isinstance(wanted, list):
            held = value in wanted
        elif isinstance(wanted, dict):
            held = (
                value >= wanted.get("at_least", value)
                and value <= wanted.get("at_most", value)
                and value not in wanted.get("not", ())
            )
        else:
            held = value == wanted
        if not held:
            return False
    return True


def _round(x: float) -> int:
    """Half away from zero, as SQL's ROUND."""
    return int(math.copysign(math.floor(abs(x) + 0.5), x))


def _slope(values: list[int], months: list[int]) -> float | None:
    n = len(values)
    below = n * sum(m * m for m in months) - sum(months) ** 2
    if not n or not below:
        return None
    above = n * sum(m * v for m, v in zip(months, values, strict=True)) - sum(months) * sum(values)
    return float(above) / float(below)


def _spread(values: list[int], _: list[int]) -> float | None:
    n = len(values)
    if n < 2:
        return None
    return math.sqrt(float(n * sum(v * v for v in values) - sum(values) ** 2) / float(n * (n - 1)))


_NUMERIC: dict[str, Callable[[list[int], list[int]], float | None]] = {
    "sum": lambda values, _: float(sum(values)) if values else None,
    "min": lambda values, _: float(min(values)) if values else None,
    "max": lambda values, _: float(max(values)) if values else None,
    "mean": lambda values, _: sum(values) / len(values) if values else None,
    "slope": _slope,
    "spread": _spread,
}
