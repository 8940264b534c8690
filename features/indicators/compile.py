"""From indicator records to SQL: every as-of day of a frame in one query a fact kind, then one join.

The SQL keeps to what DuckDB and Spark agree on to the bit: integer sums, closed forms over integers,
months as year*12+month, a divisor that is never zero, ties broken by a total order of the rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

import duckdb
import pyarrow as pa

from features.facts.asof import first_visible, last_word
from features.facts.kinds import FactColumn
from features.indicators.catalogue import LINE, Catalogue, Column
from features.indicators.record import WELFARE, Record
from features.indicators.sql import SQL_TYPE, aggregate, column_name, inside, passes, quoted, scan_of
from features.policy.areas import covers
from features.policy.parameters import ParameterSet

# An income of a hundredth of the line or less counts as a hundredth: its logarithm stays finite.
LOWEST_SHARE = 100
PAIRS = pa.schema(
    [("household", pa.string()), ("as_of", pa.date32()), ("known", pa.date32()), ("area", pa.string())]
)
DELTA = "((year(p.as_of) * 12 + month(p.as_of)) - (year(f.t) * 12 + month(f.t)))"
_VISIBLE = "f.live_from <= p.known AND (f.live_until IS NULL OR f.live_until > p.known) AND NOT f.retracted AND f.t <= p.as_of"
# The total order of a household's rows by (t, delivery, row, slot), packed into one integer: 17 bits of days, 17 of
# deliveries, 22 of rows (later rows of one file tie) and 7 of slots.
_ORDER = (
    "(CAST(date_diff('day', DATE '1900-01-01', t) AS BIGINT) * 70368744177664 + CAST(delivery AS BIGINT) * 536870912 "
    "+ LEAST(CAST(row AS BIGINT), 4194303) * 128 + slot) AS o"
)


class Compiler:
    """One DuckDB connection over the facts of a home; a context manager.

    Parameters
    ----------
    catalogue : what to compute and from which store
    retrospective : see what was recorded by this day by known_at alone (training, where asked for)
    threads : of DuckDB; the values do not depend on it
    """

    def __init__(
        self, catalogue: Catalogue, *, retrospective: date | None = None, threads: int | None = None
    ) -> None:
        self.catalogue = catalogue
        self.store = catalogue.store
        self.retrospective = retrospective
        self.connection = duckdb.connect(config={"threads": threads} if threads else {})
        self.connection.execute("SET enable_progress_bar = false")
        self._views: dict[str, bool] = {}

    def __enter__(self) -> Compiler:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    # --- facts

    def has(self, kind: str) -> bool:
        """Make the view ``live_<kind>``; False where the home holds no such fact."""
        if kind not in self._views:
            sql = last_word(self.store, kind, recorded_by=self.retrospective)
            if sql is not None:
                self.connection.execute(f"CREATE TEMP VIEW live_{kind} AS SELECT *, {_ORDER} FROM ({sql})")
            self._views[kind] = sql is not None
        return self._views[kind]

    def first_seen(self, kind: str) -> date | None:
        """The earliest day on which any fact of the kind can be seen."""
        if self.retrospective is None or not self.has(kind):
            return first_visible(self.store, kind)
        found = self.connection.execute(f"SELECT MIN(live_from) FROM live_{kind}").fetchone()
        return found[0] if found else None

    def population(self, days: Iterable[date], known: date | None = None) -> pa.Table:
        """Who is in the population on each day: `PAIRS`, sorted by household and day.

        ``interviewed``: a household fact whose period ends on the day; ``registered``: the latest household
        fact does not say that the household ended. ``known`` fixes the day of knowledge (default: each day).
        """
        days = sorted(set(days))
        asked = pa.table(
            {"as_of": pa.array(days, pa.date32()), "known": pa.array([known or d for d in days], pa.date32())}
        )
        return self._population(asked)

    def _population(self, asked: pa.Table) -> pa.Table:
        if not self.has("household"):
            return PAIRS.empty_table()
        self.connection.register("days", asked)
        parts = []
        for mapping, rule in self.catalogue.declarations.populations.items():
            here = f"f.source = {quoted(mapping)} AND {_VISIBLE}"
            if rule == "interviewed":
                parts.append(
                    "SELECT f.household, p.as_of, p.known, arg_max(f.area, f.o) AS area FROM days p JOIN live_household f "
                    f"ON f.valid_to = p.as_of WHERE {here} GROUP BY ALL"
                )
            else:
                parts.append(
                    "SELECT f.household, p.as_of, p.known, arg_max(f.area, f.o) FILTER (WHERE f.area IS NOT NULL) AS area "
                    f"FROM days p JOIN live_household f ON TRUE WHERE {here} GROUP BY ALL "
                    "HAVING NOT COALESCE(arg_max(f.ended, f.o) FILTER (WHERE f.ended IS NOT NULL), FALSE)"
                )
        if not parts:
            return PAIRS.empty_table()
        union = " UNION ALL ".join(f"({part})" for part in parts)
        query = (
            f"SELECT household, as_of, known, COALESCE(MAX(area), '/') AS area FROM ({union}) GROUP BY ALL "
            "ORDER BY household, as_of"
        )
        return self._table(query).cast(PAIRS)

    def compute(self, pairs: pa.Table, names: Sequence[str] | None = None) -> pa.Table:
        """The columns ``names`` (default: all) for every pair.

        Returns
        -------
        pa.Table
            household, as_of, area, then the columns in catalogue order; numbers float64, yes/no boolean,
            categories string; null is "not known"; sorted by household and day.
        """
        wanted = list(self.catalogue.columns) if names is None else list(names)
        columns = self.catalogue.needed(wanted)
        pairs = pairs.sort_by([("household", "ascending"), ("as_of", "ascending")])
        self._number("pairs", pairs)
        groups: dict[tuple[object, ...], list[Column]] = {}
        for column in columns:
            if column.record.shape == "windowed":
                groups.setdefault(scan_of(column), []).append(column)
        if any(scan[1] == "area" for scan in groups):
            # A place is all its households, whoever is asked about.
            self._number(
                "everyone",
                self._population(pairs.select(["as_of", "known"]).group_by(["as_of", "known"]).aggregate([])),
            )
        joins, given = [], []
        for number, (scan, members) in enumerate(groups.items()):
            query = self._scan(members, str(scan[1]))
            if query is None:
                given += [f"CAST(NULL AS {SQL_TYPE[c.type]}) AS {c.name}" for c in members]
                continue
            self.connection.execute(f"CREATE OR REPLACE TEMP TABLE scan_{number} AS {query}")
            on = (
                f"a{number}.area = p.area AND a{number}.as_of = p.as_of"
                if scan[1] == "area"
                else f"a{number}.pair = p.pair"
            )
            joins.append(f"LEFT JOIN scan_{number} a{number} ON {on}")
            given += [f"{self._silence(c, f'a{number}.{c.name}')} AS {c.name}" for c in members]
        self._constants(pairs, columns)
        base = (
            f"SELECT p.pair, p.household, p.as_of, p.area, {', '.join([*given, 'c.* EXCLUDE (as_of, area)'])} FROM pairs p "
            f"{' '.join(joins)} LEFT JOIN constants c ON c.as_of = p.as_of AND c.area = p.area"
        )
        for column in columns:
            if column.record.expression is not None:
                base = f"SELECT *, CAST({column.record.expression.sql(self._atom)} AS {SQL_TYPE[column.type]}) AS {column.name} FROM ({base})"
        chosen = ", ".join(
            ["household", "as_of", "area", *[c.name for c in columns if c.name in set(wanted)]]
        )
        result = self._table(f"SELECT {chosen} FROM ({base}) ORDER BY pair")
        for number in range(len(groups)):
            self.connection.execute(f"DROP TABLE IF EXISTS scan_{number}")
        return result

    def _number(self, name: str, pairs: pa.Table) -> None:
        """Keep pairs as a table whose ``pair`` is a short key to group by."""
        self.connection.register(
            "pairs_in", pairs.append_column("pair", pa.array(range(pairs.num_rows), pa.int32()))
        )
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM pairs_in")

    def provenance(self, pairs: pa.Table) -> pa.Table:
        """For every household, kind and source: on which day the latest fact seen became known."""
        self.connection.register("seen_pairs", pairs)
        parts = [
            f"SELECT p.household, {quoted(kind)} AS kind, f.source, MAX(f.known_at) AS known_at FROM seen_pairs p "
            f"JOIN live_{kind} f ON f.household = p.household WHERE {_VISIBLE} GROUP BY ALL"
            for kind in self.store.kinds()
            if kind != "line" and self.has(kind)
        ]
        query = f"SELECT * FROM ({' UNION ALL '.join(parts)}) ORDER BY household, kind, source"
        return self._table(query)

    def _table(self, query: str) -> pa.Table:
        found = self.connection.sql(query).to_arrow_table()
        assert isinstance(found, pa.Table)
        return found

    # --- one scan a kind

    def _scan(self, columns: list[Column], rollup: str) -> str | None:
        record = columns[0].record
        rows = self._rows(record.kind, columns, "everyone" if rollup == "area" else "pairs")
        if rows is None:
            return None
        if rollup == "current":
            window = inside(columns[0])
            rows = (
                f"SELECT * FROM ({rows}) WHERE {window} QUALIFY row_number() OVER "
                "(PARTITION BY pair, person, source, entry, slot ORDER BY o DESC) = 1"
            )
        spells = [
            f"MAX(CASE WHEN NOT {column_name(str(c.record.column))} AND {passes(c)} THEN o END) OVER (PARTITION BY pair) AS broken_{c.name}"
            for c in columns
            if c.record.aggregate == "spell"
        ]
        if spells:
            rows = f"SELECT *, {', '.join(spells)} FROM ({rows})"
        keys = "area, as_of" if rollup == "area" else "pair"
        values = ", ".join(f"{aggregate(c, self._column(c.record))} AS {c.name}" for c in columns)
        return f"SELECT {keys}, {values} FROM ({rows}) GROUP BY {keys}"

    def _rows(self, kind: str, columns: list[Column], pairs: str) -> str | None:
        own = sorted({name for c in columns for name in [c.record.column, *(c.record.filter or {})] if name})
        shared = "p.pair, p.as_of, p.area, f.person, f.source, f.entry, f.slot, f.o"
        if kind == "welfare":
            return self._welfare(shared, own, pairs)
        if not self.has(kind):
            return None
        mine = "".join(f", f.{column_name(name)}" for name in own)
        return f"SELECT {shared}{mine}, {DELTA} AS delta FROM {pairs} p JOIN live_{kind} f ON f.household = p.household WHERE {_VISIBLE}"

    def _welfare(self, shared: str, own: list[str], pairs: str) -> str | None:
        """Income a person in the declared concept beside the line of its period (see the module `record`)."""
        declared = self.catalogue.declarations
        if declared.concept is None or not self.has("income"):
            return None
        mine = (
            f"f.part = 'total' AND f.per = 'person' AND f.concept = {quoted(declared.concept)} AND {_VISIBLE}"
        )
        if "parameter" in declared.line:
            self._policy_lines(str(declared.line["parameter"]), pairs)
            line = "(q.fen * f.months) // 12"
            join = "JOIN policy_lines q ON q.area = p.area AND f.t >= q.since AND f.t < q.past"
        elif self.has("line"):
            line = "l.amount"
            join = (
                "JOIN live_line l ON l.source = f.source AND l.valid_to = f.valid_to AND l.live_from <= p.known "
                "AND (l.live_until IS NULL OR l.live_until > p.known) AND NOT l.retracted"
            )
        else:
            return None
        parts = {
            "amount": "f.amount",
            "line": line,
            "below": f"f.amount < {line}",
            "log_ratio": (
                f"CAST(ROUND(LN(GREATEST(f.amount, {line} / {LOWEST_SHARE}E0) / NULLIF(CAST({line} AS DOUBLE), 0E0)) * 1E6) AS BIGINT)"
            ),
        }
        mine_columns = "".join(f", {parts[name]} AS {column_name(name)}" for name in own)
        return (
            f"SELECT {shared}{mine_columns}, {DELTA} AS delta FROM {pairs} p JOIN live_income f ON f.household = p.household "
            f"{join} WHERE {mine}"
        )

    def _column(self, record: Record) -> FactColumn | None:
        if record.column is None:
            return None
        return (
            WELFARE[record.column]
            if record.kind == "welfare"
            else self.store.kinds()[record.kind].columns[record.column]
        )

    def _silence(self, column: Column, value: str) -> str:
        record = column.record
        if record.missing != "zero":
            return value
        since = self.first_seen("income" if record.kind == "welfare" else record.kind)
        none = "FALSE" if column.type == "boolean" else "0E0"
        return f"CASE WHEN p.known >= {quoted(since)} THEN COALESCE({value}, {none}) ELSE {value} END"

    # --- parameters and the line

    def _atom(self, name: str) -> str:
        if name in self.catalogue.columns:
            return name
        return "the_line" if name == LINE else f"parameter_{name}"

    def _constants(self, pairs: pa.Table, columns: list[Column]) -> None:
        """Parameters and the line for every day and area of the pairs, as a table to join."""
        names = sorted(
            {n for c in columns if c.record.expression for n in c.record.expression.names}
            - set(self.catalogue.columns)
        )
        places = pairs.group_by(["as_of", "area"]).aggregate([])
        days, areas = places["as_of"].to_pylist(), places["area"].to_pylist()
        table: dict[str, pa.Array] = {"as_of": places["as_of"], "area": places["area"]}
        parameters: ParameterSet = self.catalogue.parameters
        for name in names:
            if name == LINE:
                continue
            values = [parameters.value(name, day, area) for day, area in zip(days, areas, strict=True)]
            kind = pa.bool_() if parameters.type_of(name) == "boolean" else pa.float64()
            table[f"parameter_{name}"] = pa.array(values, kind)
        if LINE in names:
            lines = self.lines(sorted(set(days)))
            rule = self.catalogue.declarations.line
            if "parameter" in rule:
                found = [
                    parameters.value(str(rule["parameter"]), d, a) for d, a in zip(days, areas, strict=True)
                ]
            else:
                found = [lines.get(day) for day in days]
            table["the_line"] = pa.array(found, pa.float64())
        self.connection.register("constants", pa.table(table))

    def lines(self, days: list[date]) -> dict[date, float]:
        """The derived line (yuan, for the months of its wave) that held on each day, as known on it."""
        if not self.has("line") or not days:
            return {}
        self.connection.register("line_days", pa.table({"as_of": pa.array(days, pa.date32())}))
        rows = self.connection.execute(
            "SELECT p.as_of, arg_max(f.amount, f.o) FROM (SELECT as_of, as_of AS known FROM line_days) p "
            f"JOIN live_line f ON {_VISIBLE} GROUP BY p.as_of"
        ).fetchall()
        return {day: amount / 100 for day, amount in rows}

    def _policy_lines(self, parameter: str, pairs: str) -> None:
        areas = [
            row[0]
            for row in self.connection.execute(f"SELECT DISTINCT area FROM {pairs} ORDER BY area").fetchall()
        ]
        rows = [
            (area, since, past, round(float(value) * 100))
            for area in areas
            for since, past, value in _periods(self.catalogue.parameters, parameter, area)
        ]
        table = pa.table(
            {
                "area": pa.array([r[0] for r in rows], pa.string()),
                "since": pa.array([r[1] for r in rows], pa.date32()),
                "past": pa.array([r[2] for r in rows], pa.date32()),
                "fen": pa.array([r[3] for r in rows], pa.int64()),
            }
        )
        self.connection.register("policy_lines", table)


def _periods(parameters: ParameterSet, parameter: str, area: str) -> list[tuple[date, date, float]]:
    """(first day, day after the last, value) of a parameter in one area, over all time."""
    dated = parameters.parameters[parameter].values
    days = sorted({d.valid_from for d in dated if covers(d.area, area)})
    return [
        (since, past, float(parameters.value(parameter, since, area)))
        for since, past in zip(days, [*days[1:], date.max], strict=True)
    ]
