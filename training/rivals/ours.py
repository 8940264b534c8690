"""Our own model in the form of a rival."""

from __future__ import annotations

from typing import Any

from models.risk.logistic import sigmoid
from training.frame import Floats, Frame, Rows
from training.rivals.cell import Cell


def fit_estimator(frame: Frame, rows: Rows, *, seed: int, threads: int) -> Any:
    """Our estimator on ``rows``; a `models.risk.estimator.FittedRisk`."""
    from models.risk import estimator  # it imports LightGBM

    return estimator.fit(
        frame.columns(rows),
        frame.specs,
        frame.target[rows],
        weight=frame.weight[rows],
        groups=frame.ids(rows),
        at_risk=frame.at_risk[rows],
        seed=seed,
        threads=threads,
    )


def fangpin(cell: Cell) -> Floats | None:
    """Our estimator, on all rows that may teach; its own margin is calibrated out of fold."""
    fitted = fit_estimator(cell.frame, cell.train, seed=cell.seed, threads=cell.threads)
    return sigmoid(fitted.margin(cell.frame.columns(cell.test)))
