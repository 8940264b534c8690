"""The linear part of a risk model: one curve an indicator, drawn by a ridge logistic regression.

A *variable* is a column, or one of three histories that an earlier welfare makes with the present one
(mean, minimum, absolute difference). Each variable has a few *pieces*: its value (or its Gaussian rank),
hinges, one flag a level, a flag where it is missing; every piece is standardised and clipped. So a
variable's contribution is a piecewise linear curve, and that curve is what is evaluated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from models.risk.columns import FEW, Encoding, Floats

CLIP = 8.0
"""Standardised pieces end here, so that no single wild value can carry a household away."""
PARTS = ("value", "mean", "minimum", "difference")


@dataclass(frozen=True)
class Piece:
    """One column of the linear design: (raw − mean) / scale, clipped, times the coefficient.

    `at` is the hinge's knee, or the code of the level; `centre` the training mean of the clipped value.
    """

    form: str
    at: float
    mean: float
    scale: float
    centre: float
    coefficient: float = 0.0

    def standardise(self, raw: Floats) -> Floats:
        return np.clip((raw - self.mean) / self.scale, -CLIP, CLIP) - self.centre


@dataclass(frozen=True)
class Variable:
    """A column or a history, its ranks where it has any, and its pieces.

    `fill` stands for the value where it is missing; `knots` and `scores` are the rank transform (equally
    long, both rising), or empty where the value is used as it is.
    """

    column: str
    part: str
    fill: float
    knots: tuple[float, ...]
    scores: tuple[float, ...]
    pieces: tuple[Piece, ...]

    def transform(self, values: Floats) -> Floats:
        if not self.knots:
            return values
        return np.interp(values, np.array(self.knots), np.array(self.scores))

    def raw(self, piece: Piece, values: npt.NDArray[Any], missing: npt.NDArray[np.bool_]) -> Floats:
        """The piece's column before standardising; `values` are filled where `missing`."""
        if piece.form == "value":
            return self.transform(values)
        if piece.form == "hinge":
            return np.maximum(values - piece.at, 0.0)
        if piece.form == "level":
            return (values == piece.at).astype(np.float64)
        return missing.astype(np.float64)

    def total(self, values: npt.NDArray[Any], missing: npt.NDArray[np.bool_]) -> Floats:
        """Contribution to the margin, piece by piece in their order."""
        sum_ = np.zeros(len(values))
        for piece in self.pieces:
            sum_ += piece.coefficient * piece.standardise(self.raw(piece, values, missing))
        return sum_

    def breaks(self) -> Floats:
        """Where the curve may bend: beyond the first and the last it is level."""
        points: list[float] = list(self.knots)
        for piece in self.pieces:
            ends = (piece.mean - CLIP * piece.scale, piece.mean + CLIP * piece.scale)
            if piece.form == "value" and not self.knots:
                points += ends
            elif piece.form == "value":
                points += [
                    float(np.interp(z, np.array(self.scores), np.array(self.knots)))
                    for z in ends
                    if self.scores[0] < z < self.scores[-1]
                ]
            elif piece.form == "hinge":
                points += [piece.at] + [piece.at + end for end in ends if end > 0]
        return np.unique(np.array(points or [self.fill]))


@dataclass(frozen=True)
class Curve:
    """A contribution as it is drawn: `values` over `knots`, level beyond them, and where it is missing."""

    knots: Floats
    values: Floats
    missing: float

    def at(self, x: Floats) -> Floats:
        result = np.interp(x, self.knots, self.values)
        unknown = np.isnan(x)
        if unknown.any():
            result[unknown] = self.missing
        return result


class _Curves:
    """Many curves, each over values of its own, looked up together."""

    def __init__(self, curves: Sequence[Curve]) -> None:
        self._each = curves
        self._start = np.cumsum([0, *(len(curve.knots) for curve in curves)])[:-1, None]
        self._knots = np.concatenate([np.zeros(0), *(curve.knots for curve in curves)])
        self._values = np.concatenate([np.zeros(0), *(curve.values for curve in curves)])
        # From each knot to the next; beyond the last it is level.
        slopes = [np.append(np.diff(c.values) / np.diff(c.knots), 0.0) for c in curves]
        self._slopes = np.concatenate([np.zeros(0), *slopes])
        self._missing = np.array([curve.missing for curve in curves])[:, None]

    def at(self, over: Sequence[Floats]) -> Sequence[Floats]:
        """Each curve at its own values."""
        if not over or len(over[0]) >= FEW:
            return [curve.at(x) for curve, x in zip(self._each, over, strict=True)]
        x = np.array(over)
        place = np.empty(x.shape, dtype=np.intp)
        for i, curve in enumerate(self._each):
            place[i] = curve.knots.searchsorted(x[i], side="right")
        # The last knot that is not above the value; the first where all are.
        place = self._start + np.maximum(place - 1, 0)
        left, values = self._knots[place], self._values[place]
        # As `numpy.interp` does it, to the bit; on a knot, or below the first, the value is the knot's own.
        known = np.where(x > left, self._slopes[place] * (x - left) + values, values)
        return list(np.where(np.isnan(x), self._missing, known))


def history(part: str, now: Floats, before: Floats) -> Floats:
    """Mean, minimum or absolute difference of the present and an earlier welfare.

    Without the earlier one, mean and minimum equal the present value and the difference is missing.
    """
    known = ~np.isnan(before)
    if part == "mean":
        return np.where(known, (now + before) / 2, now)
    if part == "minimum":
        return np.where(known, np.minimum(now, before), now)
    return np.abs(now - before)


class Scorecard:
    """A fitted scorecard: contributions of each column to the linear margin.

    Parameters
    ----------
    encoding : columns and levels
    intercept : margin of a row whose every piece is at its training mean
    variables : fitted variables, in the order in which their contributions are added
    """

    def __init__(self, encoding: Encoding, intercept: float, variables: tuple[Variable, ...]) -> None:
        self.encoding, self.intercept, self.variables = encoding, intercept, variables
        self._check()
        self._now = next((s.name for s in encoding.specs if s.welfare == "now"), None)
        self._curves = {(v.column, v.part): _curve(v) for v in variables if v.column not in encoding.levels}
        self._together = _Curves(list(self._curves.values()))
        self._levels = {
            v.column: _level_values(v, len(encoding.levels[v.column]))
            for v in variables
            if v.column in encoding.levels
        }

    def contributions(self, encoded: Mapping[str, npt.NDArray[Any]]) -> dict[str, Floats]:
        """Contribution of each column, rows in order; margin = intercept + their sum.

        A history counts towards the earlier welfare where that is known, and else towards the present
        one, which it then equals.
        """
        terms: dict[str, Floats] = {name: values.take(encoded[name]) for name, values in self._levels.items()}
        shares = dict(zip(self._curves, self._together.at(self._drawn(encoded)), strict=True))
        terms |= {name: share for (name, part), share in shares.items() if part == "value"}
        if self._now is None:
            return terms
        zero = np.zeros(len(encoded[self._now]))
        for (name, part), share in shares.items():
            if part != "value":
                known = ~np.isnan(encoded[name])
                terms[name] = terms.get(name, zero) + np.where(known, share, 0.0)
                terms[self._now] = terms.get(self._now, zero) + np.where(known, 0.0, share)
        return terms

    def _drawn(self, encoded: Mapping[str, npt.NDArray[Any]]) -> list[Floats]:
        """What each curve is drawn over."""
        return [
            encoded[name]
            if part == "value" or self._now is None
            else history(part, encoded[self._now], encoded[name])
            for name, part in self._curves
        ]

    def curve(self, indicator: str) -> dict[str, Curve | dict[str, float]]:
        """What can be drawn of an indicator's columns: a curve for numbers, one value a level for categories.

        Histories stand under ``column (part)``, over the history's own value. ``other`` and ``missing``
        of a category stand under the keys ``…`` and ``?``.
        """
        drawn: dict[str, Curve | dict[str, float]] = {}
        columns = {s.name for s in self.encoding.specs if s.indicator == indicator}
        for variable in self.variables:
            if variable.column not in columns:
                continue
            if variable.column in self._levels:
                names = (*self.encoding.levels[variable.column], "…", "?")
                drawn[variable.column] = dict(zip(names, self._levels[variable.column].tolist(), strict=True))
            else:
                label = (
                    variable.column if variable.part == "value" else f"{variable.column} ({variable.part})"
                )
                drawn[label] = self._curves[variable.column, variable.part]
        return drawn

    def document(self) -> dict[str, Any]:
        return {
            "intercept": self.intercept,
            "variables": [
                {
                    "column": v.column,
                    "part": v.part,
                    "fill": v.fill,
                    "knots": list(v.knots),
                    "scores": list(v.scores),
                    "pieces": [vars(p) for p in v.pieces],
                }
                for v in self.variables
            ],
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any], encoding: Encoding) -> Scorecard:
        """Raises ValueError, TypeError or KeyError where the document is not one of ours."""
        variables = tuple(
            Variable(
                v["column"],
                v["part"],
                float(v["fill"]),
                tuple(map(float, v["knots"])),
                tuple(map(float, v["scores"])),
                tuple(Piece(**p) for p in v["pieces"]),
            )
            for v in document["variables"]
        )
        return cls(encoding, float(document["intercept"]), variables)

    def _check(self) -> None:
        roles = {s.name: s.welfare for s in self.encoding.specs}
        seen: set[tuple[str, str]] = set()
        if not np.isfinite(self.intercept):
            raise ValueError("the intercept is not a number")
        for v in self.variables:
            if v.column not in roles or v.part not in PARTS or (v.column, v.part) in seen:
                raise ValueError(f"variable {v.column} ({v.part}) is unknown or stands twice")
            seen.add((v.column, v.part))
            if v.part != "value" and roles[v.column] != "before":
                raise ValueError(f"variable {v.column} has a history but no earlier welfare")
            rising = all(np.all(np.diff(np.array(row)) > 0) for row in (v.knots, v.scores))
            if len(v.knots) != len(v.scores) or not rising:
                raise ValueError(f"ranks of {v.column} do not rise")
            numbers = [v.fill, *v.knots, *v.scores]
            for p in v.pieces:
                allowed = (
                    ("level", "missing")
                    if v.column in self.encoding.levels
                    else ("value", "hinge", "missing")
                )
                if p.form not in allowed:
                    raise ValueError(f"a piece of {v.column} has the wrong form")
                if p.form == "level" and p.at not in range(len(self.encoding.levels[v.column])):
                    raise ValueError(f"a piece of {v.column} names no level")
                numbers += [p.at, p.mean, p.scale, p.centre, p.coefficient]
                if not p.scale > 0:
                    raise ValueError(f"a scale of {v.column} is not positive")
            if not np.isfinite(np.array(numbers, dtype=np.float64)).all():
                raise ValueError(f"variable {v.column} holds what is not a number")


def _curve(variable: Variable) -> Curve:
    knots = variable.breaks()
    known, fill = np.zeros(len(knots), dtype=bool), np.array([variable.fill])
    values = variable.total(knots, known)
    return Curve(knots, values, float(variable.total(fill, np.array([True]))[0]))


def _level_values(variable: Variable, levels: int) -> Floats:
    codes = np.arange(levels + 2)
    return variable.total(codes, codes == levels + 1)
