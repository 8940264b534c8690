"""The SQL of one windowed column: its window, its filter, its aggregate over the rows of a scan.

A scan gives, for each pair, rows with the fact's own columns, ``delta`` (months back from the as-of day) and
``o`` (the order of the household's rows).
"""

from __future__ import annotations

from datetime import date

from features.facts.kinds import FactColumn
from features.indicators.catalogue import Column


def column_name(name: str) -> str:
    """A fact column as an SQL name: some are words of SQL ("left")."""
    return f'"{name}"'


def quoted(value: object) -> str:
    """A value as an SQL literal."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"


SQL_TYPE = {"number": "DOUBLE", "boolean": "BOOLEAN", "category": "VARCHAR"}


def scan_of(column: Column) -> tuple[object, ...]:
    """Columns of equal key are read in one scan: kind and roll-up, and the window where "current" depends on it."""
    record = column.record
    if record.rollup == "current":
        return record.kind, record.rollup, column.window.first, column.window.past
    return record.kind, record.rollup


def inside(column: Column) -> str:
    """The window of a column."""
    window = column.window
    conditions = [f"delta >= {window.first}"] if window.first else []
    conditions += [f"delta < {window.past}"] if window.past is not None else []
    return " AND ".join(conditions) or "TRUE"


def passes(column: Column) -> str:
    """The window and the filter of a column."""
    conditions = [inside(column)]
    for plain_name, wanted in (column.record.filter or {}).items():
        name = column_name(plain_name)
        if isinstance(wanted, list):
            conditions.append(f"{name} IN ({', '.join(quoted(v) for v in wanted)})")
        elif isinstance(wanted, dict):
            for rule, value in wanted.items():
                conditions.append(
                    {
                        "at_least": f"{name} >= {quoted(value)}",
                        "at_most": f"{name} <= {quoted(value)}",
                    }.get(rule)
                    or f"{name} NOT IN ({', '.join(quoted(v) for v in value)})"
                )
        else:
            conditions.append(f"{name} = {quoted(wanted)}")
    return " AND ".join(conditions)


def aggregate(column: Column, fact: FactColumn | None) -> str:
    """The value of a column over the rows of its group; ``fact`` is the fact column it reads, None for a count."""
    record, kept = column.record, passes(column)
    x = column_name(record.column) if record.column else None
    divisor = f" / {float(fact.divisor)!r}E0" if fact is not None and fact.divisor != 1 else ""
    here = f"FILTER (WHERE {kept})"
    known = f"FILTER (WHERE {kept} AND {x} IS NOT NULL)"

    def double(sql: str) -> str:
        return f"CAST({sql} AS DOUBLE){divisor}"

    n, s = f"COUNT({x}) {here}", f"SUM({x}) {known}"
    match record.aggregate:
        case "last":
            value = f"arg_max({x}, o) {known}"
            return value if column.type != "number" else double(value)
        case "sum":
            return double(s)
        case "min" | "max":
            return double(f"{record.aggregate.upper()}({x}) {known}")
        case "mean":
            return f"CAST({s} AS DOUBLE) / NULLIF({n}, 0){divisor}"
        case "count" | "any":
            if x is None:
                counted, spoken = f"COUNT(*) {here}", f"COUNT(*) FILTER (WHERE {inside(column)})"
            elif fact is not None and fact.type == "boolean":
                counted, spoken = f"COUNT(*) FILTER (WHERE {kept} AND {x})", n
            else:
                counted, spoken = n, n
            value = f"{counted} > 0" if record.aggregate == "any" else f"CAST({counted} AS DOUBLE)"
            return f"CASE WHEN {spoken} > 0 THEN {value} END"
        case "distinct":
            return f"CAST(NULLIF(COUNT(DISTINCT {x}) {known}, 0) AS DOUBLE)"
        case "months_since":
            return f"CAST(MIN(delta) FILTER (WHERE {kept}{f' AND {x}' if x else ''}) AS DOUBLE)"
        case "spell":
            unbroken = f"{kept} AND {x} AND (broken_{column.name} IS NULL OR o > broken_{column.name})"
            return f"CASE WHEN {n} > 0 THEN CAST(COUNT(*) FILTER (WHERE {unbroken}) AS DOUBLE) END"
        case "slope":  # months run forward, so x is minus delta
            sx, sxx = f"SUM(-delta) {known}", f"SUM(delta * delta) {known}"
            sxy = f"SUM(-delta * {x}) {known}"
            return f"CAST({n} * {sxy} - {sx} * {s} AS DOUBLE) / NULLIF(CAST({n} * {sxx} - {sx} * {sx} AS DOUBLE), 0E0){divisor}"
        case "spread":  # the sample standard deviation
            ss = f"SUM(CAST({x} AS HUGEINT) * {x}) {known}"
            return f"SQRT(CAST({n} * {ss} - {s} * {s} AS DOUBLE) / NULLIF(CAST({n} * ({n} - 1) AS DOUBLE), 0E0)){divisor}"
    raise AssertionError(record.aggregate)
