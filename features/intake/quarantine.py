"""Quarantine: rows and cells that cannot be used, with the reason, as a table that goes back to its department."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping as Table
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from features.home import write_atomically
from features.intake.mapping import Mapping
from features.intake.tables import received_rows
from features.wording import N_, text

# code: (what is wrong, what to do). Rows first, then cells.
REASONS: Table[str, tuple[str, str]] = {
    "row_length": (
        N_("The row has another number of columns than the header."),
        N_(
            "Look for a missing or extra delimiter, or for a cell that contains the delimiter without quotes."
        ),
    ),
    "key_missing": (
        N_("A column that says which household (person, entry) the row is about is empty."),
        N_("Fill in the key and send the row again."),
    ),
    "period_bad": (
        N_("The row's period cannot be read."),
        N_("Write the period as the mapping says, and send the row again."),
    ),
    "arrival_bad": (
        N_("The day on which the row became known cannot be read."),
        N_("Write the day as the mapping says, and send the row again."),
    ),
    "duplicate_row": (
        N_("An earlier row of this file is about the same household and period; only the first counts."),
        N_("Keep one row for each household and period; send a correction in a later file."),
    ),
    "nothing_to_retract": (
        N_("The row takes back something that was never received."),
        N_("Check the key and the period of the row."),
    ),
    "not_a_number": (
        N_("The cell is not a number."),
        N_("Write a number, or leave the cell empty if it is not known."),
    ),
    "not_an_integer": (
        N_("The cell is not a whole number."),
        N_("Write a whole number, or leave the cell empty."),
    ),
    "number_too_large": (N_("The number is too large to be true."), N_("Check the unit and the digits.")),
    "unknown_code": (
        N_("The code is not in the code table of the mapping."),
        N_("Use a known code, or add this one to the mapping."),
    ),
    "not_a_day": (
        N_("The cell is not a day in the expected form."),
        N_("Write the day as the mapping says."),
    ),
    "too_small": (N_("The number is below what is possible."), N_("Check the number and its unit.")),
    "too_large": (N_("The number is above what is possible."), N_("Check the number and its unit.")),
    "control_character": (
        N_("The cell contains characters that cannot be shown."),
        N_("Type the cell again."),
    ),
    "area_missing": (
        N_("A column that says where the household lives is empty."),
        N_("Fill in the area code."),
    ),
}
CODES: Table[str, int] = {code: number for number, code in enumerate(REASONS, 1)}
NAMES = tuple(REASONS)
COLUMNS = ("file", "row", "column", "code", "reason_zh", "remedy_zh", "reason_en", "remedy_en")


@dataclass
class Quarantine:
    """What was set aside of one file, as arrays: lines, column names and codes."""

    entries: list[tuple[np.ndarray, str, int]] = field(default_factory=list)
    cells: int = 0

    def add_rows(self, lines: np.ndarray, code: str, column: str = "") -> None:
        if len(lines):
            # A line of a wide table may be several rows: it goes back once.
            self.entries.append((np.unique(lines), column, CODES[code]))

    def add_cells(self, lines: np.ndarray, column: str, code: int) -> None:
        if len(lines):
            self.entries.append((lines, column, code))
            self.cells += len(lines)

    def write(self, target: Path, source: Path, mapping: Mapping, header: tuple[str, ...]) -> None:
        """The CSV that goes back: reasons in both languages, then the row as received (UTF-8 with BOM, for Excel)."""
        order: list[tuple[int, str, int]] = sorted(
            (int(line), column, code) for lines, column, code in self.entries for line in lines
        )
        rows = dict(received_rows(source, mapping, {line for line, _, _ in order}))
        sink = io.StringIO(newline="")
        writer = csv.writer(sink, lineterminator="\r\n")
        writer.writerow([*COLUMNS, *header])
        words = {code: _words(NAMES[code - 1]) for code in {code for _, _, code in order}}
        for line, column, code in order:
            writer.writerow([source.name, line, column, NAMES[code - 1], *words[code], *rows.get(line, [])])
        write_atomically(target, sink.getvalue().encode("utf-8-sig"))


def _words(code: str) -> tuple[str, str, str, str]:
    reason, remedy = REASONS[code]
    return text(reason, "zh"), text(remedy, "zh"), text(reason, "en"), text(remedy, "en")
