"""Reliability against figures worked out by hand, intervals against what they promise, and what must not exist."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from models.risk import calibration
from training import metrics, reliability
from training.areas import at_level, parts
from training.metrics import SHARES, Sample, capture
from training.reliability import recalibration, shares, wilson


def evaluation(
    score: np.ndarray,
    outcome: np.ndarray,
    household: np.ndarray | None = None,
    area: list[str] | None = None,
    model: str = "fangpin",
) -> pa.Table:
    """A tidy evaluation table."""
    who = np.arange(len(score)) if household is None else household
    seen: dict[int, int] = {}
    days = []
    for number in who.tolist():
        seen[number] = seen.get(number, -1) + 1
        days.append(date(2020, 1, 1) + timedelta(days=seen[number]))
    return pa.table(
        {
            "household": pa.array([f"h{number:06d}" for number in who], pa.string()),
            "as_of": pa.array(days, pa.date32()),
            "block": ["2020"] * len(score),
            "fold": pa.array([0] * len(score), pa.int8()),
            "model": pa.array([model] * len(score), pa.string()),
            "score": pa.array(score, pa.float64()),
            "outcome": pa.array(outcome, pa.int8()),
            "group": pa.array(area or ["1/1"] * len(score), pa.string()),
        }
    )


def drawn(
    rows: int, seed: int = 0, slope: float = 1.0, intercept: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities, and outcomes of which intercept + slope * logit(probability) is the logit."""
    generator = np.random.default_rng(seed)
    margin = generator.normal(-2, 1, rows)
    true = 1 / (1 + np.exp(-(intercept + slope * margin)))
    return 1 / (1 + np.exp(-margin)), (generator.random(rows) < true).astype(float)


def test_bins_of_a_table_worked_out_by_hand() -> None:
    score = np.repeat([0.1, 0.4], [20, 10])
    outcome = np.r_[[1] * 2, [0] * 18, [1] * 5, [0] * 5]
    document = reliability.reliability(evaluation(score, outcome), replicates=50)
    low, high = document["bins"]
    assert (low["rows"], low["events"], low["mean"], low["observed"]) == (20, 2, pytest.approx(0.1), 0.1)
    assert (high["rows"], high["events"], high["mean"], high["observed"]) == (10, 5, pytest.approx(0.4), 0.5)
    assert (low["low"], low["high"], high["low"], high["high"]) == (0.1, 0.1, 0.4, 0.4)
    assert (low["observed_low"], low["observed_high"]) == pytest.approx(wilson(0.1, 20))
    # A third of the rows is .1 too high.
    assert document["ece"]["value"] == pytest.approx(0.1 / 3)
    assert document["ece"]["low"] <= document["ece"]["value"] <= document["ece"]["high"]
    chance = 20 / 30 * np.sqrt(2 / np.pi * 0.09 / 20) + 10 / 30 * np.sqrt(2 / np.pi * 0.24 / 10)
    assert document["ece_by_chance"] == pytest.approx(chance)
    assert (document["rows"], document["events"], document["model"]) == (30, 7, "fangpin")


def test_ten_bins_hold_every_row_once() -> None:
    score, outcome = drawn(1003)
    bins = reliability.reliability(evaluation(score, outcome), replicates=5)["bins"]
    assert len(bins) == 10
    assert {row["rows"] for row in bins} <= {100, 101}
    assert sum(row["rows"] for row in bins) == 1003
    assert sum(row["events"] for row in bins) == outcome.sum()
    assert all(one["high"] < other["low"] for one, other in pairwise(bins))


def test_recalibration_is_that_of_scikit_learn() -> None:
    score, outcome = drawn(800, seed=3, slope=0.6, intercept=-0.3)
    found = recalibration(score, outcome, np.arange(800))
    logit = np.log(score / (1 - score))[:, None]
    reference = LogisticRegression(C=np.inf, tol=1e-10).fit(logit, outcome)
    assert found["slope"]["value"] == pytest.approx(reference.coef_[0, 0], abs=1e-6)
    assert found["intercept"]["value"] == pytest.approx(reference.intercept_[0], abs=1e-6)


def test_the_interval_of_the_slope_is_that_of_redrawn_households() -> None:
    score, outcome = drawn(400, seed=3)
    household = np.repeat(np.arange(100), 4)
    outcome[::4] = outcome[1::4] = outcome[2::4]  # four days of a household are nearly one
    generator = np.random.default_rng(0)
    slopes = []
    for _ in range(400):
        rows = (4 * generator.integers(0, 100, 100)[:, None] + np.arange(4)).ravel()
        slopes.append(recalibration(score[rows], outcome[rows], np.arange(400))["slope"]["value"])
    found = recalibration(score, outcome, household)["slope"]
    assert (found["high"] - found["low"]) / (2 * 1.96) == pytest.approx(np.std(slopes), rel=0.2)


def test_repeated_days_of_a_household_are_no_further_evidence() -> None:
    score, outcome = drawn(300, seed=5)
    alone = recalibration(score, outcome, np.arange(300))
    thrice = recalibration(
        *(np.repeat(values, 3) for values in (score, outcome)), np.repeat(np.arange(300), 3)
    )
    for name in alone:
        assert thrice[name] == pytest.approx(alone[name])
    one = shares(np.zeros(300, int), score, outcome, np.arange(300))[0]
    three = shares(
        np.zeros(900, int), np.repeat(score, 3), np.repeat(outcome, 3), np.repeat(np.arange(300), 3)
    )[0]
    assert (three["low"], three["high"]) == pytest.approx((one["low"], one["high"]))
    assert (one["low"], one["high"]) == pytest.approx(wilson(outcome.mean(), 300))


@pytest.mark.parametrize(("slope", "intercept"), [(1.0, 0.0), (0.5, 0.0), (1.0, 0.7)])
def test_intervals_hold_what_is_true_about_as_often_as_they_say(slope: float, intercept: float) -> None:
    held = {"slope": 0, "intercept": 0}
    for seed in range(100):
        score, outcome = drawn(1500, seed, slope, intercept)
        found = recalibration(score, outcome, np.arange(1500))
        for name, truth in (("slope", slope), ("intercept", intercept)):
            held[name] += found[name]["low"] <= truth <= found[name]["high"]
    assert all(88 <= count <= 100 for count in held.values()), held


def test_the_calibration_error_of_perfect_probabilities_is_that_of_chance() -> None:
    found = []
    for seed in range(30):
        score, outcome = drawn(2000, seed)
        document = reliability.reliability(evaluation(score, outcome), replicates=5)
        found.append((document["ece"]["value"], document["ece_by_chance"]))
    value, chance = np.mean(found, axis=0)
    assert value == pytest.approx(chance, rel=0.15)
    score, outcome = drawn(2000, 1, 1.0, 0.7)
    document = reliability.reliability(evaluation(score, outcome), replicates=50)
    assert document["ece"]["low"] > 2 * document["ece_by_chance"]


def test_what_does_not_exist_is_null() -> None:
    quiet = reliability.reliability(evaluation(np.full(5, 0.2), np.zeros(5)), replicates=5)
    assert (quiet["slope"], quiet["intercept"], quiet["events"]) == (None, None, 0)
    assert quiet["bins"][0]["observed_low"] == 0 < quiet["bins"][0]["observed_high"] < 0.6
    parted = recalibration(np.array([0.1, 0.2, 0.8, 0.9]), np.array([0.0, 0, 1, 1]), np.arange(4))
    assert parted == {"slope": None, "intercept": None}
    empty = reliability.reliability(evaluation(np.zeros(0), np.zeros(0)), replicates=5)
    assert (empty["rows"], empty["bins"], empty["ece"], empty["by_area"]) == (0, [], None, [])
    assert reliability.precision_recall(evaluation(np.zeros(0), np.zeros(0)), replicates=5)["models"] == []


def test_by_area_and_by_group_add_up() -> None:
    score, outcome = drawn(400, 2)
    area = [f"5/{number % 3}/{number % 7}" for number in range(400)]
    group = [("a", "b", None)[number % 3] for number in range(400)]
    document = reliability.reliability(
        evaluation(score, outcome, area=area), groups={"letter": group}, replicates=5
    )
    assert sum(row["rows"] for row in document["by_area"]) == 400
    assert sum(row["events"] for row in document["by_area"]) == outcome.sum()
    assert len(document["by_area"]) == 21
    assert [(row["attribute"], row["group"]) for row in document["by_group"]] == [
        ("letter", "a"),
        ("letter", "b"),
    ]
    first = np.arange(400) % 3 == 0
    assert document["by_group"][0]["observed"] == pytest.approx(outcome[first].mean())
    assert document["by_group"][0]["mean"] == pytest.approx(score[first].mean())


def test_each_horizon_is_judged_where_it_has_matured() -> None:
    score, outcome = drawn(500, 4)
    later = np.maximum(outcome, np.arange(500) % 9 == 0).astype(float)
    later[100:] = np.nan
    found = reliability.by_horizon({3: score, 6: score}, {3: outcome, 6: later}, np.arange(500))
    assert [(row["months"], row["rows"]) for row in found] == [(3, 500), (6, 100)]
    assert found[0]["events"] == outcome.sum()
    assert found[1]["observed"] == pytest.approx(np.nanmean(later))


@given(
    st.integers(0, 2**32 - 1),
    st.lists(st.floats(-3, 3), min_size=2, max_size=4),
    st.floats(-2, 2),
)
def test_no_household_is_ever_safer_by_a_longer_horizon(seed: int, levels: list[float], slope: float) -> None:
    generator = np.random.default_rng(seed)
    margin = generator.normal(size=60)
    outcomes = {
        3 * (number + 1): (generator.random(60) < 1 / (1 + np.exp(-(level + slope * margin)))).astype(float)
        for number, level in enumerate(levels)
    }
    fitted = calibration.fit(margin, outcomes, nested=True)
    assert fitted.slope > 0
    assert list(fitted.intercepts) == sorted(fitted.intercepts)
    asked = np.sort(generator.normal(scale=50, size=40))
    chance = np.array([fitted.probability(asked)[h] for h in fitted.horizons])
    assert (np.diff(chance, axis=0) >= 0).all()
    assert (np.diff(chance, axis=1) >= 0).all()


def test_points_of_precision_and_recall_worked_out_by_hand() -> None:
    # Of 1,000 rows the first ten are events, and so are ten at the end.
    outcome = np.r_[np.ones(10), np.zeros(980), np.ones(10)]
    table = evaluation(np.linspace(0.9, 0.1, 1000), outcome)
    document = reliability.precision_recall(table, replicates=50)
    points = {point["share"]: point for point in document["models"][0]["points"]}
    assert tuple(points) == SHARES
    assert (points[0.001]["precision"], points[0.001]["recall"]) == (1, 1 / 20)
    assert (points[0.01]["precision"], points[0.01]["recall"]) == (pytest.approx(1), 0.5)
    assert (points[0.5]["precision"], points[0.5]["recall"]) == (pytest.approx(10 / 500), 0.5)
    assert (points[1.0]["precision"], points[1.0]["recall"]) == (pytest.approx(0.02), 1)
    for point in points.values():
        assert point["precision_low"] <= point["precision"] <= point["precision_high"]
        assert point["recall_low"] <= point["recall"] <= point["recall_high"]
    assert (document["rows"], document["events"]) == (1000, 20)


@given(st.integers(0, 2**32 - 1), st.integers(2, 60))
def test_capture_is_what_each_length_captures(seed: int, rows: int) -> None:
    generator = np.random.default_rng(seed)
    sample = Sample.of(
        generator.integers(0, 6, rows) / 5,
        (generator.random(rows) < 0.3) * 1.0,
        generator.integers(1, 4, rows) * 1.0,
    )
    found = capture(sample)
    assert found[:-2] == pytest.approx([sample.captured(share)[0] for share in SHARES])
    assert found[-2:] == pytest.approx([sample.weight.sum(), (sample.weight * sample.outcome).sum()])


def test_sums_are_drawn_as_weights_are() -> None:
    generator = np.random.default_rng(0)
    households = generator.integers(0, 30, 200)
    values = generator.normal(size=(200, 3))
    drawn_sums = metrics.summed(values, households, count=20, seed=4)
    weighted = [weight @ values for weight in metrics.replicates(households, 20, 4)]
    np.testing.assert_allclose(drawn_sums, weighted)


def test_places_are_told_at_the_deepest_level_that_a_table_can_hold() -> None:
    assert at_level(["1/2/3", "1/2/4", "1/5/6"], most=2) == ["1/2", "1/2", "1/5"]
    assert at_level(["1", "2", None], most=3) == ["1", "2", "/"]
    assert at_level(["1/2", "1/2"]) is None
    assert at_level(["a", "b", "c"], most=2) is None


def test_whole_places_make_parts_of_like_size() -> None:
    areas = [f"{number % 23}/{number % 46}" for number in range(2300)]
    found = parts(areas, 10)
    assert set(found) == set(range(10))
    for place in range(23):
        assert (
            len({part for part, area in zip(found, areas, strict=True) if area.split("/")[0] == str(place)})
            == 1
        )
    assert np.bincount(found).max() <= 2 * np.bincount(found).min()
    assert set(parts(["1/2"] * 4, 10)) == {0}
    assert parts([], 10).shape == (0,)
