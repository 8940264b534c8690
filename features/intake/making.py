"""Facts from rows: one typed table a kind, in the order of the households."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from features.facts.kinds import COMMON, TYPES, FactColumn, Kind, make_kind
from features.intake.bindings import Binding, FactTemplate
from features.intake.periods import NO_DAY
from features.intake.quarantine import Quarantine
from features.intake.rounds import holds
from features.intake.rows import Rows, as_days

# Slot of facts that no template makes: a mapping's traits, its derived line.
NO_SLOT = -1


@dataclass
class _Part:
    """Facts of one template: which rows, and the days of each."""

    template: FactTemplate
    rows: np.ndarray
    days: dict[str, np.ndarray]


def make_facts(
    rows: Rows, chosen: np.ndarray, recorded_at: np.ndarray, area: tuple[pa.Array, np.ndarray] | None
) -> dict[str, pa.Table]:
    """The facts of the chosen rows by kind, first revisions all; ``delivery`` is left 0.

    Tables are in the order of the store: by household, row and slot.

    Parameters
    ----------
    chosen : row numbers by household and line
    recorded_at : for each row of the file the day on which it is recorded
    area : distinct area codes and the number of each row's
    """
    rank = np.zeros(rows.raw.rows, np.int64)
    rank[chosen] = np.arange(len(chosen))
    of_kind: dict[str, list[_Part]] = {}
    for template in rows.mapping.facts:
        of_kind.setdefault(template.kind.id, []).append(_part(rows, template, chosen))
    tables = {kind: _kind_table(rows, parts, rank, recorded_at, area) for kind, parts in of_kind.items()}
    traits = trait_kind_of(rows)
    if traits is not None:
        tables[traits.id] = _trait_table(rows, traits, chosen, recorded_at)
    return tables


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
        fresh = (
            rows.usable
            & ~rows.retracts
            & (faulty != 0)
            & ~told.get(binding.column, np.zeros(rows.raw.rows, bool))
        )
        for code in np.unique(faulty[fresh]):
            for name, lines in rows.raw.cells(binding.column, fresh & (faulty == code)):
                quarantine.add_cells(lines, name, int(code))
        told[binding.column] = told.get(binding.column, np.zeros(rows.raw.rows, bool)) | fresh


def bindings_of(rows: Rows) -> Iterator[Binding]:
    """Every binding of the mapping; what shares an amount after the amount."""
    for template in rows.mapping.facts:
        for binding in template.columns.values():
            yield from (binding, *(among for among, _ in binding.shared))
        yield from (
            b for b in (template.happened_on, template.valid_from, template.valid_to) if b is not None
        )
    for trait in rows.mapping.traits:
        yield from (trait.binding, *(among for among, _ in trait.binding.shared))


def _part(rows: Rows, template: FactTemplate, chosen: np.ndarray) -> _Part:
    at = chosen
    for column, values in template.when.items():
        at = at[holds(rows.raw.columns[column], values)[at]]
    # A fact of which the row says nothing is not written; where the mapping binds no column, the row is the fact.
    if template.columns and template.kind.id != "household":
        known = np.zeros(rows.raw.rows, bool)
        for binding in template.columns.values():
            known |= rows.read(binding).known()
        at = at[known[at]]
    if template.once:
        at = _first_of_household(rows, at)
    none = np.full(len(at), NO_DAY, np.int32)
    event = template.kind.clock == "event"
    days = {
        "valid_from": none if event else rows.first[at],
        "valid_to": none if event else rows.last[at],
        "happened_on": rows.last[at] if event else none,
    }
    for name in days:
        binding = getattr(template, name)
        if binding is not None:
            days[name] = (
                rows.read(binding).taken(at).cast(pa.int32()).fill_null(NO_DAY).to_numpy(zero_copy_only=False)
            )
    if template.happened_on is not None:
        dated = days["happened_on"] != NO_DAY
        return _Part(template, at[dated], {name: values[dated] for name, values in days.items()})
    if not event:
        undated = (days["valid_from"] == NO_DAY) & (days["valid_to"] == NO_DAY)
        days["valid_from"] = np.where(undated, rows.first[at], days["valid_from"])
    return _Part(template, at, days)


def _kind_table(
    rows: Rows,
    parts: list[_Part],
    rank: np.ndarray,
    recorded_at: np.ndarray,
    area: tuple[pa.Array, np.ndarray] | None,
) -> pa.Table:
    """All facts of a kind, those of its templates side by side, household by household."""
    kind = parts[0].template.kind
    at = np.concatenate([part.rows for part in parts])
    number = np.repeat(np.arange(len(parts)), [len(part.rows) for part in parts])
    order = np.argsort(rank[at] * len(parts) + number, kind="stable")
    at, number = at[order], number[order]
    slots = np.array([part.template.slot for part in parts], np.int16)[number]
    days = {name: np.concatenate([part.days[name] for part in parts])[order] for name in parts[0].days}
    with_person = np.array([not part.template.once for part in parts])[number]
    own = []
    for column in kind.columns.values():
        if kind.id == "household" and column.name == "area":
            own.append(area[0].take(pa.array(area[1][at])) if area else pa.nulls(len(at), pa.string()))
        else:
            own.append(_own_column(rows, parts, column, number, order))
    return pa.Table.from_arrays(
        [*_common(rows, at, slots, days, recorded_at, with_person), *own], schema=kind.schema
    )


def _own_column(
    rows: Rows, parts: list[_Part], column: FactColumn, number: np.ndarray, order: np.ndarray
) -> pa.Array:
    """A kind's own column: constants of the templates, or what the rows say."""
    kind = TYPES[column.type]
    constants = [part.template.always.get(column.name) for part in parts]
    if not any(column.name in part.template.columns for part in parts):
        if len(set(constants)) == 1:
            return _constant(constants[0], len(order), kind)
        return pa.array(constants, kind).take(pa.array(number))
    pieces = []
    for part, constant in zip(parts, constants, strict=True):
        binding = part.template.columns.get(column.name)
        if binding is None:
            pieces.append(_constant(constant, len(part.rows), kind))
        else:
            values = rows.read(binding).taken(part.rows)
            pieces.append(values if constant is None else values.fill_null(constant))
    return pieces[0] if len(pieces) == 1 else pa.concat_arrays(pieces).take(pa.array(order))


def _trait_table(rows: Rows, kind: Kind, chosen: np.ndarray, recorded_at: np.ndarray) -> pa.Table:
    known = np.zeros(rows.raw.rows, bool)
    for trait in rows.mapping.traits:
        known |= rows.read(trait.binding).known()
    at = chosen[known[chosen]]
    days = {
        "valid_from": rows.first[at],
        "valid_to": rows.last[at],
        "happened_on": np.full(len(at), NO_DAY, np.int32),
    }
    own = [rows.read(trait.binding).taken(at) for trait in rows.mapping.traits]
    slots = np.full(len(at), NO_SLOT, np.int16)
    return pa.Table.from_arrays(
        [*_common(rows, at, slots, days, recorded_at, np.ones(len(at), bool)), *own], schema=kind.schema
    )


def _common(
    rows: Rows,
    at: np.ndarray,
    slots: np.ndarray,
    days: dict[str, np.ndarray],
    recorded_at: np.ndarray,
    with_person: np.ndarray,
) -> list[pa.Array]:
    """The common columns of facts, in the order of `COMMON`."""
    size = len(at)
    person = pa.nulls(size, pa.string())
    if rows.persons is not None and rows.person is not None:
        person = rows.persons.take(pa.array(rows.person[at], mask=~with_person))
    one_entry = len(rows.entries) == 1
    made = {
        "household": rows.households.take(pa.array(rows.household[at])),
        "person": person,
        "source": _constant(rows.mapping.id, size, pa.string()),
        "entry": _constant(rows.entries[0].as_py(), size, pa.string())
        if one_entry
        else rows.entries.take(pa.array(rows.entry[at])),
        "slot": pa.array(slots),
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
