"""A snapshot: every household of the population as it was known on one day, content-addressed.

Its number is the SHA-256 of its sorted rows, the catalogue and the parameter set; no clock and no path is
in it. Making it closes the day: what is delivered later is recorded after it.
"""

from __future__ import annotations

import json
import secrets
import shutil
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from features.errors import Refusal
from features.facts.regroup import regroup
from features.facts.store import FactStore
from features.home import Home
from features.indicators import catalogue as catalogues
from features.indicators.catalogue import Catalogue
from features.outcomes import at_risk, declared
from features.policy.parameters import ParameterSet

KEYS = ("household", "as_of", "area")


@dataclass(frozen=True)
class Snapshot:
    """``table``: household, as_of, area, one column an indicator and window, at_risk_<outcome>; sorted by
    household. ``provenance``: household, kind, source, known_at (the latest fact seen)."""

    id: str
    as_of: date
    catalogue: str
    parameters: str
    path: Path
    table: pa.Table
    provenance: pa.Table
    documents: dict[str, Any]

    @property
    def columns(self) -> list[str]:
        return [name for name in self.table.column_names if name not in KEYS]


def content_hash(table: pa.Table) -> str:
    """SHA-256 over names, types and values, whatever the chunks, the padding or the file they came from."""
    digest = sha256()
    for name in table.column_names:
        column = table[name].combine_chunks()
        digest.update(f"{name}:{column.type}:{len(column)}:".encode())
        valid = column.is_valid().to_numpy(zero_copy_only=False)
        digest.update(valid.tobytes())
        if pa.types.is_string(column.type):
            digest.update("\0".join("" if v is None else v for v in column.to_pylist()).encode())
        else:
            plain = column.cast(pa.int32()) if pa.types.is_date32(column.type) else column
            plain = plain.cast(pa.int8()) if pa.types.is_boolean(plain.type) else plain
            digest.update(plain.fill_null(0).to_numpy(zero_copy_only=False).tobytes())
    return digest.hexdigest()


def snapshot_id(table: pa.Table, provenance: pa.Table, catalogue: str, parameters: str) -> str:
    """The number of a snapshot with these rows and these meanings."""
    parts = [content_hash(table), content_hash(provenance), catalogue, parameters]
    return sha256("\n".join(parts).encode()).hexdigest()


def build(home: Home, as_of: date) -> Snapshot:
    """Make the snapshot of ``as_of`` and close that day.

    Raises `Refusal` ``clock_backwards`` (a day still to come in a real home), ``empty_population``.
    """
    with home.writing():
        return _build(home, as_of)


def _build(home: Home, as_of: date) -> Snapshot:
    from features.indicators.compile import Compiler  # the service reads snapshots without DuckDB

    home.close(as_of)
    catalogue = catalogues.load(home)
    with Compiler(catalogue) as compiler:
        pairs = compiler.population([as_of])
        if pairs.num_rows == 0:
            raise Refusal("empty_population", day=as_of.isoformat())
        table = compiler.compute(pairs)
        provenance = compiler.provenance(pairs)
    for outcome in declared(catalogue):
        table = table.append_column(f"at_risk_{outcome.id}", at_risk(table, outcome))
    built = _keep(home, as_of, catalogue, table.combine_chunks(), provenance)
    # The snapshot is kept first: the copy for reading single households can always be made again.
    regroup(catalogue.store)
    return built


def _keep(home: Home, as_of: date, catalogue: Catalogue, table: pa.Table, provenance: pa.Table) -> Snapshot:
    parameters = catalogue.parameters
    number = snapshot_id(table, provenance, catalogue.hash, parameters.hash)
    folder = home.folder("snapshots") / number
    documents = {
        "snapshot": number,
        "as_of": as_of.isoformat(),
        "catalogue": catalogue.hash,
        "parameters": parameters.hash,
        "deliveries": max((d.sequence for d in FactStore(home).deliveries()), default=0),
        "synthetic": catalogue.declarations.synthetic,
        "clock": home.clock,
        "visit_depth": catalogue.declarations.visit_depth(),
        "line": dict(catalogue.declarations.line),
        "catalogue_document": catalogue.document(),
        "parameters_document": parameters.document(),
    }
    if not (folder / "snapshot.json").exists():
        scratch = folder.with_name(f".{number[:12]}.{secrets.token_hex(4)}")
        scratch.mkdir()
        pq.write_table(table, scratch / "rows.parquet", compression="zstd")
        pq.write_table(provenance, scratch / "provenance.parquet", compression="zstd")
        text = json.dumps(documents, sort_keys=True, ensure_ascii=False, indent=1)
        (scratch / "snapshot.json").write_text(text, encoding="utf-8")
        if folder.exists():
            shutil.rmtree(folder)
        scratch.rename(folder)
    return Snapshot(
        number, as_of, catalogue.hash, parameters.hash, folder / "rows.parquet", table, provenance, documents
    )


def load(home: Home, number: str) -> Snapshot:
    """Read a snapshot back; its number (or a unique beginning of it) must still be that of its rows.

    Raises `Refusal` ``unknown_snapshot``, ``snapshot_damaged``, or ``snapshot_void`` where deliveries were
    recorded for its day after it was made (a real home before its first list).
    """
    found = (
        [p for p in home.folder("snapshots").glob(f"{number}*") if (p / "snapshot.json").exists()]
        if number
        else []
    )
    if len(found) != 1:
        raise Refusal("unknown_snapshot", snapshot=number)
    folder = found[0]
    documents = json.loads((folder / "snapshot.json").read_bytes())
    table, provenance = pq.read_table(folder / "rows.parquet"), pq.read_table(folder / "provenance.parquet")
    if snapshot_id(table, provenance, documents["catalogue"], documents["parameters"]) != folder.name:
        raise Refusal("snapshot_damaged", snapshot=folder.name)
    as_of = date.fromisoformat(documents["as_of"])
    later = [
        d
        for d in FactStore(home).deliveries()
        if d.sequence > documents["deliveries"] and d.recorded_at <= as_of
    ]
    if later:
        raise Refusal("snapshot_void", snapshot=folder.name, as_of=as_of.isoformat())
    return Snapshot(
        folder.name,
        as_of,
        documents["catalogue"],
        documents["parameters"],
        folder / "rows.parquet",
        table,
        provenance,
        documents,
    )


def parameters_of(snapshot: Snapshot) -> ParameterSet:
    """The parameter set that was frozen with the snapshot."""
    return ParameterSet.from_document(snapshot.documents["parameters_document"])
