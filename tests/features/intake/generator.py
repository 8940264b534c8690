"""Tables for any mapping: a generator that knows the grammar, and a slow reader that says what must come out.

Neither shares code with intake: cells are written and read here one by one, with the standard library.
"""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import lzma
import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

from features.intake.bindings import Binding
from features.intake.mapping import Mapping

Cells = dict[str, str]
LETTERS = "abcdefgh"


@dataclass
class Generator:
    """Rows for a mapping: ``households`` each in ``periods`` periods, with ``people`` and ``entries`` where it has keys for them."""

    mapping: Mapping
    seed: int = 0
    households: int = 30
    people: int = 2
    entries: int = 2

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)

    def rows(self, periods: int = 2) -> list[Cells]:
        if self.mapping.wave.wide:
            return [self._wide_row(household) for household in range(self.households)]
        people = range(self.people if self.mapping.person else 1)
        entries = range(self.entries if self.mapping.entry else 1)
        keys = itertools.product(range(periods), range(self.households), people, entries)
        return [self._row(*key) for key in keys]

    def _row(self, period: int, household: int, person: int, entry: int) -> Cells:
        m = self.mapping
        cells = dict.fromkeys(m.household, f"h{household}")
        cells |= dict.fromkeys(m.person, f"p{person}")
        number = f"{household}-{person}-{entry}" + ("" if not m.lasting else f"-{period}")
        cells |= dict.fromkeys(m.entry, number)
        cells |= dict.fromkeys(m.register.values(), f"someone {household}")
        if m.area:
            cells |= {
                column: f"{level}{household % (2 + depth)}"
                for depth, (column, level) in enumerate(zip(m.area.columns, m.area.levels, strict=True))
            }
        cells |= self._period_cells(period)
        if m.arrival.binding:
            cells[m.arrival.binding.column] = date(2026, 9, 30).strftime(
                m.arrival.binding.format or "%Y-%m-%d"
            )
        if m.retraction:
            cells[m.retraction.column] = ""
        for template in m.facts:
            bindings = [
                *template.columns.values(),
                template.happened_on,
                template.valid_from,
                template.valid_to,
            ]
            for binding in bindings:
                if binding is not None:
                    cells.setdefault(binding.column, self._cell(binding))
            for column, values in template.when.items():
                cells.setdefault(column, self.chance.choice([*values, "something else"]))
        for trait in m.traits:
            cells.setdefault(trait.binding.column, self._cell(trait.binding))
        return cells

    def _wide_row(self, household: int) -> Cells:
        """All rounds of a household in one row; the last asks for less, and some were not interviewed."""
        wave = self.mapping.wave
        codes = list(wave.table)
        cells: Cells = {}
        for place, code in enumerate(codes):
            for column, cell in self._row(place, household, 0, 0).items():
                if "{round}" not in column:
                    cells.setdefault(column, cell)
                elif column != "{round}" and (code != codes[-1] or column in self._members()):
                    cells[column.replace("{round}", code)] = cell
            for column, values in wave.signs(code).items():
                cells[column.replace("{round}", code)] = self.chance.choice([*values, "0", ""])
        return cells

    def _members(self) -> list[str]:
        return [b.column for f in self.mapping.facts if f.kind.id == "household" for b in f.columns.values()]

    def _period_cells(self, period: int) -> Cells:
        wave = self.mapping.wave
        day = date(2023, 2, 1) + timedelta(days=31 * period)
        if wave.wide:
            return {}
        if wave.form == "table":
            return {wave.columns[0]: sorted(wave.table)[period]}
        if wave.form in ("month", "day"):
            return {wave.columns[0]: day.strftime(wave.format or "%Y-%m-%d")}
        if wave.form == "quarter":
            return {wave.columns[0]: f"2023Q{1 + period}"}
        second = {"year_quarter": str(1 + period), "year_month": str(1 + period)}.get(wave.form)
        return (
            {wave.columns[0]: "2023", wave.columns[1]: second}
            if second
            else {wave.columns[0]: str(2020 + period)}
        )

    def _cell(self, binding: Binding) -> str:
        form, target = self.mapping.format, binding.target
        missing = [*self.mapping.missing, *binding.missing]
        if self.chance.random() < 0.15:
            return self.chance.choice(missing)
        if binding.codes is not None:
            return self.chance.choice(list(binding.codes))
        if target.type == "day":
            return date(2023, 5, self.chance.randint(1, 28)).strftime(binding.format or "%Y-%m-%d")
        if target.type == "category" and target.values:
            return self.chance.choice(list(target.values))
        if target.type in ("money", "decimal"):
            whole, rest = self.chance.randint(1, 4000), self.chance.randint(0, 9999)
            digits = f"{whole:,}".replace(",", form.thousands) if form.thousands else str(whole)
            return f"{digits}{form.decimal}{rest:04d}"
        if target.type == "integer":
            low = int(binding.at_least) if binding.at_least is not None else 0
            return str(low + self.chance.randint(0, 5))
        return self.chance.choice(LETTERS)

    def write(self, path: Path, rows: list[Cells]) -> Path:
        """The table in the dialect of the mapping; compressed as the name says; columns in a shuffled order."""
        form = self.mapping.format
        columns = list(rows[0])
        self.chance.shuffle(columns)
        case = {"upper": str.lower, "lower": str.upper}.get(form.header_case, str)
        sink = io.StringIO(newline="")
        sink.write("some title\n" * (form.header_row - 1))
        writer = csv.writer(sink, delimiter=form.delimiter, quotechar=form.quote or None, lineterminator="\n")
        writer.writerow([case(self.chance.choice([name, *self._other_names(name)])) for name in columns])
        writer.writerows([[cells[name] for name in columns] for cells in rows])
        content = sink.getvalue().encode(form.encoding)
        pack: Any = {".gz": gzip.compress, ".xz": lzma.compress}.get(path.suffix, bytes)
        path.write_bytes(pack(content))
        return path

    def _other_names(self, column: str) -> list[str]:
        found = list(self.mapping.names.get(column, ()))
        for name, others in self.mapping.names.items():
            for code in self.mapping.wave.table if self.mapping.wave.wide else ():
                if name.replace("{round}", code) == column:
                    found += [other.replace("{round}", code) for other in others]
        return found


def interviews(rows: list[Cells], mapping: Mapping) -> list[tuple[int, Cells]]:
    """(line, cells) of each row; of a wide table, of each household and round, under the mapping's names."""
    first = mapping.format.header_row + 1
    if not mapping.wave.wide:
        return list(enumerate(rows, first))
    found = []
    for code in mapping.wave.table:
        for line, cells in enumerate(rows, first):
            signs = mapping.wave.signs(code)
            if all(cells[column.replace("{round}", code)] in values for column, values in signs.items()):
                named = {column: cells.get(column.replace("{round}", code), "") for column in mapping.columns}
                found.append((line, {**named, "{round}": code}))
    return found


def read_cell(cell: str, binding: Binding, mapping: Mapping) -> Any:
    """What the cell means, by the letter of docs/mapping.md."""
    text = cell.strip()
    if text in mapping.missing or text in binding.missing:
        return None
    if binding.codes is not None:
        return binding.codes[text]
    kind = binding.target.type
    if kind == "day":
        return datetime.strptime(text, binding.format or "%Y-%m-%d").date()
    if kind in ("money", "decimal", "integer"):
        form = mapping.format
        plain = text.replace(form.thousands, "") if form.thousands else text
        number = Decimal(plain.replace(form.decimal, ".")) * binding.scale
        if binding.above is not None and number <= binding.above:
            return None
        places = Decimal(binding.target.divisor) if kind != "integer" else Decimal(1)
        return int((number * places).quantize(Decimal(1), ROUND_HALF_EVEN))
    return text


def expected(rows: list[Cells], mapping: Mapping) -> dict[str, list[tuple[Any, ...]]]:
    """Facts by kind: (line, slot, values of the kind's own columns without the area)."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    seen: set[tuple[str, ...]] = set()
    for line, cells in interviews(rows, mapping):
        for template in mapping.facts:
            if any(cells[column] not in values for column, values in template.when.items()):
                continue
            said = {name: read_cell(cells[b.column], b, mapping) for name, b in template.columns.items()}
            if said and template.kind.id != "household" and all(value is None for value in said.values()):
                continue
            if (
                template.happened_on
                and read_cell(cells[template.happened_on.column], template.happened_on, mapping) is None
            ):
                continue
            if template.once and mapping.person:
                key = tuple(cells[c] for c in (*mapping.household, *mapping.entry, *mapping.wave.columns))
                if (*key, str(template.slot)) in seen:
                    continue
                seen.add((*key, str(template.slot)))
            values = tuple(
                template.always.get(name) if said.get(name) is None else said[name]
                for name in template.kind.columns
                if name != "area"
            )
            found.setdefault(template.kind.id, []).append((line, template.slot, *values))
        if mapping.traits:
            values = tuple(read_cell(cells[t.binding.column], t.binding, mapping) for t in mapping.traits)
            if any(value is not None for value in values):
                found.setdefault(f"trait_{mapping.id}", []).append((line, -1, *values))
    return found
