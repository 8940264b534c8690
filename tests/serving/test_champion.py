"""Promotion: by a person, with a reason, through a gate, on record."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from features.errors import Refusal
from models.risk import bundle as bundles
from serving.champion import gate, service
from serving.scope import scope_of
from serving.store.tables import events, promotions
from tests.serving.altered import alter_json, alter_leaf
from tests.serving.conftest import Desk


def history(desk: Desk) -> list[tuple[object, ...]]:
    query = sa.select(
        promotions.c.action,
        promotions.c.bundle,
        promotions.c.previous,
        promotions.c.gate,
        promotions.c.promoted_by,
    ).order_by(promotions.c.seq)
    with desk.store.reading() as reading:
        return [tuple(row) for row in reading.connection.execute(query)]


def rollback(desk: Desk, **more: object) -> dict[str, object]:
    return service.rollback(
        home=desk.home,
        store=desk.store,
        scope=desk.scope,
        by="zhao",
        reason="too many misses",
        **more,  # type: ignore[arg-type]
    )


def test_the_first_and_the_second_champion(bare: Desk) -> None:
    first, second = bare.panel.bundle.model_sha256, bare.panel.other.model_sha256
    assert service.champion(store=bare.store, scope=bare.scope) is None
    told: list[str] = []
    done = bare.promote(mirror=told.append)
    assert (done["champion"], done["previous"], done["gate"]) == (first, None, "passed")
    done = bare.promote(second[:10], mirror=told.append)
    assert (done["champion"], done["previous"]) == (second, first)
    assert service.champion(store=bare.store, scope=bare.scope) == second
    assert told == [first, second]
    assert [row[:4] for row in history(bare)] == [
        ("promote", first, None, "passed"),
        ("promote", second, first, "passed"),
    ]


def test_rollback_goes_back_one_by_one(bare: Desk) -> None:
    first, second = bare.panel.bundle.model_sha256, bare.panel.other.model_sha256
    with pytest.raises(Refusal) as refused:
        rollback(bare)
    assert refused.value.code == "no_champion"
    bare.promote(first)
    bare.promote(second)
    done = rollback(bare)
    assert (done["champion"], done["previous"]) == (first, second)
    with pytest.raises(Refusal) as refused:
        rollback(bare)
    assert refused.value.code == "no_previous_champion"
    assert service.champion(store=bare.store, scope=bare.scope) == first


def altered_copy(desk: Desk) -> Path:
    """A bundle that verifies, whose golden rows no longer answer as recorded."""
    source = desk.home.folder("bundles") / desk.panel.other.model_sha256
    folder = desk.home.path / "altered"
    shutil.copytree(source, folder)
    alter_leaf(folder, "values", 0, 0.5)
    alter_json(folder, "calibration.json", lambda d: d["calibration"]["intercepts"].__setitem__(0, 0.25))
    return folder


def test_other_answers_than_recorded_do_not_pass_the_gate(desk: Desk) -> None:
    champion = desk.panel.bundle.model_sha256
    folder = altered_copy(desk)
    with pytest.raises(Refusal) as refused:
        desk.promote(str(folder))
    assert refused.value.code == "gate_failed"
    assert refused.value.exit_code == 4
    assert service.champion(store=desk.store, scope=desk.scope) == champion
    assert history(desk)[-1][3] == "failed", "the attempt is on record"
    with desk.store.reading() as reading:
        event = reading.connection.execute(sa.select(events).order_by(events.c.seq.desc()).limit(1)).one()
    assert event.kind == "promotion_refused"
    assert event.detail["findings"]

    done = desk.promote(str(folder), overrule=True)
    assert done["gate"] == "overruled"
    assert service.champion(store=desk.store, scope=desk.scope) == done["champion"]
    assert (desk.home.folder("bundles") / str(done["champion"])).is_dir(), "adopted into the home"
    with desk.store.reading() as reading:
        row = reading.connection.execute(
            sa.select(promotions).order_by(promotions.c.seq.desc()).limit(1)
        ).one()
    assert (row.overruled, row.promoted_by, row.reason, row.id) == (
        True,
        "wang",
        "autumn list",
        done["record"],
    )
    assert row.evidence["findings"]


def test_a_bundle_that_does_not_verify_cannot_be_overruled(desk: Desk) -> None:
    tables = desk.home.folder("bundles") / desk.panel.other.model_sha256 / "tables.npz"
    content = bytearray(tables.read_bytes())
    content[100] ^= 1
    tables.write_bytes(bytes(content))
    with pytest.raises(Refusal) as refused:
        desk.promote(desk.panel.other.model_sha256, overrule=True)
    assert refused.value.code == "bundle_damaged"
    assert len(history(desk)) == 1


def test_a_bundle_of_another_catalogue_than_what_is_published_is_refused(desk: Desk) -> None:
    folder = desk.home.folder("bundles") / desk.panel.other.model_sha256
    alter_json(folder, "bundle.json", lambda d: d.__setitem__("catalogue", "f" * 64))
    with pytest.raises(Refusal) as refused:
        desk.promote(str(folder), overrule=True)
    assert refused.value.code == "catalogue_mismatch"
    assert len(history(desk)) == 1


def test_a_gate_that_does_not_answer_has_failed(desk: Desk) -> None:
    folder = desk.home.folder("bundles") / desk.panel.bundle.model_sha256
    assert gate.examine(folder).passed
    late = gate.examine(folder, limit=0.01)
    assert not late.passed
    assert "0.01 seconds" in late.findings[0]["en"]
    missing = gate.examine(desk.home.path / "nothing")
    assert not missing.passed


@pytest.mark.parametrize(("by", "reason"), [("", "because"), ("wang", "  ")])
def test_who_and_why_must_be_said(bare: Desk, by: str, reason: str) -> None:
    with pytest.raises(Refusal) as refused:
        service.promote(
            home=bare.home,
            store=bare.store,
            scope=bare.scope,
            bundle=bare.panel.bundle.model_sha256,
            by=by,
            reason=reason,
        )
    assert refused.value.code == "name_or_reason_missing"


def test_an_unknown_bundle_and_a_township_are_refused(bare: Desk) -> None:
    for name in ("0" * 64, "abc", str(bare.home.path)):
        with pytest.raises(Refusal) as refused:
            bare.promote(name)
        assert refused.value.code == "unknown_bundle"
    with pytest.raises(Refusal) as refused:
        replace(bare, scope=scope_of("41/a")).promote()
    assert refused.value.code == "out_of_scope"


def test_when_the_record_cannot_be_written_nobody_is_promoted(bare: Desk) -> None:
    with bare.store.engine.begin() as connection:
        connection.execute(
            sa.text("CREATE TRIGGER no_record BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'no'); END")
        )
    told: list[str] = []
    with pytest.raises(sa.exc.IntegrityError):
        bare.promote(mirror=told.append)
    assert service.champion(store=bare.store, scope=bare.scope) is None
    assert history(bare) == []
    assert told == []


def test_the_gate_reads_the_evidence_and_names_what_failed(desk: Desk) -> None:
    champion = desk.panel.bundle.model_sha256
    other = bundles.load(desk.home.folder("bundles") / desk.panel.other.model_sha256)
    figure = {"metric": "ap", "difference": -0.2, "low": -0.3, "high": -0.1}
    comparison = {"champion": champion, "events": 200, "metrics": [figure], "tier_changes": None}
    bundles.attach(other, {"comparison.json": json.dumps(comparison).encode()})
    with pytest.raises(Refusal) as refused:
        desk.promote(other.model_sha256)
    assert refused.value.code == "gate_failed"
    assert "no worse than the champion" in refused.value.message()["en"]
    assert "不差于现行模型" in refused.value.message()["zh"]
    done = desk.promote(other.model_sha256, overrule=True)
    told = [finding for finding in done["findings"] if finding["verdict"] == "fail"]
    assert ["-0.200" in finding["said"]["en"] for finding in told] == [True]
    # Going back asks for answers, not for figures; and so does going back to what was overruled.
    rollback(desk)
    record = service.history(store=desk.store, scope=desk.scope)
    assert [act["gate"] for act in record] == ["passed", "overruled", "failed", "passed"]
    assert record[1]["findings"] == record[2]["findings"]
    with pytest.raises(Refusal) as refused:
        service.history(store=desk.store, scope=scope_of("41/a"))
    assert refused.value.code == "out_of_scope"


def test_evidence_that_is_no_json_fails_the_gate(desk: Desk) -> None:
    folder = desk.home.folder("bundles") / desk.panel.other.model_sha256
    bundles.attach(bundles.load(folder), {"fairness.json": b"{"})
    verdict = gate.examine(folder, champion=desk.panel.bundle.model_sha256)
    assert not verdict.passed
    assert not verdict.answers
    assert "cannot be read" in verdict.findings[0]["en"]
