"""Ranking by current welfare: what a register that knows nothing but income would do."""

from __future__ import annotations

import numpy as np

from models.risk.logistic import ridge, sigmoid
from training.frame import Floats, Rows
from training.rivals.cell import Cell


def welfare(cell: Cell) -> Floats | None:
    """Current welfare alone: a logistic curve through it, so the order is that of welfare."""
    name = cell.frame.welfare
    if name is None:
        return None
    values = cell.frame.numbers[name]
    centre = float(np.nanmedian(values[cell.at_risk]))
    scale = float(np.nanstd(values[cell.at_risk])) or 1.0

    def column(rows: Rows) -> Floats:
        return ((np.nan_to_num(values[rows], nan=centre) - centre) / scale)[:, None]

    beta, _ = ridge(column(cell.at_risk), cell.y, np.ones(len(cell.y)), 1.0)
    return sigmoid(beta[0] + beta[1] * column(cell.test)[:, 0])
