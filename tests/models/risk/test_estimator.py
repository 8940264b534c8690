"""The estimator: additive, repeatable, and true to its constraints."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, log_loss

from models.risk import estimator
from models.risk.archive import canonical, pack_arrays, sha256
from models.risk.columns import ColumnSpec, Encoding
from models.risk.estimator import FittedRisk
from tests.models.risk.panel import SPECS, panel, rows_of


def identity(fitted: FittedRisk) -> str:
    return sha256(canonical(fitted.model.parts.document()) + pack_arrays(fitted.model.tables.arrays()))


def test_margin_is_base_plus_terms(taught: dict[str, Any], fitted: FittedRisk) -> None:
    base, terms = fitted.contributions(taught["columns"])
    assert list(terms) == [s.name for s in SPECS]
    margin = fitted.margin(taught["columns"])
    assert np.abs(base + sum(terms.values()) - margin).max() < 1e-12


def test_margin_is_that_of_the_parts(taught: dict[str, Any], fitted: FittedRisk) -> None:
    """The booster itself and the scorecard's curves, put together by hand."""
    from models.risk.tables import feature_matrix

    model, parts = fitted.model, fitted.model.parts
    encoded = model.encoding.encode(taught["columns"])
    raw = fitted.booster.predict(feature_matrix(encoded, model.inputs), raw_score=True)
    linear = model.scorecard.intercept + sum(model.scorecard.contributions(encoded).values())
    by_hand = parts.offset + parts.linear_weight * linear + parts.tree_weight * raw
    np.testing.assert_allclose(fitted.margin(taught["columns"]), by_hand, rtol=0, atol=1e-10)


def test_tree_contributions_are_lightgbm_s(taught: dict[str, Any], fitted: FittedRisk) -> None:
    own = fitted.booster_contributions(taught["columns"])
    np.testing.assert_allclose(
        fitted.model.tree_contributions(taught["columns"]), own[:-1], rtol=0, atol=1e-12
    )
    np.testing.assert_allclose(fitted.model.tables.base, own[-1], rtol=0, atol=1e-12)


def test_the_same_model_for_any_number_of_threads(taught: dict[str, Any], fitted: FittedRisk) -> None:
    for threads in (1, 2, 4):
        assert identity(estimator.fit(**taught, seed=3, threads=threads)) == identity(fitted)
    assert identity(estimator.fit(**taught, seed=4)) != identity(fitted)


def test_one_row_has_the_bits_of_the_batch(taught: dict[str, Any], fitted: FittedRisk) -> None:
    whole = fitted.margin(taught["columns"])
    for i in range(40):
        assert (
            fitted.margin(rows_of(taught["columns"], slice(i, i + 1))).tobytes() == whole[i : i + 1].tobytes()
        )


def test_it_learns(taught: dict[str, Any], fitted: FittedRisk) -> None:
    later = panel(4000, seed=9)
    judged = later["at_risk"]
    y, margin = later["y"][judged], fitted.margin(later["columns"])[judged]
    assert (
        average_precision_score(y, margin)
        > average_precision_score(y, -later["columns"]["welfare"][judged]) + 0.03
    )
    chance = 1 / (1 + np.exp(-margin))
    assert log_loss(y, chance) < log_loss(y, np.full(len(y), y.mean()))
    assert abs(chance.mean() - y.mean()) < 0.03


def test_trees_never_see_risk_rise_with_welfare(taught: dict[str, Any], fitted: FittedRisk) -> None:
    columns = rows_of(taught["columns"], slice(0, 200))
    for name in ("welfare", "welfare_before", "savings"):
        previous = None
        for value in np.linspace(-2, 4, 40):
            moved = dict(columns) | {name: np.full(200, value)}
            total = fitted.model.tree_contributions(moved).sum(0)
            assert previous is None or (total <= previous + 1e-12).all()
            previous = total


def test_a_household_is_on_one_side_of_a_fold() -> None:
    groups = np.repeat([f"h{i}" for i in range(500)], 3)
    fold = estimator.inner_folds(groups, 1)
    assert (fold.reshape(-1, 3) == fold[::3, None]).all()
    assert np.bincount(fold).min() > 400
    assert not np.array_equal(fold, estimator.inner_folds(groups, 2))
    assert np.array_equal(fold[:30], estimator.inner_folds(groups[:30], 1))


def test_rows_not_at_risk_do_not_choose_weights(taught: dict[str, Any], fitted: FittedRisk) -> None:
    """Out-of-fold log loss of the rows at risk is that of a calibrated margin: no line improves it."""
    from models.risk.logistic import line

    judged = taught["at_risk"]
    a, b = line(fitted.out_of_fold[judged], taught["y"][judged], taught["weight"][judged])
    assert abs(a) < 1e-3
    assert abs(b - 1) < 1e-3


@pytest.mark.parametrize("welfare", [(), ("now",), ("now", "before", "before")])
def test_any_number_of_lags(taught: dict[str, Any], welfare: tuple[str, ...]) -> None:
    names = ("welfare", "welfare_before", "spending")
    columns = {"members": taught["columns"]["members"], "roof": taught["columns"]["roof"]}
    specs = [
        ColumnSpec("members", "number", "make_up", "members"),
        ColumnSpec("roof", "category", "housing", "roof"),
    ]
    for name, role in zip(names, welfare, strict=False):
        columns[name] = taught["columns"][name]
        specs.append(ColumnSpec(name, "number", "income", name, welfare=role))  # type: ignore[arg-type]
    more = {k: taught[k] for k in ("y", "groups", "at_risk", "weight")}
    fitted = estimator.fit(columns, specs, **more)
    parts = [v.part for v in fitted.model.scorecard.variables]
    assert parts.count("mean") == welfare.count("before")
    own = fitted.booster_contributions(columns)
    np.testing.assert_allclose(fitted.model.tree_contributions(columns), own[:-1], rtol=0, atol=1e-12)


def test_columns_that_say_nothing(taught: dict[str, Any]) -> None:
    rows = len(taught["y"])
    empty = {
        "constant": np.ones(rows),
        "unknown": np.full(rows, np.nan),
        "nowhere": np.array([None] * rows, dtype=object),
        "scattered": np.array([str(i) for i in range(rows)], dtype=object),
    }
    specs = [
        ColumnSpec(n, "number" if n in ("constant", "unknown") else "category", "data", n) for n in empty
    ]
    more = {k: taught[k] for k in ("y", "groups", "at_risk", "weight")}
    fitted = estimator.fit({**taught["columns"], **empty}, [*SPECS, *specs], **more)
    _, terms = fitted.contributions({**taught["columns"], **empty})
    assert all(np.abs(terms[name]).max() == 0 for name in empty)


def test_an_outcome_that_nothing_tells(taught: dict[str, Any]) -> None:
    shuffled = np.random.default_rng(0).permutation(taught["y"])
    fitted = estimator.fit(**(taught | {"y": shuffled}))
    later = panel(2000, seed=5)
    judged = later["at_risk"]
    margin = fitted.margin(later["columns"])[judged]
    assert np.isfinite(margin).all()
    assert margin.std() < 0.3


def test_a_small_panel() -> None:
    fitted = estimator.fit(**panel(60, seed=2))
    assert np.isfinite(fitted.margin(panel(60, seed=3)["columns"])).all()


def test_one_outcome_only_is_refused(taught: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="only one outcome"):
        estimator.fit(**(taught | {"y": np.zeros(len(taught["y"]))}))
    with pytest.raises(ValueError, match="0 or 1"):
        estimator.fit(**(taught | {"y": np.where(np.arange(len(taught["y"])) == 3, np.nan, taught["y"])}))


def test_too_few_households_are_refused() -> None:
    with pytest.raises(ValueError, match="too few households"):
        estimator.fit(**(panel(60) | {"groups": np.array(["h"] * 60)}))


def test_columns_that_do_not_fit_are_named(taught: dict[str, Any], fitted: FittedRisk) -> None:
    columns = rows_of(taught["columns"], slice(0, 3))
    with pytest.raises(ValueError, match="roof"):
        fitted.margin({k: v for k, v in columns.items() if k != "roof"})
    with pytest.raises(ValueError, match="members"):
        fitted.margin(columns | {"members": np.array([1.0, np.inf, 2.0])})
    with pytest.raises(ValueError, match="roof"):
        fitted.margin(columns | {"roof": np.array(["tin", 3.0, None], dtype=object)})
    with pytest.raises(ValueError, match="rows"):
        fitted.margin(columns | {"members": np.zeros(2)})


def test_specs_that_contradict_themselves(taught: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="neither direction nor welfare"):
        ColumnSpec("a", "category", "x", "a", welfare="now")
    with pytest.raises(ValueError, match="monotone"):
        ColumnSpec("a", "number", "x", "a", monotone=2)
    with pytest.raises(ValueError, match="same name"):
        Encoding.of({"a": np.zeros(3)}, [ColumnSpec("a", "number", "x", "a")] * 2)
    with pytest.raises(ValueError, match="present one"):
        Encoding.of({"a": np.zeros(3)}, [ColumnSpec("a", "number", "x", "a", welfare="before")])
