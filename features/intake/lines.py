"""A panel's own line: the nearest-rank quantile of a wave's welfare facts, or one amount, kept as a fact."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from features.facts.kinds import kinds
from features.facts.store import FactStore
from features.intake.declared import DerivedLine
from features.intake.making import NO_SLOT
from features.intake.mapping import Mapping
from features.intake.revisions import latest, revised

NEWEST = np.iinfo(np.int32).max


def nearest_rank(values: np.ndarray, quantile: Decimal) -> int:
    """The value at place ⌈q·n⌉ in ascending order (integers in, an integer of the sample out)."""
    place = int((quantile * len(values)).to_integral_value(ROUND_CEILING))
    return int(np.partition(values, place - 1)[place - 1])


def _value(line: DerivedLine, values: np.ndarray) -> Decimal:
    """The line in hundredths: the wave's quantile, times a number, or the one amount of all waves."""
    if line.quantile is None:
        assert line.amount is not None
        return line.amount * 100
    return nearest_rank(values, line.quantile) * line.times


def is_welfare(table: pa.Table, mapping: Mapping) -> np.ndarray:
    """Rows of an income table that are the mapping's welfare: total, per person, of its concept."""
    assert mapping.welfare is not None
    hits = pc.and_(
        pc.equal(table["part"], "total"),
        pc.and_(pc.equal(table["per"], "person"), pc.equal(table["concept"], mapping.welfare.concept)),
    )
    return np.asarray(pc.fill_null(hits, False))


class Lines:
    """The derived lines of a home's mappings: the last word on each, and where the welfare of a wave stands."""

    def __init__(self, store: FactStore) -> None:
        self.store = store
        self.waves: dict[Path, tuple[date, date] | None] = {}
        self.last: dict[str, pa.Table | None] = {}

    def derive(self, mapping: Mapping, income: pa.Table | None) -> pa.Table | None:
        """Line facts for the waves whose welfare a delivery changes; None where none does.

        ``income`` are the delivery's income facts as they will be written. All welfare facts of a wave count
        that are the last word once the delivery is recorded.
        """
        if mapping.line is None or not mapping.line.of_wave or income is None or not income.num_rows:
            return None
        touched = income.filter(pa.array(is_welfare(income, mapping)))
        if not touched.num_rows:
            return None
        waves = pc.unique(touched["valid_to"].combine_chunks()).drop_null()
        together = self._with_earlier(mapping, touched, waves)
        made = []
        for wave in waves:
            values = together.filter(pc.equal(together["valid_to"], wave))["amount"].drop_null().to_numpy()
            if len(values):
                value = _value(mapping.line, values)
                now = touched.filter(pc.equal(touched["valid_to"], wave))
                made.append(_fact(mapping, now, int(value.to_integral_value(ROUND_HALF_EVEN))))
        if not made:
            return None
        written = revised(pa.concat_tables(made), self._earlier_lines(mapping))
        return written if written.num_rows else None

    def keep(self, mapping: Mapping, lines: pa.Table | None) -> None:
        """Remember lines that were committed, so that they need not be read again."""
        if lines is not None:
            earlier = self._earlier_lines(mapping)
            newer = lines.set_column(
                lines.schema.get_field_index("delivery"), "delivery",
                pa.array(np.full(lines.num_rows, 0 if earlier is None else pc.max(earlier["delivery"]).as_py() + 1, np.int32)),
            )  # fmt: skip
            self.last[mapping.id] = newer if earlier is None else latest(pa.concat_tables([earlier, newer]))

    def _with_earlier(self, mapping: Mapping, touched: pa.Table, waves: pa.Array) -> pa.Table:
        """All welfare facts of the waves, the delivery's among them, last words only."""
        first, last = pc.min(waves).as_py(), pc.max(waves).as_py()
        paths = [path for path in self.store.paths("income") if self._overlaps(path, first, last)]
        known = touched
        if paths:
            condition = (pc.field("source") == mapping.id) & pc.field("valid_to").isin(waves)
            earlier = ds.dataset([str(path) for path in paths]).to_table(filter=condition)
            if earlier.num_rows:
                earlier = earlier.filter(pa.array(is_welfare(earlier, mapping)))
                newest = pa.array(np.full(touched.num_rows, NEWEST, np.int32))
                mine = touched.set_column(touched.schema.get_field_index("delivery"), "delivery", newest)
                known = latest(pa.concat_tables([earlier, mine]))
        return known.filter(pc.invert(known["retracted"]))

    def _overlaps(self, path: Path, first: date, last: date) -> bool:
        """Whether a file holds facts of these waves, by the statistics in its footer (read once)."""
        if path not in self.waves:
            self.waves[path] = _span(path)
        span = self.waves[path]
        return span is not None and span[0] <= last and first <= span[1]

    def _earlier_lines(self, mapping: Mapping) -> pa.Table | None:
        if mapping.id not in self.last:
            paths = self.store.paths("line")
            self.last[mapping.id] = None
            if paths:
                condition = (pc.field("source") == mapping.id) & (pc.field("slot") == NO_SLOT)
                found = ds.dataset([str(path) for path in paths]).to_table(filter=condition)
                if found.num_rows:
                    self.last[mapping.id] = latest(found)
        return self.last[mapping.id]


def _span(path: Path) -> tuple[date, date] | None:
    """Earliest and latest ``valid_to`` of a file; None where it has none."""
    metadata = pq.read_metadata(path)
    column = metadata.schema.to_arrow_schema().get_field_index("valid_to")
    found = [metadata.row_group(group).column(column).statistics for group in range(metadata.num_row_groups)]
    days = [(s.min, s.max) for s in found if s is not None and s.has_min_max]
    return (min(low for low, _ in days), max(high for _, high in days)) if days else None


def _fact(mapping: Mapping, now: pa.Table, amount: int) -> pa.Table:
    """One line fact, dated like the welfare facts it was made of."""
    assert mapping.welfare is not None
    first = now.slice(0, 1)
    schema = kinds()["line"].schema
    values = {name: first[name][0].as_py() for name in schema.names if name in first.schema.names}
    values |= {
        "household": "", "person": None, "entry": "", "slot": NO_SLOT, "row": 0, "period": first["valid_to"][0].as_py(), "revision": 1, "retracted": False,
        "known_at": pc.max(now["known_at"]).as_py(), "recorded_at": pc.max(now["recorded_at"]).as_py(),
        "valid_from": pc.min(now["valid_from"]).as_py(), "area": "/", "concept": mapping.welfare.concept,
        "months": first["months"][0].as_py(), "amount": amount,
    }  # fmt: skip
    return pa.table({name: [values[name]] for name in schema.names}, schema=schema)
