"""The scorecard's design: which pieces a training table has, and their columns as one matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

from models.risk.columns import MIN_ROWS, Encoding, Floats
from models.risk.scorecard import CLIP, Piece, Scorecard, Variable, history

MANY_VALUES = 20
"""A number with more different values than this is used by its Gaussian rank."""
HINGES = (0.10, 0.25, 0.50, 0.75)
HINGED_PARTS = ("value", "mean", "minimum")
FLAT = 1e-9
"""A piece that varies less than this over the training rows says nothing and is left out."""


def design(
    encoded: Mapping[str, npt.NDArray[Any]], encoding: Encoding
) -> tuple[tuple[Variable, ...], npt.NDArray[np.float64]]:
    """Variables without coefficients, and the matrix (rows × pieces) of their standardised columns."""
    now = next((encoded[s.name] for s in encoding.specs if s.welfare == "now"), None)
    variables: list[Variable] = []
    blocks: list[Floats] = []

    def add(
        column: str, part: str, values: npt.NDArray[Any], pieces: Sequence[tuple[str, float]], **ranks: Any
    ) -> None:
        draft = Variable(
            column, part, ranks.get("fill", 0.0), ranks.get("knots", ()), ranks.get("scores", ()), ()
        )
        fitted = []
        missing = ranks["missing"]
        for form, at in pieces:
            raw = draft.raw(Piece(form, at, 0.0, 1.0, 0.0), values, missing)
            mean, scale = float(raw.mean()), float(raw.std())
            if scale > FLAT * max(1.0, abs(mean)):
                block = np.clip((raw - mean) / scale, -CLIP, CLIP)
                piece = Piece(form, at, mean, scale, float(block.mean()))
                blocks.append(block - piece.centre)
                fitted.append(piece)
        if fitted:
            variables.append(replace(draft, pieces=tuple(fitted)))

    for spec in encoding.specs:
        values = encoded[spec.name]
        if spec.type == "category":
            levels = len(encoding.levels[spec.name])
            missing = values == levels + 1
            pieces = [("level", float(k)) for k in range(levels)]
            if np.count_nonzero(missing) >= MIN_ROWS:
                pieces.append(("missing", 0.0))
            add(spec.name, "value", values, pieces, missing=missing)
            continue
        parts = {"value": values}
        if spec.welfare == "before" and now is not None:
            parts |= {part: history(part, now, values) for part in ("mean", "minimum", "difference")}
        for part, numbers in parts.items():
            missing = np.isnan(numbers)
            known = numbers[~missing]
            if len(known) == 0:
                continue
            fill = float(np.median(known))
            filled = np.where(missing, fill, numbers)
            pieces = [("value", 0.0)]
            knots: tuple[float, ...] = ()
            scores: tuple[float, ...] = ()
            if spec.welfare and part in HINGED_PARTS:
                pieces += [("hinge", float(q)) for q in np.unique(np.quantile(known, HINGES))]
            elif not spec.welfare and len(np.unique(known)) > MANY_VALUES:
                knots, scores = gaussian_ranks(known)
            # a history is missing exactly where its welfare is, which has a flag of its own
            if part == "value" and np.count_nonzero(missing) >= MIN_ROWS:
                pieces.append(("missing", 0.0))
            add(spec.name, part, filled, pieces, missing=missing, fill=fill, knots=knots, scores=scores)
    rows = len(next(iter(encoded.values()), []))
    return tuple(variables), np.array(blocks).reshape(len(blocks), rows).T


def gaussian_ranks(values: Floats) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Knots at the 0, 1, … 100 % quantiles, and the normal score of each knot's mid-rank.

    Equal quantiles share the mean of their ranks; ranks end at .005 and .995.
    """
    grid = np.arange(101) / 100
    quantiles = np.quantile(values, grid)
    knots, place = np.unique(quantiles, return_inverse=True)
    ranks = np.bincount(place, weights=grid) / np.bincount(place)
    normal = NormalDist()
    scores = [normal.inv_cdf(float(r)) for r in np.clip(ranks, 0.005, 0.995)]
    return tuple(knots.tolist()), tuple(scores)


def scorecard(
    encoding: Encoding, variables: Sequence[Variable], intercept: float, coefficients: Floats
) -> Scorecard:
    """The variables with the coefficients of the matrix' columns, in their order."""
    fitted, at = [], 0
    for variable in variables:
        pieces = []
        for piece in variable.pieces:
            pieces.append(replace(piece, coefficient=float(coefficients[at])))
            at += 1
        fitted.append(replace(variable, pieces=tuple(pieces)))
    return Scorecard(encoding, intercept, tuple(fitted))
