"""One tiny home for all tests of this room, made once; each test works on a copy of its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from features.home import Home
from serving.champion import service as champion
from serving.scope import Scope, scope_of
from serving.snapshots import service as snapshots
from serving.store import Store
from tests.serving.panel import Panel, make


@dataclass(frozen=True)
class Desk:
    """A home of one's own with its store, seen as a whole."""

    home: Home
    store: Store
    scope: Scope
    panel: Panel

    def publish(self, snapshot: str | None = None) -> dict[str, object]:
        return snapshots.publish(
            home=self.home,
            store=self.store,
            scope=self.scope,
            snapshot=snapshot or self.panel.second,
            by="li",
        )

    def promote(self, bundle: str | None = None, **more: object) -> dict[str, object]:
        return champion.promote(
            home=self.home,
            store=self.store,
            scope=self.scope,
            bundle=bundle or self.panel.bundle.model_sha256,
            by="wang",
            reason="autumn list",
            **more,  # type: ignore[arg-type]
        )


@pytest.fixture(scope="session")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Panel:
    return make(tmp_path_factory.mktemp("panel"))


@pytest.fixture(scope="session")
def ready(panel: Panel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the later snapshot published and the bundle promoted, to be copied."""
    folder = tmp_path_factory.mktemp("ready") / "home"
    shutil.copytree(panel.home.path, folder)
    home = Home.open(folder)
    with Store.open(home) as store:
        made = Desk(home, store, scope_of("/"), panel)
        made.publish()
        made.promote()
    return folder


def _desk(source: Path, target: Path, panel: Panel) -> Iterator[Desk]:
    shutil.copytree(source, target)
    home = Home.open(target)
    with Store.open(home) as store:
        yield Desk(home, store, scope_of("/"), panel)


@pytest.fixture
def bare(panel: Panel, tmp_path: Path) -> Iterator[Desk]:
    """Nothing published, nothing promoted."""
    yield from _desk(panel.home.path, tmp_path / "home", panel)


@pytest.fixture
def desk(ready: Path, panel: Panel, tmp_path: Path) -> Iterator[Desk]:
    """The later snapshot published, the bundle promoted."""
    yield from _desk(ready, tmp_path / "home", panel)
