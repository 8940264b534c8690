"""Evidence of a trained bundle: documents that agree with its table, read from the table alone."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from commands.documents.learning import EvaluateDocument
from features.home import Home
from features.indicators.catalogue import load
from models.risk import bundle as bundles
from tests.training.test_train import UNTIL
from training import attributes, evaluation, evidence, fit, reliability
from training.assembly import build
from training.frame import Frame
from training.rivals.ours import fit_estimator


@pytest.fixture(scope="module")
def bundle(home: Home) -> bundles.Bundle:
    trained = fit.train(home, until=UNTIL, outcome="falls_by", models=("fangpin", "welfare"))
    return bundles.load(home.folder("bundles") / trained["bundle"])


@pytest.fixture(scope="module")
def table(home: Home, bundle: bundles.Bundle) -> pa.Table:
    return pq.read_table(home.folder("evaluations") / f"{bundle.model_sha256}.single.parquet")


@pytest.fixture(scope="module")
def frame(home: Home) -> Frame:
    return build(home, "falls_by", UNTIL)


def read(bundle: bundles.Bundle, name: str) -> dict[str, Any]:
    document = json.loads(bundle.read_evidence(name))
    assert document["schema"] == 1
    assert document["synthetic"] is True, "an invented hamlet is evidence of nothing else"
    assert document["events"] > 0
    return document


def test_reliability_is_that_of_the_table(bundle: bundles.Bundle, table: pa.Table) -> None:
    document = read(bundle, "reliability.json")
    again = reliability.reliability(table)
    assert document["model"] == "fangpin"
    assert {k: document[k] for k in ("bins", "slope", "intercept", "ece", "by_area")} == {
        k: again[k] for k in ("bins", "slope", "intercept", "ece", "by_area")
    }
    assert [row["area"] for row in document["by_area"]] == ["a", "b", "c"]


def test_horizons_are_ordered_and_each_says_its_rows(bundle: bundles.Bundle, frame: Frame) -> None:
    horizons = read(bundle, "reliability.json")["horizons"]
    assert [row["months"] for row in horizons] == [3, 6]
    assert horizons[0]["mean"] < horizons[1]["mean"]
    for row in horizons:
        known = frame.at_risk & ~np.isnan(frame.labels.event[row["months"]])
        assert (row["rows"], row["events"]) == (known.sum(), frame.labels.event[row["months"]][known].sum())
        assert row["mean"] == pytest.approx(row["observed"], abs=0.01), "calibrated on the others' households"


def test_points_of_each_model_are_in_the_document(bundle: bundles.Bundle, table: pa.Table) -> None:
    document = read(bundle, "precision_recall.json")
    assert [model["model"] for model in document["models"]] == ["fangpin", "welfare"]
    mine = table.filter(pc.equal(table["model"], "fangpin"))
    last = document["models"][0]["points"][-1]
    assert (last["share"], last["rows"], last["recall"]) == (1.0, len(mine), 1.0)
    assert last["precision"] == pytest.approx(pc.mean(mine["outcome"]).as_py())


def test_fairness_names_what_a_panel_lacks(bundle: bundles.Bundle) -> None:
    document = read(bundle, "fairness.json")
    assert {"head_sex", "head_ethnicity", "relocated", "remote"} <= set(document["left_out"])
    assert {row["verdict"] for row in document["groups"]} <= {"fine", "concern", "not_enough_evidence"}
    assert document["visits_share"] == 0.01


def test_rows_of_the_table_are_found_in_the_frame(frame: Frame, table: pa.Table) -> None:
    part = table.filter(pc.equal(table["model"], "fangpin"))
    rows = evidence.rows_of(frame, part)
    assert frame.ids(rows).tolist() == part["household"].to_pylist()
    assert frame.as_of[rows].astype(object).tolist() == part["as_of"].to_pylist()
    np.testing.assert_array_equal(frame.event[rows], part["outcome"].to_numpy())
    with pytest.raises(KeyError):
        evidence.rows_of(frame, part.set_column(0, "household", pa.array(["nobody"] * len(part))))


def test_the_share_unknown_counts_the_models_columns(frame: Frame) -> None:
    rows = np.arange(0, len(frame), 7)
    columns = frame.columns(rows)
    expected = np.mean(
        [
            [
                value is None or (isinstance(value, float) and np.isnan(value))
                for value in columns[spec.name].tolist()
            ]
            for spec in frame.specs
        ],
        axis=0,
    )
    np.testing.assert_allclose(evidence.unknown_share(frame, rows), expected)


def test_no_attribute_that_is_kept_apart_is_a_column_of_a_model(home: Home, bundle: bundles.Bundle) -> None:
    catalogue = load(home)
    own = attributes.read_own(catalogue)
    columns = {spec.name for spec in bundle.specs}
    assert {"head_sex", "relocated"} <= set(own.columns)
    assert not columns & {"head_sex", "relocated", "head_ethnicity", "head_political_status"}
    assert not set(own.records) & set(catalogue.records), "they are in no catalogue of a home"


def test_figures_do_not_move_with_the_order_of_models(bundle: bundles.Bundle, table: pa.Table) -> None:
    flipped = table.sort_by([("model", "descending"), ("household", "ascending"), ("as_of", "ascending")])
    one = reliability.reliability(table, model="fangpin", replicates=20)
    assert reliability.reliability(flipped, model="fangpin", replicates=20) == one


def test_without_a_tested_row_documents_say_so(home: Home, frame: Frame) -> None:
    table = evaluation.backtest(frame, [], models=("fangpin",))
    rows = np.flatnonzero(~np.isnan(frame.target))
    margin = np.full(len(frame), np.nan)
    margin[rows] = fit_estimator(frame, rows, seed=0, threads=1).out_of_fold
    found = {
        name: json.loads(data) for name, data in evidence.documents(load(home), frame, table, margin).items()
    }
    assert found["reliability.json"]["bins"] == []
    assert len(found["reliability.json"]["horizons"]) == 2
    assert found["fairness.json"]["verdict"] == "not_enough_evidence"
    assert found["precision_recall.json"]["models"] == []


def test_places_that_nothing_was_learned_in_are_told_beside_the_same_blocks(home: Home, frame: Frame) -> None:
    blocks = evaluation.plan(frame)
    table = evaluation.backtest(frame, blocks, models=("logistic", "welfare"))
    document = json.loads(evidence.areas(load(home), frame, blocks, table)["areas.json"])
    assert (document["blocks"], document["places"]) == ([block.name for block in blocks[-2:]], 3)
    area, household = document["area"], document["household"]
    assert (area["rows"], area["events"]) == (household["rows"], household["events"])
    tested = table.filter(
        pc.and_(pc.equal(table["model"], "logistic"), pc.is_in(table["block"], pa.array(document["blocks"])))
    )
    assert area["rows"] == len(tested)
    assert [model["model"] for model in area["models"]] == ["logistic"]
    assert area["models"][0]["auc"]["value"] != household["models"][0]["auc"]["value"]


def test_evaluate_by_area_is_a_table_of_its_own(home: Home, bundle: bundles.Bundle) -> None:
    document = EvaluateDocument.model_validate(fit.evaluate(home, bundle.model_sha256[:12], view="area"))
    assert document.view == "area"
    assert document.table.endswith(f"{bundle.model_sha256}.area.parquet")
    table = pq.read_table(document.table)
    held = table.group_by(["group"]).aggregate([("fold", "count_distinct")])
    assert held["fold_count_distinct"].to_pylist() == [1, 1, 1]
    first = table.filter(pc.equal(table["model"], "fangpin"))
    assert (document.rows, document.events) == (len(first), pc.sum(first["outcome"]).as_py())
    assert {model.status for model in document.models if model.model != "rules"} == {"ok"}
