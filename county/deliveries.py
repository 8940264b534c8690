"""How extracts leave a department: on their day, some rows late, some wrong and mended later, some broken.

Every planted fault is written down with its file and line, so that what intake finds can be held against it.
"""

from __future__ import annotations

import gzip
import io
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from county import text
from county.departments.department import HOME, MONTH, PERSON, SENT, Columns, Department
from county.places import Bools, Ints
from county.state import County

UNREADABLE = ("约3000", "待核实", "1.2.3", "二百")
MISSING = "-"  # the departments' code for "not known"
FAULT_SHARE = 0.0004  # of a file's rows, each sort of fault
RETRACTION = "冲正标志"
FAULT_COLUMNS = (
    "mapping", "file", "row", "column", "fault", "expected", "household", "person", "month", "sent", "true_value",
)  # fmt: skip


@dataclass
class Sender:
    """One department's post room: rows that wait for a later delivery, and the book of planted faults."""

    county: County
    department: Department
    folder: Path
    draw: np.random.Generator
    waiting: dict[int, list[pa.Table]] = field(default_factory=dict)
    faults: list[dict[str, object]] = field(default_factory=list)
    files: int = 0

    def send_all(self) -> None:
        """Every delivery from the opening to the last month."""
        calendar, department = self.county.calendar, self.department
        for number, month in enumerate(range(calendar.start - 1, calendar.total)):
            part = calendar.of(month)[1]
            if month != calendar.start - 1 and (department.every == 3 and part % 3):
                continue
            self._send(month, self._rows(month), number)
        left = [table for key, tables in self.waiting.items() for table in tables if key >= calendar.total]
        self.faults.append(self._note("", 0, "", "not_yet_sent", "none", sent=sum(t.num_rows for t in left)))

    def _rows(self, month: int) -> list[tuple[int, Columns]]:
        """The months that a delivery speaks of, each with its rows."""
        calendar, department = self.county.calendar, self.department
        if month == calendar.start - 1:
            if department.flow:
                return [(m, department.rows(self.county, m, True)) for m in range(calendar.shown, month + 1)]
            return [(month, department.rows(self.county, month, True))]
        months = range(max(month - department.every + 1, calendar.start), month + 1)
        return [
            (m, department.rows(self.county, m, m == month and calendar.of(m)[1] in department.full_in))
            for m in months
        ]

    def _send(self, month: int, parts: list[tuple[int, Columns]], number: int) -> None:
        tables = [self._prepare(month, columns) for _, columns in parts if len(columns[HOME])]
        ready = [*tables, *self.waiting.pop(month, [])]
        rows = pa.concat_tables(ready) if ready else None
        if rows is None or rows.num_rows == 0:
            return
        if (
            self.department.missed is not None
            and month == self.county.calendar.start + self.department.missed
        ):
            self.faults.append(
                self._note(
                    self._name(month), 0, "", "missed_delivery", "none", month=month, sent=rows.num_rows
                )
            )
            return
        self._write(month, rows, number)

    def _prepare(self, month: int, columns: Columns) -> pa.Table:
        """The rows of a month less those that come late, some with a wrong value; the right ones wait."""
        department, count = self.department, len(columns[HOME])
        draw = self.draw
        late = draw.random(count) < department.late
        wrong = ~late & (draw.random(count) < department.wrong)
        again = ~late & ~wrong & (draw.random(count) < department.taken_back)
        true = text.table(columns)
        if department.spoil is not None and wrong.any():
            department.spoil(columns, np.flatnonzero(wrong), draw)
            sent = text.table(columns)
            wrong &= _differs(sent, true)
        else:
            sent, wrong = true, np.zeros(count, dtype=bool)
        self._wait(month, true, np.flatnonzero(late), "late")
        self._wait(month, true, np.flatnonzero(wrong), "correction")
        table = sent.filter(pa.array(~late))
        if again.any():
            ghost = _as_ghost(true.filter(pa.array(again)))
            table = pa.concat_tables([table, ghost])
            back = ghost.set_column(
                ghost.schema.get_field_index(RETRACTION), RETRACTION, pa.array(["1"] * ghost.num_rows)
            )
            self._wait(month, back, np.arange(back.num_rows), "retraction")
        return table

    def _wait(self, month: int, table: pa.Table, rows: Ints, why: str) -> None:
        """Put rows by for one of the next deliveries and note which."""
        if not len(rows):
            return
        delays = np.minimum(self.draw.geometric(0.6, len(rows)), 5)
        due = [self._delivery_after(month, int(delay)) for delay in delays]
        for target in sorted(set(due)):
            chosen = rows[np.array(due) == target]
            part = table.take(pa.array(chosen))
            self.waiting.setdefault(target, []).append(part)
            self.faults += [
                self._note("", 0, "", why, why, household=h, person=p, month=m, sent=self._name(target))
                for h, p, m in zip(
                    part[HOME].to_pylist(), _persons(part), part[MONTH].to_pylist(), strict=True
                )
            ]

    def _delivery_after(self, month: int, steps: int) -> int:
        target = month
        for _ in range(steps):
            target += 1
            while self.department.every == 3 and self.county.calendar.of(target)[1] % 3:
                target += 1
        return target

    def _name(self, month: int) -> str:
        ending = ".csv.gz" if self.department.packed else ".csv"
        return f"{self.department.id}_{self._sent(month)}{ending}"

    def _sent(self, month: int) -> str:
        calendar = self.county.calendar
        day = (
            calendar.last_day(month)
            if self.department.day == 0
            else calendar.first_day(month + 1).replace(day=self.department.day)
        )
        return day.strftime("%Y%m%d")

    def _write(self, month: int, rows: pa.Table, number: int) -> None:
        department, name = self.department, self._name(month)
        rows = self._plant(rows, name)
        rows = rows.append_column(
            SENT, pa.array([self._sent(month)]).take(pa.array(np.zeros(rows.num_rows, np.int8)))
        )
        drifted = department.renamed if number > 12 else {}
        content = text.lines(rows, [drifted.get(header, header) for header in rows.schema.names])
        content = self._tear(content, name, rows.num_rows)
        if department.encoding != "utf-8":
            content = content.decode().encode(department.encoding)
        if department.packed:
            sink = io.BytesIO()
            # No name and no time inside, or the same seed would not give the same bytes.
            with gzip.GzipFile(filename="", mode="wb", fileobj=sink, compresslevel=4, mtime=0) as packed:
                packed.write(content)
            content = sink.getvalue()
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_bytes(content)
        self.files += 1

    def _plant(self, rows: pa.Table, name: str) -> pa.Table:
        """Missing codes, unreadable cells, unknown codes, empty keys, impossible months, repeated rows."""
        department, draw, count = self.department, self.draw, rows.num_rows
        for header in department.unknown:
            rows = _replace(rows, header, np.flatnonzero(draw.random(count) < 0.01), [MISSING])
        each = int(draw.binomial(count, FAULT_SHARE)) + int(draw.random() < 0.15)
        sound = _speaking(rows)
        chosen = draw.choice(sound, size=min(5 * each, len(sound)), replace=False)
        sorts = np.array_split(chosen, 5)
        if department.number:
            rows = self._spoil_cells(
                rows,
                name,
                department.number,
                sorts[0],
                [UNREADABLE[i % 4] for i in range(len(sorts[0]))],
                "unreadable_number",
            )
        if department.coded:
            rows = self._spoil_cells(
                rows, name, department.coded[0], sorts[1], [department.coded[1]], "unknown_code"
            )
        rows = self._spoil_cells(rows, name, HOME, sorts[2], [""], "empty_key", expected="row")
        rows = self._spoil_cells(rows, name, MONTH, sorts[3], ["202413"], "impossible_month", expected="row")
        repeated = rows.take(pa.array(sorts[4]))
        self._note_rows(
            repeated, name, count + 2 + np.arange(repeated.num_rows), "", "repeated_row", "row", [""]
        )
        return pa.concat_tables([rows, repeated]).combine_chunks()

    def _spoil_cells(
        self,
        rows: pa.Table,
        name: str,
        header: str,
        chosen: Ints,
        with_: list[str],
        fault: str,
        expected: str = "cell",
    ) -> pa.Table:
        if not len(chosen):
            return rows
        self._note_rows(rows.take(pa.array(chosen)), name, chosen + 2, header, fault, expected, with_)
        return _replace(rows, header, chosen, with_)

    def _note_rows(
        self, rows: pa.Table, name: str, lines: Ints, header: str, fault: str, expected: str, sent: list[str]
    ) -> None:
        true = rows[header].to_pylist() if header else [""] * rows.num_rows
        persons = _persons(rows)
        for number, line in enumerate(lines):
            self.faults.append(
                self._note(
                    name, int(line), header, fault, expected, household=rows[HOME][number].as_py(),
                    person=persons[number], month=rows[MONTH][number].as_py(), sent=sent[number % len(sent)], true_value=true[number],
                )
            )  # fmt: skip

    def _tear(self, content: bytes, name: str, count: int) -> bytes:
        """Now and then one line has a comma too many."""
        if self.draw.random() >= 0.12 or count < 20:
            return content
        lines = content.split(b"\n")
        line = int(self.draw.integers(1, count))
        if any(f["file"] == name and f["row"] == line + 1 for f in self.faults):
            return content
        lines[line] += b","
        self.faults.append(self._note(name, line + 1, "", "uneven_row", "row"))
        return b"\n".join(lines)

    def _note(
        self, file: str, row: int, column: str, fault: str, expected: str, **more: object
    ) -> dict[str, object]:
        return {
            "mapping": self.department.id, "file": file, "row": row, "column": column, "fault": fault,
            "expected": expected, "household": "", "person": "", "month": "", "sent": "", "true_value": "", **more,
        }  # fmt: skip


def _persons(rows: pa.Table) -> list[str]:
    return rows[PERSON].to_pylist() if PERSON in rows.schema.names else [""] * rows.num_rows


def _speaking(rows: pa.Table) -> Ints:
    """Rows that say something; one that takes a bill back is left whole."""
    if RETRACTION not in rows.schema.names:
        return np.arange(rows.num_rows)
    return np.flatnonzero(pc.equal(rows[RETRACTION], "0").to_numpy())


def _replace(rows: pa.Table, header: str, chosen: Ints, values: list[str]) -> pa.Table:
    if not len(chosen):
        return rows
    cells = np.array(rows[header].to_pylist(), dtype=object)
    cells[chosen] = [values[i % len(values)] for i in range(len(chosen))]
    return rows.set_column(rows.schema.get_field_index(header), header, pa.array(cells, pa.string()))


def _differs(one: pa.Table, other: pa.Table) -> Bools:
    """Which rows of two tables of the same shape are not the same."""
    unlike = np.zeros(one.num_rows, dtype=bool)
    for header in one.schema.names:
        unlike |= pc.not_equal(one[header], other[header]).to_numpy()
    return unlike


def _as_ghost(rows: pa.Table) -> pa.Table:
    """Bills that were never run up: the same under another number."""
    header = rows.schema.names[0]
    ghost = [f"{number}X" for number in rows[header].to_pylist()]
    return rows.set_column(0, header, pa.array(ghost))
