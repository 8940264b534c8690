"""What a model of the backtest may see: one block of time and one fold of households."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from training.frame import Floats, Frame, Rows
from training.periods import fold_of
from training.rivals.design import Design

INNER_FOLDS = 3


@dataclass(frozen=True)
class Cell:
    """What one model of the backtest may see, and what it must answer.

    Only the columns of ``frame.specs`` are read, and of those only what is known on the day.

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
    def inner(self) -> NDArray[np.int8]:
        """Inner fold of each training row at risk, by household: what a rival tunes itself on."""
        folds = np.array([fold_of(f"inner|{name}", INNER_FOLDS) for name in self.frame.households], np.int8)
        return np.asarray(folds[self.frame.household[self.at_risk]])

    @cached_property
    def design(self) -> Design:
        return Design.fit(self.frame, self.at_risk, [spec.name for spec in self.frame.specs])

    @cached_property
    def at_risk_matrix(self) -> Floats:
        return self.design.matrix(self.frame, self.at_risk)

    @cached_property
    def test_matrix(self) -> Floats:
        return self.design.matrix(self.frame, self.test)

    def table(self, rows: Rows) -> NDArray[np.float32]:
        """Every column as a number, categories as the numbers they are coded by, NaN where nothing is known."""
        frame = self.frame
        columns = [
            frame.numbers[spec.name][rows]
            if spec.type == "number"
            else frame.categories[spec.name].numbers(rows)
            for spec in frame.specs
        ]
        return np.column_stack([column.astype(np.float32) for column in columns])


# Probability of the event of each test row, or None where what the model needs does not exist in the frame.
Model = Callable[[Cell], Floats | None]
