"""One county for looking at, one small county written and taken in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

import county
from county.course import live
from county.setting import Calendar
from county.state import County
from features.home import Home
from features.intake.delivery import DeliveryResult, ingest


@dataclass(frozen=True)
class Taken:
    """A small county's home after intake."""

    home: Home
    truth: Path
    results: list[DeliveryResult]


@pytest.fixture(scope="session")
def lived() -> County:
    """The county of the manual: 6,000 households x 36 months."""
    return live(6_000, Calendar(36, county.END), seed=1)


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small county's folder: deliveries and truth."""
    folder = tmp_path_factory.mktemp("written")
    county.write(folder, households=300, months=14, seed=5)
    return folder


@pytest.fixture(scope="session")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Taken:
    """The same small county, taken in."""
    home = Home.create(tmp_path_factory.mktemp("taken") / "home", clock="simulated")
    folders = county.write(home, households=300, months=14, seed=5)
    return Taken(home, Path(folders["truth"]), ingest(home))
