"""Places of an evaluation: the level of the area code at which they are told apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

# More places than these are one level too deep for a table, and for leaving one out at a time.
TOLD = 40


def at_level(areas: Sequence[str | None], most: int = TOLD) -> list[str] | None:
    """The place of each row at the deepest level of the codes with 2 to ``most`` places, or None without one.

    areas : dated code paths, province first, joined by "/"; what is not known counts as "/"

    Where even the first level that tells places apart has more than ``most`` of them there is no level.

    >>> at_level(["1/2/3", "1/2/4", "1/5/6"], most=2)
    ['1/2', '1/2', '1/5']
    """
    found = None
    for level in _levels(areas):
        if len(set(level)) > most:
            break
        found = level
    return found


def _levels(areas: Sequence[str | None]) -> Iterator[list[str]]:
    """The place of each row at each level that tells any apart, from the first down."""
    paths = [tuple(part for part in (area or "").split("/") if part) for area in areas]
    for depth in range(1, max((len(path) for path in paths), default=0) + 1):
        level = ["/".join(path[:depth]) or "/" for path in paths]
        if len(set(level)) > 1:
            yield level


def parts(areas: Sequence[str | None], most: int) -> NDArray[np.int8]:
    """Whole places as at most ``most`` parts of like size, by rows: the part of each row.

    Each part is one place where the codes have such a level; else the places of the first level that tells
    any apart are dealt out, the largest first, each to the part that has the fewest rows. One part (all 0)
    where there is a single place.
    """
    level = at_level(areas, most) or next(_levels(areas), ["/"] * len(areas))
    names, place, sizes = np.unique(np.array(level, dtype=object), return_inverse=True, return_counts=True)
    held = np.zeros(min(most, len(names)), np.int64)
    part = np.empty(len(names), np.int8)
    for number in sorted(range(len(names)), key=lambda n: (-sizes[n], names[n])):
        part[number] = int(np.argmin(held))
        held[part[number]] += sizes[number]
    return part[place]
