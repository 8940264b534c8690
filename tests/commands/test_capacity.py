"""`capacity` as a person types it, on the home that the verbs made."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from commands.documents.capacity import CapacityDocument
from models.risk import bundle as bundles
from tests.commands.conftest import Made
from tests.commands.front_door import Ran, fangpin


@pytest.fixture(scope="module")
def once(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The home with the one backtest that training leaves, whatever other tests have added to it."""
    home = tmp_path_factory.mktemp("once") / "home"
    shutil.copytree(
        made.home,
        home,
        ignore=shutil.ignore_patterns("*.rolling.parquet", "*.ours.parquet", "*.area.parquet"),
    )
    return Made(home, made.answers)


def read(ran: Ran) -> CapacityDocument:
    assert ran.code == 0, ran.err[-2000:]
    assert ran.out.count("\n") == 1
    return CapacityDocument.model_validate_json(ran.out)


def test_shares_of_an_area(once: Made) -> None:
    whole = read(once.run("capacity", "--share", "0.05", "--share", "0.01", "--json"))
    assert (whole.outcome, whole.area, whole.synthetic, whole.backtest) == ("needs_help", "/", True, "single")
    assert [part.share for part in whole.shares] == [0.01, 0.05]
    table = pq.read_table(once.home / "evaluations" / f"{whole.bundle}.single.parquet")
    ours = table.filter(pc.equal(table["model"], "fangpin"))
    assert (whole.rows, whole.events) == (ours.num_rows, pc.sum(ours["outcome"]).as_py())
    assert {part.tier for part in whole.floors} == {"orange", "yellow", "blue", None}
    for part in whole.shares:
        issued = part.policies.both
        assert issued.visits >= issued.judged == part.policies.both.visits - issued.in_need
        assert part.policies.rules.no_rule_finds == 0
        assert part.policies.score.judged == part.policies.score.visits <= part.visits
    place = whole.areas[0].area
    one = read(once.run("capacity", "--area", place, "--share", "0.05", "--json"))
    assert (one.area, one.rows, one.events) == (place, whole.areas[0].rows, whole.areas[0].events)
    assert one.bundle == whole.bundle


def test_a_page_finds_the_same_figures_in_the_bundle(once: Made) -> None:
    told = read(once.run("capacity", "--json"))
    evidence = json.loads(bundles.load(once.home / "bundles" / told.bundle).read_evidence("capacity.json"))
    assert (evidence["bundle"], evidence["synthetic"]) == (told.bundle, True)
    assert [part["area"] for part in evidence["areas"]] == ["/", *(part.area for part in told.areas)]
    said = told.model_dump(mode="json", exclude_unset=True)
    assert evidence["areas"][0] == {key: said[key] for key in evidence["areas"][0]}


def test_what_cannot_be_asked(once: Made) -> None:
    for words, code, name in (
        (("--area", "nowhere"), 3, "empty_area"),
        (("--bundle", "f" * 64), 3, "unknown_bundle"),
        (("--outcome", "nothing"), 3, "unknown_outcome"),
        (("--outcome", "relapse"), 3, "unknown_bundle"),
    ):
        ran = once.run("capacity", *words, "--json")
        assert (ran.code, ran.document["error"]["code"]) == (code, name), words
    assert once.run("capacity", "--share", "1.5", "--json").code == 2


def test_on_paper_in_both_languages(once: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    # Wide enough that no cell is broken into lines, whatever the figures.
    monkeypatch.setenv("COLUMNS", "240")
    ran = once.run("capacity", "--share", "0.02")
    assert ran.code == 0
    for said in ("模拟数据", "Synthetic data", "rules alone", "仅规则", "2 %", "evaluate"):
        assert said in ran.out + ran.err, said


def test_without_a_backtest_it_makes_one(made: Made, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(made.home, home, ignore=shutil.ignore_patterns("evaluations", "mlflow"))
    (home / "evaluations").mkdir()
    ran = fangpin("capacity", "--share", "0.02", "--json", home=home)
    assert read(ran).backtest == "rolling"
    assert "No backtest of" in ran.err
    assert list((home / "evaluations").glob("*.ours.parquet"))
