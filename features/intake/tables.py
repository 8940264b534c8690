"""The table in a carrier: its header, and its rows as text columns, each value kept once (dictionaries)."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from features.errors import Refusal
from features.intake.carriers import CHUNK, GLANCE, line_blocks
from features.intake.declared import Format
from features.intake.headers import Header, placed, read_header, split_line
from features.intake.mapping import Mapping
from features.intake.rounds import ROUND, folded, interviewed
from features.intake.stata import Stata, is_stata, opened

DICTIONARY = pa.dictionary(pa.int32(), pa.string())
# Above this many broken rows, and when most rows are broken, the file is not what the mapping describes.
TOLERATED = 10_000
# Observations enough to see which period a Stata file is of.
FEW = 1000


@dataclass
class RawTable:
    """Rows as text, by the mapping's columns. ``lines``: the line of each row (in a wide table several rows have
    one); ``broken``: lines of rows of another length; ``form`` and ``missing``: how cells are written."""

    header: Header
    columns: dict[str, pa.DictionaryArray]
    lines: np.ndarray
    broken: np.ndarray
    form: Format
    missing: tuple[str, ...]

    @property
    def rows(self) -> int:
        return len(self.lines)

    def cells(self, column: str, rows: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
        """Where the file has the cells of a column in these rows (a mask): its column's name, and lines.

        What a wide table says once for all rounds is one cell.
        """
        if ROUND not in column or ROUND not in self.columns:
            yield column, np.unique(self.lines[rows])
            return
        codes = self.columns[ROUND]
        for number, code in enumerate(codes.dictionary.to_pylist()):
            here = rows & (codes.indices.to_numpy() == number)
            if here.any():
                yield column.replace(ROUND, code), np.unique(self.lines[here])


def read_table(
    path: Path,
    mapping: Mapping,
    columns: tuple[str, ...] | None = None,
    *,
    only_first: bool = False,
    glance: Callable[[RawTable], None] | None = None,
) -> RawTable:
    """Read the columns that the mapping uses.

    Parameters
    ----------
    columns : read only these (all that the mapping uses by default)
    only_first : stop after the first block, enough to see which period a file is of
    glance : called with the first block of a file that has more; may refuse it

    Raises
    ------
    Refusal for what no single row is to blame for: carrier, encoding, header, delimiter, missing columns.
    """
    wanted = columns or mapping.columns
    needed = [*wanted, *mapping.wave.present]
    names = tuple(dict.fromkeys(name for column in needed for name in mapping.received(column)))
    names = names or mapping.household  # the rounds alone are no columns of the file
    parts: list[_Part] = []
    with ExitStack() as stack:
        stata = stack.enter_context(opened(path, mapping.format.encoding)) if is_stata(path) else None
        if stata is not None:
            header = placed(list(stata.variables), path, mapping, 1)
            source = _observations(stata, header, names, only_first)
        else:
            header, source = _text(path, mapping, names, only_first)

        def joined(some: list[_Part]) -> RawTable:
            return _joined(some, header, names, wanted, mapping, stata is not None)

        for part in source:
            if len(parts) == 1 and glance is not None:
                glance(joined(parts))
            parts.append(part)
            bad = sum(len(p.broken) for p in parts)
            if bad > TOLERATED and bad > sum(p.table.num_rows for p in parts):
                raise Refusal(
                    "not_this_table",
                    file=path.name,
                    row=int(next(p.broken[0] for p in parts if len(p.broken))),
                    mapping=mapping.id,
                )
            if only_first:
                break
    return joined(parts)


@dataclass
class _Part:
    """A block's rows: the columns at hand, the line of each row, the lines of rows of another length."""

    table: pa.Table
    lines: np.ndarray
    broken: np.ndarray


def _text(
    path: Path, mapping: Mapping, names: tuple[str, ...], only_first: bool
) -> tuple[Header, Iterator[_Part]]:
    """A table written as text: its header, and its rows block by block."""
    size = GLANCE if only_first else CHUNK
    blocks = line_blocks(path, mapping.format.encoding, whole=mapping.format.multiline, size=size)
    body, first = _after_header(blocks, path, mapping)
    header = read_header(body.header, path, mapping)

    def parts() -> Iterator[_Part]:
        line = first
        for block in body.blocks:
            if block:
                part, line = _parse(block, header, names, mapping, line, path)
                yield part

    return header, parts()


def _observations(stata: Stata, header: Header, names: tuple[str, ...], only_first: bool) -> Iterator[_Part]:
    """A Stata file: its observations block by block."""
    at_hand = [name for name in names if name in header.place]
    variables = [header.names[header.place[name]] for name in at_hand]
    line = 2
    for block in stata.blocks(variables, FEW if only_first else None):
        table = block.rename_columns(at_hand)
        yield _Part(table, np.arange(line, line + table.num_rows), np.zeros(0, np.int64))
        line += table.num_rows


def _joined(
    parts: list[_Part], header: Header, names: tuple[str, ...], wanted: tuple[str, ...], mapping: Mapping, stata: bool
) -> RawTable:  # fmt: skip
    """The rows of all parts; of a wide table, folded into one row a household and round."""
    at_hand = [name for name in names if name in header.place]
    empty = pa.schema([(name, DICTIONARY) for name in at_hand]).empty_table()
    table = pa.concat_tables([part.table for part in parts]).unify_dictionaries() if parts else empty
    found = {name: _one(table[name]) for name in at_hand}
    lines = np.concatenate([np.zeros(0, np.int64), *(part.lines for part in parts)])
    for name in names:
        if name not in found:
            found[name] = pa.DictionaryArray.from_arrays(
                pa.array(np.zeros(len(lines), np.int32)), pa.array([""])
            )
    broken = np.concatenate([np.zeros(0, np.int64), *(part.broken for part in parts)])
    # Numbers of Stata are no texts of the mapping's dialect.
    form = replace(mapping.format, decimal=".", thousands="") if stata else mapping.format
    missing = (*mapping.missing, "") if stata or mapping.wave.wide else mapping.missing
    if mapping.wave.wide:
        wave = mapping.wave
        rows = {code: interviewed(found, len(lines), code, wave.signs(code)) for code in wave.table}
        found = dict(folded(found, wanted, rows))
        lines = np.concatenate([lines[chosen] for chosen in rows.values()])
    return RawTable(header, found, lines, broken, form, missing)


def _one(column: pa.ChunkedArray) -> pa.DictionaryArray:
    if column.num_chunks == 1:
        return column.chunk(0)
    if column.num_chunks == 0:
        return pa.DictionaryArray.from_arrays(pa.array([], pa.int32()), pa.array([], pa.string()))
    return pa.DictionaryArray.from_arrays(
        pa.concat_arrays([chunk.indices for chunk in column.chunks]), column.chunk(0).dictionary
    )


@dataclass
class _Body:
    header: str
    blocks: Iterator[bytes]


def _after_header(blocks: Iterator[bytes], path: Path, mapping: Mapping) -> tuple[_Body, int]:
    """The header line and the rest; the number of the first line after the header."""
    row = mapping.format.header_row
    held = b""
    for block in blocks:
        held += block
        pieces = held.split(b"\n", row)
        if len(pieces) > row:
            return _Body(pieces[row - 1].decode().rstrip("\r"), _chain(pieces[row], blocks)), row + 1
    pieces = held.split(b"\n", row)
    if len(pieces) < row:
        raise Refusal("file_empty", file=path.name)
    return _Body(pieces[row - 1].decode().rstrip("\r"), iter(())), row + 1


def _chain(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _parse(
    block: bytes, header: Header, wanted: tuple[str, ...], mapping: Mapping, line: int, path: Path
) -> tuple[_Part, int]:
    """Rows of a block whose first line is number ``line``; and the number of the next block's first line."""
    form = mapping.format
    at_hand = [name for name in wanted if name in header.place]
    names = [str(number) for number in range(len(header.names))]
    broken: list[int] = []
    blank: list[int] = []

    def another_length(row: pacsv.InvalidRow) -> str:
        (broken if row.text.strip() else blank).append(row.number)
        return "error" if len(broken) > TOLERATED and 2 * len(broken) > row.number else "skip"

    try:
        table = pacsv.read_csv(
            pa.BufferReader(block),
            read_options=pacsv.ReadOptions(use_threads=False, column_names=names, block_size=max(len(block) + 1, 1 << 16)),
            parse_options=pacsv.ParseOptions(
                delimiter=form.delimiter, quote_char=form.quote or False, double_quote=bool(form.quote),
                ignore_empty_lines=False, newlines_in_values=form.multiline, invalid_row_handler=another_length,
            ),
            convert_options=pacsv.ConvertOptions(
                include_columns=[str(header.place[name]) for name in at_hand],
                column_types={str(header.place[name]): DICTIONARY for name in at_hand},
                strings_can_be_null=False, quoted_strings_can_be_null=False,
            ),
        )  # fmt: skip
    except pa.ArrowInvalid as problem:
        at = broken[0] if broken else 1
        raise Refusal("not_this_table", file=path.name, row=line + at - 1, mapping=mapping.id) from problem
    table = table.rename_columns(at_hand)
    lines = block.count(b"\n") + (not block.endswith(b"\n"))
    counted = table.num_rows + len(broken) + len(blank)
    if counted != lines and not form.multiline:
        raise Refusal("line_break_in_cell", file=path.name, row=line + _unclosed(block, form))
    skipped = np.array(sorted([*broken, *blank]), np.int64) - 1
    numbers = np.delete(np.arange(counted), skipped)
    # A line without any character reads as a row of empty cells.
    empty = _empty_lines(block) if not form.multiline and _has_blank(table) else ()
    if len(empty):
        keep = ~np.isin(numbers, empty)
        table, numbers = table.filter(pa.array(keep)), numbers[keep]
    return _Part(table, numbers + line, np.array(broken, np.int64) - 1 + line), line + counted


def _has_blank(table: pa.Table) -> bool:
    first = table.column(0).combine_chunks() if table.num_columns else pa.array([])
    return pa.types.is_dictionary(first.type) and bool(pc.any(pc.equal(first.dictionary, "")).as_py())


def _empty_lines(block: bytes) -> np.ndarray:
    """Numbers, within the block, of lines without any character."""
    return np.array(
        [number for number, text in enumerate(block.split(b"\n")) if text in (b"", b"\r")], np.int64
    )


def _unclosed(block: bytes, form: Format) -> int:
    quote = form.quote.encode()
    for number, text in enumerate(block.split(b"\n")):
        if (quote and text.count(quote) % 2) or b"\r" in text.rstrip(b"\r"):
            return number
    return 0


def received_rows(path: Path, mapping: Mapping, lines: set[int]) -> Iterator[tuple[int, list[str]]]:
    """The given lines as received, cell by cell: a second reading, only for what goes back to the department."""
    if is_stata(path):
        with opened(path, mapping.format.encoding) as stata:
            yield from stata.rows(lines)
        return
    number = 1
    for block in line_blocks(path, mapping.format.encoding, whole=mapping.format.multiline):
        if mapping.format.multiline:
            text = io.StringIO(block.decode(), newline="")
            for number, cells in enumerate(
                csv.reader(text, delimiter=mapping.format.delimiter, quotechar=mapping.format.quote), 1
            ):
                if number in lines:
                    yield number, cells
            return
        for piece in block.split(b"\n")[: block.count(b"\n") + (not block.endswith(b"\n"))]:
            if number in lines:
                yield number, split_line(piece.decode().rstrip("\r"), mapping.format)
            number += 1


def as_strings(column: pa.DictionaryArray) -> pa.Array:
    """The column as plain strings, one a row."""
    return column.dictionary.take(column.indices)
