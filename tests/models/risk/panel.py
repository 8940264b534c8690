"""A small invented panel for the tests of the risk model."""

from __future__ import annotations

from typing import Any

import numpy as np

from models.risk.columns import ColumnSpec

SPECS = (
    ColumnSpec("welfare", "number", "income", "welfare", -1, "now"),
    ColumnSpec("welfare_before", "number", "income", "welfare_before", -1, "before"),
    ColumnSpec("members", "number", "make_up", "members"),
    ColumnSpec("spending", "number", "illness", "spending"),
    ColumnSpec("savings", "number", "income", "savings", -1),
    ColumnSpec("insured", "number", "illness", "insured"),
    ColumnSpec("roof", "category", "housing", "roof"),
    ColumnSpec("place", "category", "place", "place"),
)


def panel(rows: int = 1500, seed: int = 0) -> dict[str, Any]:
    """columns, specs, y, groups, at_risk, weight of an invented panel; two rows a household."""
    rng = np.random.default_rng(seed)
    lasting = np.repeat(rng.normal(size=(rows + 1) // 2), 2)[:rows]
    welfare = 0.5 + 0.6 * lasting + rng.normal(scale=0.5, size=rows)
    before = np.where(rng.random(rows) < 0.4, np.nan, 0.5 + 0.6 * lasting + rng.normal(scale=0.5, size=rows))
    members = rng.integers(1, 9, rows).astype(float)
    spending = np.where(rng.random(rows) < 0.05, np.nan, rng.lognormal(size=rows))
    savings = np.where(rng.random(rows) < 0.6, 0.0, rng.lognormal(size=rows))
    insured = np.where(rng.random(rows) < 0.1, np.nan, (rng.random(rows) < 0.5).astype(float))
    roof = rng.choice(np.array(["tile", "tin", "reed", None], dtype=object), rows, p=[0.5, 0.3, 0.1, 0.1])
    place = np.array([f"p{k:02d}" for k in rng.integers(0, 12, rows)], dtype=object)
    later = 0.5 + 0.7 * lasting - 0.08 * members - 0.4 * (roof == "reed") + rng.normal(scale=0.5, size=rows)
    later = later - 0.2 * np.nan_to_num(spending) * (members > 4)
    columns = {
        "welfare": welfare,
        "welfare_before": before,
        "members": members,
        "spending": spending,
        "savings": savings,
        "insured": insured,
        "roof": roof,
        "place": place,
    }
    at_risk = welfare >= 0
    return {
        "columns": columns,
        "specs": SPECS,
        "y": (later < 0).astype(float),
        "groups": np.array([f"h{i // 2:06d}" for i in range(rows)]),
        "at_risk": at_risk,
        "weight": np.where(at_risk, 1.0, 0.5),
    }


def rows_of(columns: dict[str, Any], rows: Any) -> dict[str, Any]:
    """Some rows of a table of columns."""
    return {name: values[rows] for name, values in columns.items()}
