"""What a row said before: unchanged rows write nothing, changed ones correct, retractions take back."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from features.facts.kinds import CHAIN
from features.facts.store import Delivery, FactStore
from features.intake.periods import NO_DAY
from features.intake.rows import Rows, as_days

ROW_INDEX = pa.schema([("key", pa.uint64()), ("digest", pa.uint64()), ("retracted", pa.bool_())])
ROW_KEY = ("household", "person", "entry", "period")
# What a fact says is all but this: who recorded it when.
BOOKKEEPING = ("known_at", "recorded_at", "delivery", "row", "revision")


@dataclass
class RowBook:
    """The rows of one mapping received so far: key, fingerprint of the content, whether taken back.

    ``keys`` are ascending and stand once, with the last word; ``received`` holds each delivery's keys.
    """

    keys: np.ndarray = field(default_factory=lambda: np.zeros(0, np.uint64))
    digests: np.ndarray = field(default_factory=lambda: np.zeros(0, np.uint64))
    retracted: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))
    received: dict[int, np.ndarray] = field(default_factory=dict)

    @classmethod
    def load(cls, store: FactStore, mapping: str) -> RowBook:
        book = cls()
        parts = []
        for delivery in store.deliveries():
            path = store.folder / "rows" / f"{delivery.sequence:06d}.parquet"
            if delivery.mapping == mapping and path.exists():
                part = pq.read_table(path)
                parts.append(part)
                book.received[delivery.sequence] = np.sort(part["key"].to_numpy())
        if parts:
            book._take(pa.concat_tables(parts[::-1]))
        return book

    def add(self, sequence: int, table: pa.Table) -> None:
        """Take in a delivery's rows."""
        self.received[sequence] = np.sort(table["key"].to_numpy())
        known = pa.table(
            {"key": self.keys, "digest": self.digests, "retracted": self.retracted}, schema=ROW_INDEX
        )
        self._take(pa.concat_tables([table, known]))

    def _take(self, newest_first: pa.Table) -> None:
        self.keys, first = np.unique(newest_first["key"].to_numpy(), return_index=True)
        self.digests = newest_first["digest"].to_numpy()[first]
        self.retracted = newest_first["retracted"].to_numpy()[first]

    def look_up(self, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """For each key: whether it is known, its last fingerprint, whether it was taken back."""
        if not len(self.keys):
            return np.zeros(len(keys), bool), np.zeros(len(keys), np.uint64), np.zeros(len(keys), bool)
        known = _found(keys, self.keys)
        place = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return known, np.where(known, self.digests[place], 0), known & self.retracted[place]

    def deliveries_with(self, keys: np.ndarray) -> set[int]:
        """Sequence numbers of the deliveries in which any of these rows stood: where their facts are."""
        return {number for number, held in self.received.items() if _found(keys, held).any()}


def _found(keys: np.ndarray, ascending: np.ndarray) -> np.ndarray:
    """For each key whether it is among the ascending ones."""
    if not len(ascending):
        return np.zeros(len(keys), bool)
    return ascending[np.minimum(np.searchsorted(ascending, keys), len(ascending) - 1)] == keys


def row_index(rows: Rows, chosen: np.ndarray) -> pa.Table:
    """The index of the chosen rows that a later delivery is compared with."""
    return pa.table(
        {"key": rows.key[chosen], "digest": rows.digest[chosen], "retracted": rows.retracts[chosen]},
        schema=ROW_INDEX,
    )


def earlier_facts(
    store: FactStore, kind: str, households: pa.Array, schema: pa.Schema, deliveries: list[Delivery]
) -> pa.Table | None:
    """The last word on every chain of these households in these deliveries (retracted ones too).

    In the kind's schema of today: a trait that the mapping did not have then is missing.
    """
    paths = store.paths(kind, deliveries)
    if not paths:
        return None
    condition = pc.field("household").isin(households)
    found = ds.dataset([str(path) for path in paths], schema=schema).to_table(filter=condition)
    return latest(found) if found.num_rows else None


def latest(table: pa.Table) -> pa.Table:
    """Of each chain the row of the highest delivery."""
    ordered = table.sort_by([("delivery", "descending"), ("row", "descending")])
    chain = chain_numbers(ordered)
    _, first = np.unique(chain, return_index=True)
    return ordered.take(pa.array(np.sort(first)))


def chain_numbers(*tables: pa.Table, names: tuple[str, ...] = CHAIN) -> np.ndarray:
    """One number a chain (or another key) for the rows of all tables, one after the other."""
    together = pa.concat_tables([table.select(names) for table in tables])
    numbers = np.zeros(together.num_rows, np.int64)
    for name in names:
        column = together[name].combine_chunks()
        coded = (
            pc.fill_null(column.dictionary_encode().indices, -1)
            .to_numpy(zero_copy_only=False)
            .astype(np.int64)
            + 1
        )
        _, numbers = np.unique(numbers * (coded.max(initial=0) + 1) + coded, return_inverse=True)
    return numbers


def revised(new: pa.Table, earlier: pa.Table | None) -> pa.Table:
    """The facts of ``new`` that differ from the last word in ``earlier`` on their chains, with their revision."""
    if earlier is None or not new.num_rows:
        return new
    numbers = chain_numbers(new, earlier)
    mine, theirs = numbers[: new.num_rows], numbers[new.num_rows :]
    order = np.argsort(theirs)
    place = np.minimum(np.searchsorted(theirs[order], mine), len(theirs) - 1)
    found = theirs[order][place] == mine
    before = earlier.take(pa.array(order[place]))
    same = found.copy()
    for name in new.schema.names:
        if name not in BOOKKEEPING and name not in CHAIN:
            same &= equal(new[name], before[name])
    revision = np.where(found, before["revision"].to_numpy() + 1, 1).astype(np.int32)
    return new.set_column(new.schema.get_field_index("revision"), "revision", pa.array(revision)).filter(
        pa.array(~same)
    )


def equal(left: pa.ChunkedArray, right: pa.ChunkedArray) -> np.ndarray:
    """Equality in which two missing values are equal."""
    both_null = pc.and_(pc.is_null(left), pc.is_null(right))
    return np.asarray(pc.or_(pc.fill_null(pc.equal(left, right), False), both_null))


def taken_back(
    earlier: pa.Table,
    said_again: pa.Table | None,
    rows: Rows,
    candidates: np.ndarray,
    recorded_at: np.ndarray,
) -> pa.Table:
    """Retractions: live facts of the candidate rows that these rows no longer say.

    Parameters
    ----------
    earlier : the last word on the chains of the candidates' households
    said_again : the facts that the candidate rows say now
    candidates : numbers of the rows that change something or take something back
    recorded_at : for each row of the file the day on which it is recorded
    """
    keys = row_keys(rows, candidates)
    numbers = chain_numbers(keys, earlier, names=ROW_KEY)
    mine, theirs = numbers[: len(candidates)], numbers[len(candidates) :]
    order = np.argsort(mine)
    place = np.minimum(np.searchsorted(mine[order], theirs), len(mine) - 1)
    gone = (mine[order][place] == theirs) & ~np.asarray(earlier["retracted"].combine_chunks())
    if said_again is not None and said_again.num_rows:
        chains = chain_numbers(said_again, earlier)
        gone &= ~np.isin(chains[said_again.num_rows :], chains[: said_again.num_rows])
    row = candidates[order[place]][gone]
    table = earlier.filter(pa.array(gone))
    replacements = {
        "known_at": as_days(rows.known_at[row]),
        "recorded_at": as_days(recorded_at[row]),
        "delivery": pa.array(np.zeros(len(row), np.int32)),
        "row": pa.array(rows.raw.lines[row].astype(np.int32)),
        "revision": pc.add(table["revision"], pa.scalar(1, pa.int32())),
        "retracted": pa.array(np.ones(len(row), bool)),
    }
    for name, values in replacements.items():
        table = table.set_column(table.schema.get_field_index(name), table.schema.field(name), values)
    return table


def row_numbers(lines: np.ndarray, periods: np.ndarray) -> np.ndarray:
    """One number a row of a file: its line, and its period, for a line of a wide table is a row a round."""
    return (lines.astype(np.int64) << 32) + periods.astype(np.int64)


def fact_rows(table: pa.Table) -> np.ndarray:
    """For each fact the number of the row that says it."""
    periods = pc.fill_null(table["period"].cast(pa.int32()), NO_DAY)
    return row_numbers(table["row"].to_numpy(), periods.to_numpy())


def row_keys(rows: Rows, chosen: np.ndarray) -> pa.Table:
    """Household, person, entry and period of the chosen rows, as they stand in the facts."""
    size = len(chosen)
    person = (
        pa.nulls(size, pa.string())
        if rows.persons is None or rows.person is None
        else rows.persons.take(pa.array(rows.person[chosen]))
    )
    return pa.table(
        {
            "household": rows.households.take(pa.array(rows.household[chosen])),
            "person": person,
            "entry": rows.entries.take(pa.array(rows.entry[chosen])),
            "period": as_days(rows.period[chosen]),
        }
    )
