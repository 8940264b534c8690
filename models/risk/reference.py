"""What the training rows looked like: norms for reasons, reference for drift, rows for the golden answers."""

from __future__ import annotations

from typing import Any

import numpy as np

from models.risk.columns import Columns, Encoding, Floats

# Bounds of the bins by which drift is measured; equal ones count once, so a value that many share is a bin.
BOUNDS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
QUANTILES = (0.01, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.99)
GOLDEN_ROWS = 64


def medians(columns: Columns, encoding: Encoding) -> dict[str, float | str | None]:
    """Median of each number, most frequent level of each category (ties by name); None where all is missing."""
    found: dict[str, float | str | None] = {}
    for name, facts in reference(columns, encoding).items():
        if "quantiles" in facts:
            found[name] = facts["quantiles"]["0.5"]
        else:
            shares = {level: share for level, share in facts["levels"].items() if share > 0}
            found[name] = min(shares, key=lambda level: (-shares[level], level)) if shares else None
    return found


def reference(columns: Columns, encoding: Encoding) -> dict[str, dict[str, Any]]:
    """For each column: n, share missing, and quantiles with bins, or shares of the levels (and of all others).

    bins : ``upper`` bounds (inclusive; values of the rows, rising) and the ``shares`` of the known values up to
        each, then above the last
    """
    found: dict[str, dict[str, Any]] = {}
    for spec in encoding.specs:
        values = columns[spec.name]
        n = len(values)
        if spec.type == "number":
            numbers = np.asarray(values, dtype=np.float64)
            known = numbers[~np.isnan(numbers)]
            cuts = np.quantile(known, QUANTILES).tolist() if len(known) else [None] * len(QUANTILES)
            quantiles = {str(q): cut for q, cut in zip(QUANTILES, cuts, strict=True)}
            upper = np.unique(np.quantile(known, BOUNDS, method="lower")) if len(known) else np.zeros(0)
            found[spec.name] = {
                "n": n,
                "missing": 1 - len(known) / max(n, 1),
                "quantiles": quantiles,
                "bins": {"upper": upper.tolist(), "shares": binned(known, upper).tolist()},
            }
        else:
            levels = encoding.levels[spec.name]
            counts = dict.fromkeys(levels, 0)
            missing = other = 0
            for value in values.tolist():
                if value is None:
                    missing += 1
                elif value in counts:
                    counts[value] += 1
                else:
                    other += 1
            shares = {level: count / max(n, 1) for level, count in counts.items()}
            found[spec.name] = {
                "n": n,
                "missing": missing / max(n, 1),
                "levels": shares,
                "other": other / max(n, 1),
            }
    return found


def binned(known: Floats, upper: Floats) -> Floats:
    """Share of ``known`` values in each bin: up to the first bound, …, above the last; zeros where none is known."""
    counts = np.bincount(np.searchsorted(upper, known, side="left"), minlength=len(upper) + 1)
    return np.asarray(counts / max(len(known), 1), dtype=np.float64)


def golden_columns(columns: Columns, encoding: Encoding, seed: int = 0) -> dict[str, Any]:
    """Rows for the golden answers: each column's values drawn on their own from the training rows.

    So every value is real but no row is a household's: a bundle can leave the home. The last row but one
    knows nothing, and the last has a level that training never saw.
    """
    rng = np.random.default_rng(seed)
    rows: dict[str, Any] = {}
    for spec in encoding.specs:
        values = columns[spec.name]
        drawn = np.array(values)[rng.integers(0, len(values), GOLDEN_ROWS)]
        if spec.type == "number":
            drawn = drawn.astype(np.float64)
            drawn[-2] = np.nan
        else:
            drawn = drawn.astype(object)
            drawn[-2], drawn[-1] = None, "\N{REPLACEMENT CHARACTER}"
        rows[spec.name] = drawn
    return rows
