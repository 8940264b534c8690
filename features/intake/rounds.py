"""Wide tables: rounds side by side as columns, folded into one row a household and round.

In a mapping whose wave tells `rounds`, ``{round}`` in a column's name stands for the round's code: the
columns ``hhsize_r0``, ``hhsize_r1``, … of a file are the one column ``hhsize_r{round}`` of the mapping.
Columns without it say the same in every round. ``{round}`` alone is the round's code itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

ROUND = "{round}"


def of_rounds(column: str) -> bool:
    """Whether the name stands for one column a round."""
    return ROUND in column and column != ROUND


def received(column: str, rounds: Iterable[str]) -> tuple[str, ...]:
    """The columns of the file behind a column of the mapping: one a round, itself, or (the code) none."""
    if column == ROUND:
        return ()
    if ROUND not in column:
        return (column,)
    return tuple(column.replace(ROUND, code) for code in rounds)


def holds(column: pa.DictionaryArray, values: Sequence[str]) -> np.ndarray:
    """For each row whether its cell, as it stands or as a code (``1.0`` is ``1``), is one of the values."""
    if not len(column.dictionary):
        return np.zeros(len(column), bool)
    texts = pc.utf8_trim_whitespace(column.dictionary.cast(pa.string()))
    codes = pc.replace_substring_regex(texts, r"^([+-]?\d+)\.0*$", r"\1")
    listed = pa.array(values, pa.string())
    hits = np.asarray(pc.or_(pc.is_in(texts, value_set=listed), pc.is_in(codes, value_set=listed)))
    return hits[column.indices.to_numpy()]


def interviewed(
    columns: Mapping[str, pa.DictionaryArray], rows: int, code: str, present: Mapping[str, Sequence[str]]
) -> np.ndarray:
    """Numbers of the file's rows that the round has: all that its ``present`` columns say so of."""
    chosen = np.ones(rows, bool)
    for column, values in present.items():
        chosen &= holds(columns[column.replace(ROUND, code)], values)
    return np.flatnonzero(chosen)


def folded(
    columns: Mapping[str, pa.DictionaryArray], wanted: Iterable[str], rows: Mapping[str, np.ndarray]
) -> Iterator[tuple[str, pa.DictionaryArray]]:
    """The wanted columns of the mapping, round after round.

    Parameters
    ----------
    columns : the columns of the file, each under its own name; absent ones are missing in their round
    rows : for each round the numbers of the file's rows that it has
    """
    codes, sizes = list(rows), [len(chosen) for chosen in rows.values()]
    together = np.concatenate([np.zeros(0, np.int64), *rows.values()])
    for name in wanted:
        if name == ROUND:
            indices = np.repeat(np.arange(len(codes), dtype=np.int32), sizes)
            yield name, pa.DictionaryArray.from_arrays(pa.array(indices), pa.array(codes, pa.string()))
        elif ROUND not in name:
            column = columns[name]
            taken = column.indices.to_numpy()[together]
            yield name, pa.DictionaryArray.from_arrays(pa.array(taken, pa.int32()), column.dictionary)
        else:
            parts = [_taken(columns.get(name.replace(ROUND, code)), chosen) for code, chosen in rows.items()]
            whole = pa.chunked_array(parts).unify_dictionaries()
            indices = pa.concat_arrays([chunk.indices for chunk in whole.chunks])
            yield name, pa.DictionaryArray.from_arrays(indices, whole.chunk(0).dictionary)


def _taken(column: pa.DictionaryArray | None, rows: np.ndarray) -> pa.DictionaryArray:
    if column is None:
        return pa.DictionaryArray.from_arrays(pa.array(np.zeros(len(rows), np.int32)), pa.array([""]))
    taken = column.indices.to_numpy()[rows]
    return pa.DictionaryArray.from_arrays(pa.array(taken, pa.int32()), column.dictionary.cast(pa.string()))
