"""Logistic regression as a careful analyst would fit it: a full design, its strength chosen by inner folds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.risk.logistic import ridge, sigmoid
from training.rivals.cell import Cell

Array = NDArray[np.float64]
STRENGTHS = (0.001, 0.003, 0.01, 0.03, 0.1, 1.0)
# The loss falls and then rises along the path; after this many strengths without a better one it is left.
ENOUGH = 2


def choose(
    design: Array, y: Array, folds: NDArray[np.integer], strengths: Sequence[float]
) -> tuple[float, Array, dict[float, float]]:
    """The strength C with the least out-of-fold log loss, the coefficients on all rows, and the losses tried.

    The same optimum as scikit-learn's ``LogisticRegression(C=C)`` finds; each fit starts from its neighbour,
    so the whole path costs little more than one.

    Parameters
    ----------
    design : standardised, shape (rows, columns); y : 0 or 1
    folds : inner fold of each row; a household must not be split over folds
    """
    ones = np.ones(len(y))
    whole, factor = ridge(design, y, ones, strengths[len(strengths) // 2])
    parts = [(folds != fold, whole, factor) for fold in np.unique(folds)]
    losses: dict[float, float] = {}
    best = strengths[0]
    for tried, c in enumerate(sorted(strengths)):
        losses[c] = 0.0
        for place, (inside, beta, near) in enumerate(parts):
            own, near = ridge(design[inside], y[inside], ones[inside], c, beta, near)
            parts[place] = (inside, own, near)
            margin = own[0] + design[~inside] @ own[1:]
            losses[c] += float((np.logaddexp(0.0, margin) - y[~inside] * margin).sum())
        if losses[c] < losses.get(best, np.inf) or not tried:
            best = c
        elif list(losses).index(best) + ENOUGH <= tried:
            break
    return best, ridge(design, y, ones, best, whole, factor)[0], losses


def logistic(cell: Cell) -> Array | None:
    """Ridge logistic regression, its strength chosen by inner folds of households."""
    _, beta, _ = choose(cell.at_risk_matrix, cell.y, cell.inner, STRENGTHS)
    return sigmoid(beta[0] + cell.test_matrix @ beta[1:])
