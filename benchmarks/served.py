"""Servers that a benchmark starts and ends: each in a process of its own, on loopback."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def fangpin_serve(home: Path, port: int) -> list[str]:
    """The command of our own service over ``home``, one worker."""
    place = Path(__file__).resolve().parents[1] / "fangpin.py"
    return [sys.executable, str(place), "--home", str(home), "serve", "--port", str(port)]


@contextmanager
def running(
    command: list[str], port: int, path: str, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """The process of ``command`` while it answers ``path`` with 200; ended, with all it started, at the end."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            command,
            stdout=said,
            stderr=said,
            start_new_session=True,
            env={**os.environ, **(environment or {})},
        )
        try:
            for _ in range(600):
                if process.poll() is not None:
                    break
                if _answers(port, path):
                    yield process
                    return
                time.sleep(0.1)
            said.seek(0)
            raise SystemExit(f"it did not start: {' '.join(command)}\n{said.read().decode()[-2000:]}")
        finally:
            # Its own session holds only what it started itself.
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
            process.wait(30)


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def processor_seconds(process: subprocess.Popen[bytes]) -> float:
    """Processor time that a process has taken so far, all its threads (Linux)."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
