"""Rows: whom and which period each is about, when it became known, and which cannot be used."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import blake2b

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.errors import Refusal
from features.home import Home
from features.intake.bindings import Binding
from features.intake.checks import Reading, as_codes, divided, read_cells
from features.intake.mapping import Mapping
from features.intake.periods import EPOCH, NO_DAY, epoch_days
from features.intake.quarantine import CODES, Quarantine
from features.intake.tables import TOLERATED, RawTable

SEPARATOR = "|"


@dataclass
class Pseudonyms:
    """Pseudonyms of the keys met so far, each made once."""

    home: Home
    households: dict[str, str] = field(default_factory=dict)
    persons: dict[str, str] = field(default_factory=dict)

    def household(self, key: str) -> str:
        known = self.households.get(key)
        if known is None:
            known = self.households[key] = self.home.pseudonym(key)
        return known

    def person(self, key: str) -> str:
        known = self.persons.get(key)
        if known is None:
            known = self.persons[key] = self.home.person_pseudonym(key)
        return known


@dataclass
class Rows:
    """What is known of each row beside its content, as arrays with one place a row of the raw table.

    ``household`` and ``person`` are numbers into ``households`` (pseudonyms, ascending) and ``persons``.
    Days count from 1970. ``usable`` marks the rows that are not quarantined.
    """

    raw: RawTable
    mapping: Mapping
    usable: np.ndarray
    households: pa.Array
    household: np.ndarray
    persons: pa.Array | None
    person: np.ndarray | None
    entries: pa.Array
    entry: np.ndarray
    first: np.ndarray
    last: np.ndarray
    known_at: np.ndarray
    key: np.ndarray
    digest: np.ndarray
    retracts: np.ndarray
    household_keys: pa.Array
    readings: dict[int, Reading] = field(default_factory=dict)

    @property
    def period(self) -> np.ndarray:
        """Last day of the row's period: part of the fact's chain; none where an entry lasts over periods."""
        return np.full(len(self.last), NO_DAY, np.int32) if self.mapping.lasting else self.last

    def read(self, binding: Binding) -> Reading:
        """The cells of a binding, read once."""
        if id(binding) not in self.readings:
            column = self.raw.columns[binding.column]
            reading = read_cells(column, binding, self.raw.missing, self.raw.form)
            if binding.shared:
                among = [(self.read(sharers), weight) for sharers, weight in binding.shared]
                reading = divided(reading, among)
            self.readings[id(binding)] = reading
        return self.readings[id(binding)]


def check_rows(
    raw: RawTable,
    mapping: Mapping,
    pseudonyms: Pseudonyms,
    arrived: date | None,
    today: date,
    quarantine: Quarantine,
) -> Rows:
    """Read key, period and arrival of every row; rows without a good one go to quarantine.

    Parameters
    ----------
    arrived : the arrival that was declared for the whole delivery, if any
    today : the home's day, the arrival where the mapping says ``delivery``
    """
    quarantine.add_rows(raw.broken, "row_length")
    usable = np.ones(raw.rows, bool)

    def drop(bad: np.ndarray, code: str, column: str) -> None:
        nonlocal usable
        quarantine.add_rows(raw.lines[usable & bad], code, column)
        usable = usable & ~bad

    for column in (*mapping.household, *mapping.person, *mapping.entry):
        drop(_blank(raw.columns[column], mapping), "key_missing", column)
    first, last, known_at = arrivals(raw, mapping, arrived, today)
    drop(last == NO_DAY, "period_bad", mapping.wave.columns[-1])
    drop(known_at == NO_DAY, "arrival_bad", mapping.arrival.binding.column if mapping.arrival.binding else "")
    household_keys, household = _keys(raw, mapping.household)
    order, households, seeds = _pseudonymous(household_keys, pseudonyms.household)
    persons, person = None, None
    key = seeds[household]
    if mapping.person:
        # Whom a number means may hang on the household, so a person's key begins with the household's.
        person_keys, person = _keys(raw, (*mapping.household, *mapping.person))
        persons_order, persons, person_seeds = _pseudonymous(person_keys, pseudonyms.person)
        key = mixed(key, person_seeds[person])
        person = persons_order[person]
    entries, entry = (
        _keys(raw, mapping.entry) if mapping.entry else (pa.array([""]), np.zeros(raw.rows, np.int32))
    )
    key = mixed(key, seeds_of(entries)[entry])
    if not mapping.lasting:
        key = mixed(key, last.astype(np.int64).astype(np.uint64))
    drop(_repeated(key, usable), "duplicate_row", mapping.household[0])
    retracts = _retracting(raw, mapping)
    return Rows(
        raw, mapping, usable, households, order[household], persons, person, entries, entry, first, last, known_at,
        key, _digests(raw, mapping), retracts, household_keys.take(pa.array(np.argsort(order))),
    )  # fmt: skip


def refuse_if_hopeless(bad: int, good: int, file: str, mapping: Mapping) -> None:
    """A file most of whose many rows (or cells) are broken is another table."""
    if bad > TOLERATED and bad > good:
        raise Refusal("not_this_table", file=file, mapping=mapping.id)


def glance(raw: RawTable, mapping: Mapping, file: str) -> None:
    """Refuse a large file by its first block, before the rest is read."""
    _, last = _periods(raw, mapping)
    bad = last == NO_DAY
    for column in mapping.household:
        bad |= _blank(raw.columns[column], mapping)
    refuse_if_hopeless(int(bad.sum()) + len(raw.broken), int((~bad).sum()), file, mapping)


def check_area(rows: Rows, quarantine: Quarantine) -> tuple[pa.Array, np.ndarray]:
    """Area codes ("43/2"), distinct, and the number of each row's; null where a part is missing."""
    area = rows.mapping.area
    assert area is not None
    blank = np.zeros(rows.raw.rows, bool)
    for column in area.columns:
        empty = _blank(rows.raw.columns[column], rows.mapping)
        for name, lines in rows.raw.cells(column, rows.usable & empty):
            quarantine.add_cells(lines, name, CODES["area_missing"])
        blank |= empty
    keys, place = _keys(rows.raw, area.columns, "/")
    keys = pa.concat_arrays([keys.cast(pa.string()), pa.nulls(1, pa.string())])
    return keys, np.where(blank, len(keys) - 1, place).astype(np.int32)


def _blank(column: pa.DictionaryArray, mapping: Mapping) -> np.ndarray:
    texts = pc.utf8_trim_whitespace(column.dictionary.cast(pa.string()))
    blank = np.asarray(
        pc.is_in(texts, value_set=pa.array(dict.fromkeys(["", *mapping.missing]), pa.string()))
    )
    return blank[column.indices.to_numpy()]


def _code_column(column: pa.DictionaryArray) -> pa.DictionaryArray:
    texts = as_codes(pc.utf8_trim_whitespace(column.dictionary.cast(pa.string())))
    return pa.DictionaryArray.from_arrays(column.indices, texts)


def _keys(raw: RawTable, columns: tuple[str, ...], separator: str = SEPARATOR) -> tuple[pa.Array, np.ndarray]:
    """Distinct keys and the number of each row's."""
    parts = [_code_column(raw.columns[column]) for column in columns]
    joined = pc.binary_join_element_wise(*[part.dictionary.take(part.indices) for part in parts], separator)
    coded = joined.dictionary_encode()
    return coded.dictionary, coded.indices.to_numpy().astype(np.int32)


def _pseudonymous(keys: pa.Array, name: object) -> tuple[np.ndarray, pa.Array, np.ndarray]:
    """(place of each key among the pseudonyms, pseudonyms ascending, 64-bit seed of each key)."""
    named = [name(key) for key in keys.to_pylist()]  # type: ignore[operator]
    seeds = np.array([int(pseudonym[:16], 16) for pseudonym in named], np.uint64)
    order = np.argsort(np.array(named, "S64"), kind="stable") if named else np.zeros(0, np.int64)
    place = np.empty(len(named), np.int32)
    place[order] = np.arange(len(named), dtype=np.int32)
    return place, pa.array([named[i] for i in order], pa.string()), seeds


def _periods(raw: RawTable, mapping: Mapping) -> tuple[np.ndarray, np.ndarray]:
    """First and last day of each row's period; the wave's rule runs once a distinct combination."""
    columns = [raw.columns[column] for column in mapping.wave.columns]
    codes = np.zeros(raw.rows, np.int64)
    for column in columns:
        codes = codes * len(column.dictionary) + column.indices.to_numpy()
    _, where, inverse = np.unique(codes, return_index=True, return_inverse=True)
    found = [
        mapping.wave.period(
            tuple(column.dictionary[column.indices[row].as_py()].as_py() for column in columns)
        )
        for row in where.tolist()
    ]
    first = epoch_days([period[0] if period else None for period in found])
    last = epoch_days([period[1] if period else None for period in found])
    return first[inverse], last[inverse]


def arrivals(
    raw: RawTable, mapping: Mapping, arrived: date | None, today: date
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """First and last day of each row's period, and the day on which the row became known."""
    first, last = _periods(raw, mapping)
    return first, last, _arrivals(raw, mapping, last, arrived, today)


def _arrivals(
    raw: RawTable, mapping: Mapping, last: np.ndarray, arrived: date | None, today: date
) -> np.ndarray:
    rule = mapping.arrival
    if arrived is not None or rule.rule == "delivery":
        day = arrived or today
        if day == date.min:
            raise Refusal("arrival_unknown", mapping=mapping.id)
        return np.full(raw.rows, (day - EPOCH).days, np.int32)
    if rule.binding is not None:
        reading = read_cells(raw.columns[rule.binding.column], rule.binding, raw.missing, raw.form)
        days = reading.values.cast(pa.int32()).fill_null(NO_DAY).to_numpy(zero_copy_only=False)
        return days[reading.rows] if len(days) else np.zeros(0, np.int32)
    return np.where(last == NO_DAY, NO_DAY, last + np.int32(rule.days)).astype(np.int32)


def _repeated(key: np.ndarray, usable: np.ndarray) -> np.ndarray:
    """Rows whose key stood in an earlier usable row."""
    repeated = np.zeros(len(key), bool)
    at = np.flatnonzero(usable)
    _, first = np.unique(key[at], return_index=True)
    repeated[at] = True
    repeated[at[first]] = False
    return repeated


def _retracting(raw: RawTable, mapping: Mapping) -> np.ndarray:
    if mapping.retraction is None:
        return np.zeros(raw.rows, bool)
    column = _code_column(raw.columns[mapping.retraction.column])
    if not len(column.dictionary):
        return np.zeros(raw.rows, bool)
    listed = np.asarray(
        pc.is_in(column.dictionary, value_set=pa.array(mapping.retraction.codes, pa.string()))
    )
    return listed[column.indices.to_numpy()]


# --- 64-bit fingerprints: which row is this, and does it say the same as before?


def seeds_of(texts: pa.Array) -> np.ndarray:
    """64 bits of BLAKE2b of each text."""
    digests = b"".join(
        [blake2b(text, digest_size=8).digest() for text in texts.cast(pa.binary()).to_pylist()]
    )
    return np.frombuffer(digests, np.dtype("<u8"))


def mixed(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """A 64-bit mix in which order matters (splitmix64's finaliser)."""
    with np.errstate(over="ignore"):
        value = left * np.uint64(0x9E3779B97F4A7C15) + right
        value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return value ^ (value >> np.uint64(31))


def _digests(raw: RawTable, mapping: Mapping) -> np.ndarray:
    """Fingerprint of what a row says, under this very mapping."""
    digest = np.full(raw.rows, int(mapping.sha256[:16], 16), np.uint64)
    for name in mapping.content_columns:
        column = _code_column(raw.columns[name])
        if len(column.dictionary):
            digest = mixed(digest, seeds_of(column.dictionary)[column.indices.to_numpy()])
    return digest


def as_days(values: np.ndarray) -> pa.Array:
    """Days since 1970 as dates; null for none."""
    return pa.array(values, pa.int32(), mask=values == NO_DAY).cast(pa.date32())


def day_of(number: int) -> date:
    return EPOCH + timedelta(days=int(number))
