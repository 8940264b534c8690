"""Pictures of a list: the strip of its households and the months before it. Numbers only; templates draw them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

# Up to so many households have a cell each.
CELLS = 80
# The order of urgency above the line, and of what stands below it.
ABOVE = ("red", "orange", "yellow", "blue", "check")
BELOW = ("red", "orange", "yellow", "blue", "unknown")


class Part(NamedTuple):
    """A stretch of the bar, in thousandths of its width."""

    kind: str
    start: float
    width: float


@dataclass(frozen=True)
class Strip:
    """Listed households in order of urgency. Either a cell each, or parts of one bar; ``line`` is where the
    planned ones end, in cells or thousandths; none where nothing stands below it."""

    cells: Sequence[str]
    parts: Sequence[Part]
    line: float | None


def strip(above: Mapping[str, int], below: Mapping[str, int]) -> Strip:
    """The strip of so many households of each kind, planned (above) and not (below)."""
    runs = [(kind, above.get(kind, 0)) for kind in ABOVE] + [(kind, below.get(kind, 0)) for kind in BELOW]
    planned, total = sum(above.get(kind, 0) for kind in ABOVE), sum(lines for _, lines in runs)
    if total <= CELLS:
        cells = [kind for kind, lines in runs for _ in range(lines)]
        return Strip(cells, (), planned if planned < total else None)
    starts = accumulate((lines for _, lines in runs), initial=0)
    scale = 1000 / total
    parts = [
        Part(kind, round(start * scale, 1), round(lines * scale, 1))
        for (kind, lines), start in zip(runs, starts, strict=False)
        if lines
    ]
    return Strip((), parts, round(planned * scale, 1) if planned < total else None)


class Bar(NamedTuple):
    """One tier of one month."""

    tier: str
    x: float
    y: float
    height: float


class Label(NamedTuple):
    """A word beside the last month, or under a month."""

    tier: str
    x: float
    y: float


@dataclass(frozen=True)
class Trend:
    """Red, orange and yellow of the months, stacked. Blue would drown them."""

    bars: Sequence[Bar]
    labels: Sequence[Label]
    ticks: Sequence[tuple[float, str]]
    base: float
    width: float
    bar: float


HEIGHT = 58.0
# The bars share so much room, and none takes more than so much of it; between two of them is a gap.
ROOM, WIDEST, GAP = 156.0, 28.0, 3.0
STACKED = ("red", "orange", "yellow")
# Lines of 12 px need so much room.
APART = 13.0


def trend(months: Sequence[tuple[str, Mapping[str, int]]]) -> Trend:
    """The stacked bars of (period, lines by tier), the last month at the right."""
    most = max(sum(tiers.get(tier, 0) for tier in STACKED) for _, tiers in months) or 1
    step = min(WIDEST, ROOM / len(months))
    bars: list[Bar] = []
    middles: dict[str, float] = {}
    for number, (_, tiers) in enumerate(months):
        top = HEIGHT
        for tier in STACKED:
            height = round(tiers.get(tier, 0) * (HEIGHT - 4) / most, 1)
            top = round(top - height, 1)
            if height:
                bars.append(Bar(tier, round(number * step, 1), top, height))
            middles[tier] = top + height / 2
    bar = step - GAP
    ends = sorted({0, len(months) - 1})
    ticks = [(round(number * step + bar / 2, 1), months[number][0]) for number in ends]
    width = round(len(months) * step, 1)
    return Trend(bars, _apart(middles, width + 4), ticks, HEIGHT, width, round(bar, 1))


def _apart(middles: Mapping[str, float], x: float) -> list[Label]:
    """Labels at the height of their bars, moved up until none covers another."""
    labels: list[Label] = []
    lowest = HEIGHT
    for tier in STACKED:
        y = round(min(middles[tier] + 4, lowest), 1)
        labels.append(Label(tier, x, y))
        lowest = y - APART
    return labels
