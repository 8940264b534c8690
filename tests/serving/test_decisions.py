"""Decisions: explained, stored before answered, the same bytes for ever, and checked by replay."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import date
from hashlib import sha256
from math import fsum
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from features.errors import Refusal
from features.home import Home
from features.indicators import catalogue
from models.record.canonical import canonical, digest
from models.record.decision import identity
from models.risk.bundle import load
from serving.decisions import service
from serving.decisions.records import StoredDecision
from serving.scope import scope_of
from serving.snapshots.repository import SnapshotRepository
from serving.store.tables import access_log, decisions, events
from tests.serving.altered import alter_json, alter_leaf
from tests.serving.conftest import Desk

ROOT = Path(__file__).parents[2]


def rows(desk: Desk) -> list[Any]:
    with desk.store.reading() as reading:
        repository = SnapshotRepository(reading)
        published = repository.latest(desk.scope)
        assert published is not None
        return list(repository.rows(desk.scope, published))


def one(desk: Desk, *, at_risk: bool = True) -> Any:
    return next(row for row in rows(desk) if row.values["at_risk_falls"] is at_risk)


def decide(desk: Desk, household: str, **more: Any) -> StoredDecision:
    more = {"scope": desk.scope, "by": "li", **more}
    return service.decide(home=desk.home, store=desk.store, household=household, **more)


def test_the_document_tells_all_that_the_interface_promises(desk: Desk) -> None:
    row = one(desk)
    decision = decide(desk, row.household).document
    assert set(decision) == {
        "schema", "id", "household", "area", "as_of", "snapshot", "bundle", "catalogue", "parameters", "outcome",
        "at_risk", "kind", "horizons", "tier_horizon", "line", "margin", "tier", "raised_by", "floors", "rules",
        "contributions", "reasons", "lowering", "unknown", "sources", "synthetic", "clock",
    }  # fmt: skip
    assert (decision["synthetic"], decision["clock"]) == (True, "simulated")
    assert decision["bundle"] == desk.panel.bundle.model_sha256
    assert decision["snapshot"] == desk.panel.second
    assert decision["id"] == identity(
        row.household, decision["snapshot"], decision["bundle"], decision["parameters"]
    )
    assert set(decision["line"]) == {"value", "unit", "valid_from", "source"}
    assert decision["sources"] == [{"source": "tiny", "known_at": "2012-06-30", "age_days": 0}]
    assert decision["floors"] == desk.panel.bundle.floors
    assert [h["months"] for h in decision["horizons"]] == [3]


def test_contributions_add_up_to_the_margin_of_every_household(desk: Desk) -> None:
    columns = catalogue.load(desk.home).columns
    for row in rows(desk)[:60]:
        document = decide(desk, row.household).document
        parts = document["contributions"]
        assert abs(fsum([parts["base"], *parts["terms"].values()]) - document["margin"]) <= 1e-9
        sums: dict[str, float] = {}
        for column, term in parts["terms"].items():
            group = columns[column].record.group
            sums[group] = sums.get(group, 0.0) + term
        # A group in which no indicator tells anything is left out; who is shown, is shown with its whole sum.
        for reason in document["reasons"] + document["lowering"]:
            assert reason["contribution"] == pytest.approx(sums[reason["group"]], abs=1e-9)
        assert all(r["contribution"] > 0 for r in document["reasons"])
        assert all(r["contribution"] < 0 for r in document["lowering"])
        for reason in document["reasons"] + document["lowering"]:
            assert set(reason["sentence"]) == {"zh", "en"}
            assert "{" not in reason["sentence"]["zh"] + reason["sentence"]["en"]


def test_not_at_risk_there_is_no_probability_and_rules_alone_give_the_tier(desk: Desk) -> None:
    document = decide(desk, one(desk, at_risk=False).household).document
    assert document["at_risk"] is False
    assert [h["probability"] for h in document["horizons"]] == [None]
    assert document["raised_by"] in ("rule", "none")
    assert document["contributions"]["terms"]


def test_what_is_not_known_is_named_with_whose_feed_would_tell(desk: Desk) -> None:
    row = next(r for r in rows(desk) if r.values["rooms_used"] is None)
    assert {"indicator": "rooms_used", "source": "tiny"} in decide(desk, row.household).document["unknown"]


def test_asking_again_gives_the_stored_bytes(desk: Desk) -> None:
    household = one(desk).household
    first, again = decide(desk, household), decide(desk, household, by="zhao")
    assert (first.new, again.new) == (True, False)
    assert first.body == again.body == canonical(first.document)
    assert first.sha256 == sha256(first.body).hexdigest()
    with desk.store.reading() as reading:
        stored = reading.connection.execute(sa.select(decisions)).one()
        asked = (
            reading.connection.execute(sa.select(access_log.c.accessed_by).order_by(access_log.c.seq))
            .scalars()
            .all()
        )
    assert stored.digest == digest(stored.salt, stored.document)
    assert stored.asked_by == "li"
    assert b"li" not in {part.encode() for part in json.dumps(first.document).split('"')}
    assert asked == ["li", "zhao"]


def test_a_fetched_decision_is_the_stored_one(desk: Desk) -> None:
    made = decide(desk, one(desk).household)
    assert (
        service.fetch(store=desk.store, scope=desk.scope, decision=made.document["id"], by="li").body
        == made.body
    )


def test_a_fresh_process_gives_the_same_bytes(desk: Desk, tmp_path: Path) -> None:
    household = one(desk).household
    shutil.copytree(desk.home.path, tmp_path / "copy")
    code = (
        "import sys\nfrom features.home import Home\nfrom serving.scope import scope_of\nfrom serving.store import Store\n"
        "from serving.decisions import service\nhome = Home.open(sys.argv[1])\nwith Store.open(home) as store:\n"
        "    found = service.decide(home=home, store=store, scope=scope_of('/'), household=sys.argv[2], by='li')\n"
        "    assert found.new\n    sys.stdout.buffer.write(found.body)\n"
        "    heavy = {'mlflow', 'shap', 'numba', 'pyspark', 'duckdb', 'lightgbm', 'sklearn', 'pandas', 'scipy'}\n"
        "    assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "copy"), household],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout == decide(desk, household).body


def test_replay_recomputes_and_finds_the_same(desk: Desk) -> None:
    made = [decide(desk, row.household) for row in rows(desk)[:20]]
    id_ = made[0].document["id"]
    assert service.replay(home=desk.home, store=desk.store, scope=desk.scope, decision=id_) == {
        "decision": id_,
        "equal": True,
        "difference": None,
    }
    told: list[tuple[int, int | None]] = []
    whole = service.replay_all(
        home=desk.home, store=desk.store, scope=desk.scope, progress=lambda n, total: told.append((n, total))
    )
    assert whole == {"replayed": 20, "equal": 20, "different": []}
    assert told[-1] == (20, 20)


def test_one_altered_leaf_is_found_and_named(desk: Desk) -> None:
    row = one(desk)
    made = decide(desk, row.household).document
    folder = desk.home.folder("bundles") / desk.panel.bundle.model_sha256
    column, place = _leaf_of(desk, row)
    alter_leaf(folder, "values", place, 0.125)
    assert load(folder).model_sha256 != made["bundle"]

    found = service.replay(home=desk.home, store=desk.store, scope=desk.scope, decision=made["id"])
    assert found["equal"] is False
    assert found["difference"]["field"] == f"contributions.terms.{column}"
    assert found["difference"]["stored"] == made["contributions"]["terms"][column]
    assert found["difference"]["replayed"] != found["difference"]["stored"]
    assert service.replay_all(home=desk.home, store=desk.store, scope=desk.scope)["equal"] == 0


def _leaf_of(desk: Desk, row: Any) -> tuple[str, int]:
    """A column, and the place of a leaf value that this household's contribution of it comes from."""
    model = load(desk.home.folder("bundles") / desk.panel.bundle.model_sha256).model
    table = {
        spec.name: np.array(
            [row.values[spec.name] if spec.type == "category" else _number(row.values[spec.name])],
            dtype=object if spec.type == "category" else float,
        )
        for spec in model.specs
    }
    encoded = model.encoding.encode(table)
    before = model.tables.contributions(encoded, model.inputs)
    for place in np.flatnonzero(model.tables.values):
        values = model.tables.values.copy()
        values[place] += 0.125
        after = replace(model.tables, values=values).contributions(encoded, model.inputs)
        changed = np.flatnonzero((after != before).any(axis=1))
        if len(changed):
            return model.specs[int(changed[0])].name, int(place)
    raise AssertionError("the trees say nothing of this household")


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)


def test_another_calibration_shows_in_the_probability(desk: Desk) -> None:
    made = decide(desk, one(desk).household).document
    folder = desk.home.folder("bundles") / desk.panel.bundle.model_sha256
    alter_json(folder, "calibration.json", lambda d: d["calibration"]["intercepts"].__setitem__(0, 0.25))
    found = service.replay(home=desk.home, store=desk.store, scope=desk.scope, decision=made["id"])
    assert found["difference"]["field"] == "horizons[0].probability"


def test_a_bundle_that_no_longer_verifies_is_refused_by_replay(desk: Desk) -> None:
    made = decide(desk, one(desk).household).document
    tables = desk.home.folder("bundles") / desk.panel.bundle.model_sha256 / "tables.npz"
    content = bytearray(tables.read_bytes())
    content[len(content) // 2] ^= 1
    tables.write_bytes(bytes(content))
    with pytest.raises(Refusal) as refused:
        service.replay(home=desk.home, store=desk.store, scope=desk.scope, decision=made["id"])
    assert refused.value.code == "bundle_damaged"
    whole = service.replay_all(home=desk.home, store=desk.store, scope=desk.scope)
    assert whole["equal"] == 0
    assert whole["different"][0]["difference"]["field"] == "bundle"


def test_a_tampered_document_is_found(desk: Desk) -> None:
    made = decide(desk, one(desk).household)
    forged = canonical({**made.document, "tier": "red"})
    with desk.store.engine.begin() as connection:
        connection.execute(sa.update(decisions).values(document=forged))
    found = service.replay(home=desk.home, store=desk.store, scope=desk.scope, decision=made.document["id"])
    assert found["difference"] == {"field": "tier", "stored": "red", "replayed": made.document["tier"]}


def test_a_row_of_the_store_that_was_changed_is_found(desk: Desk) -> None:
    made = decide(desk, one(desk).household).document
    with desk.store.engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE published_rows SET area = '41/c/v9' WHERE household = :h"),
            {"h": made["household"]},
        )
    found = service.replay(home=desk.home, store=desk.store, scope=desk.scope, decision=made["id"])
    assert found["difference"]["field"] == "area"


def test_when_the_record_cannot_be_written_nothing_is_decided(desk: Desk) -> None:
    with desk.store.engine.begin() as connection:
        connection.execute(
            sa.text("CREATE TRIGGER no_record BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'no'); END")
        )
    with pytest.raises(sa.exc.IntegrityError):
        decide(desk, one(desk).household)
    with desk.store.reading() as reading:
        assert reading.connection.execute(sa.select(decisions)).all() == []
        assert reading.connection.execute(sa.select(access_log)).all() == []


def test_the_act_is_on_record(desk: Desk) -> None:
    made = decide(desk, one(desk).household).document
    with desk.store.reading() as reading:
        event = reading.connection.execute(sa.select(events).where(events.c.kind == "decision_stored")).one()
    assert (event.subject, event.happened_by) == (made["id"], "li")


def test_an_earlier_day_is_decided_with_what_was_known_then(desk: Desk) -> None:
    household = one(desk).household
    with pytest.raises(Refusal) as refused:
        decide(desk, household, as_of=date(2012, 3, 31))
    assert refused.value.code == "not_published"
    desk.publish(desk.panel.first)
    document = decide(desk, household, as_of=date(2012, 3, 31)).document
    assert (document["as_of"], document["snapshot"]) == ("2012-03-31", desk.panel.first)
    assert decide(desk, household).document["as_of"] == "2012-06-30", "the latest day stays the default"


def test_what_cannot_be_decided_says_why(bare: Desk) -> None:
    def code(household: str, **more: Any) -> str:
        with pytest.raises(Refusal) as refused:
            decide(bare, household, **more)
        return refused.value.code

    assert code("0" * 64) == "not_published"
    bare.publish()
    assert code("0" * 64) == "no_champion"
    bare.promote()
    assert code("0" * 64) == "unknown_household"
    stranger = next(row for row in rows(bare) if not row.area.startswith("41/a/"))
    assert code(stranger.household, scope=scope_of("41/a")) == "unknown_household", (
        "out of scope is not found"
    )
    made = decide(bare, stranger.household)
    for scope in (scope_of("41/a"), scope_of("42")):
        with pytest.raises(Refusal) as refused:
            service.fetch(store=bare.store, scope=scope, decision=made.document["id"], by="li")
        assert refused.value.code == "unknown_decision"


def test_a_bundle_of_another_catalogue_may_not_judge(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with desk.store.engine.begin() as connection:
        connection.execute(sa.text("UPDATE bundles SET catalogue = :c"), {"c": "f" * 64})
    with pytest.raises(Refusal) as refused:
        decide(desk, one(desk).household)
    assert refused.value.code == "catalogue_mismatch"


def test_a_champion_whose_files_changed_does_not_judge(desk: Desk) -> None:
    folder = desk.home.folder("bundles") / desk.panel.bundle.model_sha256
    alter_leaf(folder, "values", 0, 1.0)
    with pytest.raises(Refusal) as refused:
        decide(desk, one(desk).household)
    assert refused.value.code == "bundle_damaged"


def test_the_home_itself_is_not_read(desk: Desk) -> None:
    """Parameters, facts and snapshots may go: what was published is frozen."""
    for folder in ("parameters", "facts", "snapshots", "mappings"):
        shutil.rmtree(Home.open(desk.home.path).folder(folder))
    assert decide(desk, one(desk).household).new
