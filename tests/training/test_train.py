"""From a home to a registered bundle, its evaluation, and the quarterly run."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from commands.documents.learning import BenchmarkDocument, EvaluateDocument, TrainDocument
from features.errors import Refusal
from features.home import Home
from models.risk import bundle as bundles
from tests.training.homes import Hamlet, write
from training import fit, quarter, tracking
from training.assembly import build
from training.benchmark import benchmark, markdown, prepared
from training.frame import Frame

UNTIL = date(2012, 3, 31)
CHEAP = ("fangpin", "welfare")


@pytest.fixture(scope="module")
def trained(home: Home) -> dict[str, object]:
    return fit.train(home, until=UNTIL, models=CHEAP)


@pytest.fixture(scope="module")
def frame(home: Home) -> Frame:
    return build(home, "falls", UNTIL)


def test_the_document_and_the_bundle(home: Home, trained: dict[str, object], frame: Frame) -> None:
    document = TrainDocument.model_validate(trained)
    assert document.outcome == "falls", "the first declared"
    assert (document.kind, document.horizons, document.tier_horizon) == ("at", [3], 3)
    assert (document.rows, document.events) == (frame.judged.sum(), np.nansum(frame.event[frame.judged]))
    bundle = bundles.load(home.folder("bundles") / document.bundle)
    assert bundle.model_sha256 == document.model_sha256
    assert bundles.verify_golden(bundle) == []
    assert bundle.fingerprint["sha256"] == frame.fingerprint
    evidence = json.loads(bundle.read_evidence("evidence.json"))
    assert [model["model"] for model in evidence["evaluation"]["models"]] == list(CHEAP)
    for name in ("reliability", "precision_recall", "recall_by_size", "shap_summary"):
        assert bundle.read_evidence(f"pictures/{name}.png").startswith(b"\x89PNG")
    scores = bundle.score(frame.columns(np.flatnonzero(frame.judged)))
    np.testing.assert_allclose(scores.probability[3].mean(), frame.event[frame.judged].mean(), atol=0.01)


def test_without_snapshot_and_champion_nothing_is_said_of_today(
    home: Home, trained: dict[str, object]
) -> None:
    bundle = bundles.load(home.folder("bundles") / str(trained["bundle"]))
    assert home.closed() is None, "training closes no day"
    drifted, compared = (json.loads(bundle.read_evidence(f"{n}.json")) for n in ("drift", "comparison"))
    assert (drifted["columns"], drifted["as_of"]) == ([], None)
    assert (compared["champion"], compared["tier_changes"], compared["metrics"]) == (None, None, [])
    asked = {finding["id"] for finding in compared["gate"]}
    assert asked == {
        "golden",
        "outcomes",
        "events",
        "above_chance",
        "above_welfare",
        "calibration",
        "fairness",
    }


def test_the_run_is_on_record(
    home: Home, trained: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    import mlflow

    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{home.folder('mlflow') / 'mlflow.db'}")
    client = mlflow.MlflowClient()
    run = client.get_run(str(trained["run_id"]))
    assert run.data.tags["model_sha256"] == trained["model_sha256"]
    assert run.data.params["sha256"]
    assert run.data.params["until"] == "2012-03-31"
    assert (
        run.data.metrics["fangpin.ap.low"]
        <= run.data.metrics["fangpin.ap"]
        <= run.data.metrics["fangpin.ap.high"]
    )
    names = {file.path for file in client.list_artifacts(run.info.run_id)}
    assert {"bundle", "pictures", "evaluation.parquet"} <= names
    (version,) = client.search_model_versions(f"name='{tracking.model_name('falls')}'")
    assert version.run_id == run.info.run_id
    # What it takes is on record too: each column of the trees by name, any of which may be missing.
    signature = mlflow.models.get_model_info(version.source).signature
    inputs = {column.name: column.required for column in signature.inputs.inputs}
    assert set(inputs) == set(mlflow.lightgbm.load_model(version.source).feature_name())
    assert not any(inputs.values())


def test_the_same_data_seed_and_versions_give_the_same_model(
    frame: Frame, home: Home, trained: dict[str, object]
) -> None:
    again = fit.train(home, until=UNTIL, threads=2, models=("welfare",))
    assert again["model_sha256"] == trained["model_sha256"]
    other = fit.fit(frame, seed=1)
    assert other.risk.booster_text != fit.fit(frame, seed=0).risk.booster_text


def test_shuffled_outcomes_are_another_model_and_say_so(home: Home, trained: dict[str, object]) -> None:
    document = fit.train(home, until=UNTIL, shuffle=True, models=CHEAP)
    assert document["model_sha256"] != trained["model_sha256"]
    bundle = bundles.load(home.folder("bundles") / str(document["bundle"]))
    assert bundle.fingerprint["shuffled"] is True
    assert fit.evaluate(home, str(document["bundle"])[:12])["models"]


def test_evaluate_tests_every_matured_period(home: Home, trained: dict[str, object], frame: Frame) -> None:
    document = EvaluateDocument.model_validate(fit.evaluate(home, str(trained["bundle"])[:10]))
    assert {model.model: model.status for model in document.models} == {
        "fangpin": "ok", "welfare": "ok", "vep": "ok", "vep_panel": "ok", "logistic": "ok", "lightgbm_default": "ok",
        "catboost": "ok", "xgboost": "ok", "rules": "not_applicable",
    }  # fmt: skip
    table = pq.read_table(document.table)
    assert {"household", "as_of", "fold", "model", "score", "outcome", "group"} <= set(table.column_names)
    assert len(set(table["as_of"].to_pylist())) > 4
    with pytest.raises(Refusal) as refused:
        fit.evaluate(home, "feed")
    assert refused.value.code == "unknown_bundle"


def test_too_few_events_are_refused(home: Home) -> None:
    with pytest.raises(Refusal) as refused:
        fit.train(home, until=date(2010, 6, 30), outcome="falls")
    assert refused.value.code == "too_few_events"


def test_three_waves_with_an_outcome_are_tested_by_the_last(home: Home) -> None:
    document = fit.train(home, until=date(2010, 12, 31), models=CHEAP)
    bundle = bundles.load(home.folder("bundles") / str(document["bundle"]))
    [block] = json.loads(bundle.read_evidence("evidence.json"))["blocks"]
    assert block["test"] == ["2010-09-30"]
    assert block["train"] == ["2010-03-31", "2010-06-30"]


def test_with_too_short_a_past_to_test_on_it_trains_and_shows_no_figure(tmp_path: Path) -> None:
    home = write(tmp_path / "large", households=900).home("two waves", waves=2)
    document = fit.train(home, until=date(2010, 6, 30), models=CHEAP)
    bundle = bundles.load(home.folder("bundles") / str(document["bundle"]))
    evaluation = json.loads(bundle.read_evidence("evidence.json"))["evaluation"]
    assert (evaluation["rows"], evaluation["paired"]) == (0, [])
    assert {model["status"] for model in evaluation["models"]} == {"not_applicable"}


def test_a_quarter_reads_nothing_later(hamlet: Hamlet, home: Home) -> None:
    first = quarter.run(home, "2012Q1", models=("welfare",))
    assert TrainDocument.model_validate(first).known_until == UNTIL
    early = hamlet.home("quarter", waves=9)
    assert quarter.run(early, models=("welfare",))["model_sha256"] == first["model_sha256"], (
        "by default the last one that has ended"
    )
    for wrong, code in (("2012Q4x", "bad_quarter"), ("2012Q2", "clock_backwards")):
        with pytest.raises(Refusal) as refused:
            quarter.run(early, wrong)
        assert refused.value.code == code


def test_the_benchmark_of_a_folder(hamlet: Hamlet) -> None:
    cache = hamlet.folder / "cache"
    document = benchmark(hamlet.mapping, hamlet.folder, quick=True, outcome="falls", cache=cache, threads=1)
    (outcome,) = BenchmarkDocument.model_validate(document).outcomes
    assert outcome.models[0].model == "fangpin"
    assert outcome.splits == 5
    assert [model.model for model in outcome.models] == [
        "fangpin", "welfare", "vep", "vep_panel", "logistic", "lightgbm_default", "catboost", "xgboost", "rules",
    ]  # fmt: skip
    assert {model.model for model in outcome.models if model.status == "not_applicable"} == {"rules"}
    assert {pair.against for pair in outcome.paired} == {model.model for model in outcome.models[1:-1]}
    text = markdown(document)
    assert f"{outcome.events:,} events" in text
    assert text.count(f"| {outcome.events:,} |") == 2 * len(outcome.models) - 2, "events beside each figure"
    assert "| rules | not applicable |" in text
    first, second = (prepared(hamlet.mapping, hamlet.folder, cache=cache) for _ in range(2))
    assert first.path == second.path, "taken in once"
    with pytest.raises(Refusal) as refused:
        benchmark(hamlet.mapping, cache, cache=cache)
    assert refused.value.code == "no_files_for_mapping"
