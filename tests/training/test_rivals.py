"""Rivals are what their names say, and see what they may see."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from tests.training.panels import panel
from training import evaluation
from training.frame import Frame
from training.rivals import MODELS, Cell, vep
from training.rivals.design import Design
from training.rivals.logistic import STRENGTHS, choose, logistic
from training.rivals.vep import vep_cross_section, vep_panel
from training.rivals.welfare import welfare


def cell_of(frame: Frame) -> Cell:
    return evaluation.cell(frame, evaluation.plan(frame)[-1], 0, seed=0, threads=1)


def test_vep_finds_the_coefficients_of_a_simulated_population() -> None:
    generator = np.random.default_rng(1)
    x = generator.normal(size=(40_000, 2))
    spread = np.sqrt(0.6 + 0.25 * x[:, 0].clip(-1.5, 1.5))
    design = np.column_stack([x[:, 0].clip(-1.5, 1.5), x[:, 1]])
    log_welfare = 0.5 + 0.8 * design[:, 0] - 0.4 * design[:, 1] + spread * generator.normal(size=len(x))
    fitted = vep.fit(design, log_welfare)
    np.testing.assert_allclose(fitted.beta, [0.5, 0.8, -0.4], atol=0.02)
    np.testing.assert_allclose(fitted.theta, [0.6, 0.25, 0.0], atol=0.03)
    observed = (log_welfare < 0).mean()
    assert fitted.probability(design).mean() == pytest.approx(observed, abs=0.01)


def test_vep_weights_are_those_of_generalised_least_squares() -> None:
    """Worked with plain numpy, step by step, as Chaudhuri 2003 lists them."""
    generator = np.random.default_rng(2)
    x = generator.uniform(0, 1, size=(500, 1))
    y = 1 + x[:, 0] + (0.5 + x[:, 0]) * generator.normal(size=500)
    full = np.column_stack([np.ones(500), x])

    def ols(target: np.ndarray, weight: np.ndarray) -> np.ndarray:
        return np.linalg.lstsq(full * weight[:, None], target * weight, rcond=None)[0]

    squares = (y - full @ ols(y, np.ones(500))) ** 2
    first = full @ ols(squares, np.ones(500))
    floor = vep.LEAST_SHARE * squares.mean()
    theta = ols(squares, 1 / np.maximum(first, floor))
    beta = ols(y, 1 / np.sqrt(np.maximum(full @ theta, floor)))
    fitted = vep.fit(x, y)
    np.testing.assert_allclose(fitted.theta, theta, rtol=1e-4)
    np.testing.assert_allclose(fitted.beta, beta, rtol=1e-4)


def test_the_chosen_logistic_is_that_of_scikit_learn() -> None:
    frame = panel(seed=4)
    cell = cell_of(frame)
    folds = frame.household[cell.at_risk] % 3
    strength, beta, losses = choose(cell.at_risk_matrix, cell.y, folds, (0.001, 0.1, 10.0))
    assert losses[strength] == min(losses.values())
    theirs = LogisticRegression(C=strength, tol=1e-10, max_iter=1000).fit(cell.at_risk_matrix, cell.y)
    np.testing.assert_allclose(beta[1:], theirs.coef_[0], atol=1e-5)
    for number, fold in enumerate(np.unique(folds)):
        out = folds == fold
        inner = LogisticRegression(C=0.1, tol=1e-10, max_iter=1000).fit(
            cell.at_risk_matrix[~out], cell.y[~out]
        )
        margin = inner.decision_function(cell.at_risk_matrix[out])
        part = np.logaddexp(0, margin).sum() - (cell.y[out] * margin).sum()
        losses[0.1] -= float(part)
        assert number < 3
    assert losses[0.1] == pytest.approx(0, abs=1e-3)


def test_the_design_learns_from_its_rows_alone() -> None:
    frame = panel(seed=5)
    rows = np.flatnonzero(frame.at_risk)[:500]
    first = Design.fit(frame, rows, [spec.name for spec in frame.specs]).matrix(frame, rows)
    disturbed = replace(frame, numbers={n: v.copy() for n, v in frame.numbers.items()})
    others = np.setdiff1d(np.arange(len(frame)), rows)
    disturbed.numbers["members"][others] = 1e6
    again = Design.fit(disturbed, rows, [spec.name for spec in frame.specs]).matrix(disturbed, rows)
    np.testing.assert_array_equal(first, again)
    np.testing.assert_allclose(first.mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(first.std(axis=0), 1, atol=1e-9)


def test_welfare_only_orders_by_welfare() -> None:
    cell = cell_of(panel(seed=6))
    score = welfare(cell)
    assert score is not None
    order = np.argsort(cell.frame.numbers["welfare"][cell.test])
    assert (np.diff(score[order]) <= 0).all()


def test_the_cross_section_does_not_see_income() -> None:
    frame = panel(seed=7)
    cell = cell_of(frame)
    twisted = replace(frame, numbers={**frame.numbers, "welfare": frame.numbers["welfare"].copy()})
    twisted.numbers["welfare"][cell.test] = 99.0
    before, after = vep_cross_section(cell), vep_cross_section(replace(cell, frame=twisted))
    assert before is not None
    assert after is not None
    np.testing.assert_array_equal(before, after)
    seen, seen_twisted = vep_panel(cell), vep_panel(replace(cell, frame=twisted))
    assert seen is not None
    assert seen_twisted is not None
    assert not np.array_equal(seen, seen_twisted)


def test_without_welfare_its_rivals_do_not_apply() -> None:
    frame = panel(seed=8)
    bare = replace(
        frame,
        specs=tuple(spec for spec in frame.specs if spec.name != "welfare"),
        numbers={"members": frame.numbers["members"]},
        welfare_later=np.full(len(frame), np.nan),
    )
    cell = cell_of(bare)
    assert [welfare(cell), vep_cross_section(cell), vep_panel(cell)] == [None, None, None]
    assert logistic(cell) is not None
    table = evaluation.backtest(bare, evaluation.plan(bare)[-1:], models=("logistic", "welfare"))
    models = evaluation.summary(table, models=("logistic", "welfare"), replicates=10)["models"]
    assert [(m["model"], m["status"]) for m in models] == [("logistic", "ok"), ("welfare", "not_applicable")]
    assert models[1]["ap"] is None


def test_every_model_finds_a_plain_signal() -> None:
    frame = panel(households=600, seed=9, signal=1.5)
    block = evaluation.plan(frame)[-1:]
    table = evaluation.backtest(frame, block, folds=(0, 1))
    judged = evaluation.summary(table, replicates=10)["models"]
    found = {m["model"]: m["auc"]["value"] for m in judged if m["status"] == "ok"}
    assert set(found) == set(MODELS) - {"rules"}, "no rule is mapped here"
    assert min(value for name, value in found.items() if name != "welfare") > 0.6, found


@pytest.mark.parametrize("name", ["catboost", "xgboost"])
def test_where_a_library_is_not_installed_its_rival_does_not_apply(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = panel(seed=10)
    cell = cell_of(frame)
    assert MODELS[name](cell) is not None
    monkeypatch.setitem(sys.modules, name, None)
    assert MODELS[name](cell) is None
    table = evaluation.backtest(frame, evaluation.plan(frame)[-1:], models=("welfare", name), folds=(0,))
    (_, absent) = evaluation.summary(table, models=("welfare", name), replicates=10)["models"]
    assert (absent["model"], absent["status"], absent["ap"]) == (name, "not_applicable", None)


@pytest.mark.parametrize("name", ["lightgbm_default", "catboost", "xgboost"])
def test_boosters_answer_the_same_again_and_take_what_is_missing(name: str) -> None:
    cell = cell_of(panel(seed=11))
    frame = cell.frame
    holes = {n: v.copy() for n, v in frame.numbers.items()}
    holes["members"][:] = np.where(frame.household % 3 == 0, np.nan, holes["members"])
    unlike = replace(frame.categories["roof"], codes=np.full(len(frame), -1, np.int32))
    for categories in (frame.categories, {"roof": unlike}):
        gapped = replace(cell, frame=replace(frame, numbers=holes, categories=categories))
        first, again = MODELS[name](gapped), MODELS[name](gapped)
        assert first is not None
        assert again is not None
        np.testing.assert_array_equal(first, again)
        assert ((first > 0) & (first < 1)).all()


def test_the_strength_is_the_best_of_the_whole_path() -> None:
    """The path is left early; what is left out would not have been chosen."""
    for seed in range(3):
        cell = cell_of(panel(seed=seed, signal=0.3 + seed))
        best, _, tried = choose(cell.at_risk_matrix, cell.y, cell.inner, STRENGTHS)
        losses = {c: choose(cell.at_risk_matrix, cell.y, cell.inner, (c,))[2][c] for c in STRENGTHS}
        assert best == min(losses, key=losses.__getitem__)
        assert tried == pytest.approx({c: losses[c] for c in tried}, abs=1e-4)
