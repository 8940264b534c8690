"""Probabilities: in the order of the margin, never falling with the horizon."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.risk.calibration import Calibration, fit, floors
from models.risk.logistic import sigmoid


@settings(max_examples=80, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    rows=st.integers(1, 400),
    slope=st.floats(-3, 3),
    shares=st.lists(st.floats(0, 1), min_size=1, max_size=4),
    nested=st.booleans(),
    immature=st.floats(0, 0.9),
    scale=st.sampled_from([0.0, 1e-9, 1.0, 40.0]),
)
def test_the_promises(
    seed: int, rows: int, slope: float, shares: list[float], nested: bool, immature: float, scale: float
) -> None:
    """Whatever the outcomes: order by margin, order by horizon, all between 0 and 1."""
    rng = np.random.default_rng(seed)
    margin = scale * rng.normal(size=rows)
    outcomes = {}
    for i, share in enumerate(shares):
        y = (rng.random(rows) < sigmoid(slope * margin + np.log((share + 0.01) / (1.01 - share)))).astype(
            float
        )
        y[rng.random(rows) < immature] = np.nan
        y[0] = float(rng.random() < share)
        outcomes[3 * (i + 1)] = y
    told = fit(margin, outcomes, nested=nested)
    assert told.slope > 0
    asked = np.sort(np.r_[margin, 60 * rng.normal(size=50), 0.0])
    chance = told.probability(asked)
    for p in chance.values():
        assert np.isfinite(p).all()
        assert (p >= 0).all()
        assert (p <= 1).all()
        assert (np.diff(p) >= 0).all()
    if nested:
        for shorter, longer in zip(told.horizons, told.horizons[1:], strict=False):
            assert (chance[shorter] <= chance[longer]).all()
    again = Calibration.from_document(told.document())
    assert again == told


def test_what_was_drawn_is_found() -> None:
    rng = np.random.default_rng(0)
    margin = rng.normal(size=100_000)
    when = rng.random(100_000)
    outcomes = {
        h: (when < sigmoid(a + 0.8 * margin)).astype(float) for h, a in ((3, -3.0), (6, -2.0), (12, -1.0))
    }
    told = fit(margin, outcomes, nested=True)
    np.testing.assert_allclose(told.intercepts, (-3.0, -2.0, -1.0), atol=0.05)
    assert told.slope == pytest.approx(0.8, abs=0.02)
    for h, p in told.probability(margin).items():
        assert p.mean() == pytest.approx(outcomes[h].mean(), abs=1e-3)


def test_horizons_that_would_fall_share_an_intercept() -> None:
    rng = np.random.default_rng(0)
    margin = rng.normal(size=4000)
    outcomes = {h: (rng.random(4000) < s).astype(float) for h, s in ((3, 0.3), (6, 0.2), (12, 0.4))}
    told = fit(margin, outcomes, nested=True)
    assert told.intercepts[0] == told.intercepts[1] < told.intercepts[2]
    free = fit(margin, outcomes, nested=False)
    assert free.intercepts[1] < free.intercepts[0]


def test_immature_rows_are_not_negatives() -> None:
    rng = np.random.default_rng(0)
    margin = rng.normal(size=5000)
    y = (rng.random(5000) < 0.3).astype(float)
    y[:2500] = np.nan
    assert fit(margin, {6: y}, nested=True).probability(margin)[6].mean() == pytest.approx(0.3, abs=0.03)
    with pytest.raises(ValueError, match="12 months"):
        fit(margin, {6: y, 12: np.full(5000, np.nan)}, nested=True)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([0.1, 0.2, 0.25, 0.5, 0.9]) | st.floats(0, 1), min_size=1, max_size=400))
def test_floors_are_reached_by_no_more_than_their_share(values: list[float]) -> None:
    chance = np.array(values)
    found = floors(chance)
    assert found["orange"] >= found["yellow"] >= found["blue"]
    for tier, share in (("orange", 0.01), ("yellow", 0.03), ("blue", 0.10)):
        assert np.sum(chance >= found[tier]) <= max(1, share * len(chance))


def test_floors_of_different_values_are_exact() -> None:
    chance = np.random.default_rng(0).permutation(np.arange(1000) / 1000)
    assert floors(chance) == {"orange": 0.990, "yellow": 0.970, "blue": 0.900}


@pytest.mark.parametrize(
    "arguments",
    [
        ((), (), 1.0, True),
        ((6, 3), (0.0, 1.0), 1.0, True),
        ((3, 6), (1.0, 0.0), 1.0, True),
        ((3, 6), (0.0,), 1.0, True),
        ((3,), (0.0,), 0.0, True),
        ((3,), (float("nan"),), 1.0, True),
        ((3,), (0.0,), float("inf"), True),
    ],
)
def test_what_breaks_a_promise_cannot_be_made(
    arguments: tuple[tuple[int, ...], tuple[float, ...], float, bool],
) -> None:
    with pytest.raises(ValueError, match=r"horizon|intercept|slope"):
        Calibration(*arguments)
