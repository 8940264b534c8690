"""A service that really runs: uvicorn on a free port of this machine, in a thread or in a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import uvicorn

from serving.app import create_app
from serving.web.settings import Settings
from tests.house.tree import ROOT

# Seconds within which a service must answer for the first time.
PATIENCE = 30.0


@dataclass(frozen=True)
class Running:
    """A running service, its home and a token that it accepts."""

    base: str
    home: Path
    token: str
    # Its number, where it is a process of its own.
    process: int | None = None

    def client(self, token: str | None = None, timeout: float = 30.0) -> httpx.Client:
        """A client that sends ``token`` (default: the service's own)."""
        bearer = {"Authorization": f"Bearer {token or self.token}"}
        return httpx.Client(base_url=self.base, headers=bearer, timeout=timeout)


@contextmanager
def in_a_thread(home: Path, token: str, settings: Settings | None = None) -> Iterator[Running]:
    """Serve ``home`` in this process."""
    app = create_app(home, settings)
    with _free_port() as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=5))
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        running = Running(f"http://127.0.0.1:{listening.getsockname()[1]}", home, token)
        try:
            _answered(running)
            yield running
        finally:
            server.should_exit = True
            thread.join(timeout=PATIENCE)


@contextmanager
def in_a_process(home: Path, token: str, log: Path | None = None) -> Iterator[Running]:
    """Serve ``home`` in a process of its own, as it is served in earnest; what it says goes to ``log``."""
    with _free_port() as tried:
        port = tried.getsockname()[1]
    argv = [
        "-m",
        "uvicorn",
        "serving.app:create_app",
        "--factory",
        "--port",
        str(port),
        "--log-level",
        "error",
    ]
    with ExitStack() as stack:
        said = stack.enter_context(log.open("wb")) if log else None
        process = subprocess.Popen(
            [sys.executable, *argv],
            cwd=ROOT,
            env={**os.environ, "FANGPIN_HOME": str(home)},
            stdout=said,
            stderr=said,
        )
        running = Running(f"http://127.0.0.1:{port}", home, token, process.pid)
        try:
            _answered(running)
            yield running
        finally:
            process.terminate()
            process.wait(timeout=PATIENCE)


@contextmanager
def _free_port() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", 0))
        yield listening


def _answered(running: Running) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            httpx.get(f"{running.base}/livez", timeout=5)
            return
        except httpx.TransportError:
            assert time.monotonic() < until, "the service did not answer"
            time.sleep(0.05)
