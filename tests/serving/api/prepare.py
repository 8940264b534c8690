"""A home that a service can answer from: a published day, a champion, an issued list, two accounts."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from features.home import Home
from serving.accounts import service as accounts
from serving.champion import service as champion
from serving.lists import service as lists
from serving.scope import scope_of
from serving.snapshots import service as snapshots
from serving.snapshots.repository import SnapshotRepository
from serving.store import Store
from tests.serving.panel import Panel, make


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


def prepare(folder: Path, panel: Panel | None = None) -> Prepared:
    """Make the home at ``folder/home``, from a copy of the panel's or from a new one."""
    source = panel or make(folder / "panel")
    shutil.copytree(source.home.path, folder / "home")
    home, whole = Home.open(folder / "home"), scope_of("/")
    with Store.open(home) as store:
        snapshots.publish(home=home, store=store, scope=whole, snapshot=source.second, by="li")
        bundle = source.bundle.model_sha256
        champion.promote(home=home, store=store, scope=whole, bundle=bundle, by="li", reason="first")
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
    return Prepared(home.path, tokens[0], "41/b", tokens[1], areas, issued)
