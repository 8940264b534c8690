"""Facts from rows: one typed table a kind, in the order of the households."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.facts.kinds import COMMON, TYPES, Kind, make_kind
from features.intake.bindings import Binding, FactTemplate
from features.intake.checks import as_codes
from features.intake.periods import NO_DAY
from features.intake.quarantine import Quarantine
from features.intake.rows import Rows, as_days

# Slot of facts that no template makes: a mapping's traits, its derived line.
NO_SLOT = -1


def make_facts(rows: Rows, chosen: np.ndarray, recorded_at: np.ndarray, area: tuple[pa.Array, np.ndarray] | None) -> dict[str, pa.Table]:
    """The facts of the chosen rows by kind, first revisions all; ``delivery`` is left 0.

    Parameters
    ----------
    chosen : row numbers in the order in which facts shall stand (by household)
    recorded_at : for each row of the file the day on which it is recorded
    area : distinct area codes and the number of each row's
    """
    mapping = rows.mapping
    parts: dict[str, list[pa.Table]] = {}
    for template in mapping.facts:
        table = _fact_table(rows, template, chosen, recorded_at, area)
        parts.setdefault(template.kind.id, []).append(table)
    traits = trait_kind_of(rows)
    if traits is not None:
        parts[traits.id] = [_trait_table(rows, traits, chosen, recorded_at)]
    return {kind: pa.concat_tables(tables) for kind, tables in parts.items()}


def trait_kind_of(rows: Rows) -> Kind | None:
    record = rows.mapping.trait_record
    return make_kind(record, file=rows.mapping.file) if record else None


def quarantine_cells(rows: Rows, quarantine: Quarantine) -> None:
    """Cells that do not read as their column's type; a column bound twice complains once a cell."""
    told: dict[str, np.ndarray] = {}
    for binding in bindings_of(rows):
        faulty = rows.read(binding).faulty()
        if not faulty.any():
            continue
        fresh = rows.usable & ~rows.retracts & (faulty != 0) & ~told.get(binding.column, np.zeros(rows.raw.rows, bool))
        for code in np.unique(faulty[fresh]):
            quarantine.add_cells(rows.raw.lines[fresh & (faulty == code)], binding.column, int(code))
        told[binding.column] = told.get(binding.column, np.zeros(rows.raw.rows, bool)) | fresh


def bindings_of(rows: Rows) -> Iterator[Binding]:
    for template in rows.mapping.facts:
        yield from template.columns.values()
        yield from (b for b in (template.happened_on, template.valid_from, template.valid_to) if b is not None)
    for trait in rows.mapping.traits:
        yield trait.binding


def _fact_table(
    rows: Rows, template: FactTemplate, chosen: np.ndarray, recorded_at: np.ndarray, area: tuple[pa.Array, np.ndarray] | None
) -> pa.Table:
    at = chosen
    for column, values in template.when.items():
        at = at[_holds(rows, column, values)[at]]
    known = np.zeros(rows.raw.rows, bool)
    for binding in template.columns.values():
        known |= rows.read(binding).known()
    # A fact of which the row says nothing is not written; where the mapping binds no column, the row is the fact.
    if template.columns and template.kind.id != "household":
        at = at[known[at]]
    if template.once:
        at = _first_of_household(rows, at)
    days = {"valid_from": rows.first[at], "valid_to": rows.last[at], "happened_on": np.full(len(at), NO_DAY, np.int32)}
    if template.kind.clock == "event":
        days["happened_on"] = rows.last[at]
        days["valid_from"] = days["valid_to"] = np.full(len(at), NO_DAY, np.int32)
    for name in days:
        binding = getattr(template, name)
        if binding is not None:
            days[name] = rows.read(binding).taken(at).cast(pa.int32()).fill_null(NO_DAY).to_numpy(zero_copy_only=False)
    if template.happened_on is not None:
        dated = days["happened_on"] != NO_DAY
        at, days = at[dated], {name: values[dated] for name, values in days.items()}
    elif template.kind.clock == "span":
        undated = (days["valid_from"] == NO_DAY) & (days["valid_to"] == NO_DAY)
        days["valid_from"] = np.where(undated, rows.first[at], days["valid_from"])
    common = _common(rows, at, template.slot, days, recorded_at, with_person=not template.once)
    own = []
    for column in template.kind.columns.values():
        if template.kind.id == "household" and column.name == "area":
            own.append(area[0].take(pa.array(area[1][at])) if area else pa.nulls(len(at), pa.string()))
        elif column.name in template.columns:
            values = rows.read(template.columns[column.name]).taken(at)
            default = template.always.get(column.name)
            own.append(values if default is None else values.fill_null(default))
        else:
            own.append(_constant(template.always.get(column.name), len(at), TYPES[column.type]))
    return pa.Table.from_arrays([*common, *own], schema=template.kind.schema)


def _trait_table(rows: Rows, kind: Kind, chosen: np.ndarray, recorded_at: np.ndarray) -> pa.Table:
    known = np.zeros(rows.raw.rows, bool)
    for trait in rows.mapping.traits:
        known |= rows.read(trait.binding).known()
    at = chosen[known[chosen]]
    days = {"valid_from": rows.first[at], "valid_to": rows.last[at], "happened_on": np.full(len(at), NO_DAY, np.int32)}
    own = [rows.read(trait.binding).taken(at) for trait in rows.mapping.traits]
    return pa.Table.from_arrays([*_common(rows, at, NO_SLOT, days, recorded_at, with_person=True), *own], schema=kind.schema)


def _common(
    rows: Rows, at: np.ndarray, slot: int, days: dict[str, np.ndarray], recorded_at: np.ndarray, *, with_person: bool
) -> list[pa.Array]:
    """The common columns of facts, in the order of `COMMON`."""
    size = len(at)
    person = (
        rows.persons.take(pa.array(rows.person[at]))
        if with_person and rows.persons is not None and rows.person is not None
        else pa.nulls(size, pa.string())
    )
    made = {
        "household": rows.households.take(pa.array(rows.household[at])),
        "person": person,
        "source": _constant(rows.mapping.id, size, pa.string()),
        "entry": rows.entries.take(pa.array(rows.entry[at])),
        "slot": pa.array(np.full(size, slot, np.int16)),
        "period": as_days(rows.period[at]),
        **{name: as_days(values) for name, values in days.items()},
        "known_at": as_days(rows.known_at[at]),
        "recorded_at": as_days(recorded_at[at]),
        "delivery": pa.array(np.zeros(size, np.int32)),
        "row": pa.array(rows.raw.lines[at].astype(np.int32)),
        "revision": pa.array(np.ones(size, np.int32)),
        "retracted": pa.array(np.zeros(size, bool)),
    }
    return [made[name] for name in COMMON.names]


def _constant(value: object, size: int, kind: pa.DataType) -> pa.Array:
    return pa.nulls(size, kind) if value is None else pa.repeat(pa.scalar(value, kind), size)


def _first_of_household(rows: Rows, at: np.ndarray) -> np.ndarray:
    """Of a household's rows of one period (and entry), the first of the file."""
    if rows.person is None:
        return at
    order = at[np.lexsort((rows.raw.lines[at], rows.last[at], rows.entry[at], rows.household[at]))]
    keys = np.stack([rows.household[order], rows.entry[order], rows.last[order]])
    fresh = np.ones(len(order), bool)
    fresh[1:] = (keys[:, 1:] != keys[:, :-1]).any(axis=0)
    return order[fresh]


def _holds(rows: Rows, column: str, values: tuple[str, ...]) -> np.ndarray:
    texts = pc.utf8_trim_whitespace(rows.raw.columns[column].dictionary.cast(pa.string()))
    listed = pa.array(values, pa.string())
    hits = np.asarray(pc.or_(pc.is_in(texts, value_set=listed), pc.is_in(as_codes(texts), value_set=listed)))
    return hits[rows.raw.columns[column].indices.to_numpy()]
