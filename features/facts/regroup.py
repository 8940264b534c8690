"""Writing the copy of the facts that is sorted by household (see `features.facts.by_household`).

Parts grow like the digits of a number: a new part takes in the parts before it while they are small beside
it, so that the copy stays in two or three parts and a month's facts are rewritten only now and then.
"""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from features.facts.by_household import (
    FOLDER,
    FORMAT,
    MANIFEST,
    Damaged,
    Part,
    covering,
    footer_digest,
    parts_of,
    schema_of,
)
from features.facts.kinds import Kind
from features.facts.store import Delivery, FactStore

if TYPE_CHECKING:
    import duckdb

# Measured (docs/decisions/0022): small groups are quick to read, small files keep the footer short.
ROWS_A_GROUP = 1024
ROWS_A_FILE = 32 * ROWS_A_GROUP
# So many rows are held in memory and sorted at once.
ROWS_AT_ONCE = 500_000
# A part that is less than so many times as large as what comes after it is written anew together with it.
GROWTH = 4


def regroup(
    store: FactStore, *, rows_a_group: int = ROWS_A_GROUP, rows_a_file: int = ROWS_A_FILE
) -> list[str]:
    """Bring the copy up to what has been delivered; returns the names of the parts written, if any."""
    with store.home.writing():
        return _regroup(store, rows_a_group, rows_a_file)


def _regroup(store: FactStore, rows_a_group: int, rows_a_file: int) -> list[str]:
    deliveries = store.deliveries()
    folder = store.folder / FOLDER
    kept: list[Part] = []
    rest = deliveries
    for part in parts_of(store, deliveries):
        # Only what covers the deliveries from the first on without a gap, and is whole, is kept.
        if not rest or rest[0].sequence != part.first or not _whole(part):
            break
        kept.append(part)
        rest = [d for d in rest if d.sequence > part.last]
    while rest and kept and _rows(_within(deliveries, kept[-1])) < GROWTH * _rows(rest):
        rest = [*_within(deliveries, kept.pop()), *rest]
    written = [_write(store, rest, folder, rows_a_group, rows_a_file)] if rest else []
    for path in folder.iterdir() if folder.exists() else ():
        if path.name not in [*written, *(part.name for part in kept)]:
            shutil.rmtree(path, ignore_errors=True)
    return written


def _within(deliveries: list[Delivery], part: Part) -> list[Delivery]:
    return [d for d in deliveries if part.first <= d.sequence <= part.last]


def _rows(deliveries: list[Delivery]) -> int:
    return sum(sum(d.facts.values()) for d in deliveries)


def _whole(part: Part) -> bool:
    """Whether its files have the size and the footer they were written with."""
    try:
        for pieces in part.pieces.values():
            for piece in pieces:
                path = part.folder / piece.file
                if path.stat().st_size != piece.size or footer_digest(path) != piece.footer:
                    return False
    except (OSError, Damaged):
        return False
    return True


def _write(
    store: FactStore, deliveries: list[Delivery], folder: Path, rows_a_group: int, rows_a_file: int
) -> str:
    import duckdb  # whoever only reads has no use for it

    first, last = deliveries[0].sequence, deliveries[-1].sequence
    folder.mkdir(exist_ok=True)
    scratch = folder / f".{first:06d}-{last:06d}.{secrets.token_hex(4)}"
    scratch.mkdir()
    try:
        schemas: dict[str, str] = {}
        pieces: dict[str, list[dict[str, object]]] = {}
        with duckdb.connect() as connection:
            connection.execute("SET enable_progress_bar = false")
            for kind in store.kinds().values():
                paths = store.paths(kind.id, deliveries)
                if paths and not _alike(paths, kind):
                    continue
                schemas[kind.id] = schema_of(kind)
                rows = sum(d.facts.get(kind.id, 0) for d in deliveries)
                (scratch / kind.id).mkdir()
                tables = _sorted(connection, paths, kind, rows) if paths else iter(())
                pieces[kind.id] = list(_pieces(tables, scratch, kind, rows_a_group, rows_a_file))
        manifest = {
            "format": FORMAT,
            "first": first,
            "last": last,
            "covers": covering(deliveries),
            "schemas": schemas,
            "pieces": pieces,
        }
        text = json.dumps(manifest, sort_keys=True).encode()
        (scratch / MANIFEST).write_bytes(text)
        done = folder / f"{first:06d}-{last:06d}-{sha256(text).hexdigest()[:12]}"
        if done.exists():
            shutil.rmtree(done)
        scratch.rename(done)
        return done.name
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _alike(paths: list[Path], kind: Kind) -> bool:
    """Whether every file has the kind's types (it may lack columns); else the kind is left to the deliveries."""
    types = {field.name: field.type for field in kind.schema}
    return all(
        types.get(field.name, field.type) == field.type for path in paths for field in pq.read_schema(path)
    )


def _sorted(
    connection: duckdb.DuckDBPyConnection, paths: list[Path], kind: Kind, rows: int
) -> Iterator[pa.Table]:
    """The rows of the files by household, a range of households at a time: memory stays bounded.

    Household ids are hashes in hexadecimal digits, so equal ranges hold about equally many; statistics of the
    files' row groups let the engine skip what lies outside.
    """
    files = ", ".join("'" + str(path).replace("'", "''") + "'" for path in paths)
    parts = max(1, -(-rows // ROWS_AT_ONCE))
    cuts = [f"{65536 * i // parts:04x}" for i in range(1, parts)]
    for low, high in zip([None, *cuts], [*cuts, None], strict=True):
        within = [f"household >= '{low}'"] if low else []
        within += [f"household < '{high}'"] if high else []
        where = f"WHERE {' AND '.join(within)}" if within else ""
        found = connection.sql(
            f"SELECT * FROM read_parquet([{files}], union_by_name = true) {where} "
            "ORDER BY household, delivery, row, slot"
        ).to_arrow_table()
        columns = [
            found[field.name].cast(field.type)
            if field.name in found.column_names
            else pa.nulls(found.num_rows, field.type)
            for field in kind.schema
        ]
        yield pa.table(columns, schema=kind.schema)


def _pieces(
    tables: Iterator[pa.Table], scratch: Path, kind: Kind, rows_a_group: int, rows_a_file: int
) -> Iterator[dict[str, object]]:
    number = 0
    texts = [field.name for field in kind.schema if pa.types.is_string(field.type)]
    for table in tables:
        for start in range(0, table.num_rows, rows_a_file):
            cut = table.slice(start, rows_a_file)
            name = f"{kind.id}/{number:04d}.parquet"
            pq.write_table(
                cut, scratch / name, row_group_size=rows_a_group, compression="lz4", use_dictionary=texts,
                write_statistics=["household"], write_page_checksum=True,
            )  # fmt: skip
            number += 1
            yield {
                "file": name,
                "first": cut["household"][0].as_py(),
                "last": cut["household"][-1].as_py(),
                "size": (scratch / name).stat().st_size,
                "footer": footer_digest(scratch / name),
            }
