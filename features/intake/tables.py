"""The table in a carrier: its header, and its rows as text columns, each value kept once (dictionaries)."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from features.errors import Refusal
from features.intake.carriers import CHUNK, GLANCE, GUESSES, line_blocks
from features.intake.declared import Format
from features.intake.mapping import Mapping

DELIMITERS = (",", ";", "\t", "|")
DICTIONARY = pa.dictionary(pa.int32(), pa.string())
# Above this many broken rows, and when most rows are broken, the file is not what the mapping describes.
TOLERATED = 10_000


@dataclass(frozen=True)
class Header:
    """The columns as received (``names``), and where each column that the mapping reads stands."""

    names: tuple[str, ...]
    place: dict[str, int]


@dataclass
class RawTable:
    """Rows as text. ``lines``: the line of each row; ``broken``: lines of rows of another length."""

    header: Header
    columns: dict[str, pa.DictionaryArray]
    lines: np.ndarray
    broken: np.ndarray

    @property
    def rows(self) -> int:
        return len(self.lines)


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
    size = GLANCE if only_first else CHUNK
    blocks = line_blocks(path, mapping.format.encoding, whole=mapping.format.multiline, size=size)
    body, line = _after_header(blocks, path, mapping)
    header = read_header(body.header, path, mapping)
    wanted = columns or mapping.columns
    parts: list[_Part] = []
    for block in body.blocks:
        if not block:
            continue
        if len(parts) == 1 and glance is not None:
            glance(_joined(parts, header, wanted))
        part, line = _parse(block, header, wanted, mapping, line, path)
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
    return _joined(parts, header, wanted)


@dataclass
class _Part:
    """A block's rows: the columns at hand, the line of each row, the lines of rows of another length."""

    table: pa.Table
    lines: np.ndarray
    broken: np.ndarray


def _joined(parts: list[_Part], header: Header, wanted: tuple[str, ...]) -> RawTable:
    at_hand = [name for name in wanted if name in header.place]
    empty = pa.schema([(name, DICTIONARY) for name in at_hand]).empty_table()
    table = pa.concat_tables([part.table for part in parts]).unify_dictionaries() if parts else empty
    found = {name: _one(table[name]) for name in at_hand}
    lines = np.concatenate([np.zeros(0, np.int64), *(part.lines for part in parts)])
    for name in wanted:
        if name not in found:
            found[name] = pa.DictionaryArray.from_arrays(
                pa.array(np.zeros(len(lines), np.int32)), pa.array([""])
            )
    return RawTable(
        header, found, lines, np.concatenate([np.zeros(0, np.int64), *(part.broken for part in parts)])
    )


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


def split_line(line: str, form: Format) -> list[str]:
    """A line's cells, as the dialect says."""
    if not form.quote:
        return line.split(form.delimiter)
    try:
        return next(csv.reader(io.StringIO(line, newline=""), delimiter=form.delimiter, quotechar=form.quote))
    except (StopIteration, csv.Error):
        return [line]


def read_header(line: str, path: Path, mapping: Mapping) -> Header:
    """The header, and the place of each column that the mapping reads.

    Raises `Refusal`: ``header_has_nul``, ``wrong_delimiter``, ``mapping_matches_nothing``, ``missing_column``
    or ``header_ambiguous``.
    """
    form = mapping.format
    if "\0" in line:
        if not form.header_ends_at_nul:
            cells = line.split(form.delimiter)
            column = next(cell.split("\0")[0] for cell in cells if "\0" in cell)
            raise Refusal(
                "header_has_nul",
                file=path.name,
                row=form.header_row,
                column=column.strip().strip(form.quote or " "),
            )
        line = form.delimiter.join(_until_nul(cell, form) for cell in line.split(form.delimiter))
    names = [name.strip() for name in split_line(line, form)]
    place = _places(names, mapping)
    missing = [c for c in mapping.columns if c not in place and c not in mapping.optional]
    if missing:
        raise _explain_missing(line, names, place, missing, path, mapping)
    doubled = [c for c, at in place.items() if at < 0]
    if doubled:
        raise Refusal("header_ambiguous", file=path.name, row=form.header_row, column=doubled[0])
    return Header(tuple(names), place)


def _until_nul(cell: str, form: Format) -> str:
    head = cell.split("\0")[0]
    return head + form.quote if form.quote and head.count(form.quote) % 2 else head


def _places(names: list[str], mapping: Mapping) -> dict[str, int]:
    """Where each column of the mapping stands; -1 where two columns of the file claim to be it."""
    case = {"upper": str.upper, "lower": str.lower}.get(mapping.format.header_case, str)
    at: dict[str, int] = {}
    for number, name in enumerate(names):
        at[case(name)] = -1 if case(name) in at else number
    place = {}
    for column in mapping.columns:
        for name in (column, *mapping.names.get(column, ())):
            if case(name) in at:
                place[column] = -1 if column in place else at[case(name)]
    return place


def _explain_missing(
    line: str, names: list[str], place: dict[str, int], missing: list[str], path: Path, mapping: Mapping
) -> Refusal:
    row = mapping.format.header_row
    scores = {}
    for delimiter in DELIMITERS:
        if delimiter != mapping.format.delimiter:
            cells = [cell.strip().strip('"') for cell in line.split(delimiter)]
            scores[delimiter] = len(_places(cells, mapping)) if len(cells) > 1 else 0
    better = max(scores, key=lambda d: scores[d])
    if scores[better] > len(place):
        shown = {"\t": "\\t"}.get(better, better)
        return Refusal(
            "wrong_delimiter", file=path.name, row=row, delimiter=mapping.format.delimiter, better=shown
        )
    guess = _better_encoding(line, len(place), mapping)
    if guess is not None:
        return Refusal(
            "encoding_wrong", file=path.name, row=row, encoding=mapping.format.encoding, guess=guess
        )
    if not place:
        code = "wrong_delimiter_unknown" if len(names) == 1 else "mapping_matches_nothing"
        return Refusal(code, file=path.name, row=row, mapping=mapping.id, delimiter=mapping.format.delimiter)
    return Refusal(
        "missing_column",
        file=path.name,
        row=row,
        column=missing[0],
        missing=", ".join(missing),
        mapping=mapping.id,
    )


def _better_encoding(line: str, found: int, mapping: Mapping) -> str | None:
    """An encoding in which the header has more of the mapping's columns than in the declared one."""
    for guess in GUESSES:
        try:
            names = split_line(line.encode(mapping.format.encoding).decode(guess), mapping.format)
        except UnicodeError:
            continue
        if len(_places([name.strip() for name in names], mapping)) > found:
            return guess
    return None


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
