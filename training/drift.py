"""Drift: whether an input looks today as it did in the rows that a model was trained on.

Each column is compared with the reference statistics that its bundle holds, so that any bundle can be asked on
any day. The effect is the population stability index over the bundle's own bins, Σ (p − q)·ln(p / q), less what
sampling alone would give; a shift of a normal variable by δ standard deviations has δ². It counts as moved when
it is larger than chance explains and large enough to matter. Chance: with n₁ and n₂ independent households the
index of k bins is, without any drift, (1/n₁ + 1/n₂)·χ² with k − 1 degrees of freedom (Yurdakul 2018, "Statistical
properties of population stability index"), and with drift of index ψ the χ² is non-central by ψ / (1/n₁ + 1/n₂).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

from features.wording import N_, both
from models.risk.columns import ColumnSpec, Floats
from models.risk.reference import binned

# The chance that a population without any drift shows a column as moved, over all columns together.
FALSE_ALARMS = 0.05
# What matters: an index of .02 is a shift by a seventh of a standard deviation; a share missing that moves by 5 %.
LEAST_EFFECT = 0.02
LEAST_MISSING = 0.05
# Households (places, for what a whole place shares) with a known value, then and now; fewer say nothing.
LEAST_KNOWN = 100
# A bin that nobody is in has the share of half a household.
HALF = 0.5


def measure(
    reference: Mapping[str, Mapping[str, Any]],
    columns: Mapping[str, NDArray[Any]],
    specs: Sequence[ColumnSpec],
    *,
    households: int,
    shared: frozenset[str] = frozenset(),
    places: int = 0,
    names: Mapping[str, Mapping[str, str]] | None = None,
) -> list[dict[str, Any]]:
    """Every input against the reference, the largest effects first.

    Parameters
    ----------
    reference : of the bundle (`models.risk.reference.reference`), by column
    columns : of today's households, one row each
    specs : the bundle's columns
    households : in the reference; its rows repeat them, so that they, not the rows, are the sample
    shared : columns of which all households of a place hold the same value; ``places`` are the sample of those
    places : different places among today's households
    names : what columns are called; default their own names

    Returns
    -------
    [{column, name, group, effect, low, high, missing_then, missing_now, known_then, known_now, verdict, of}]
    ``effect`` is the index less its expectation without drift, not below 0, ``low`` and ``high`` its 95 %
    interval; ``of`` says what moved: ``values``, ``missing``, or both. Where there is not enough evidence,
    the effect is null.
    """
    alpha = FALSE_ALARMS / max(2 * len(specs), 1)
    found = [
        _column(
            spec,
            reference[spec.name],
            columns[spec.name],
            (places, places) if spec.name in shared else (households, len(columns[spec.name])),
            alpha,
            (names or {}).get(spec.name),
        )
        for spec in specs
    ]
    return sorted(found, key=lambda c: (c["verdict"] != "moved", -(c["effect"] or 0.0), c["column"]))


def _column(
    spec: ColumnSpec,
    then: Mapping[str, Any],
    values: NDArray[Any],
    sample: tuple[int, int],
    alpha: float,
    name: Mapping[str, str] | None,
) -> dict[str, Any]:
    if spec.type == "number":
        numbers = np.asarray(values, dtype=np.float64)
        known = numbers[~np.isnan(numbers)]
        bins = then.get("bins") or {"upper": [], "shares": []}
        expected = np.asarray(bins["shares"], dtype=np.float64)
        observed = binned(known, np.asarray(bins["upper"], dtype=np.float64))
    else:
        listed = [value for value in values.tolist() if value is not None]
        known = np.asarray(listed, dtype=object)
        levels = list(then["levels"])
        place = {level: i for i, level in enumerate(levels)}
        counts = np.bincount([place.get(v, len(levels)) for v in listed], minlength=len(levels) + 1)
        told = 1 - then["missing"]
        expected = np.array([*(then["levels"][level] for level in levels), then["other"]]) / (told or 1.0)
        observed = counts / max(len(listed), 1)
    missing_then, missing_now = float(then["missing"]), 1 - len(known) / max(len(values), 1)
    known_then, known_now = (
        round(size * (1 - gone)) for size, gone in zip(sample, (missing_then, missing_now), strict=True)
    )
    row: dict[str, Any] = {
        "column": spec.name,
        "name": dict(name or {"zh": spec.name, "en": spec.name}),
        "group": spec.group,
        "effect": None,
        "low": None,
        "high": None,
        "missing_then": missing_then,
        "missing_now": missing_now,
        "known_then": known_then,
        "known_now": known_now,
        "verdict": "not_enough_evidence",
        "of": None,
    }
    gone = _missing_moved(missing_then, missing_now, *sample, alpha)
    if min(known_then, known_now) >= LEAST_KNOWN and len(expected):
        effect, low, high, sure = index(expected, observed, known_then, known_now, alpha)
        shifted = sure and effect >= LEAST_EFFECT
        row |= {"effect": effect, "low": low, "high": high}
        row["verdict"] = "moved" if shifted or gone else "steady"
    else:
        shifted = False
        # What is hardly known now but was then has moved, whatever its few values say.
        row["verdict"] = "moved" if gone else "not_enough_evidence"
    if shifted or gone:
        row["of"] = "both" if shifted and gone else "values" if shifted else "missing"
    return row


def index(
    expected: Floats, observed: Floats, then: int, now: int, alpha: float
) -> tuple[float, float, float, bool]:
    """Population stability index of two sets of shares, with its noise: (effect, low, high, beyond chance).

    Parameters
    ----------
    expected, observed : shares of each bin, shape (k,); a bin empty in both counts for nothing
    then, now : households with a known value
    alpha : chance of a false alarm
    """
    used = (expected > 0) | (observed > 0)
    if used.sum() < 2:
        return 0.0, 0.0, 0.0, False
    p = np.maximum(observed[used], HALF / now)
    q = np.maximum(expected[used], HALF / then)
    p, q = p / p.sum(), q / q.sum()
    raw = float(((p - q) * np.log(p / q)).sum())
    unit, freedom = 1 / then + 1 / now, int(used.sum()) - 1
    statistic = raw / unit
    sure = statistic > stats.chi2.isf(alpha, freedom)
    low, high = (unit * _non_central(statistic, freedom, tail) for tail in (0.975, 0.025))
    return max(raw - unit * freedom, 0.0), low, high, bool(sure)


def _non_central(statistic: float, freedom: int, tail: float) -> float:
    """The non-centrality under which a χ² is at most ``statistic`` with probability ``tail``; 0 where none is."""

    def surplus(centre: float) -> float:
        return float(stats.ncx2.cdf(statistic, freedom, centre)) - tail

    if stats.chi2.cdf(statistic, freedom) <= tail:
        return 0.0
    top = statistic + 10 * np.sqrt(statistic) + 50
    return float(optimize.brentq(surplus, 1e-9, top, xtol=1e-6))


def _missing_moved(then: float, now: float, before: int, today: int, alpha: float) -> bool:
    """Whether the share missing moved by more than chance and by enough (two proportions, pooled variance)."""
    if min(before, today) < LEAST_KNOWN or abs(now - then) < LEAST_MISSING:
        return False
    pooled = (then * before + now * today) / (before + today)
    spread = np.sqrt(pooled * (1 - pooled) * (1 / before + 1 / today))
    return bool(abs(now - then) > stats.norm.isf(alpha / 2) * spread)


NOTE = N_(
    "Effect: population stability index less what sampling gives; 0.02 is a shift by a seventh of a standard "
    "deviation. Over all inputs together, one report in twenty would show a move where there is none."
)


def document(
    columns: list[dict[str, Any]],
    *,
    as_of: str | None,
    snapshot: str | None,
    bundle: str,
    households: int,
    synthetic: bool,
) -> dict[str, Any]:
    """`measure` as the bundle keeps it: drift.json."""
    verdicts = [column["verdict"] for column in columns]
    return {
        "schema": 1,
        "as_of": as_of,
        "snapshot": snapshot,
        "bundle": bundle,
        "households": households,
        "synthetic": synthetic,
        "note": both(NOTE),
        "false_alarms": FALSE_ALARMS,
        "least_effect": LEAST_EFFECT,
        "counts": {name: verdicts.count(name) for name in ("moved", "steady", "not_enough_evidence")},
        "columns": columns,
    }
