"""The scorecard's curves are its linear design, drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.risk.columns import Encoding
from models.risk.design import design, gaussian_ranks, scorecard
from models.risk.logistic import line, ridge, sigmoid
from models.risk.scorecard import Curve, Scorecard, history
from tests.models.risk.panel import SPECS, panel


def drafted(
    taught: dict[str, Any], seed: int = 0
) -> tuple[Scorecard, np.ndarray, np.ndarray, dict[str, Any]]:
    encoding = Encoding.of(taught["columns"], SPECS)
    encoded = encoding.encode(taught["columns"])
    variables, matrix = design(encoded, encoding)
    weights = np.random.default_rng(seed).normal(size=matrix.shape[1])
    return scorecard(encoding, variables, 0.25, weights), matrix, weights, encoded


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_contributions_are_the_design(seed: int) -> None:
    card, matrix, weights, encoded = drafted(panel(400, seed), seed)
    terms = card.contributions(encoded)
    np.testing.assert_allclose(sum(terms.values()), matrix @ weights, rtol=0, atol=1e-11)


def test_contributions_are_centred_on_the_training_rows() -> None:
    card, _, _, encoded = drafted(panel())
    assert abs(float(sum(terms.mean() for terms in card.contributions(encoded).values()))) < 1e-11


def test_a_document_is_the_whole_scorecard(taught: dict[str, Any]) -> None:
    card, _, _, encoded = drafted(taught)
    again = Scorecard.from_document(card.document(), Encoding.from_document(card.encoding.document()))
    for name, term in card.contributions(encoded).items():
        assert term.tobytes() == again.contributions(encoded)[name].tobytes()


@pytest.mark.parametrize(
    "alter",
    [
        lambda d: d["variables"][0].update(column="unknown"),
        lambda d: d["variables"][0]["pieces"][0].update(scale=0.0),
        lambda d: d["variables"][0]["pieces"][0].update(form="spell"),
        lambda d: d["variables"][0]["pieces"][0].update(coefficient=float("nan")),
        lambda d: d["variables"].append(d["variables"][0]),
        lambda d: d["variables"][-1]["pieces"][0].update(at=99.0),
        lambda d: next(v for v in d["variables"] if v["knots"])["knots"].reverse(),
        lambda d: next(v for v in d["variables"] if v["knots"])["scores"].pop(),
        lambda d: d.update(intercept=float("inf")),
    ],
)
def test_a_document_that_does_not_hold_is_refused(taught: dict[str, Any], alter: Any) -> None:
    card, *_ = drafted(taught)
    document = card.document()
    document["variables"] = [dict(v, pieces=[dict(p) for p in v["pieces"]]) for v in document["variables"]]
    alter(document)
    with pytest.raises(ValueError, match=r"variable|piece|scale|ranks|intercept"):
        Scorecard.from_document(document, card.encoding)


def test_a_history_counts_for_the_present_where_the_past_is_unknown(taught: dict[str, Any]) -> None:
    card, _, _, encoded = drafted(taught)
    known = ~np.isnan(encoded["welfare_before"])
    term = card.contributions(encoded)["welfare_before"]
    flag = card.curve("welfare_before")["welfare_before"]
    assert isinstance(flag, Curve)
    assert np.unique(term[~known]).tolist() == [flag.missing]
    assert len(np.unique(term[known])) > 100


def test_history() -> None:
    now, before = np.array([1.0, 1.0, np.nan]), np.array([3.0, np.nan, 2.0])
    assert history("mean", now, before)[:2].tolist() == [2.0, 1.0]
    assert history("minimum", now, before)[:2].tolist() == [1.0, 1.0]
    assert history("difference", now, before)[0] == 2.0
    assert np.isnan(history("difference", now, before)[1:]).all()


def test_curves_can_be_drawn(taught: dict[str, Any]) -> None:
    card, _, _, encoded = drafted(taught)
    assert set(card.curve("welfare_before")) == {
        "welfare_before",
        "welfare_before (mean)",
        "welfare_before (minimum)",
        "welfare_before (difference)",
    }
    roof = card.curve("roof")["roof"]
    assert isinstance(roof, dict)
    assert set(roof) == {"reed", "tile", "tin", "…", "?"}
    spending = card.curve("spending")["spending"]
    assert isinstance(spending, Curve)
    drawn = np.interp(encoded["spending"], spending.knots, spending.values)
    seen = ~np.isnan(encoded["spending"])
    assert drawn[seen].tolist() == card.contributions(encoded)["spending"][seen].tolist()


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=25, max_size=200), st.floats(-1e7, 1e7), st.floats(-1e7, 1e7))
def test_gaussian_ranks_never_fall(values: list[float], a: float, b: float) -> None:
    knots, scores = gaussian_ranks(np.array(values))
    assert np.all(np.diff(scores) > 0)
    assert np.all(np.diff(knots) > 0)
    low, high = np.interp([min(a, b), max(a, b)], knots, scores)
    assert low <= high
    assert abs(high) < 2.6


def test_a_curve_of_ranks_is_monotone() -> None:
    """A number without hinges has one coefficient: its curve rises or falls all the way."""
    card, *_ = drafted(panel(), 5)
    for name in ("spending", "savings", "members"):
        curve = card.curve(name)[name]
        assert isinstance(curve, Curve)
        steps = np.diff(curve.values)
        assert (steps >= 0).all() or (steps <= 0).all()


def test_ridge_equals_scikit_learn() -> None:
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    x = rng.normal(size=(800, 12)) @ rng.normal(size=(12, 12))
    x -= x.mean(0)
    y = (x[:, 0] + rng.logistic(size=800) > 1).astype(float)
    weight = rng.choice([0.5, 1.0], 800)
    for c in (0.01, 1.0):
        ours, _ = ridge(x, y, weight, c)
        theirs = LogisticRegression(C=c, tol=1e-10, max_iter=10_000).fit(x, y, sample_weight=weight)
        np.testing.assert_allclose(ours, np.r_[theirs.intercept_, theirs.coef_[0]], atol=1e-5)


def test_ridge_does_not_depend_on_where_it_starts() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 5))
    y = (x[:, 0] > 0).astype(float)
    first, factor = ridge(x, y, np.ones(300), 0.1)
    second, _ = ridge(x, y, np.ones(300), 0.1, np.full(6, 3.0), factor)
    np.testing.assert_allclose(first, second, atol=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.floats(-5, 5), st.floats(0, 4), st.integers(2, 300))
def test_a_line_never_turns_the_order_round(seed: int, a: float, b: float, rows: int) -> None:
    rng = np.random.default_rng(seed)
    margin = rng.normal(size=rows)
    y = (rng.random(rows) < sigmoid(a + b * margin)).astype(float)
    found_a, found_b = line(margin, y, np.ones(rows))
    assert np.isfinite([found_a, found_b]).all()
    assert found_b >= 0
    assert line(np.full(rows, 2.0), y, np.ones(rows))[1] == 0.0


def test_a_line_finds_what_was_drawn() -> None:
    rng = np.random.default_rng(0)
    margin = rng.normal(size=200_000)
    y = (rng.random(200_000) < sigmoid(-1.0 + 0.7 * margin)).astype(float)
    np.testing.assert_allclose(line(margin, y, np.ones(200_000)), (-1.0, 0.7), atol=0.03)
    assert line(margin, 1 - y, np.ones(200_000))[1] == 0.0
