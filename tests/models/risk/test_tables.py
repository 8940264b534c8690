"""Tables against LightGBM's own contributions, on whatever trees come along."""

from __future__ import annotations

from typing import Any

import lightgbm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.risk.tables import FEW, Feature, Tables
from models.risk.trees import compile_trees

NOTICED = "outside its range|fit|different lengths|wrong type|missing or too many|not a number"
QUIET = {"verbosity": -1, "num_threads": 1, "deterministic": True, "force_row_wise": True}


def train(x: np.ndarray, y: np.ndarray, rounds: int = 8, **parameters: Any) -> lightgbm.Booster:
    kinds = parameters.pop("categorical_feature", "auto")
    settings_ = {"objective": "binary", "min_data_in_leaf": 3, **QUIET, **parameters}
    return lightgbm.train(
        settings_, lightgbm.Dataset(x, label=y, categorical_feature=kinds), num_boost_round=rounds
    )


def compiled(booster: lightgbm.Booster, width: int) -> tuple[Tables, tuple[Feature, ...]]:
    return compile_trees(booster.dump_model(), range(width), width), tuple(
        Feature(f"x{i}") for i in range(width)
    )


def answer(tables: Tables, inputs: tuple[Feature, ...], x: np.ndarray) -> np.ndarray:
    columns = {f.column: np.ascontiguousarray(x[:, i]) for i, f in enumerate(inputs)}
    return tables.contributions(columns, inputs)


@st.composite
def problems(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rows, width = draw(st.integers(20, 300)), draw(st.integers(1, 6))
    x = rng.normal(size=(rows, width))
    for i in range(width):
        shape = draw(st.sampled_from(["plain", "whole", "flag", "zeros", "shifted"]))
        if shape == "whole":
            x[:, i] = np.round(2 * x[:, i])
        elif shape == "flag":
            x[:, i] = x[:, i] > 0
        elif shape == "zeros":
            x[:, i] = np.where(x[:, i] > 0.3, x[:, i], 0.0)
        elif shape == "shifted":
            x[:, i] -= 3.0
        if draw(st.booleans()):
            x[rng.random(rows) < draw(st.sampled_from([0.05, 0.5, 0.95])), i] = np.nan
    pull = np.nan_to_num(x) @ rng.normal(size=width) + np.isnan(x) @ rng.normal(size=width)
    y = (pull + rng.logistic(size=rows) > 0).astype(float)
    parameters = {
        "num_leaves": draw(st.integers(2, 8)),
        "learning_rate": draw(st.sampled_from([0.1, 0.9])),
        "lambda_l2": draw(st.sampled_from([0.0, 5.0])),
        "use_missing": draw(st.booleans()),
        "seed": draw(st.integers(0, 99)),
        "bagging_fraction": 0.8,
        "bagging_freq": draw(st.integers(0, 1)),
    }
    return x, y, parameters


@settings(max_examples=80, deadline=None)
@given(problems())
def test_equal_to_lightgbm(problem: tuple[np.ndarray, np.ndarray, dict[str, Any]]) -> None:
    x, y, parameters = problem
    booster = train(x, y, **parameters)
    tables, inputs = compiled(booster, x.shape[1])
    rng = np.random.default_rng(1)
    # rows to ask: those seen, wilder ones, exact zeros, and missing values where training had none
    asked = np.vstack([x, 3 * rng.normal(size=(60, x.shape[1])), np.zeros((1, x.shape[1]))])
    asked[len(x) : len(x) + 40][rng.random((40, x.shape[1])) < 0.4] = np.nan
    ours, own = answer(tables, inputs, asked), booster.predict(asked, pred_contrib=True)
    # A margin of ten thousand has no twelfth digit after the point.
    np.testing.assert_allclose(ours.T, own[:, :-1], rtol=1e-14, atol=1e-12)
    np.testing.assert_allclose(tables.base, own[:, -1], rtol=1e-14, atol=1e-12)
    np.testing.assert_allclose(
        tables.base + ours.sum(0), booster.predict(asked, raw_score=True), rtol=1e-14, atol=1e-11
    )


@settings(max_examples=15, deadline=None)
@given(problems())
def test_the_same_bits_alone_and_in_any_batch(problem: tuple[np.ndarray, np.ndarray, dict[str, Any]]) -> None:
    x, y, parameters = problem
    tables, inputs = compiled(train(x, y, rounds=30, **parameters), x.shape[1])
    many = np.vstack([x] * (1 + 5000 // len(x)))
    whole = answer(tables, inputs, many)
    for size in (1, 3, FEW, FEW + 5):
        part = np.hstack([answer(tables, inputs, x[i : i + size]) for i in range(0, 18, size)])
        assert part[:, :18].tobytes() == np.ascontiguousarray(whole[:, : part.shape[1]])[:, :18].tobytes()


def test_thresholds_are_exact() -> None:
    x = np.repeat(np.array([0.1, 0.1 + 2**-56, 0.3, np.nextafter(0.3, 1)]), 40)[:, None]
    y = np.tile([0.0, 0.0, 1.0, 1.0], (40, 1)).T.ravel()
    booster = train(x, y)
    tables, inputs = compiled(booster, 1)
    cuts = [float(t) for t in tables.question_threshold]
    asked = np.array([v for t in cuts for v in (np.nextafter(t, -9), t, np.nextafter(t, 9))])[:, None]
    np.testing.assert_allclose(
        tables.base + answer(tables, inputs, asked)[0],
        booster.predict(asked, raw_score=True),
        rtol=0,
        atol=1e-12,
    )


def test_a_booster_that_cannot_split() -> None:
    x, y = np.zeros((50, 2)), np.arange(50) % 2.0
    booster = train(x, y)
    tables, inputs = compiled(booster, 2)
    assert answer(tables, inputs, x).tolist() == [[0.0] * 50] * 2
    assert tables.base == pytest.approx(booster.predict(x, raw_score=True)[0], abs=1e-12)


def test_no_rows() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(100, 2))
    tables, inputs = compiled(train(x, (x[:, 0] > 0).astype(float)), 2)
    assert answer(tables, inputs, x[:0]).shape == (2, 0)


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"num_leaves": 9}, "at most 8"),
        ({"num_leaves": 6, "linear_tree": True}, "linear"),
        ({"num_leaves": 6, "zero_as_missing": True}, "zero as missing"),
        ({"num_leaves": 6, "categorical_feature": [1], "min_data_per_group": 1, "cat_smooth": 0}, "category"),
        ({"num_leaves": 6, "objective": "multiclass", "num_class": 3}, "one tree an iteration"),
    ],
)
def test_what_cannot_be_compiled_is_said(parameters: dict[str, Any], said: str) -> None:
    rng = np.random.default_rng(0)
    x = np.column_stack([rng.normal(size=600), rng.integers(0, 6, 600)]).astype(float)
    x[:200, 0] = 0.0
    kind = (x[:, 0] * 2 + np.isin(x[:, 1], (1, 4)) * 2 + rng.normal(scale=0.2, size=600)) > 1
    y = kind.astype(float) + (rng.random(600) < 0.3 if "num_class" in parameters else 0)
    with pytest.raises(ValueError, match=said):
        compile_trees(train(x, y, rounds=20, **parameters).dump_model(), range(2), 2)


def test_every_altered_index_is_noticed() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 3))
    tables, _ = compiled(train(x, (x.sum(1) > 0).astype(float), num_leaves=8), 3)
    arrays = tables.arrays()
    assert Tables.from_arrays(arrays, 3, 3).base == tables.base
    for name in (
        "question_feature",
        "question_unknown",
        "tree_questions",
        "slot_tree",
        "slot_output",
        "tree_start",
    ):
        altered = dict(arrays) | {name: arrays[name].copy()}
        altered[name][-1] = 250 if name == "question_unknown" else 30_000
        with pytest.raises(ValueError, match=NOTICED):
            Tables.from_arrays(altered, 3, 3)
    for name in arrays:
        if name != "outputs":
            with pytest.raises(ValueError, match=NOTICED):
                Tables.from_arrays(dict(arrays) | {name: arrays[name][:-1]}, 3, 3)
        with pytest.raises(ValueError, match=NOTICED):
            Tables.from_arrays(dict(arrays) | {name: arrays[name].astype(np.float32)}, 3, 3)
    broken = dict(arrays) | {
        "values": np.where(np.arange(len(arrays["values"])) == 5, np.nan, arrays["values"])
    }
    with pytest.raises(ValueError, match=NOTICED):
        Tables.from_arrays(broken, 3, 3)
