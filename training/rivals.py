"""The rivals of every run, fed every column that the model is fed, and the model in the same form.

Each takes a `Cell` (one block and fold) and answers the probability of the event for its test rows, or
None where its inputs do not exist. Rivals train on the rows at risk, the population that they are judged
on; only the two VEP, whose dependent is welfare itself, are models of everyone and train on all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.risk.logistic import ridge, sigmoid
from training import vep
from training.design import Design
from training.frame import Floats, Frame, Rows
from training.periods import fold_of
from training.ridge import choose

INNER_FOLDS = 3
STRENGTHS = (0.001, 0.003, 0.01, 0.03, 0.1, 1.0)


@dataclass(frozen=True)
class Cell:
    """What one model of the backtest may see, and what it must answer.

    train : rows that may teach; at risk with a known event, or with a component holding now and known state
    test : rows to score, all at risk
    """

    frame: Frame
    train: Rows
    test: Rows
    seed: int
    threads: int

    @cached_property
    def at_risk(self) -> Rows:
        """Training rows at risk."""
        return self.train[self.frame.at_risk[self.train]]

    @cached_property
    def y(self) -> Floats:
        """Events of the training rows at risk."""
        return self.frame.event[self.at_risk]

    @cached_property
    def design(self) -> Design:
        return Design.fit(self.frame, self.at_risk, [spec.name for spec in self.frame.specs])

    @cached_property
    def at_risk_matrix(self) -> Floats:
        return self.design.matrix(self.frame, self.at_risk)

    @cached_property
    def test_matrix(self) -> Floats:
        return self.design.matrix(self.frame, self.test)


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
    fitted = vep.fit(design.matrix(frame, rows), frame.numbers[frame.welfare][rows])
    return fitted.probability(design.matrix(frame, cell.test))


def vep_panel(cell: Cell) -> Floats | None:
    """VEP from a panel: log welfare at the horizon on traits and on its own lags, welfare now and before."""
    frame = cell.frame
    rows = cell.train[~np.isnan(frame.welfare_later[cell.train])]
    if frame.welfare is None or not len(rows):
        return None
    design = Design.fit(frame, rows, [spec.name for spec in frame.specs])
    fitted = vep.fit(design.matrix(frame, rows), frame.welfare_later[rows])
    return fitted.probability(design.matrix(frame, cell.test))


def logistic(cell: Cell) -> Floats | None:
    """Ridge logistic regression, its strength chosen by inner folds of households."""
    inner = np.array([fold_of(f"inner|{name}", INNER_FOLDS) for name in cell.frame.households], np.int8)
    _, beta, _ = choose(cell.at_risk_matrix, cell.y, inner[cell.frame.household[cell.at_risk]], STRENGTHS)
    return sigmoid(beta[0] + cell.test_matrix @ beta[1:])


def lightgbm_default(cell: Cell) -> Floats | None:
    """LightGBM with nothing set but the objective; categories as the numbers they are coded by."""
    import lightgbm

    def table(rows: Rows) -> NDArray[np.float32]:
        frame = cell.frame
        columns = [
            frame.numbers[spec.name][rows]
            if spec.type == "number"
            else frame.categories[spec.name].numbers(rows)
            for spec in frame.specs
        ]
        return np.column_stack([column.astype(np.float32) for column in columns])

    options: dict[str, Any] = {
        "objective": "binary", "verbose": -1, "num_threads": cell.threads, "seed": cell.seed,
        "deterministic": True, "force_row_wise": True,
    }  # fmt: skip
    booster = lightgbm.train(options, lightgbm.Dataset(table(cell.at_risk), cell.y, params={"verbose": -1}))
    return np.asarray(booster.predict(table(cell.test)), float)


MODELS: Mapping[str, Callable[[Cell], Floats | None]] = {
    "fangpin": fangpin,
    "welfare": welfare,
    "vep": vep_cross_section,
    "vep_panel": vep_panel,
    "logistic": logistic,
    "lightgbm_default": lightgbm_default,
}
