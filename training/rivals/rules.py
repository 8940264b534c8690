"""The rules alone: the single-indicator triggers that county departments work with today."""

from __future__ import annotations

from models.judgement.tiers import SEVERITY
from training.frame import Floats
from training.rivals.cell import Cell


def rules(cell: Cell) -> Floats | None:
    """Households by the highest tier that a rule gives them on the day: 1 red, ¾ orange, ½ yellow, ¼ blue, 0.

    All of one tier are one group. Rules state an order and no probability: the score is the place of the tier
    on its scale. They apply where at least one household at risk is hit by one.
    """
    if cell.frame.severity is None:
        return None
    return cell.frame.severity[cell.test] / max(SEVERITY.values())
