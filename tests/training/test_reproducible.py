"""The same model from the same facts; nothing from the future, from chance, or from what is forbidden."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from features.errors import Refusal
from features.home import Home
from features.indicators.catalogue import load
from features.intake.delivery import ingest
from features.outcomes import choose
from models.judgement import rules as rulebook
from models.risk import bundle as bundles
from tests.training.homes import MAPPING, WAVES, Hamlet, write
from training import benchmark, evaluation, fit, rivals
from training.assembly import build, specs

UNTIL = date(2011, 12, 31)
SEEN = WAVES.index((2011, 4)) + 1
# Every kind of rival: linear algebra, and each library that has threads of its own.
JUDGED = ("fangpin", "vep_panel", "logistic", "lightgbm_default", "catboost", "xgboost")


@pytest.fixture(scope="module")
def early(hamlet: Hamlet) -> Home:
    """A home on `UNTIL`, without a bundle; tests copy it."""
    return hamlet.home("early-and-untrained", waves=SEEN)


def copy_of(home: Home, to: Path) -> Home:
    shutil.copytree(home.path, to)
    return Home.open(to)


def written(home: Home) -> dict[str, bytes]:
    """Every file that training left, bundle, evidence and evaluation table."""
    return {
        path.relative_to(home.path).as_posix(): path.read_bytes()
        for name in ("bundles", "evaluations")
        for path in sorted(home.folder(name).rglob("*"))
        if path.is_file()
    }


def figures(home: Home, bundle: object) -> Mapping[str, Any]:
    evidence = json.loads(bundles.load(home.folder("bundles") / str(bundle)).read_evidence("evidence.json"))
    return {m["model"]: m for m in evidence["evaluation"]["models"]}


def test_threads_and_runs_change_no_byte(early: Home, tmp_path: Path) -> None:
    """The small dose; the full one is benchmarks/same_model.py: 1, 2 and 4 threads, three runs, in processes."""
    found = []
    for number, threads in enumerate((1, 2, 1, 2)):
        home = copy_of(early, tmp_path / str(number))
        with threadpool_limits(limits=threads):
            fit.train(home, until=UNTIL, threads=threads, models=JUDGED)
        found.append(written(home))
    for other in found[1:]:
        assert found[0].keys() == other.keys()
        assert [name for name, content in other.items() if content != found[0][name]] == []
    (text,) = (content for name, content in found[0].items() if name.endswith("model.txt"))
    assert b"num_threads" not in text
    assert b"num_leaves: 6" in text, "its other parameters are told"


def test_the_future_and_its_corrections_change_nothing(hamlet: Hamlet, early: Home, tmp_path: Path) -> None:
    """Trained until a day, then the years after it arrive, with corrections of the years before: the same model."""
    home = copy_of(early, tmp_path / "home")
    first = fit.train(home, until=UNTIL, models=JUDGED)
    frame, table = build(home, "falls", UNTIL), written(home)
    for result in ingest(home, hamlet.files[SEEN:], hamlet.mapping):
        assert result.status == "accepted"
    for path in hamlet.files[:SEEN]:
        corrected = tmp_path / path.name
        lines = [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()]
        for cells in lines[1::2]:
            cells[5] = "123.45"
        corrected.write_text("\n".join(",".join(cells) for cells in lines) + "\n", encoding="utf-8")
        (result,) = ingest(home, [corrected], hamlet.mapping, arrived=date(2013, 1, 31))
        assert (result.status, result.rows_quarantined) == ("accepted", 0)
    later = build(home, "falls", UNTIL)
    assert later.fingerprint == frame.fingerprint
    np.testing.assert_array_equal(later.welfare_later, frame.welfare_later)
    again = fit.train(home, until=UNTIL, models=JUDGED)
    assert again["model_sha256"] == first["model_sha256"]
    (name,) = (name for name in table if name.startswith("evaluations/"))
    assert written(home)[name] == table[name], "nor what its backtest says"
    now = fit.train(home, until=date(2013, 1, 31), models=("welfare",))
    assert now["model_sha256"] != first["model_sha256"], "whoever trains on the new facts sees them"


def nothing_learned(auc: Mapping[str, float], errors: float = 1.96) -> bool:
    """Whether one half lies within so many standard errors; a 95 % interval is 3.92 of them wide."""
    more = (errors - 1.96) * (auc["high"] - auc["low"]) / 3.92
    return auc["low"] - more <= 0.5 <= auc["high"] + more


def test_shuffled_outcomes_teach_nothing(early: Home, tmp_path: Path) -> None:
    home = copy_of(early, tmp_path / "home")
    judged = ("fangpin", "welfare")
    honest = fit.train(home, until=UNTIL, evaluate="rolling", models=judged)
    shuffled = fit.train(home, until=UNTIL, evaluate="rolling", models=judged, shuffle=True)
    learned, nothing = figures(home, honest["bundle"]), figures(home, shuffled["bundle"])
    for name in judged:
        assert learned[name]["auc"]["low"] > 0.6, "there was something to learn"
        assert nothing_learned(nothing[name]["auc"]), (name, nothing[name]["auc"])
    assert shuffled["events"] == honest["events"], "the events are the same, of other households"


def test_a_benchmark_of_shuffled_outcomes_shows_nothing(hamlet: Hamlet, tmp_path: Path) -> None:
    document = benchmark.benchmark(
        hamlet.mapping, hamlet.folder, outcome="falls", shuffle=True, threads=1, cache=tmp_path
    )
    (outcome,) = document["outcomes"]
    shown = {model["model"]: model["auc"] for model in outcome["models"] if model["status"] == "ok"}
    assert set(shown) == set(rivals.MODELS) - {"rules"}
    assert nothing_learned(shown["fangpin"]), shown
    # Of eight intervals of 95 % one may well miss; none by much.
    assert [name for name, auc in shown.items() if not nothing_learned(auc, errors=3.0)] == [], shown


@pytest.fixture(scope="module")
def with_origin(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, Home]:
    """Two homes that differ in a protected trait alone, which tells who will fall."""
    made = []
    for telling in (False, True):
        hamlet = write(tmp_path_factory.mktemp("origin"))
        hamlet.mapping.write_text(
            MAPPING.replace(
                "covariates:",
                "covariates:\n  origin: {from: ORIGIN, type: code, name: {zh: 来源, en: origin}, group: make_up, protected: true}",
            ),
            encoding="utf-8",
        )
        for path in hamlet.files:
            lines = path.read_text(encoding="utf-8").splitlines()
            origin = [str(int(telling and line.endswith("3"))) for line in lines[1:]]
            text = [lines[0] + ",ORIGIN", *(f"{a},{b}" for a, b in zip(lines[1:], origin, strict=True))]
            path.write_text("\n".join(text) + "\n", encoding="utf-8")
        made.append(hamlet.home("home"))
    return made[0], made[1]


def test_a_protected_trait_is_refused_by_name_and_reaches_no_model(with_origin: tuple[Home, Home]) -> None:
    same, telling = with_origin
    catalogue = load(telling)
    assert catalogue.columns["origin"].record.protected
    assert "origin" not in {spec.name for spec in specs(catalogue, choose(catalogue, "falls"))}
    with pytest.raises(Refusal) as refused:
        build(telling, "falls", UNTIL, columns=["welfare_log", "origin"])
    assert refused.value.code == "forbidden_input"
    assert "origin" in json.dumps(refused.value.document())
    plain, told = build(same, "falls", UNTIL), build(telling, "falls", UNTIL)
    assert "origin" not in {*told.numbers, *told.categories}
    assert told.fingerprint == plain.fingerprint


class Watched(dict[str, Any]):
    """Columns that remember which of them was read."""

    def __init__(self, columns: Mapping[str, Any], read: set[str]) -> None:
        super().__init__(columns)
        self.read = read

    def __getitem__(self, name: str) -> Any:
        self.read.add(name)
        return super().__getitem__(name)


@pytest.mark.parametrize("name", list(rivals.MODELS))
def test_no_rival_reads_what_may_not_predict(with_origin: tuple[Home, Home], name: str) -> None:
    """A frame that holds a forbidden column in spite of everything: nobody looks at it."""
    home = with_origin[1]
    frame = build(home, "falls", UNTIL)
    allowed = {spec.name for spec in frame.specs}
    read: set[str] = set()
    cell = evaluation.cell(frame, evaluation.plan(frame)[-1], 0, seed=0, threads=1)
    seen = cell.frame
    numbers = Watched({**seen.numbers, "forbidden": seen.event.copy()}, read)
    leaky = replace(seen, numbers=numbers, categories=Watched(seen.categories, read))
    cell = replace(cell, frame=leaky)
    score = rivals.MODELS[name](cell)
    assert read <= allowed
    # Only the rules alone read nothing of the table.
    assert (score is None) is (not read) is (name == "rules")


def test_no_rule_reads_a_protected_column(early: Home) -> None:
    columns = load(early).columns
    read = {name for rule in rulebook.load() for name in rule.names if name in columns}
    assert read, "rules read indicators"
    assert [name for name in sorted(read) if columns[name].record.protected] == []
