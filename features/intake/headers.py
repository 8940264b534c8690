"""The header of a table: which column stands where, and why a header is not the one that a mapping describes."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from features.errors import Refusal
from features.intake.carriers import GUESSES
from features.intake.declared import Format
from features.intake.mapping import Mapping

DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True)
class Header:
    """The columns as received (``names``), and where each column of a file that the mapping reads stands."""

    names: tuple[str, ...]
    place: dict[str, int]


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
    missing = mapping.absent(place)
    if missing:
        raise _explain_missing(line, names, place, missing, path, mapping)
    return placed(names, path, mapping, form.header_row)


def placed(names: list[str], path: Path, mapping: Mapping, row: int) -> Header:
    """The header of these names. Raises `Refusal` as `read_header`, but for what only a text can get wrong."""
    place = _places(names, mapping)
    missing = mapping.absent(place)
    if missing:
        raise _missing_columns(place, missing, path, mapping, row)
    doubled = [c for c, at in place.items() if at < 0]
    if doubled:
        raise Refusal("header_ambiguous", file=path.name, row=row, column=doubled[0])
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
    for column, accepted in mapping.headers.items():
        for name in accepted:
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
    if not place and len(names) == 1:
        return Refusal("wrong_delimiter_unknown", file=path.name, row=row, delimiter=mapping.format.delimiter)
    return _missing_columns(place, missing, path, mapping, row)


def _missing_columns(
    place: dict[str, int], missing: list[str], path: Path, mapping: Mapping, row: int
) -> Refusal:
    if not place:
        return Refusal("mapping_matches_nothing", file=path.name, row=row, mapping=mapping.id)
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
