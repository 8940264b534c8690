"""A model that learned nothing is refused, overruled by a named person, and rolled back; the record says so."""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path

import pytest
import yaml

from commands import quarterly
from commands.documents.learning import PromotionDocument, PromotionsDocument
from commands.quarterly import champion_of
from features import snapshots
from features.home import Home
from models.risk import bundle as bundles
from tests.commands.front_door import Ran, fangpin
from tests.house.tree import ROOT
from tests.training.homes import write
from training import fit

UNTIL = date(2012, 3, 31)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A hamlet with a snapshot and a promoted champion."""
    home = write(tmp_path_factory.mktemp("promotion") / "data", households=500).home("home", waves=9)
    snapshots.build(home, UNTIL)
    trained = fit.train(home, until=UNTIL, seed=1, models=("fangpin", "welfare"))
    assert promote(home, str(trained["bundle"])).code == 0
    return home


def promote(home: Home, bundle: str, *more: str) -> Ran:
    who = ("--by", "Wang Fang", "--reason", "first quarter")
    return fangpin("promote", bundle, *who, *more, "--json", home=home.path)


@pytest.fixture(scope="module")
def shuffled(home: Home) -> str:
    """What ``train --shuffle`` makes, without the dearer rivals."""
    champion = champion_of(home)
    trained = fit.train(home, until=UNTIL, shuffle=True, models=("fangpin", "welfare"), champion=champion)
    return str(trained["bundle"])


def test_shuffled_outcomes_are_refused_overruled_and_rolled_back(home: Home, shuffled: str) -> None:
    champion = champion_of(home)
    refused = promote(home, shuffled)
    assert refused.code == 4
    error = refused.document["error"]
    assert error["code"] == "gate_failed"
    # It fails by what it says of itself, and by its figures all the same.
    assert "exchanged between households" in error["message"]["en"]
    assert "AUC" in error["message"]["en"]
    assert "打乱" in error["message"]["zh"]
    assert champion_of(home) == champion

    done = PromotionDocument.model_validate_json(promote(home, shuffled, "--overrule").out)
    assert (done.champion, done.previous, done.gate) == (shuffled, champion, "overruled")
    assert champion_of(home) == shuffled

    back = fangpin("rollback", "--by", "Li Na", "--reason", "a drill", "--json", home=home.path)
    assert back.code == 0
    assert champion_of(home) == champion

    told = fangpin("promotions", "--json", home=home.path)
    record = PromotionsDocument.model_validate_json(told.out).promotions
    assert [(act.action, act.gate, act.by) for act in record] == [
        ("rollback", "passed", "Li Na"),
        ("promote", "overruled", "Wang Fang"),
        ("promote", "failed", "Wang Fang"),
        ("promote", "passed", "Wang Fang"),
    ]
    assert {f.verdict for f in record[1].findings} >= {"fail"}
    assert any("exchanged" in f.said.en for f in record[2].findings)
    assert record[1].record == done.record
    for lang, word in (("zh", "人工放行"), ("en", "overruled")):
        shown = fangpin("promotions", "--lang", lang, home=home.path)
        assert shown.code == 0
        assert "Wang Fang" in shown.out
        assert word in shown.out


def test_a_shuffled_challenger_fails_by_its_figures_alone(home: Home, shuffled: str) -> None:
    """Whoever hides what was done to the outcomes is still found out by what the backtest says."""
    bundle = bundles.load(home.folder("bundles") / shuffled)
    compared = json.loads(bundle.read_evidence("comparison.json"))
    verdicts = {finding["id"]: finding["verdict"] for finding in compared["gate"]}
    assert verdicts["outcomes"] == verdicts["above_chance"] == "fail"
    assert compared["verdict"] == "fail"
    assert "打乱过" in bundle.read_evidence("card.zh.md").decode()
    (auc,) = [
        m["auc"]
        for m in json.loads(bundle.read_evidence("evidence.json"))["evaluation"]["models"]
        if m["model"] == "fangpin"
    ]
    assert auc["low"] <= 0.5 <= auc["high"]


def test_the_alias_follows_to_where_the_run_was_logged(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that ``mlflow run`` logged outside the home is found again; without it, what to do is said."""
    import mlflow

    elsewhere = f"sqlite:///{tmp_path / 'elsewhere.db'}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", elsewhere)
    monkeypatch.chdir(tmp_path)
    mlflow.set_tracking_uri(None)
    trained = fit.train(home, until=UNTIL, seed=3, models=("fangpin", "welfare"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    os.environ.pop("MLFLOW_REGISTRY_URI", None)
    ran = promote(home, str(trained["bundle"]))
    assert ran.code == 0
    assert "MLFLOW_TRACKING_URI" not in ran.err
    client = mlflow.MlflowClient(tracking_uri=elsewhere, registry_uri=elsewhere)
    # Compared with nothing, so three requirements are left for its reason to answer.
    record = PromotionsDocument.model_validate_json(fangpin("promotions", "--json", home=home.path).out)
    said = [finding.said.en for finding in record.promotions[0].findings if finding.verdict == "explain"]
    assert sum("not compared with the present champion" in sentence for sentence in said) == 3
    version = client.get_model_version_by_alias("fangpin-falls", "champion")
    assert version.run_id == trained["run_id"]
    (tmp_path / "elsewhere.db").unlink()
    fangpin("rollback", "--by", "Li Na", "--reason", "a drill", home=home.path)
    lost = promote(home, str(trained["bundle"]))
    assert lost.code == 0, "the record is the truth, MLflow its mirror"
    assert "set MLFLOW_TRACKING_URI" in lost.err
    assert not (tmp_path / "elsewhere.db").exists()


def test_the_quarter_answers_with_one_document_on_its_last_line(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    for quarter, code, exit_code in (("2012Q9", "bad_quarter", 2), ("2012Q4", "clock_backwards", 4)):
        assert quarterly.main(["--home", str(home.path), "--quarter", quarter]) == exit_code
        last = json.loads(capsys.readouterr().out.splitlines()[-1])
        assert last["error"]["code"] == code
    project = yaml.safe_load((ROOT / "MLproject").read_text(encoding="utf-8"))
    command = project["entry_points"]["quarterly"]["command"]
    assert f"python -m {quarterly.__name__} --home {{home}} --quarter {{quarter}}" in command
