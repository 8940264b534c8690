"""What holds for every test: no setting of the machine, no network, and real panels only where they lie."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser import chromium
from tests.house.tree import ROOT

PANELS = ROOT.parent / "shared" / "data"
SETTINGS = (
    "FANGPIN_HOME",
    "FANGPIN_KEYS",
    "FANGPIN_LANG",
    "FANGPIN_DEBUG",
    "MLFLOW_TRACKING_URI",
    "MLFLOW_RUN_ID",
)
# Two test processes share two cores: one thread each, in them and in what they start.
for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(threads, "1")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the tests of real panels where there are none, and those of a browser; where CI is set, that one must be there."""
    lacking = []
    if not PANELS.is_dir():
        lacking.append(("panel", "no household panels beside the repository"))
    if chromium.find() is None and not os.environ.get("CI"):
        lacking.append(("browser", "no Chromium on this machine"))
    for item in items:
        for marker, reason in lacking:
            if item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=f"{marker}: {reason}"))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say in a line each how many tests of real panels, and of a browser, were left out."""
    skipped = terminalreporter.stats.get("skipped", [])
    for marker, lacking in (("panel", "../shared/data"), ("browser", "Chromium (package chromium)")):
        left_out = [r for r in skipped if f"{marker}:" in str(r.longrepr)]
        if left_out:
            terminalreporter.write_line(f"{len(left_out)} tests skipped: no {lacking}")


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test sees none of the settings of whoever runs it."""
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True, scope="session")
def _no_network() -> Iterator[None]:
    """A test that reaches beyond this machine fails."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else "127.0.0.1"
        if host not in ("127.0.0.1", "::1", "localhost"):
            raise OSError("tests do not reach the network")
        connect(self, address)

    socket.socket.connect = guarded  # type: ignore[method-assign, assignment]
    yield
    socket.socket.connect = connect  # type: ignore[method-assign]
