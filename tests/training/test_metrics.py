"""Metrics against scikit-learn, weights against repeated rows, intervals against what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from training import metrics
from training.metrics import Sample, bootstrap, interval, measure, replicates


@st.composite
def tables(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    size = draw(st.integers(min_value=2, max_value=60))
    generator = np.random.default_rng(draw(st.integers(min_value=0, max_value=2**32 - 1)))
    # Few different scores, so that ties are the rule.
    score = generator.integers(0, draw(st.integers(min_value=1, max_value=20)) + 1, size) / 20
    outcome = (generator.random(size) < 0.4).astype(float)
    outcome[:2] = 0, 1
    return score, outcome, generator.integers(0, 4, size).astype(float)


@given(tables())
def test_the_same_as_scikit_learn(table: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    score, outcome, _ = table
    found = measure(Sample.of(score, outcome))
    assert found["auc"] == pytest.approx(roc_auc_score(outcome, score))
    assert found["ap"] == pytest.approx(average_precision_score(outcome, score))
    assert found["brier"] == pytest.approx(brier_score_loss(outcome, score))


@given(tables())
def test_a_weight_is_a_repeated_row(table: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    score, outcome, weight = table
    weight[:2] = 1
    times = weight.astype(int)
    weighted = measure(Sample.of(score, outcome, weight))
    repeated = measure(Sample.of(np.repeat(score, times), np.repeat(outcome, times)))
    assert weighted == pytest.approx(repeated)


def test_the_top_tenth_is_the_top_tenth_of_the_pooled_rows() -> None:
    score = np.linspace(1, 0, 100)
    outcome = np.zeros(100)
    outcome[[0, 1, 2, 50, 51]] = 1
    found = measure(Sample.of(score, outcome))
    assert found["recall_10"] == pytest.approx(3 / 5)
    assert found["precision_10"] == pytest.approx(3 / 10)


@given(st.integers(min_value=0, max_value=2**32 - 1))
def test_ties_over_the_boundary_are_an_expectation(seed: int) -> None:
    generator = np.random.default_rng(seed)
    outcome = (generator.random(50) < 0.3).astype(float)
    outcome[0] = 1
    found = measure(Sample.of(np.zeros(50), outcome))
    assert found["recall_10"] == pytest.approx(0.1), "a score that says nothing finds a tenth with a tenth"
    assert found["precision_10"] == pytest.approx(outcome.mean())
    assert found["auc"] in (pytest.approx(0.5),) or np.isnan(found["auc"])


@given(tables(), st.integers(min_value=0, max_value=1000))
def test_the_order_of_rows_does_not_matter(
    table: tuple[np.ndarray, np.ndarray, np.ndarray], seed: int
) -> None:
    score, outcome, _ = table
    order = np.random.default_rng(seed).permutation(len(score))
    assert measure(Sample.of(score, outcome)) == pytest.approx(
        measure(Sample.of(score[order], outcome[order]))
    )


def test_one_class_has_no_ranking_metric() -> None:
    found = measure(Sample.of(np.array([0.1, 0.2]), np.zeros(2)))
    assert np.isnan([found["auc"], found["ap"], found["recall_10"]]).all()
    assert found["brier"] == pytest.approx(0.025)


def test_a_replicate_draws_whole_households() -> None:
    households = np.array([0, 0, 1, 2, 2, 2])
    for weight in replicates(households, 20, seed=1):
        assert weight[0] == weight[1]
        assert weight[3] == weight[4] == weight[5]
        assert weight[[0, 2, 3]].sum() == 3


def test_bootstrap_replicates_are_those_of_drawn_rows() -> None:
    generator = np.random.default_rng(3)
    households = generator.integers(0, 30, 200)
    households = np.unique(households, return_inverse=True)[1]
    outcome, score = (generator.random(200) < 0.3).astype(float), generator.random(200).round(1)
    draws = bootstrap({"a": score}, outcome, households, count=5, seed=7)
    for number, weight in enumerate(replicates(households, 5, 7)):
        rows = np.repeat(np.arange(200), weight.astype(int))
        expected = measure(Sample.of(score[rows], outcome[rows]))
        for name in metrics.METRICS:
            assert draws["a"][name][number] == pytest.approx(expected[name])


def test_the_interval_covers_what_it_should() -> None:
    """Of 95 % intervals for a known AUC, over clustered data, roughly 95 % hold it."""
    truth, hits, runs = 0.7602, 0, 60  # AUC of two normals one deviation apart: Φ(1/√2)
    generator = np.random.default_rng(0)
    for run in range(runs):
        clusters = np.repeat(np.arange(150), 3)
        outcome = np.repeat((generator.random(150) < 0.4).astype(float), 3)
        shared = np.repeat(generator.normal(size=150), 3)
        score = np.sqrt(0.6) * shared + np.sqrt(0.4) * generator.normal(size=450) + outcome
        low, high = interval(bootstrap({"m": score}, outcome, clusters, count=120, seed=run)["m"]["auc"])
        hits += low <= truth <= high
    assert hits / runs > 0.85


def test_rows_of_one_household_widen_the_interval() -> None:
    generator = np.random.default_rng(5)
    outcome = np.repeat((generator.random(100) < 0.4).astype(float), 6)
    score = np.repeat(generator.normal(size=100), 6) + outcome

    def width(households: np.ndarray) -> float:
        low, high = interval(bootstrap({"m": score}, outcome, households, count=200)["m"]["auc"])
        return high - low

    assert width(np.repeat(np.arange(100), 6)) > 1.5 * width(np.arange(600))
