"""Which days train, which days test, and which households stand apart: the rolling origin.

A test block is a run of as-of days. The model that scores it knows only outcomes whose window, with the
reporting delay, had closed before the block's first wave began, and never a household of the fold it
scores. So every household-period is scored once, by a model that could have existed then.
"""

from __future__ import annotations

import calendar
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

FOLDS = 5
# Blocks are as short as this many allow: a model is fitted for each block and fold.
MOST_BLOCKS = 10


@dataclass(frozen=True)
class Block:
    """As-of days that are tested together, and the as-of days that may train for them.

    ``cutoff`` is the last day on which a training outcome may have become known.
    """

    name: str
    test: tuple[date, ...]
    train: tuple[date, ...]
    cutoff: date


def months_later(day: date, months: int) -> date:
    """The last day of the month that lies ``months`` after the month of ``day``.

    >>> months_later(date(2011, 11, 30), 3)
    datetime.date(2012, 2, 29)
    """
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, calendar.monthrange(year, month + 1)[1])


def known_by(day: date, months: int, delay_days: int = 0) -> date:
    """The day by which the outcome of as-of ``day`` has happened and was reported."""
    return months_later(day, months) + timedelta(days=delay_days)


def _name(day: date, unit: str) -> str:
    if unit == "year":
        return f"{day.year}"
    if unit == "quarter":
        return f"{day.year}Q{(day.month + 2) // 3}"
    return day.isoformat()


def rolling(days: Sequence[date], months: int, delay_days: int = 0) -> list[Block]:
    """Blocks of consecutive as-of days, each with the days whose outcomes were known before it began.

    Parameters
    ----------
    days : as-of days whose outcomes are mature
    months : horizon of the outcome
    delay_days : reporting delay of the outcome

    A wave begins on the day after the as-of day before it. A block is one as-of day, or a calendar
    quarter, or a calendar year: the first of these that needs at most `MOST_BLOCKS` models per fold.
    Days before which nothing was known to train on are in no block.
    """
    ordered = sorted(set(days))
    begins = {day: before + timedelta(days=1) for before, day in pairwise(ordered)}
    matured = {day: known_by(day, months, delay_days) for day in ordered}
    blocks: list[Block] = []
    for unit in ("day", "quarter", "year"):
        groups: dict[str, list[date]] = {}
        for day in ordered:
            groups.setdefault(_name(day, unit), []).append(day)
        blocks = []
        for name, test in groups.items():
            if test[0] not in begins:
                continue
            begin = begins[test[0]]
            train = tuple(day for day in ordered if matured[day] < begin)
            if train:
                blocks.append(Block(name, tuple(test), train, begin - timedelta(days=1)))
        if len(blocks) <= MOST_BLOCKS:
            break
    return blocks


def single(days: Sequence[date], months: int, delay_days: int = 0) -> list[Block]:
    """One split in time, for a quick look: the last block of `rolling` that has its share of as-of days.

    A block that has only begun (fewer than half the days of the largest) would be judged on too few events.
    """
    blocks = rolling(days, months, delay_days)
    most = max((len(block.test) for block in blocks), default=0)
    return [block for block in blocks if 2 * len(block.test) >= most][-1:]


def fold_of(household: str, folds: int = FOLDS) -> int:
    """The fold of a household, from its id alone, so that it is the same in every run and home."""
    return int.from_bytes(hashlib.sha256(f"fold|{household}".encode()).digest()[:8]) % folds
