"""A second copy of the facts, sorted by household, from which one household is read at once.

Facts lie by delivery (decision 0011): one household's are spread over hundreds of files. `features.facts.regroup`
writes them again, household by household, into *parts*, each covering a run of deliveries::

    facts/by_household/000001-000419-9f2c…/part.json, income/0000.parquet, income/0001.parquet, …

A part is believed only while its manifest fits the deliveries and the kinds of the home, and each of its files
only while size, footer and page checksums are those that were written. What no believed part covers is read from
the deliveries themselves, so that deleting the folder loses nothing.

Reading needs pyarrow.parquet alone and is safe from several threads: what is kept between calls (footers and
their statistics, a bounded number) is never changed, and each read opens its file anew.
"""

from __future__ import annotations

import json
import os
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

import pyarrow as pa
import pyarrow.parquet as pq

from features.facts.kinds import Kind
from features.facts.store import Delivery, FactStore

FOLDER = "by_household"
MANIFEST = "part.json"
FORMAT = 1
# Footers kept in memory: a page reads some thirty files, a busy service a few households at a time.
FOOTERS = 512

Row = dict[str, Any]


class Damaged(Exception):
    """A file of the copy is not what its manifest says."""


@dataclass(frozen=True)
class Piece:
    """One Parquet file of a part: households ``first`` to ``last``, its size and its footer's SHA-256."""

    file: str
    first: str
    last: str
    size: int
    footer: str


@dataclass(frozen=True)
class Part:
    """The facts of the deliveries ``first`` to ``last``; ``pieces`` by kind, in order of households.

    ``covers`` names those deliveries (`covering`), ``schemas`` the columns of each kind as they were then.
    """

    folder: Path
    first: int
    last: int
    covers: str
    schemas: Mapping[str, str]
    pieces: Mapping[str, Sequence[Piece]]

    @property
    def name(self) -> str:
        return self.folder.name


def covering(deliveries: Iterable[Delivery]) -> str:
    """SHA-256 over the deliveries' numbers, sources and fact files."""
    said = [[d.sequence, d.sha256, dict(d.files), dict(d.digests), dict(d.facts)] for d in deliveries]
    return sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def schema_of(kind: Kind) -> str:
    """The columns of a kind with their types, as a SHA-256."""
    return sha256(json.dumps([[f.name, str(f.type)] for f in kind.schema]).encode()).hexdigest()


def parts_of(store: FactStore, deliveries: Sequence[Delivery]) -> list[Part]:
    """The parts to be believed, in order of their deliveries; none overlaps another."""
    folder = store.folder / FOLDER
    try:
        mark = (folder.stat().st_mtime_ns, len(deliveries))
    except OSError:
        return []
    with _turn:
        known = _believed.get(store)
    if known is not None and known[0] == mark:
        return known[1]
    kinds = {name: schema_of(kind) for name, kind in store.kinds().items()}
    found = [part for path in _listed(folder) for part in _part(path)]
    chosen: list[Part] = []
    # After a crash between making a wide part and dropping those it replaces, both are there: the wide one counts.
    for part in sorted(found, key=lambda p: (p.first - p.last, p.name)):
        if any(part.first <= other.last and other.first <= part.last for other in chosen):
            continue
        covered = [d for d in deliveries if part.first <= d.sequence <= part.last]
        if part.covers == covering(covered) and all(kinds.get(k) == s for k, s in part.schemas.items()):
            chosen.append(part)
    chosen.sort(key=lambda part: part.first)
    with _turn:
        _believed[store] = (mark, chosen)
    return chosen


def _listed(folder: Path) -> list[Path]:
    """The folders of parts; scratch of a writer begins with a point."""
    try:
        return [path for path in folder.iterdir() if path.name[0].isdigit()]
    except OSError:
        return []


def _part(path: Path) -> list[Part]:
    """The part in a folder; nothing where its manifest cannot be read or is not the one it is named by."""
    try:
        content = (path / MANIFEST).read_bytes()
        if not path.name.endswith(sha256(content).hexdigest()[:12]):
            return []
        document = json.loads(content)
        if document["format"] != FORMAT:
            return []
        pieces = {
            kind: [Piece(**piece) for piece in pieces] for kind, pieces in dict(document["pieces"]).items()
        }
        return [
            Part(
                path,
                int(document["first"]),
                int(document["last"]),
                str(document["covers"]),
                dict(document["schemas"]),
                pieces,
            )
        ]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def rows_of(
    store: FactStore, deliveries: Sequence[Delivery], kind: Kind, household: str, day: date
) -> list[Row]:
    """The rows of one household that may be visible by ``day``, in order of delivery, row and slot.

    Read from the copy where it is to be believed, from the deliveries where it is not. A row recorded after
    ``day`` may be among them: visibility is judged by who asks.
    """
    tables: list[tuple[int, pa.Table]] = []
    covered: set[int] = set()
    for part in parts_of(store, deliveries):
        if kind.id not in part.schemas:
            continue
        try:
            tables += [(part.first, table) for table in _of_part(part, kind.id, household)]
        except (Damaged, OSError, pa.ArrowException):
            # What was read of it does not count either: the deliveries say it all.
            tables = [(first, table) for first, table in tables if first != part.first]
            continue
        covered.update(range(part.first, part.last + 1))
    for delivery in deliveries:
        if delivery.sequence in covered or kind.id not in delivery.files:
            continue
        # Nothing of it can be seen yet: no need to look.
        if delivery.first_visible.get(kind.id, date.min) > day:
            continue
        table = _of_file(store.folder / delivery.files[kind.id], household)
        tables.append((delivery.sequence, table))
    rows = [row for _, table in sorted(tables, key=lambda found: found[0]) for row in plain_rows(table, kind)]
    return sorted(rows, key=lambda row: (row["delivery"], row["row"], row["slot"]))


def all_rows(path: Path, kind: Kind) -> list[Row]:
    """Every row of one delivery's file."""
    with pq.ParquetFile(path) as file:
        return plain_rows(file.read(use_threads=False), kind)


def plain_rows(table: pa.Table, kind: Kind) -> list[Row]:
    """Rows as plain values, with every column of the kind: null where an older file does not have it."""
    names = kind.schema.names
    columns = [
        table[name].to_pylist() if name in table.column_names else [None] * table.num_rows for name in names
    ]
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def _of_part(part: Part, kind: str, household: str) -> list[pa.Table]:
    return [
        _of_file(part.folder / piece.file, household, piece)
        for piece in part.pieces.get(kind, ())
        if piece.first <= household <= piece.last
    ]


# --- reading one file

_Bounds = list[tuple[str, str] | None]
_Footer = tuple[pq.FileMetaData, _Bounds]
_turn = Lock()
_footers: OrderedDict[tuple[str, int, int, int], _Footer] = OrderedDict()
_believed: WeakKeyDictionary[FactStore, tuple[tuple[int, int], list[Part]]] = WeakKeyDictionary()


def _of_file(path: Path, household: str, piece: Piece | None = None) -> pa.Table:
    """The rows of one household in one file: only the row groups whose statistics may hold it are read."""
    metadata, bounds = _footer(path, piece)
    groups = [i for i, bound in enumerate(bounds) if bound is None or bound[0] <= household <= bound[1]]
    with pq.ParquetFile(
        path, metadata=metadata, pre_buffer=False, page_checksum_verification=piece is not None
    ) as file:
        table = file.read_row_groups(groups, use_threads=False)
    # Files stand by household, so one household's rows are one slice. (A comparison by the library's own compute
    # functions would bring in pandas.)
    who = table["household"].to_pylist()
    first = bisect_left(who, household)
    return table.slice(first, bisect_right(who, household) - first)


def _footer(path: Path, piece: Piece | None) -> _Footer:
    stat = os.stat(path)
    key = (str(path), stat.st_size, stat.st_mtime_ns, stat.st_ino)
    with _turn:
        if key in _footers:
            _footers.move_to_end(key)
            return _footers[key]
    if piece is not None and (stat.st_size != piece.size or footer_digest(path) != piece.footer):
        raise Damaged(path.name)
    with pq.ParquetFile(path) as file:
        metadata = file.metadata
    made = (metadata, _bounds(metadata))
    with _turn:
        _footers[key] = made
        while len(_footers) > FOOTERS:
            _footers.popitem(last=False)
    return made


def _bounds(metadata: pq.FileMetaData) -> _Bounds:
    """First and last household of each row group; None where its statistics do not say."""
    place = next(i for i in range(metadata.num_columns) if metadata.schema.column(i).name == "household")
    found: _Bounds = []
    for group in range(metadata.num_row_groups):
        statistics = metadata.row_group(group).column(place).statistics
        known = statistics is not None and statistics.has_min_max
        found.append((statistics.min, statistics.max) if known else None)
    return found


def footer_digest(path: Path) -> str:
    """SHA-256 of a Parquet file's footer. Raises `Damaged` where there is none."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        if size < 12:
            raise Damaged(path.name)
        file.seek(size - 8)
        length = int.from_bytes(file.read(4), "little")
        if length > size - 12:
            raise Damaged(path.name)
        file.seek(size - 8 - length)
        return sha256(file.read()).hexdigest()
