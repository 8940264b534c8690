"""Drift: small moves are found, sampling is not, and what cannot be said is not said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from models.risk.columns import ColumnSpec, Encoding
from models.risk.reference import binned, reference
from training import drift

COLUMNS = 40
# Three tenths of a standard deviation, twelve points of a share: seen only in the figures.
DOSE = 0.3
THEN, NOW = 3000, 1500
SPECS = tuple(
    ColumnSpec(f"c{i:02}", "category" if i % 4 == 3 else "number", "make_up", f"c{i:02}")
    for i in range(COLUMNS)
)


def draw(random: np.random.Generator, rows: int, moved: frozenset[int] = frozenset()) -> dict[str, Any]:
    """Numbers, skewed counts, yes/no, and levels; five in a hundred are not known."""
    columns: dict[str, Any] = {}
    for i, spec in enumerate(SPECS):
        dose = DOSE if i in moved else 0.0
        if i % 4 == 0:
            values = random.normal(dose, 1, rows)
        elif i % 4 == 1:
            values = np.floor(np.exp(random.normal(dose, 1, rows)))
        elif i % 4 == 2:
            values = (random.random(rows) < 0.3 + 0.4 * dose).astype(float)
        else:
            shares = [0.5 - 0.4 * dose, 0.3 + 0.2 * dose, 0.2 + 0.2 * dose]
            values = np.array(["a", "b", "c"], object)[random.choice(3, rows, p=shares)]
        if spec.type == "number":
            values[random.random(rows) < 0.05] = np.nan
        else:
            values[random.random(rows) < 0.05] = None
        columns[spec.name] = values
    return columns


@pytest.fixture(scope="module")
def then() -> dict[str, Any]:
    columns = draw(np.random.default_rng(1), THEN)
    return reference(columns, Encoding.of(columns, SPECS))


def moved(then: dict[str, Any], columns: dict[str, Any]) -> set[str]:
    found = drift.measure(then, columns, SPECS, households=THEN)
    assert {column["column"] for column in found} == {spec.name for spec in SPECS}
    return {column["column"] for column in found if column["verdict"] == "moved"}


def test_small_moves_are_found_and_sampling_is_not(then: dict[str, Any]) -> None:
    random = np.random.default_rng(2)
    injected = frozenset(range(0, COLUMNS, 2)) ^ frozenset({0, 3})  # 20 columns of all four sorts
    assert len(injected) == 20
    found = moved(then, draw(random, NOW, injected))
    assert len(found & {SPECS[i].name for i in injected}) >= 19
    assert len(found - {SPECS[i].name for i in injected}) <= 1
    # Twenty clean months of forty inputs: one alarm in twenty reports is what is promised.
    assert sum(len(moved(then, draw(random, NOW))) for _ in range(20)) <= 3


def test_effects_are_those_of_the_dose_and_their_intervals_hold_them(then: dict[str, Any]) -> None:
    random = np.random.default_rng(3)
    held = []
    for _ in range(20):
        columns = draw(random, NOW, frozenset({0}))
        (first,) = [c for c in drift.measure(then, columns, SPECS, households=THEN) if c["column"] == "c00"]
        assert first["low"] <= first["effect"] <= first["high"]
        held.append(first["low"] <= DOSE**2 <= first["high"])
    assert np.mean(held) >= 0.85


def test_missing_values_move_too(then: dict[str, Any]) -> None:
    columns = draw(np.random.default_rng(4), NOW)
    columns["c00"][: NOW // 4] = np.nan
    columns["c04"][:] = np.nan
    found = {c["column"]: c for c in drift.measure(then, columns, SPECS, households=THEN)}
    assert (found["c00"]["verdict"], found["c00"]["of"]) == ("moved", "missing")
    assert (found["c04"]["verdict"], found["c04"]["effect"]) == ("moved", None)
    assert found["c04"]["missing_now"] == 1


def test_too_few_households_or_places_say_nothing(then: dict[str, Any]) -> None:
    random = np.random.default_rng(5)
    few = drift.measure(then, draw(random, 60, frozenset(range(COLUMNS))), SPECS, households=THEN)
    assert {c["verdict"] for c in few} == {"not_enough_evidence"}
    assert all(c["effect"] is None for c in few)
    shared = frozenset({"c00"})
    columns = draw(random, NOW, frozenset({0}))
    first = {
        c["column"]: c for c in drift.measure(then, columns, SPECS, households=THEN, shared=shared, places=12)
    }["c00"]
    assert first["verdict"] == "not_enough_evidence", "twelve villages are twelve values, not 1,500"


def test_a_value_that_many_share_is_a_bin_of_its_own() -> None:
    columns = {"n": np.r_[np.zeros(900), np.ones(60), np.full(40, 5.0)]}
    specs = (ColumnSpec("n", "number", "make_up", "n"),)
    bins = reference(columns, Encoding.of(columns, specs))["n"]["bins"]
    assert bins["upper"][0] == 0.0
    assert bins["shares"][0] == 0.9
    assert sum(bins["shares"]) == pytest.approx(1)
    assert binned(np.zeros(0), np.array([0.0])).tolist() == [0, 0]
    effect, low, high, sure = drift.index(np.array([1.0]), np.array([1.0]), 500, 500, 0.01)
    assert (effect, low, high, sure) == (0.0, 0.0, 0.0, False), "one value, then and now"
