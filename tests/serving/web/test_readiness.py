"""When the service can work, and what it says when it cannot."""

from __future__ import annotations

import shutil
import sqlite3
import time
from pathlib import Path

import pytest

from features.home import Home
from serving.champion import service as champion
from serving.health.readiness import Readiness
from serving.scope import scope_of
from serving.snapshots import service as snapshots
from serving.store import Store
from tests.serving.api.prepare import Prepared
from tests.serving.panel import Panel
from tests.serving.web.conftest import HTML, Build, House


def served(house: House) -> Path:
    """The champion's folder."""
    found = champion.champion(store=house.store, scope=scope_of("/"))
    assert found is not None
    return house.home / "bundles" / found


def closed(house: House, reason: str) -> None:
    """Only the door answers, and says why."""
    ready = house.client.get("/readyz")
    assert ready.status_code == 503
    assert ready.json()["error"]["code"] == reason
    assert house.client.get("/livez").json() == {"live": True}
    assert house.client.get("/login", headers=HTML).status_code == 200
    answer = house.client.get("/v1/lists/latest", headers=house.bearer)
    assert answer.status_code == 503
    error = answer.json()["error"]
    assert error["code"] == "not_ready"
    assert ready.json()["error"]["message"]["zh"] in error["message"]["zh"]
    page = house.client.get("/lists/latest", headers=HTML)
    assert page.status_code == 503
    assert page.headers["content-type"].startswith("text/html")
    assert ready.json()["error"]["message"]["zh"] in page.text


def test_ready(house: House) -> None:
    assert house.client.get("/readyz").json() == {"ready": True}


def test_a_changed_byte_keeps_it_from_starting(build: Build, prepared: Prepared, tmp_path: Path) -> None:
    home = Path(shutil.copytree(prepared.home, tmp_path / "changed"))
    with Store.open(Home.open(home)) as store:
        promoted = champion.champion(store=store, scope=scope_of("/"))
    file = home / "bundles" / str(promoted) / "tables.npz"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    house = build(home=home)
    closed(house, "bundle_damaged")
    assert house.client.get("/readyz").json()["error"]["file"] == "tables.npz"


def test_a_byte_that_changes_while_it_runs(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Readiness, "KEPT", 0.0)
    file = served(house) / "scorecard.json"
    whole = file.read_bytes()
    assert house.client.get("/v1/lists/latest", headers=house.bearer).status_code == 200
    file.write_bytes(whole[:-2] + b" }")
    closed(house, "bundle_damaged")
    file.write_bytes(whole)
    assert house.client.get("/readyz").status_code == 200
    assert house.client.get("/v1/lists/latest", headers=house.bearer).status_code == 200


def test_no_publication_then_one_then_a_champion(build: Build, panel: Panel, tmp_path: Path) -> None:
    home = Path(shutil.copytree(panel.home.path, tmp_path / "bare"))
    house = build(home=home)
    # Its routes say so themselves.
    assert house.client.get("/readyz").json()["error"]["code"] == "not_published"
    asked = house.client.post("/v1/decisions", json={"household": "0" * 64}, headers=house.bearer)
    assert (asked.status_code, asked.json()["error"]["code"]) == (409, "not_published")
    with Store.open(Home.open(home)) as store:
        snapshots.publish(
            home=Home.open(home), store=store, scope=scope_of("/"), snapshot=panel.second, by="li"
        )
    house.app.state.service.readiness.lacking()
    closed(house, "no_champion")
    with Store.open(Home.open(home)) as store:
        champion.promote(
            home=Home.open(home),
            store=store,
            scope=scope_of("/"),
            bundle=panel.bundle.model_sha256,
            by="li",
            reason="first",
        )
    # By itself, without being asked at /readyz or started anew.
    until = time.monotonic() + 3 * Readiness.KEPT
    while house.client.get("/v1/lists/latest", headers=house.bearer).status_code == 503:
        assert time.monotonic() < until
        time.sleep(0.1)
    assert house.client.get("/readyz").status_code == 200


def test_a_request_costs_no_look_while_it_is_ready(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Readiness, "KEPT", 60.0)
    readiness = house.app.state.service.readiness
    readiness.lacking()
    asked_at = readiness._asked_at
    for _ in range(5):
        assert house.client.get("/v1/lists/latest", headers=house.bearer).status_code == 200
    assert readiness._asked_at == asked_at


def test_a_store_that_cannot_be_read(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Readiness, "KEPT", 0.0)
    house.store.engine.dispose()
    for path in (house.home / "store").glob("fangpin.sqlite*"):
        path.unlink()
    (house.home / "store" / "fangpin.sqlite").write_bytes(
        b"no database, but long enough to look like a file" * 9
    )
    closed(house, "store_damaged")
    with pytest.raises(sqlite3.DatabaseError):
        sqlite3.connect(house.home / "store" / "fangpin.sqlite").execute("SELECT 1 FROM accounts")
