"""What the rules say of each row of a frame on its day, all rows of a rule at once.

The same rules, parameters and three-valued logic as a visiting list (`models.judgement.rules`); only the
order of work differs: there a household is asked every rule, here a rule is put to every household.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.policy.parameters import ParameterSet
from models.judgement.rules import LINE, Rule
from models.judgement.tiers import SEVERITY

Severities = NDArray[np.int8]
# Reads the line on a day in an area, None where there is none.
LineOn = Callable[[date, str], float | None]
_TYPES = {"number": pa.float64(), "boolean": pa.bool_(), "category": pa.string()}


def columns_read(rules: Iterable[Rule], columns: Iterable[str]) -> list[str]:
    """The columns, of those that exist, that the rules read."""
    known = set(columns)
    return list(dict.fromkeys(name for rule in rules for name in rule.names if name in known))


def severities(
    table: pa.Table, types: Mapping[str, str], rules: Sequence[Rule], parameters: ParameterSet, line: LineOn
) -> Severities:
    """The highest minimum tier of the rules that hold, row by row.

    Parameters
    ----------
    table : as_of, area and the columns of `columns_read`, as known on the day
    types : ``number``, ``boolean`` or ``category`` by column
    parameters : read on each row's day and in its area
    line : the line, for rules that read it

    Returns
    -------
    As `models.judgement.tiers.SEVERITY` counts, 4 red to 0 no rule is known to hold, shape (rows,).
    """
    names = dict.fromkeys(name for rule in rules for name in rule.names)
    found = {name: _values(name, table, types, parameters, line) for name in names}
    asked = pa.table({"as_of": table["as_of"]} | {n: v for n, v in found.items() if v is not None})

    def atom(name: str) -> str:
        return "NULL" if found[name] is None else f'"{name}"'

    hits = ["0"]
    for rule in rules:
        holds = " AND ".join(expression.sql(atom) for expression in rule.expressions)
        hits.append(f"CASE WHEN {holds} THEN {SEVERITY[rule.min_tier]} ELSE 0 END")
    # One thread answers in the order of the rows.
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.register("asked", asked)
        said = connection.execute(f"SELECT greatest({', '.join(hits)})::TINYINT AS severity FROM asked")
        return np.asarray(said.fetchnumpy()["severity"], np.int8)


def _values(
    name: str, table: pa.Table, types: Mapping[str, str], parameters: ParameterSet, line: LineOn
) -> pa.Array | None:
    """One value a row: of the column, of the parameter, of the line; None for a name that there is not."""
    # The order in which a list looks a name up (`models.judgement.rules.evaluate`): a parameter comes first.
    if name in parameters.ids():
        kind = _TYPES[parameters.type_of(name)]
        return _by_place(table, kind, lambda day, area: parameters.value(name, day, area))
    if name == LINE:
        return _by_place(table, pa.float64(), line)
    if name in types and name in table.column_names:
        column = table[name].combine_chunks()
        if types[name] == "number" and pa.types.is_boolean(column.type):
            column = column.cast(pa.int8())
        return column.cast(_TYPES[types[name]])
    return None


def _by_place(table: pa.Table, kind: pa.DataType, value: Callable[[date, str], object]) -> pa.Array:
    """``value`` of each row's day and area, asked once for each."""
    day = pc.dictionary_encode(table["as_of"].combine_chunks())
    area = pc.dictionary_encode(table["area"].combine_chunks().cast(pa.string()))
    days, areas = day.dictionary.to_pylist(), area.dictionary.to_pylist()
    code = day.indices.to_numpy().astype(np.int64) * len(areas) + area.indices.to_numpy()
    places, row = np.unique(code, return_inverse=True)
    found = pa.array([value(days[p // len(areas)], areas[p % len(areas)]) for p in places.tolist()], kind)
    return found.take(pa.array(row))
