"""Maximum likelihood for logistic margins: the scorecard's ridge regression, and straight lines a + b·m."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from models.risk.columns import Floats

TOLERANCE = 1e-9
"""Of the gradient, relative to the total weight."""


def log_loss(margin: Floats, y: Floats, weight: Floats) -> float:
    """Weighted mean of −log likelihood at a logistic margin."""
    loss = np.logaddexp(0.0, margin) - y * margin
    return float(np.sum(weight * loss) / np.sum(weight))


def sigmoid(margin: Floats) -> Floats:
    """1 / (1 + e^−m), without overflow."""
    small = np.exp(-np.abs(margin))
    return np.where(margin >= 0, 1.0, small) / (1.0 + small)


def ridge(
    matrix: npt.NDArray[np.float64],
    y: Floats,
    weight: Floats,
    c: float,
    start: Floats | None = None,
    factor: tuple[npt.NDArray[np.float64], bool] | None = None,
) -> tuple[Floats, tuple[npt.NDArray[np.float64], bool]]:
    """Ridge logistic regression: minimise Σ weight·loss + |w|² / (2c), the intercept not penalised.

    Newton's method with a Hessian that is kept as long as it serves: it is made anew only when a step
    no longer halves the gradient. Steps are halved until the objective falls, so it always arrives.

    Parameters
    ----------
    matrix : rows × columns, centred; y : 0 or 1; weight : not negative
    start, factor : coefficients and Hessian factor of a like problem, to begin with

    Returns
    -------
    coefficients (intercept first) and the last Hessian's factor
    """
    from scipy.linalg import cho_factor, cho_solve

    width = matrix.shape[1]
    total = float(weight.sum())
    penalty = np.full(width + 1, 1.0 / c)
    penalty[0] = 0.0
    if start is None:
        share = np.clip(float(np.sum(weight * y)) / total, 1e-6, 1 - 1e-6)
        beta = np.zeros(width + 1)
        beta[0] = np.log(share / (1 - share))
    else:
        beta = start.copy()

    def objective(beta: Floats, margin: Floats) -> float:
        return float(
            np.sum(weight * (np.logaddexp(0.0, margin) - y * margin)) + 0.5 * np.sum(penalty * beta**2)
        )

    margin = beta[0] + matrix @ beta[1:]
    value = objective(beta, margin)
    previous = np.inf
    for _ in range(200):
        chance = sigmoid(margin)
        slope = weight * (chance - y)
        gradient = penalty * beta
        gradient[0] += slope.sum()
        gradient[1:] += matrix.T @ slope
        size = float(np.abs(gradient).max())
        if size <= TOLERANCE * total:
            break
        fresh = factor is None or size > 0.5 * previous
        if fresh:
            factor = cho_factor(_hessian(matrix, weight * chance * (1 - chance), penalty), lower=True)
        previous = size
        step = cho_solve(factor, gradient)
        length = 1.0
        while True:
            trial = beta - length * step
            trial_margin = trial[0] + matrix @ trial[1:]
            trial_value = objective(trial, trial_margin)
            if trial_value <= value or length < 1e-6:
                break
            length *= 0.5
        if trial_value > value and fresh:
            break  # rounding: nothing lower can be reached from here
        if trial_value <= value:
            beta, margin, value = trial, trial_margin, trial_value
        else:
            previous = 0.0  # an old Hessian led uphill: make it anew
    return beta, factor or (np.eye(width + 1), True)


def _hessian(matrix: npt.NDArray[np.float64], curvature: Floats, penalty: Floats) -> npt.NDArray[np.float64]:
    """X'WX + penalty in single precision sums: a direction needs no more, and it halves the time."""
    width = matrix.shape[1]
    hessian = np.empty((width + 1, width + 1))
    weighted = matrix.astype(np.float32)
    weighted *= np.sqrt(curvature).astype(np.float32)[:, None]
    hessian[1:, 1:] = weighted.T @ weighted
    hessian[0, 1:] = hessian[1:, 0] = curvature @ matrix
    hessian[0, 0] = curvature.sum()
    hessian[np.diag_indices(width + 1)] += penalty + 1e-6 * (1.0 + np.diag(hessian))
    return hessian


def line(margin: Floats, y: Floats, weight: Floats) -> tuple[float, float]:
    """a and b of σ(a + b·margin) by maximum likelihood, b not negative.

    A prior worth one row at the observed share keeps both finite when the margin separates the outcomes;
    a margin that says nothing, or the wrong way round, gets b = 0.
    """
    total = float(weight.sum())
    share = float(np.sum(weight * y)) / total
    share = (share * total + 0.5) / (total + 1.0)
    flat = float(np.log(share / (1 - share)))
    centre = float(np.sum(weight * margin) / total)
    m = margin - centre
    spread = float(np.sqrt(np.sum(weight * m**2) / total))
    if not spread > 0:
        return flat, 0.0
    m = m / spread
    a, b = flat, 0.0

    def objective(a: float, b: float) -> float:
        z = a + b * m
        return float(
            np.sum(weight * (np.logaddexp(0.0, z) - y * z)) + 0.005 * b * b + 0.005 * (a - flat) ** 2
        )

    value = objective(a, b)
    for _ in range(100):
        chance = sigmoid(a + b * m)
        slope, curve = weight * (chance - y), weight * chance * (1 - chance)
        ga, gb = float(slope.sum()) + 0.01 * (a - flat), float(np.sum(slope * m)) + 0.01 * b
        if max(abs(ga), abs(gb)) <= TOLERANCE * total:
            break
        haa, hab, hbb = (
            float(curve.sum()) + 0.01,
            float(np.sum(curve * m)),
            float(np.sum(curve * m * m)) + 0.01,
        )
        det = haa * hbb - hab * hab
        da, db = (hbb * ga - hab * gb) / det, (haa * gb - hab * ga) / det
        length = 1.0
        while (trial := objective(a - length * da, b - length * db)) > value and length > 1e-8:
            length *= 0.5
        if trial > value:
            break
        a, b, value = a - length * da, b - length * db, trial
    if b <= 0:
        return flat, 0.0
    return a - b * centre / spread, b / spread
