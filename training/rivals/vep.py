"""Vulnerability as expected poverty by three-step feasible generalised least squares.

Source: Chaudhuri, Jalan and Suryahadi 2002, "Assessing household vulnerability to poverty from
cross-sectional data"; Chaudhuri 2003, "Assessing vulnerability to poverty: concepts, empirical methods and
illustrative examples". Log welfare is normal with mean Xβ and variance Xθ, both linear in the household's
traits; vulnerability is the probability that it lies below the (log) line. Welfare here is the log ratio to
the line, so the line is 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from training.rivals.cell import Cell
from training.rivals.design import Design

Floats = NDArray[np.float64]
# A linear variance can come out at or below 0; Chaudhuri leaves such households out, a list cannot. The floor,
# as a share of the mean squared residual: .01 lets a few rows carry the weights (measured on EPH relapse, AP
# .544 against .578), .2 does not.
LEAST_SHARE = 0.2


@dataclass(frozen=True)
class Vep:
    """Fitted mean and variance of log welfare, linear in the design; coefficients have the intercept first."""

    beta: Floats
    theta: Floats
    least_variance: float

    def mean(self, design: NDArray[np.floating]) -> Floats:
        return (design @ self.beta[1:]) + self.beta[0]

    def variance(self, design: NDArray[np.floating]) -> Floats:
        return np.maximum((design @ self.theta[1:]) + self.theta[0], self.least_variance)

    def probability(self, design: NDArray[np.floating]) -> Floats:
        """Φ((0 − Xβ) / √(Xθ)): the probability of welfare below the line, shape (rows,)."""
        return np.asarray(ndtr(-self.mean(design) / np.sqrt(self.variance(design))))


def _least_squares(design: NDArray[np.floating], y: Floats, weight: Floats | None = None) -> Floats:
    """Coefficients of weighted least squares, intercept first, by the normal equations.

    A ridge of 1e-8 of the diagonal keeps collinear columns harmless.
    """
    columns = np.empty((len(design), design.shape[1] + 1), design.dtype)
    columns[:, 0], columns[:, 1:] = 1.0, design
    weighted = columns if weight is None else columns * weight.astype(design.dtype)[:, None]
    gram = (weighted.T @ columns).astype(float)
    target = (y @ weighted).astype(float)
    gram[np.diag_indices_from(gram)] += 1e-6 * np.trace(gram) / len(gram)
    return np.asarray(np.linalg.solve(gram, target))


def fit(design: NDArray[np.floating], log_welfare: Floats) -> Vep:
    """The three steps.

    1. OLS of log welfare; its squared residuals on the same design by OLS.
    2. That regression again, each row weighted by its fitted variance (FGLS): θ, the variance.
    3. The regression of log welfare again, weighted likewise: β.

    Parameters
    ----------
    design : standardised traits without intercept, shape (rows, columns)
    log_welfare : log ratio of welfare to the line, shape (rows,)
    """
    beta = _least_squares(design, log_welfare)
    squares = (log_welfare - design @ beta[1:] - beta[0]) ** 2
    least = LEAST_SHARE * float(squares.mean())
    first = Vep(beta, _least_squares(design, squares), least)
    # The squared residual of a normal variable has standard deviation √2·σ²: weights are 1 / (Xθ)².
    theta = _least_squares(design, squares, 1.0 / first.variance(design) ** 2)
    second = Vep(beta, theta, least)
    return Vep(_least_squares(design, log_welfare, 1.0 / second.variance(design)), theta, least)


def vep_cross_section(cell: Cell) -> Floats | None:
    """VEP from one cross-section: today's log welfare on traits; what is computed from income is left out."""
    frame = cell.frame
    if frame.welfare is None:
        return None
    traits = [spec.name for spec in frame.specs if spec.welfare is None and spec.name not in frame.of_welfare]
    rows = cell.train[~np.isnan(frame.numbers[frame.welfare][cell.train])]
    if not traits or not len(rows):
        return None
    design = Design.fit(frame, rows, traits)
    fitted = fit(design.matrix(frame, rows), frame.numbers[frame.welfare][rows])
    return fitted.probability(design.matrix(frame, cell.test))


def vep_panel(cell: Cell) -> Floats | None:
    """VEP from a panel: log welfare at the horizon on traits and on its own lags, welfare now and before."""
    frame = cell.frame
    rows = cell.train[~np.isnan(frame.welfare_later[cell.train])]
    if frame.welfare is None or not len(rows):
        return None
    design = Design.fit(frame, rows, [spec.name for spec in frame.specs])
    fitted = fit(design.matrix(frame, rows), frame.welfare_later[rows])
    return fitted.probability(design.matrix(frame, cell.test))
