"""A home with a published day, a champion, an issued list and an account, and services that run on copies of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from serving.web.settings import Settings
from tests.serving.api.prepare import Prepared, prepare
from tests.serving.api.running import Running, in_a_thread
from tests.serving.panel import Panel


@pytest.fixture(scope="session")
def prepared(panel: Panel, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return prepare(tmp_path_factory.mktemp("api"), panel)


Start = Callable[..., Running]


@pytest.fixture(scope="session")
def running(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One service that tests share; what they ask for is stored, nothing else changes."""
    folder = tmp_path_factory.mktemp("running") / "home"
    shutil.copytree(prepared.home, folder)
    with in_a_thread(folder, prepared.token) as service:
        yield service


@pytest.fixture(scope="session")
def client(running: Running) -> Iterator[httpx.Client]:
    with running.client() as asking:
        yield asking


@pytest.fixture
def own(prepared: Prepared, tmp_path: Path) -> Path:
    """A copy of the home for one test, not served yet."""
    return Path(shutil.copytree(prepared.home, tmp_path / "home"))


@pytest.fixture
def start(prepared: Prepared) -> Iterator[Start]:
    """Serve a home for the length of the test: ``start(home, settings)``."""
    with ExitStack() as stack:

        def serve(home: Path, settings: Settings | None = None) -> Running:
            return stack.enter_context(in_a_thread(home, prepared.token, settings))

        yield serve
