"""Golden rows: a few rows with the answers that were given when the bundle was written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from models.risk.calibration import Calibration
from models.risk.columns import ColumnSpec, Floats
from models.risk.margin import Margin, total

LIGHTGBM_TOLERANCE = 1e-9
MIN_ROWS = 32


def as_lists(columns: Mapping[str, npt.NDArray[Any]]) -> dict[str, list[Any]]:
    """Columns for JSON: what is missing is null."""
    return {
        name: [None if v is None or v != v else v for v in values.tolist()]
        for name, values in columns.items()
    }


def as_columns(rows: Mapping[str, list[Any]], specs: tuple[ColumnSpec, ...]) -> dict[str, npt.NDArray[Any]]:
    """The reverse of `as_lists`; ValueError where a column is missing or of another type."""
    columns: dict[str, npt.NDArray[Any]] = {}
    for spec in specs:
        values = rows[spec.name]
        number = spec.type == "number"
        if not all(v is None or (type(v) in (float, int) if number else isinstance(v, str)) for v in values):
            raise ValueError(f"golden values of {spec.name} have the wrong type")
        columns[spec.name] = np.array(values, dtype=np.float64 if number else object)
    return columns


def answers(
    model: Margin, calibration: Calibration, columns: Mapping[str, npt.NDArray[Any]]
) -> dict[str, Any]:
    """All that the model says of the rows, with the trees' own SHAP values beside it."""
    base, terms = model.contributions(columns)
    margin = total(base, terms)
    probability = calibration.probability(margin)
    trees = model.tree_contributions(columns)
    return {
        "base": base,
        "margin": margin.tolist(),
        "terms": {name: term.tolist() for name, term in terms.items()},
        "probabilities": {str(h): p.tolist() for h, p in probability.items()},
        "trees": {spec.name: trees[i].tolist() for i, spec in enumerate(model.specs)},
        "trees_base": model.tables.base,
    }


def record(
    model: Margin, calibration: Calibration, columns: Mapping[str, npt.NDArray[Any]], lightgbm: Floats
) -> dict[str, Any]:
    """The document that a bundle keeps; `lightgbm` is LightGBM's own answer, columns × rows, then its base."""
    own = {spec.name: lightgbm[i].tolist() for i, spec in enumerate(model.specs)}
    return {
        "columns": as_lists(columns),
        "answers": answers(model, calibration, columns),
        "lightgbm": {"base": float(lightgbm[-1][0]), "contributions": own},
    }


def check(document: Mapping[str, Any], specs: tuple[ColumnSpec, ...], horizons: tuple[int, ...]) -> None:
    """ValueError, TypeError or KeyError where the document cannot be compared with anything."""
    columns = as_columns(document["columns"], specs)
    names = {spec.name for spec in specs}
    said, own = document["answers"], document["lightgbm"]["contributions"]
    rows = len(said["margin"])
    if rows < MIN_ROWS or any(len(c) != rows for c in columns.values()):
        raise ValueError("there are too few golden rows")
    for found, keys in (
        (said["terms"], names),
        (said["trees"], names),
        (own, names),
        (said["probabilities"], {str(h) for h in horizons}),
    ):
        if set(found) != keys or any(len(v) != rows for v in found.values()):
            raise ValueError("the golden answers do not fit the columns")


def differences(document: Mapping[str, Any], model: Margin, calibration: Calibration) -> list[str]:
    """Names of the answers that are not as recorded: ours to the bit, in a batch and row by row, and
    LightGBM's within 1e-9."""
    columns = as_columns(document["columns"], model.specs)
    said = document["answers"]
    now = answers(model, calibration, columns)
    found = [path for path, a, b in _pairs(said, now) if a != b]
    rows = len(said["margin"])
    for row in range(rows):
        alone = answers(model, calibration, {name: values[row : row + 1] for name, values in columns.items()})
        if alone["margin"] != now["margin"][row : row + 1] or any(
            alone["terms"][name] != term[row : row + 1] for name, term in now["terms"].items()
        ):
            found.append(f"row {row} alone")
    own = document["lightgbm"]
    for name, values in own["contributions"].items():
        gap = np.abs(np.array(values, dtype=np.float64) - np.array(now["trees"][name]))
        if not (gap <= LIGHTGBM_TOLERANCE).all():
            found.append(f"lightgbm.{name}")
    if not abs(own["base"] - now["trees_base"]) <= LIGHTGBM_TOLERANCE:
        found.append("lightgbm.base")
    gap = np.abs(np.array(said["margin"]) - said["base"] - np.sum(list(said["terms"].values()), axis=0))
    if not (gap <= 1e-9).all():
        found.append("sum of terms")
    return found


def _pairs(first: Mapping[str, Any], second: Mapping[str, Any], path: str = "") -> list[tuple[str, Any, Any]]:
    pairs: list[tuple[str, Any, Any]] = []
    for key in sorted(first.keys() | second.keys()):
        a, b, name = first.get(key), second.get(key), f"{path}{key}"
        if isinstance(a, Mapping) and isinstance(b, Mapping):
            pairs += _pairs(a, b, f"{name}.")
        else:
            pairs.append((name, a, b))
    return pairs
