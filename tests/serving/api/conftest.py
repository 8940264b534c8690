"""A home with a published day, a champion, an issued list and an account, and services that run on copies of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from features.home import Home
from serving.accounts import service as accounts
from serving.lists import service as lists
from serving.scope import scope_of
from serving.snapshots.repository import SnapshotRepository
from serving.store import Store
from serving.web.settings import Settings
from tests.serving.api.running import Running, in_a_thread
from tests.serving.panel import Panel


@dataclass(frozen=True)
class Prepared:
    """The home, its accounts' tokens, its households by area, and the list that was issued."""

    home: Path
    token: str
    township: str
    township_token: str
    areas: dict[str, str]
    issued: dict[str, Any]

    @property
    def unlisted(self) -> list[str]:
        """Households that nothing was decided of yet."""
        listed = {line["household"] for line in self.issued["lines"]}
        return [household for household in self.areas if household not in listed]


@pytest.fixture(scope="session")
def prepared(ready: Path, panel: Panel, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    folder = tmp_path_factory.mktemp("api") / "home"
    shutil.copytree(ready, folder)
    home, whole = Home.open(folder), scope_of("/")
    with Store.open(home) as store:
        issued = lists.issue(home=home, store=store, scope=whole, area="/", period="2012Q3", by="li")
        with store.reading() as reading:
            repository = SnapshotRepository(reading)
            published = repository.latest(whole)
            assert published is not None
            areas = {row.household: row.area for row in repository.rows(whole, published)}
        tokens = [
            accounts.add(store=store, scope=whole, name=name, role="county", area=area, by="li").token
            for name, area in (("wang", "/"), ("zhao", "41/b"))
        ]
    return Prepared(folder, tokens[0], "41/b", tokens[1], areas, issued)


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
