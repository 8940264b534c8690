"""The service as a newcomer starts it, and what it prints to sign in with."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.house.tree import ROOT

_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")
_ACCOUNT = re.compile(r"Account\s+(\S+)")
_PASSWORD = re.compile(r"Password\s+(\S+)")


@dataclass(frozen=True)
class Visit:
    """Where the service answers, and the sign-in that it printed."""

    address: str
    account: str
    password: str
    printed: str


def free_port() -> int:
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        port: int = tried.getsockname()[1]
        return port


@contextmanager
def started(command: Sequence[str], home: Path, *, within: float) -> Iterator[Visit]:
    """Run ``command`` until it has printed address, account and password; end it afterwards.

    Raises AssertionError, with what was printed, if it ends or takes longer than ``within`` seconds.
    """
    environment = {
        **os.environ,
        "FANGPIN_HOME": str(home),
        "DEMO_PORT": str(free_port()),
        "FANGPIN_LANG": "both",
    }
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        start_new_session=True,
    )
    late = threading.Timer(within, lambda: os.killpg(process.pid, signal.SIGKILL))
    late.start()
    try:
        yield _sign_in(process)
    finally:
        late.cancel()
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _sign_in(process: subprocess.Popen[str]) -> Visit:
    assert process.stdout is not None
    printed = ""
    for line in process.stdout:
        printed += line
        found = [pattern.search(printed) for pattern in (_ADDRESS, _ACCOUNT, _PASSWORD)]
        if all(found):
            # Whatever it says later must not fill the pipe.
            threading.Thread(target=process.stdout.read, daemon=True).start()
            address, account, password = (match.group(match.re.groups) for match in found if match)
            return Visit(address, account, password, printed)
    raise AssertionError(f"it ended with {process.wait()} and had printed:\n{printed}")
