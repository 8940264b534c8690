"""A panel's own line: the nearest-rank quantile of a wave's welfare facts, kept as a fact."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from features.facts.kinds import kinds
from features.facts.store import FactStore
from features.intake.making import NO_SLOT
from features.intake.mapping import Mapping
from features.intake.revisions import latest, revised


def nearest_rank(values: np.ndarray, quantile: Decimal) -> int:
    """The value at place ⌈q·n⌉ in ascending order (integers in, an integer of the sample out)."""
    place = int((quantile * len(values)).to_integral_value(ROUND_CEILING))
    return int(np.partition(values, place - 1)[place - 1])


def is_welfare(table: pa.Table, mapping: Mapping) -> np.ndarray:
    """Rows of an income table that are the mapping's welfare: total, per person, of its concept."""
    assert mapping.welfare is not None
    hits = pc.and_(
        pc.equal(table["part"], "total"),
        pc.and_(pc.equal(table["per"], "person"), pc.equal(table["concept"], mapping.welfare.concept)),
    )
    return np.asarray(pc.fill_null(hits, False))


def derived_lines(store: FactStore, mapping: Mapping, income: pa.Table | None) -> pa.Table | None:
    """Line facts for the waves whose welfare the delivery changes; None where none does.

    ``income`` are the delivery's income facts as they will be written. All welfare facts of a wave count
    that are the last word once the delivery is recorded.
    """
    if mapping.line is None or mapping.line.quantile is None or income is None or not income.num_rows:
        return None
    touched = income.filter(pa.array(is_welfare(income, mapping)))
    if not touched.num_rows:
        return None
    waves = pc.unique(touched["valid_to"].combine_chunks())
    together = _with_earlier(store, mapping, touched, waves)
    made = []
    for wave in waves:
        if wave.as_py() is None:
            continue
        here = pc.equal(together["valid_to"], wave)
        values = together.filter(here)["amount"].drop_null().to_numpy()
        if not len(values):
            continue
        now = touched.filter(pc.equal(touched["valid_to"], wave))
        value = nearest_rank(values, mapping.line.quantile) * mapping.line.times
        made.append(_fact(mapping, now, int(value.to_integral_value(ROUND_HALF_EVEN))))
    if not made:
        return None
    fresh = pa.concat_tables(made)
    written = revised(fresh, _earlier_lines(store, mapping))
    return written if written.num_rows else None


def _with_earlier(store: FactStore, mapping: Mapping, touched: pa.Table, waves: pa.Array) -> pa.Table:
    """All welfare facts of the waves, the delivery's among them, last words only."""
    paths = store.paths("income")
    known = touched
    if paths:
        condition = (pc.field("source") == mapping.id) & pc.field("valid_to").isin(waves)
        earlier = ds.dataset([str(path) for path in paths]).to_table(filter=condition)
        if earlier.num_rows:
            earlier = earlier.filter(pa.array(is_welfare(earlier, mapping)))
            last = np.iinfo(np.int32).max
            mine = touched.set_column(
                touched.schema.get_field_index("delivery"), "delivery", pa.array(np.full(touched.num_rows, last, np.int32))
            )
            known = latest(pa.concat_tables([earlier, mine]))
    return known.filter(pc.invert(known["retracted"]))


def _earlier_lines(store: FactStore, mapping: Mapping) -> pa.Table | None:
    paths = store.paths("line")
    if not paths:
        return None
    condition = (pc.field("source") == mapping.id) & (pc.field("slot") == NO_SLOT)
    found = ds.dataset([str(path) for path in paths]).to_table(filter=condition)
    return latest(found) if found.num_rows else None


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
