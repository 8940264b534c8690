"""Publishing: from a snapshot on disk to the copy that the service reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from features.home import Home
from features.policy import places
from models.judgement.policy import policy_document
from models.record.canonical import canonical
from serving.scope import Scope
from serving.snapshots.records import Published
from serving.snapshots.repository import SnapshotRepository, SnapshotWriter
from serving.store import Store
from serving.store.record import tell

if TYPE_CHECKING:
    # Reading Parquet brings in pyarrow and more; only who publishes pays for that.
    from features.snapshots import Snapshot


def publish(*, home: Home, store: Store, scope: Scope, snapshot: str, by: str) -> dict[str, Any]:
    """Copy a snapshot, with the documents that give it meaning, into the store.

    Publishing what is published changes nothing, unless the policy (parameters, rules, words) has changed:
    then the new policy applies to what is decided from now on.

    Parameters
    ----------
    snapshot : its number, or a unique beginning of it
    by : who publishes

    Raises
    ------
    Refusal
        ``unknown_snapshot``, ``snapshot_damaged``, ``snapshot_void``; ``bad_record`` for a file of area names;
        ``out_of_scope`` for less than the whole home.
    """
    from features.snapshots import load

    scope.require_whole()
    found = load(home, snapshot)
    policy = canonical(policy_document(home))
    published = Published(
        snapshot=found.id,
        as_of=found.as_of,
        catalogue=found.catalogue,
        parameters=sha256(policy).hexdigest(),
        households=found.table.num_rows,
        columns=found.columns,
        setting=_setting(home, found),
    )
    with store.reading() as reading:
        before = SnapshotRepository(reading).of_snapshot(scope, found.id)
    # Thousands of rows are written down before the pen is taken.
    rows = [] if before else list(_rows(found))
    with store.writing() as writing:
        known = SnapshotRepository(writing).of_snapshot(scope, found.id)
        latest = SnapshotRepository(writing).latest(scope, found.as_of)
        writer = SnapshotWriter(writing)
        if known is None:
            writer.freeze_catalogue(
                scope, found.catalogue, canonical(found.documents["catalogue_document"]), by
            )
            # The values were computed with these, whatever they are judged with; only tracing asks for them.
            writer.freeze_parameters(
                scope, found.parameters, canonical(found.documents["parameters_document"]), by
            )
            writer.add(scope, published, rows, by)
        if latest is None or (latest.snapshot, latest.parameters) != (
            published.snapshot,
            published.parameters,
        ):
            writer.freeze_parameters(scope, published.parameters, policy, by)
            writer.apply_parameters(scope, published, by)
            tell(
                writing,
                "snapshot_published",
                subject=found.id,
                area="/",
                by=by,
                as_of=found.as_of.isoformat(),
                parameters=published.parameters,
                rows=published.households,
            )
    return {"snapshot": found.id, "rows": published.households}


def _rows(snapshot: Snapshot) -> Iterator[dict[str, Any]]:
    sources: dict[str, list[list[str]]] = {}
    seen = snapshot.provenance
    for household, kind, source, known_at in zip(
        *(seen[name].to_pylist() for name in ("household", "kind", "source", "known_at")), strict=True
    ):
        sources.setdefault(household, []).append([kind, source, known_at.isoformat()])
    table = snapshot.table
    columns = [[_plain(v) for v in table[name].to_pylist()] for name in snapshot.columns]
    values = zip(*columns, strict=True) if columns else ((),) * table.num_rows
    for household, area, row in zip(
        table["household"].to_pylist(), table["area"].to_pylist(), values, strict=True
    ):
        yield {
            "household": household,
            "area": area,
            "values": _compact(row),
            "sources": _compact(sources.get(household, [])),
        }


def _plain(value: Any) -> Any:
    # A number that is none is written as not known.
    return None if value != value else value


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _setting(home: Home, snapshot: Snapshot) -> dict[str, Any]:
    from features.lines import line_on

    documents = snapshot.documents
    return {
        "clock": documents["clock"],
        "synthetic": documents["synthetic"],
        "visit_depth": documents["visit_depth"],
        "silent": [n for n in snapshot.columns if snapshot.table[n].null_count == snapshot.table.num_rows],
        "line": line_on(home, documents["line"], snapshot.as_of),
        # For the eye: what areas are called on this day. No decision and no hash knows of it.
        "places": places.read(home),
        # The parameter set that the values were computed with, for following a value to its facts.
        "computed_with": snapshot.parameters,
    }
