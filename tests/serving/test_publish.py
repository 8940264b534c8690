"""Publishing: whole, once, and with everything that gives the rows their meaning."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from features import snapshots as on_disk
from features.errors import Refusal
from features.policy.parameters import ParameterSet
from serving.scope import scope_of
from serving.snapshots.repository import SnapshotRepository
from serving.store.tables import events, publications, published_rows, published_snapshots
from tests.serving.conftest import Desk


def count(desk: Desk, table: sa.Table) -> int:
    with desk.store.reading() as reading:
        return int(reading.connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def test_the_copy_holds_what_the_snapshot_holds(bare: Desk) -> None:
    snapshot = on_disk.load(bare.home, bare.panel.second)
    assert bare.publish() == {"snapshot": snapshot.id, "rows": snapshot.table.num_rows}
    with bare.store.reading() as reading:
        repository = SnapshotRepository(reading)
        published = repository.latest(bare.scope)
        assert published is not None
        rows = list(repository.rows(bare.scope, published))
        assert repository.catalogue_document(bare.scope, snapshot.catalogue) == json.loads(
            json.dumps(snapshot.documents["catalogue_document"])
        )
    expected = snapshot.table.to_pylist()
    assert [row.household for row in rows] == [e["household"] for e in expected]
    assert [dict(row.values) for row in rows] == [{c: e[c] for c in snapshot.columns} for e in expected]
    assert [row.area for row in rows] == [e["area"] for e in expected]
    seen = {
        (p["household"], p["kind"], p["source"], p["known_at"].isoformat())
        for p in snapshot.provenance.to_pylist()
    }
    assert {(row.household, *source) for row in rows for source in row.sources} == seen


def test_publishing_again_changes_nothing(bare: Desk) -> None:
    bare.publish()
    before = [count(bare, t) for t in (published_snapshots, published_rows, publications, events)]
    bare.publish()
    assert [count(bare, t) for t in (published_snapshots, published_rows, publications, events)] == before


def test_the_beginning_of_a_number_is_enough(bare: Desk) -> None:
    assert bare.publish(bare.panel.first[:12])["snapshot"] == bare.panel.first


def test_a_changed_policy_applies_from_the_next_publication_on(bare: Desk) -> None:
    bare.publish()
    overlay = Path(bare.home.folder("parameters")) / "tiers.yaml"
    overlay.write_text(
        "- {id: tier_floors, values: [{from: 2010-01-01, area: '/', value: {orange: 0.5, yellow: 0.2, blue: 0.1}, "
        "source: county decision}]}\n",
        encoding="utf-8",
    )
    assert ParameterSet.load(bare.home).value("tier_floors", date(2012, 6, 30)) == {
        "orange": 0.5,
        "yellow": 0.2,
        "blue": 0.1,
    }
    with bare.store.reading() as reading:
        first = SnapshotRepository(reading).latest(bare.scope)
    bare.publish()
    with bare.store.reading() as reading:
        second = SnapshotRepository(reading).latest(bare.scope)
    assert first is not None
    assert second == replace(first, parameters=second.parameters if second else "")
    assert second is not None
    assert second.parameters != first.parameters
    assert count(bare, published_rows) == second.households


def test_a_failing_record_leaves_nothing_published(bare: Desk) -> None:
    with bare.store.engine.begin() as connection:
        connection.execute(
            sa.text("CREATE TRIGGER no_record BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'no'); END")
        )
    with pytest.raises(sa.exc.IntegrityError):
        bare.publish()
    assert [count(bare, t) for t in (published_snapshots, published_rows, publications)] == [0, 0, 0]


def test_a_damaged_snapshot_is_not_published(bare: Desk) -> None:
    path = bare.home.folder("snapshots") / bare.panel.second / "rows.parquet"
    other = bare.home.folder("snapshots") / bare.panel.first / "rows.parquet"
    path.write_bytes(other.read_bytes())
    with pytest.raises(Refusal) as refused:
        bare.publish()
    assert refused.value.code == "snapshot_damaged"


def test_an_unknown_snapshot_is_refused(bare: Desk) -> None:
    with pytest.raises(Refusal) as refused:
        bare.publish("0" * 64)
    assert refused.value.code == "unknown_snapshot"


def test_only_the_whole_home_publishes(bare: Desk) -> None:
    with pytest.raises(Refusal) as refused:
        replace(bare, scope=scope_of("41/a")).publish()
    assert refused.value.code == "out_of_scope"


def test_rows_are_filtered_by_scope_in_the_query(bare: Desk) -> None:
    bare.publish()
    township = scope_of("41/a")
    with bare.store.reading() as reading:
        repository = SnapshotRepository(reading)
        published = repository.latest(township)
        assert published is not None
        inside = list(repository.rows(township, published))
        everyone = list(repository.rows(bare.scope, published))
        stranger = next(row for row in everyone if not row.area.startswith("41/a/"))
        assert repository.row(township, published, stranger.household) is None
        assert repository.row(bare.scope, published, stranger.household) == stranger
    assert [row.household for row in inside] == [r.household for r in everyone if r.area.startswith("41/a/")]


def test_names_of_areas_are_frozen_and_no_hash_knows_of_them(bare: Desk) -> None:
    plain = bare.publish(bare.panel.first)
    (bare.home.folder("areas") / "own.yaml").write_text("41/a: {zh: 甲镇, en: A Town}\n", encoding="utf-8")
    bare.publish(bare.panel.second)
    with bare.store.reading() as reading:
        repository = SnapshotRepository(reading)
        before = repository.of_snapshot(bare.scope, bare.panel.first)
        after = repository.latest(bare.scope)
    assert before is not None
    assert after is not None
    assert (before.setting["places"], after.setting["places"]) == (
        {},
        {"41/a": {"zh": "甲镇", "en": "A Town"}},
    )
    assert plain["snapshot"] == before.snapshot
    assert before.parameters == after.parameters
    assert on_disk.load(bare.home, bare.panel.second).id == after.snapshot
