"""What a register hears: each detail once, every change, and the latest word of a file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from county import write
from features import snapshots
from features.errors import Refusal
from features.facts.store import FactStore
from features.home import Home
from features.intake.delivery import ingest
from features.intake.mapping import Mapping
from features.intake.register import Introduction

MAPPING = """
id: heads
name: {zh: 户主, en: heads}
missing: ["", "-"]
household: [HH]
register: {phone: TEL, name: NAME}
wave: {month: MONTH, format: "%Y%m"}
facts:
  - kind: household
    columns: {members: SIZE}
"""


class Ear:
    def __init__(self) -> None:
        self.told: list[tuple[str, str | None, dict[str, str]]] = []

    def remember(self, introductions: Sequence[Introduction], *, source: str, delivery: int) -> None:
        self.told += [(one.key, one.person, dict(one.details)) for one in introductions]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "heads.yaml").write_text(MAPPING, encoding="utf-8")
    return Home.create(tmp_path / "home", clock="simulated")


def deliver(home: Home, name: str, ear: object, *rows: str) -> str:
    path = home.path.parent / name
    path.write_text("HH,MONTH,SIZE,NAME,TEL\n" + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    (result,) = ingest(home, [path], home.path.parent / "heads.yaml", arrived=date(2026, 1, 31), register=ear)  # type: ignore[arg-type]
    return result.status


def test_the_latest_period_counts_and_what_is_missing_replaces_nothing(home: Home) -> None:
    ear = Ear()
    rows = ("a,202602,3,New Name,-", "a,202601,3,Old Name,111", "b,202601,2, Bea ,-", "c,202601,1,,-")
    assert deliver(home, "one.csv", ear, *rows) == "accepted"
    assert sorted(ear.told) == [("a", None, {"name": "New Name"}), ("b", None, {"name": "Bea"})]


def test_a_row_that_cannot_be_used_introduces_nobody(home: Home) -> None:
    ear = Ear()
    deliver(home, "one.csv", ear, "a,202601,3,Ann,1", "a,202601,3,Eve,2", ",202601,3,Nobody,3", "z,x,3,Zoe,4")
    assert ear.told == [("a", None, {"phone": "1", "name": "Ann"})]


def test_of_several_files_only_news_is_told(home: Home) -> None:
    ear = Ear()
    for n, rows in enumerate(
        [("a,202601,3,Ann,1",), ("a,202602,3,Ann,1",), ("a,202603,3,Ann,2",), ("a,202604,3,Ann,1",)]
    ):
        (home.path.parent / f"f{n}.csv").write_text("HH,MONTH,SIZE,NAME,TEL\n" + rows[0] + "\n")
    files = [home.path.parent / f"f{n}.csv" for n in range(4)]
    ingest(home, files, home.path.parent / "heads.yaml", arrived=date(2026, 1, 31), register=ear)
    assert ear.told == [
        ("a", None, {"phone": "1", "name": "Ann"}),
        ("a", None, {"phone": "2"}),
        ("a", None, {"phone": "1"}),
    ]


def test_a_register_that_refuses_leaves_nothing_of_the_file(home: Home) -> None:
    class Deaf:
        def remember(self, introductions: Sequence[Introduction], *, source: str, delivery: int) -> None:
            raise Refusal("key_missing", file="register.key")

    assert deliver(home, "one.csv", Deaf(), "a,202601,3,Ann,1") == "refused"
    assert FactStore(home).deliveries() == []
    assert deliver(home, "one.csv", Ear(), "a,202601,3,Ann,1") == "accepted"


@pytest.mark.parametrize("bad", ["[NAME]", "{nickname: NAME}", "{name: [NAME]}", "NAME"])
def test_only_known_details_may_be_registered(bad: str) -> None:
    with pytest.raises(Refusal):
        Mapping.parse(MAPPING.replace("{phone: TEL, name: NAME}", bad).encode(), "heads.yaml")


def test_what_is_registered_changes_no_snapshot(tmp_path: Path) -> None:
    """Two homes take in the same county, one with mappings that register nobody: the same snapshot."""
    made = {}
    for name in ("with", "without"):
        home = Home.create(tmp_path / name, clock="simulated")
        write(home, households=40, months=2, seed=3)
        if name == "without":
            for path in (Path(__file__).parents[3] / "features/intake/mappings").glob("county_*.yaml"):
                lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
                kept = [line for line in lines if not line.startswith("register:")]
                (home.folder("mappings") / path.name).write_text("".join(kept), encoding="utf-8")
        ear = Ear()
        ingest(home, register=ear)
        assert bool(ear.told) == (name == "with")
        made[name] = snapshots.build(home, date(2026, 9, 30)).id
    assert made["with"] == made["without"]
