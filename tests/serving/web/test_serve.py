"""`fangpin serve`, as an operator runs it."""

from __future__ import annotations

import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.house.tree import ROOT
from tests.serving.api.prepare import Prepared


@contextmanager
def serving(home: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    argv = [sys.executable, "fangpin.py", "serve", "--home", str(home), "--lang", "en", *options]
    environment = {name: value for name, value in os.environ.items() if name != "FANGPIN_HOME"}
    process = subprocess.Popen(
        argv, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def address(process: subprocess.Popen[str]) -> str:
    """What it says first: where it answers."""
    assert process.stderr is not None
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if select.select([process.stderr], [], [], 1)[0]:
            line = process.stderr.readline()
            found = re.search(r"http://\S+?(?=;)", line)
            assert found, line
            return found[0]
    raise AssertionError("it said nothing")


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_it_answers_and_ends_in_peace(prepared: Prepared, stop: signal.Signals) -> None:
    with serving(prepared.home, "--port", "0", "--json") as process:
        base = address(process)
        assert base.startswith("http://127.0.0.1:")
        assert httpx.get(f"{base}/readyz").json() == {"ready": True}
        assert httpx.get(f"{base}/王秀英?name=王秀英").status_code == 404
        asked = {"authorization": f"Bearer {prepared.token}", "user-agent": "Xiuying"}
        assert httpx.get(f"{base}/v1/lists/latest?area=/", headers=asked).status_code == 200
        process.send_signal(stop)
        out, err = process.communicate(timeout=20)
        assert process.returncode == 0
        document = json.loads(out)
        assert document == {"address": base, "requests": 3}
        assert "GET /v1/lists/latest 200" in err
        for personal in ("王秀英", "Xiuying", "%E7", "name=", "area=", "127.0.0.1 ", prepared.token, "wang"):
            assert personal not in err


def test_a_champion_that_does_not_verify_is_not_served(prepared: Prepared, tmp_path: Path) -> None:
    home = Path(shutil.copytree(prepared.home, tmp_path / "home"))
    for file in (home / "bundles").glob("*/calibration.json"):
        file.write_bytes(file.read_bytes().replace(b"0", b"1", 1))
    with serving(home, "--port", "0", "--json") as process:
        out, err = process.communicate(timeout=30)
        assert process.returncode == 4
        error = json.loads(out)["error"]
        assert (error["code"], error["file"]) == ("bundle_damaged", "calibration.json")
        assert "Traceback" not in err
        assert "calibration.json" in err


def test_without_a_champion_it_waits_and_says_for_what(panel_home: Path) -> None:
    with serving(panel_home, "--port", "0") as process:
        base = address(process)
        assert process.stderr is not None
        assert "not ready" in process.stderr.readline()
        answer = httpx.get(f"{base}/readyz")
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "not_published")


def test_a_port_that_is_taken(prepared: Prepared) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with serving(prepared.home, "--port", port, "--json") as process:
            out, _ = process.communicate(timeout=30)
            assert process.returncode == 4
            assert json.loads(out)["error"]["code"] == "address_taken"


def test_behind_tls(prepared: Prepared) -> None:
    with serving(prepared.home, "--port", "0", "--behind-tls") as process:
        answer = httpx.get(f"{address(process)}/login", headers={"accept": "text/html"})
        assert "strict-transport-security" in answer.headers
        assert answer.headers["set-cookie"].startswith("__Host-fangpin_form=")
        assert "; Secure" in answer.headers["set-cookie"]
