"""How large a request may be and how long its answer may take, over real connections."""

from __future__ import annotations

import asyncio
import shutil
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from features.errors import Refusal
from serving.web.errors import answer, answer_errors
from serving.web.limits import BodyLimit, Deadline
from serving.web.settings import Settings
from tests.serving.api.prepare import Prepared
from tests.serving.api.running import in_a_process, in_a_thread
from tests.serving.web.conftest import House

MIB = 1 << 20


def pieces(total: int) -> Iterator[bytes]:
    for _ in range(total // MIB):
        yield b"x" * MIB


def test_a_hundred_megabytes(prepared: Prepared) -> None:
    with in_a_process(prepared.home, prepared.token) as running, running.client(timeout=60) as client:
        assert running.process is not None
        process = psutil.Process(running.process)
        assert client.get("/readyz").status_code == 200
        before = process.memory_info().rss
        for content in (b"x" * (100 * MIB), pieces(100 * MIB)):
            answer = client.post("/v1/decisions/batch", content=content)
            assert answer.status_code == 413
            assert answer.json()["error"]["code"] == "body_too_large"
            assert process.memory_info().rss - before < 16 * MIB
        form = {"content-type": "application/x-www-form-urlencoded"}
        assert client.post("/login", content=pieces(100 * MIB), headers=form).status_code == 413
        form = {"content-type": "multipart/form-data; boundary=b"}
        body = b'--b\r\ncontent-disposition: form-data; name="password"\r\n\r\n'
        answer = client.post("/login", content=iter([body, *pieces(100 * MIB)]), headers=form)
        assert answer.status_code == 413
        assert process.memory_info().rss - before < 16 * MIB
        assert client.get("/readyz").status_code == 200


@pytest.mark.parametrize(("size", "status"), [(MIB, 422), (MIB + 1, 413)])
def test_the_limit_is_exact(house: House, size: int, status: int) -> None:
    for content in (b"x" * size, iter([b"x" * (size - 5), b"xxxxx"])):
        answer = house.client.post("/v1/decisions", content=content, headers=house.bearer)
        assert answer.status_code == status


def test_a_large_body_is_refused_before_anybody_is_asked(house: House) -> None:
    answer = house.client.post("/v1/decisions", content=b"x" * (2 * MIB))
    assert answer.status_code == 413


def test_a_late_answer_is_given_up(prepared: Prepared, tmp_path: Path) -> None:
    """A writer holds the store's pen for longer than the deadline."""
    home = Path(shutil.copytree(prepared.home, tmp_path / "home"))
    held = sqlite3.connect(home / "store" / "fangpin.sqlite", isolation_level=None)
    with in_a_thread(home, prepared.token, Settings(deadline=0.4)) as running, running.client() as client:
        household = prepared.unlisted[0]
        held.execute("BEGIN IMMEDIATE")
        begun = time.monotonic()
        answer = client.post("/v1/decisions", json={"household": household})
        assert 0.3 < time.monotonic() - begun < 2
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "deadline_exceeded")
        assert answer.headers["content-security-policy"]
        # Others are answered meanwhile.
        assert client.get("/livez").status_code == 200
        assert client.get("/v1/lists/latest").status_code == 200
        held.execute("ROLLBACK")
        held.close()
        again = client.post("/v1/decisions", json={"household": household})
        # What was begun is finished or undone as a whole.
        assert again.status_code in (200, 201)


def test_who_waits_to_write_holds_up_nobody_who_reads(prepared: Prepared, tmp_path: Path) -> None:
    home = Path(shutil.copytree(prepared.home, tmp_path / "home"))
    held = sqlite3.connect(home / "store" / "fangpin.sqlite", isolation_level=None)
    settings = Settings(deadline=8)
    with in_a_thread(home, prepared.token, settings) as running, running.client(timeout=20) as client:
        held.execute("BEGIN IMMEDIATE")
        asked = [{"household": each} for each in prepared.unlisted[:24]]
        with ThreadPoolExecutor(24) as pool:
            writers = [pool.submit(client.post, "/v1/decisions", json=each) for each in asked]
            time.sleep(0.5)
            slowest = 0.0
            for _ in range(20):
                begun = time.monotonic()
                assert client.get("/v1/lists/latest").status_code == 200
                slowest = max(slowest, time.monotonic() - begun)
            held.execute("ROLLBACK")
            statuses = {each.result().status_code for each in writers}
        held.close()
    assert slowest < 1.5
    assert statuses <= {201, 503}


def _app(seconds: float) -> tuple[FastAPI, dict[str, Any]]:
    app, seen = FastAPI(), {"ended": threading.Event(), "cancelled": False}
    answer_errors(app)

    @app.get("/v1/slow")
    async def slow() -> None:
        try:
            await asyncio.sleep(5)
        except asyncio.CancelledError:
            seen["cancelled"] = True
            raise
        finally:
            seen["ended"].set()

    @app.get("/v1/thread")
    def in_thread() -> None:
        time.sleep(1)
        seen["ended"].set()

    @app.get("/v1/refuses")
    async def refuses() -> None:
        raise Refusal("unknown_list")

    app.add_middleware(BodyLimit, limit=10, answer=answer)
    app.add_middleware(Deadline, seconds=seconds, answer=answer)
    return app, seen


def test_work_in_the_loop_is_stopped_and_work_in_a_thread_ends_by_itself() -> None:
    app, seen = _app(0.2)
    with TestClient(app) as client:
        assert client.get("/v1/slow").status_code == 503
        assert seen["ended"].wait(2)
        assert seen["cancelled"]
        seen["ended"].clear()
        begun = time.monotonic()
        assert client.get("/v1/thread").status_code == 503
        assert time.monotonic() - begun < 0.8
        assert seen["ended"].wait(3)
        assert client.get("/v1/refuses").status_code == 404


def test_a_body_that_never_ends_meets_the_deadline(prepared: Prepared) -> None:
    with in_a_thread(prepared.home, prepared.token, Settings(deadline=0.5)) as running:
        host, port = running.base.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=5) as line:
            line.sendall(
                b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n"
                b"Content-Type: application/x-www-form-urlencoded\r\n\r\naccount="
            )
            assert b" 503 " in line.recv(4096).split(b"\r\n")[0]
        assert httpx.get(f"{running.base}/livez").status_code == 200
