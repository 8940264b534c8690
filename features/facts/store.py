"""The fact store: what was delivered, append only.

Each delivery adds one Parquet file a kind and then, by one rename, its manifest. The manifest is the
commit: a file that no manifest names is litter of a crash and is never read.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.errors import Refusal
from features.facts.kinds import Kind, kinds, make_kind
from features.home import Home, write_atomically

# Household ids are hashes, so rows sorted by household are bucketed by it: a row group is a bucket, and the
# statistics of the column let a reader skip all others.
ROWS_A_BUCKET = 8192
WRITERS = 2


@dataclass(frozen=True)
class Delivery:
    """One file as it was taken in: its manifest.

    ``facts``, ``revised`` (rows that correct or retract an earlier word), ``first_visible`` (earliest day on
    which a fact of it can be seen) and ``files`` are by kind; ``rows`` counts lines of the source file.
    """

    mapping: str
    mapping_sha256: str
    file: str
    sha256: str
    arrived: date | None
    recorded_at: date
    rows_in: int
    rows_accepted: int
    rows_quarantined: int
    rows_unchanged: int
    cells_quarantined: int
    synthetic: bool = False
    sequence: int = 0
    facts: Mapping[str, int] = field(default_factory=dict)
    revised: Mapping[str, int] = field(default_factory=dict)
    first_visible: Mapping[str, date] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    quarantine: str | None = None


def _plain(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def _read(path: Path) -> Delivery:
    try:
        document = json.loads(path.read_bytes())
        document["arrived"] = date.fromisoformat(document["arrived"]) if document["arrived"] else None
        document["recorded_at"] = date.fromisoformat(document["recorded_at"])
        document["first_visible"] = {k: date.fromisoformat(v) for k, v in document["first_visible"].items()}
        return Delivery(**document)
    except (ValueError, KeyError, TypeError) as problem:
        raise Refusal("home_damaged", file=path.name, reason=type(problem).__name__) from problem


class FactStore:
    """All facts of a home. Writing goes through `append`; reading through `features.facts.asof`."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.folder = home.folder("facts")
        self._manifests = self.folder / "deliveries"
        self._manifests.mkdir(exist_ok=True)
        # A committed manifest never changes, so each is read once.
        self._known: dict[str, Delivery] = {}

    def deliveries(self) -> list[Delivery]:
        """Every committed delivery in the order in which it was recorded."""
        names = sorted(name for name in os.listdir(self._manifests) if name[0].isdigit())
        for name in names:
            if name not in self._known:
                self._known[name] = _read(self._manifests / name)
        return [self._known[name] for name in names]

    def kinds(self) -> dict[str, Kind]:
        """Kinds this home can hold: the shipped ones and the traits of its mappings."""
        known = dict(kinds())
        for path in sorted((self.folder / "kinds").glob("*.json")):
            kind = make_kind(json.loads(path.read_bytes()), file=path.name)
            known[kind.id] = kind
        return known

    def paths(self, kind: str, deliveries: list[Delivery] | None = None) -> list[Path]:
        """The Parquet files of a kind, in order of delivery."""
        chosen = self.deliveries() if deliveries is None else deliveries
        return [self.folder / d.files[kind] for d in chosen if kind in d.files]

    def keep_mapping(self, content: bytes, mapping: str) -> str:
        """Freeze a mapping's text beside the facts it made; returns its SHA-256."""
        digest = sha256(content).hexdigest()
        path = self.folder / "mappings" / f"{mapping}.{digest[:12]}.yaml"
        if not path.exists():
            write_atomically(path, content)
        return digest

    def mappings(self) -> list[tuple[str, bytes]]:
        """(id, text) of the mappings in use, each as last ingested, in order of first ingestion."""
        latest: dict[str, str] = {}
        for delivery in self.deliveries():
            latest[delivery.mapping] = delivery.mapping_sha256
        return [
            (mapping, (self.folder / "mappings" / f"{mapping}.{digest[:12]}.yaml").read_bytes())
            for mapping, digest in latest.items()
        ]

    def append(
        self,
        delivery: Delivery,
        tables: Mapping[str, pa.Table],
        *,
        rows: pa.Table | None = None,
        trait: Mapping[str, object] | None = None,
    ) -> Delivery:
        """Commit a delivery: all its facts become readable at once, or none.

        Parameters
        ----------
        delivery : the manifest without ``sequence``, ``facts``, ``revised``, ``first_visible``, ``files``
        tables : by kind, in the kind's schema; ``delivery`` is filled here
        rows : the index of source rows (key and digest) by which a repeated row is recognised
        trait : the record of the mapping's trait kind, kept so that its table can be read later
        """
        with self.home.writing():
            return self._append(delivery, tables, rows, trait)

    def next_sequence(self) -> int:
        """The number of the delivery that comes next."""
        return max((d.sequence for d in self.deliveries()), default=0) + 1

    def _append(
        self,
        delivery: Delivery,
        tables: Mapping[str, pa.Table],
        rows: pa.Table | None,
        trait: Mapping[str, object] | None,
    ) -> Delivery:
        sequence = self.next_sequence()
        if trait is not None:
            write_atomically(
                self.folder / "kinds" / f"{trait['id']}.json",
                json.dumps(trait, ensure_ascii=False, sort_keys=True).encode(),
            )
        known = self.kinds()
        files, ordered, facts, revised, first = {}, {}, {}, {}, {}
        for kind, table in tables.items():
            if table.num_rows == 0:
                continue
            column = pa.repeat(pa.scalar(sequence, pa.int32()), table.num_rows)
            table = table.set_column(table.schema.get_field_index("delivery"), "delivery", column)
            table = table.select(known[kind].schema.names).cast(known[kind].schema)
            if not _in_order(table):
                table = table.sort_by(
                    [("household", "ascending"), ("row", "ascending"), ("slot", "ascending")]
                )
            files[kind] = f"{kind}/{sequence:06d}.parquet"
            ordered[kind] = table
            facts[kind] = table.num_rows
            revision = table["revision"].to_numpy()
            revised[kind] = int((revision > 1).sum())
            visible = [max(a, b) for a, b in zip(*_distinct_clocks(table), strict=True)]
            first[kind] = min(visible)
        # Packing and the wait for the disk overlap; the manifest comes after all of them.
        with ThreadPoolExecutor(WRITERS) as writers:
            written = {
                kind: writers.submit(self._write, table, files[kind]) for kind, table in ordered.items()
            }
            if rows is not None:
                writers.submit(self._write, rows, f"rows/{sequence:06d}.parquet").result()
            digests = {kind: task.result() for kind, task in written.items()}
        done = replace(
            delivery,
            sequence=sequence,
            files=files,
            digests=digests,
            facts=facts,
            revised=revised,
            first_visible=first,
        )
        write_atomically(
            self._manifests / f"{sequence:06d}.json",
            json.dumps(asdict(done), default=_plain, sort_keys=True, ensure_ascii=False, indent=1).encode(),
        )
        return done

    def _write(self, table: pa.Table, name: str) -> str:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        sink = pa.BufferOutputStream()
        # Dictionaries pay for texts alone: building them for days and numbers costs more than they save.
        texts = [field.name for field in table.schema if pa.types.is_string(field.type)]
        pq.write_table(table, sink, row_group_size=ROWS_A_BUCKET, compression="lz4", use_dictionary=texts)
        content = sink.getvalue()
        with path.open("wb") as written:
            written.write(content)
            written.flush()
            os.fsync(written.fileno())
        return sha256(content).hexdigest()


def _in_order(table: pa.Table) -> bool:
    """Whether the rows stand by household, row and slot: intake makes most tables so."""
    household = table["household"].combine_chunks()
    if isinstance(household, pa.ChunkedArray):
        return False
    same = pc.equal(household[:-1], household[1:])
    if not pc.all(pc.or_(same, pc.less(household[:-1], household[1:]))).as_py():
        return False
    place = table["row"].to_numpy().astype("int64") * 65536 + table["slot"].to_numpy()
    return bool(((place[1:] > place[:-1]) | ~same.to_numpy(zero_copy_only=False)).all())


def _distinct_clocks(table: pa.Table) -> tuple[list[date], list[date]]:
    pairs = table.select(["known_at", "recorded_at"]).group_by(["known_at", "recorded_at"]).aggregate([])
    return pairs["known_at"].to_pylist(), pairs["recorded_at"].to_pylist()
