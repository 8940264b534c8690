"""A home many times as large as another: the same deliveries, each row repeated under new ids."""

from __future__ import annotations

import shutil
import sqlite3
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from features.facts.store import FactStore
from features.home import Home


def renamed(id_: str, number: int) -> str:
    """The id of a household or person in the repetition of that number; the first keeps its own."""
    return id_ if number == 0 else sha256(f"{number}|{id_}".encode()).hexdigest()


def widen(home: Home, target: Path, households: int) -> Home:
    """A home with the deliveries of ``home``, their rows repeated for that many households."""
    shutil.copytree(home.path, target, ignore=lambda folder, names: [n for n in names if n in ("facts", "deliveries", "mlflow", "quarantine")])  # fmt: skip
    made = Home.open(target)
    source, store = FactStore(home), FactStore(made)
    for folder in ("kinds", "mappings"):
        if (source.folder / folder).is_dir():
            shutil.copytree(source.folder / folder, store.folder / folder)
    ids = sorted(households_of(home))
    repeats = -(-households // len(ids))
    last = set(ids[: households - (repeats - 1) * len(ids)])
    names = [{id_: renamed(id_, number) for id_ in ids} for number in range(repeats)]
    for delivery in source.deliveries():
        tables = {
            kind: _repeated(pq.read_table(source.folder / file, partitioning=None), names, last)
            for kind, file in delivery.files.items()
        }
        store.append(replace(delivery, sequence=0), tables)
    _widen_store(target, names, last)
    return made


def households_of(home: Home) -> set[str]:
    """The ids of all households that the home has a household fact of."""
    store = FactStore(home)
    found: set[str] = set()
    for path in store.paths("household"):
        found.update(pq.ParquetFile(path).read(["household"])["household"].to_pylist())
    return found


def _repeated(table: pa.Table, names: list[dict[str, str]], last: set[str]) -> pa.Table:
    """The table once for each repetition; the last one holds only some of the households."""
    place = {name: table.schema.get_field_index(name) for name in ("household", "person")}
    parts = [table]
    for number, named in enumerate(names[1:], start=1):
        kept = last if number == len(names) - 1 else named
        # What concerns no household, such as a line, is not repeated.
        part = table.filter(pa.array([h in kept for h in table["household"].to_pylist()]))
        who = [named[h] for h in part["household"].to_pylist()]
        persons = [None if p is None else renamed(p, number) for p in part["person"].to_pylist()]
        part = part.set_column(place["household"], "household", pa.array(who, pa.string()))
        parts.append(part.set_column(place["person"], "person", pa.array(persons, pa.string())))
    return pa.concat_tables(parts)


def _widen_store(target: Path, names: list[dict[str, str]], last: set[str]) -> None:
    """The rows of published snapshots, repeated likewise."""
    with sqlite3.connect(target / "store" / "fangpin.sqlite") as database:
        rows = database.execute('SELECT snapshot, household, area, "values", sources FROM published_rows').fetchall()  # fmt: skip
        for number, named in list(enumerate(names))[1:]:
            kept = [row for row in rows if number < len(names) - 1 or row[1] in last]
            database.executemany(
                "INSERT INTO published_rows VALUES (?, ?, ?, ?, ?)",
                [(snapshot, named[household], *rest) for snapshot, household, *rest in kept],
            )
