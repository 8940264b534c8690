"""Whether the probabilities mean what they say: reliability, slope, calibration error; precision and recall.

Every figure is a pure function of the tidy evaluation table (`training.evaluation`). A household stands in
it with several days, so its rows count for less than as many of different households: an interval of a share
is Wilson's (1927) with the rows divided by the design effect of Kish (1965), that of slope and intercept comes
from the sandwich of household sums (Liang and Zeger 1986), that of the calibration error from the bootstrap
of whole households.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from training import metrics
from training.areas import at_level
from training.evaluation import aligned
from training.frame import Floats, Rows

SCHEMA = 1
BINS = 10
Z = 1.959964
SMALLEST = 1e-9  # a probability of exactly 0 or 1 has no logit


def reliability(
    table: pa.Table,
    *,
    model: str | None = None,
    groups: Mapping[str, Sequence[str | None]] | None = None,
    horizons: Sequence[Mapping[str, Any]] = (),
    replicates: int = metrics.REPLICATES,
    seed: int = 0,
) -> dict[str, Any]:
    """The reliability of one model (default: the first of the table), as a JSON document.

    Parameters
    ----------
    groups : attribute → group of each of the model's rows, in their order; None where it is not known
    horizons : figures of each horizon, from `by_horizon`

    Returns
    -------
    {schema, model, rows, events, bins: [{low, high, mean, observed, observed_low, observed_high, rows, events}],
    slope, intercept, ece: {value, low, high}, ece_by_chance, by_area, by_group, horizons}. ``slope`` 1 and
    ``intercept`` 0 are those of probabilities that need no correction; ``ece_by_chance`` is the calibration
    error that perfect probabilities would show on these rows; a figure that does not exist is null.
    """
    model = model or next(iter(pc.unique(table["model"]).to_pylist()), "")
    part = table.filter(pc.equal(table["model"], model))
    score, outcome, households = _columns(part)
    bins = _bins(score)
    areas = at_level(part["group"].to_pylist())
    by_group: list[dict[str, Any]] = []
    for attribute, values in (groups or {}).items():
        by_group += [{"attribute": attribute, **row} for row in _told(values, "group", part)]
    return {
        "schema": SCHEMA,
        "model": model,
        "rows": len(outcome),
        "events": int(outcome.sum()),
        "bins": [_bin(row) for row in shares(bins, score, outcome, households)],
        **recalibration(score, outcome, households),
        **calibration_error(bins, score, outcome, households, count=replicates, seed=seed),
        "by_area": _told(areas, "area", part) if areas else [],
        "by_group": by_group,
        "horizons": list(horizons),
    }


def precision_recall(
    table: pa.Table, *, replicates: int = metrics.REPLICATES, seed: int = 0
) -> dict[str, Any]:
    """Precision and recall of each model for lists of each length in `training.metrics.SHARES`.

    {schema, rows, events, models: [{model, points: [{share, rows, precision, precision_low, precision_high,
    recall, recall_low, recall_high}]}]}; the same draws of households serve every model.
    """
    scores, outcome, households = aligned(table)
    documents: list[dict[str, Any]] = []
    lengths = np.asarray(metrics.SHARES)
    found = metrics.bootstrap_of(
        scores, outcome, households, metrics.capture, size=len(lengths) + 2, count=replicates, seed=seed
    )
    for name, score in scores.items():
        value = metrics.capture(metrics.Sample.of(score, outcome))[None, :]
        figures = {}
        for kind, of in (("precision", _precision), ("recall", _recall)):
            low, high = _quantiles(of(found[name], lengths))
            figures[kind] = (of(value, lengths)[0], low, high)
        documents.append(
            {
                "model": name,
                "points": [
                    {"share": float(share), "rows": round(share * len(outcome))}
                    | {
                        f"{kind}{suffix}": _plain(values[i])
                        for kind, three in figures.items()
                        for suffix, values in zip(("", "_low", "_high"), three, strict=True)
                    }
                    for i, share in enumerate(lengths)
                ],
            }
        )
    return {"schema": SCHEMA, "rows": len(outcome), "events": int(outcome.sum()), "models": documents}


def by_horizon(
    probability: Mapping[int, Floats], outcome: Mapping[int, Floats], households: Rows
) -> list[dict[str, Any]]:
    """Mean probability beside the share of events at each horizon, on the rows whose outcome is known there.

    probability, outcome : by months, shape (rows,); NaN where not known. {months, rows, events, mean,
    observed, low, high, slope, intercept}
    """
    found = []
    for months in sorted(probability):
        known = ~(np.isnan(outcome[months]) | np.isnan(probability[months]))
        if not known.any():
            continue
        score, happened, who = probability[months][known], outcome[months][known], households[known]
        row = shares(np.zeros(len(score), np.intp), score, happened, who)[0]
        found.append({"months": months, **_counted(row), **recalibration(score, happened, who)})
    return found


def shares(codes: Rows, score: Floats, outcome: Floats, households: Rows) -> list[dict[str, Any]]:
    """For each code 0, 1, …: rows, events, mean score, share of events and its interval; codes below 0 are left out.

    The interval is Wilson's for rows / design effect, where the design effect is the variance of the share
    over household sums divided by that of as many independent rows, at least 1.
    """
    kept = codes >= 0
    codes, score, outcome, households = codes[kept], score[kept], outcome[kept], households[kept]
    size = int(codes.max()) + 1 if len(codes) else 0
    rows = np.bincount(codes, minlength=size)
    events = np.bincount(codes, outcome, minlength=size)
    sums = np.bincount(codes, score, minlength=size)
    observed = np.divide(events, rows, out=np.full(size, np.nan), where=rows > 0)
    base = int(households.max(initial=0)) + 1
    cell, place = np.unique(codes.astype(np.int64) * base + households, return_inverse=True)
    residual = np.bincount(place, outcome - observed[codes], minlength=len(cell))
    spread = np.bincount((cell // base).astype(np.intp), residual**2, minlength=size)
    alone = rows * observed * (1 - observed)
    effect = np.maximum(1.0, np.divide(spread, alone, out=np.ones(size), where=alone > 0))
    order = np.lexsort((score, codes))
    found = []
    for code in np.flatnonzero(rows):
        inside = score[order][np.searchsorted(codes[order], code) :][: rows[code]]
        low, high = wilson(observed[code], rows[code] / effect[code])
        found.append(
            {
                "code": int(code), "low_score": float(inside[0]), "high_score": float(inside[-1]),
                "mean": float(sums[code] / rows[code]), "observed": float(observed[code]), "low": low, "high": high,
                "rows": int(rows[code]), "events": round(events[code]),
            }
        )  # fmt: skip
    return found


def wilson(share: float, rows: float) -> tuple[float, float]:
    """The 95 % interval of Wilson (1927) for a share of ``rows`` independent trials.

    >>> [round(bound, 4) for bound in wilson(0.1, 100)]
    [0.0552, 0.1744]
    """
    centre = (share + Z * Z / (2 * rows)) / (1 + Z * Z / rows)
    half = Z / (1 + Z * Z / rows) * float(np.sqrt(share * (1 - share) / rows + Z * Z / (4 * rows * rows)))
    low = 0.0 if share <= 0 else max(0.0, centre - half)
    return float(low), float(1.0 if share >= 1 else min(1.0, centre + half))


def recalibration(score: Floats, outcome: Floats, households: Rows) -> dict[str, Any]:
    """Slope and intercept of the logistic regression of the outcome on logit(score): {slope, intercept}.

    Null where the outcomes, or the scores, are all the same, or a threshold parts events from the rest.
    """
    chance = np.clip(score, SMALLEST, 1 - SMALLEST)
    x = np.log(chance) - np.log1p(-chance)
    happened = outcome == 1
    nothing = {"slope": None, "intercept": None}
    if not happened.any() or happened.all() or x.min() == x.max():
        return nothing
    if x[happened].min() >= x[~happened].max() or x[happened].max() <= x[~happened].min():
        return nothing
    design = np.column_stack([np.ones(len(x)), x])
    beta = np.array([0.0, 1.0])
    for _ in range(100):
        p = 1 / (1 + np.exp(-np.clip(design @ beta, -700, 700)))
        gradient = design.T @ (outcome - p)
        step = np.linalg.solve(_curvature(design, p), gradient)
        # Newton's step, shortened where the likelihood is flat far from its top.
        beta = beta + step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-300))
        if np.abs(step).max() < 1e-10:
            break
    p = 1 / (1 + np.exp(-np.clip(design @ beta, -700, 700)))
    inverse = np.linalg.inv(_curvature(design, p))
    _, place = np.unique(households, return_inverse=True)
    sums = np.column_stack([np.bincount(place, column * (outcome - p)) for column in design.T])
    deviation = np.sqrt(np.diag(inverse @ (sums.T @ sums) @ inverse))
    figures = [
        {"value": float(b), "low": float(b - Z * d), "high": float(b + Z * d)}
        for b, d in zip(beta, deviation, strict=True)
    ]
    return {"slope": figures[1], "intercept": figures[0]}


def calibration_error(
    bins: Rows,
    score: Floats,
    outcome: Floats,
    households: Rows,
    *,
    count: int = metrics.REPLICATES,
    seed: int = 0,
) -> dict[str, Any]:
    """Expected calibration error over ``bins`` with its interval, and what chance alone would show.

    {ece: {value, low, high}, ece_by_chance}. A redrawn sample adds its own noise to each bin, so the
    interval leans upward; ``ece_by_chance`` says how much of the value is such noise.
    """
    if not len(score):
        return {"ece": None, "ece_by_chance": None}
    places = np.arange(int(bins.max()) + 1)
    inside = (bins[:, None] == places).astype(float)
    sums = np.column_stack([inside * (outcome - score)[:, None], inside])

    def error(totals: Floats) -> Floats:
        gap, rows = totals[:, : len(places)], totals[:, len(places) :]
        return np.abs(gap).sum(axis=1) / rows.sum(axis=1)

    value = float(error(sums.sum(axis=0)[None, :])[0])
    low, high = metrics.interval(error(metrics.summed(sums, households, count=count, seed=seed)))
    told = shares(bins, score, outcome, households)
    chance = sum(
        row["rows"] * np.sqrt(2 / np.pi * row["mean"] * (1 - row["mean"]) / row["rows"]) for row in told
    )
    figure = {"value": value, "low": min(low, value), "high": max(high, value)}
    return {"ece": figure, "ece_by_chance": float(chance / len(score))}


def _curvature(design: Floats, p: Floats) -> Floats:
    return (design * (p * (1 - p))[:, None]).T @ design


def _bins(score: Floats, count: int = BINS) -> Rows:
    """Bins of equally many rows by score, as far as equal scores allow: they stay together."""
    if not len(score):
        return np.zeros(0, np.intp)
    edges = np.unique(np.quantile(score, np.arange(1, count) / count, method="lower"))
    return np.unique(np.searchsorted(edges, score, side="left"), return_inverse=True)[1].astype(np.intp)


def _columns(part: pa.Table) -> tuple[Floats, Floats, Rows]:
    encoded = pc.dictionary_encode(part["household"]).combine_chunks()
    households: NDArray[np.intp] = encoded.indices.to_numpy().astype(np.intp)
    return part["score"].to_numpy(), part["outcome"].to_numpy().astype(float), households


def _told(values: Sequence[str | None], name: str, part: pa.Table) -> list[dict[str, Any]]:
    """One line for each value, in their order; rows where it is not known are left out."""
    names = sorted({value for value in values if value is not None})
    number = {value: place for place, value in enumerate(names)} | {None: -1}
    codes = np.array([number[value] for value in values], np.intp)
    return [{name: names[row["code"]], **_counted(row)} for row in shares(codes, *_columns(part))]


def _counted(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: row[key] for key in ("rows", "events", "mean", "observed", "low", "high")}


def _bin(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "low": row["low_score"],
        "high": row["high_score"],
        "mean": row["mean"],
        "observed": row["observed"],
        "observed_low": row["low"],
        "observed_high": row["high"],
        "rows": row["rows"],
        "events": row["events"],
    }


def _precision(sums: Floats, lengths: Floats) -> Floats:
    rows = sums[:, -2:-1] * lengths
    return np.divide(sums[:, :-2], rows, out=np.full(rows.shape, np.nan), where=rows > 0)


def _recall(sums: Floats, lengths: Floats) -> Floats:
    events = np.repeat(sums[:, -1:], len(lengths), axis=1)
    return np.divide(sums[:, :-2], events, out=np.full(events.shape, np.nan), where=events > 0)


def _quantiles(values: Floats) -> tuple[Floats, Floats]:
    bounds = np.array([metrics.interval(column) for column in values.T])
    return bounds[:, 0], bounds[:, 1]


def _plain(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
