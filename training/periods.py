"""Which days train, which days test, and which households stand apart: the rolling origin.

A test block is a run of as-of days. The model that scores it knows only outcomes whose window, with the
reporting delay, had closed before the block's first wave began, and never a household of the fold it
scores. So every household-period is scored once, by a model that could have existed then.

A panel of few waves cannot spare one for that gap: there the outcomes may have become known up to the as-of
day itself. Outcome windows still do not overlap, since the tested one opens on the day after.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from features.outcomes import months_later

__all__ = [
    "FOLDS",
    "MOST_BLOCKS",
    "SHORT",
    "Block",
    "fold_of",
    "known_by",
    "months_later",
    "rolling",
    "single",
]

FOLDS = 5
# Blocks are as short as this many allow: a model is fitted for each block and fold.
MOST_BLOCKS = 10
# With no more as-of days than these a panel is short.
SHORT = 6


@dataclass(frozen=True)
class Block:
    """As-of days that are tested together, and the as-of days that may train for them.

    ``cutoff`` is the last day on which a training outcome may have become known.
    """

    name: str
    test: tuple[date, ...]
    train: tuple[date, ...]
    cutoff: date


def known_by(day: date, months: int, delay_days: int = 0) -> date:
    """The day by which the outcome of as-of ``day`` has happened and was reported."""
    return months_later(day, months) + timedelta(days=delay_days)


def _name(day: date, unit: str) -> str:
    if unit == "year":
        return f"{day.year}"
    if unit == "quarter":
        return f"{day.year}Q{(day.month + 2) // 3}"
    return day.isoformat()


def rolling(
    days: Sequence[date], months: int, delay_days: int = 0, told: Mapping[date, date] | None = None
) -> list[Block]:
    """Blocks of consecutive as-of days, each with the days whose outcomes were known before it began.

    Parameters
    ----------
    days : as-of days whose outcomes are mature
    months : horizon of the outcome
    delay_days : reporting delay of the outcome
    told : for each as-of day the day on which its outcome was known, where the horizon does not say it

    A wave begins on the day after the as-of day before it, and outcomes train that were known before the first
    wave of the block began; with at most `SHORT` as-of days, those that were known on the block's only as-of day.
    A block is one as-of day, or a calendar quarter, or a calendar year: the first of these that needs at most
    `MOST_BLOCKS` models per fold. Days before which nothing was known to train on are in no block.
    """
    ordered = sorted(set(days))
    eves = {day: before for before, day in pairwise(ordered)}
    if len(ordered) <= SHORT:
        eves = {day: day for day in ordered}
    matured = {day: (told or {}).get(day) or known_by(day, months, delay_days) for day in ordered}
    blocks: list[Block] = []
    for unit in ("day", "quarter", "year"):
        groups: dict[str, list[date]] = {}
        for day in ordered:
            groups.setdefault(_name(day, unit), []).append(day)
        blocks = []
        for name, test in groups.items():
            cutoff = eves.get(test[0])
            if cutoff is None:
                continue
            train = tuple(day for day in ordered if matured[day] <= cutoff)
            if train:
                blocks.append(Block(name, tuple(test), train, cutoff))
        if len(blocks) <= MOST_BLOCKS:
            break
    return blocks


def single(
    days: Sequence[date], months: int, delay_days: int = 0, told: Mapping[date, date] | None = None
) -> list[Block]:
    """One split in time, for a quick look: the last block of `rolling` that has its share of as-of days.

    A block that has only begun (fewer than half the days of the largest) would be judged on too few events.
    """
    blocks = rolling(days, months, delay_days, told)
    most = max((len(block.test) for block in blocks), default=0)
    return [block for block in blocks if 2 * len(block.test) >= most][-1:]


def fold_of(household: str, folds: int = FOLDS) -> int:
    """The fold of a household, from its id alone, so that it is the same in every run and home."""
    return int.from_bytes(hashlib.sha256(f"fold|{household}".encode()).digest()[:8]) % folds
