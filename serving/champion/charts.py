"""Drawings of the models pages: pure geometry in pixels; the templates write it down as SVG.

Each larger drawing is made once for each width at which it is shown, so that no letter is ever scaled.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

WIDE, NARROW = 590, 358
# Of the small plots that stand in a row of a table.
ROW_WIDE, ROW_NARROW = 300, 326
TOP, PLOT, BOTTOM, LEFT, RIGHT = 26, 240, 42, 44, 14
# Most steps of an axis.
STEPS = 6

Figure = tuple[float, float, float]


@dataclass(frozen=True)
class Interval:
    """A value with its 95 % interval on a common axis; ``mark`` is champion, challenger or rival."""

    mark: str
    x: float
    low: float
    high: float


@dataclass(frozen=True)
class Axis:
    """The common axis of small plots: ticks as (x, label), and where the reference stands, if it is shown."""

    width: int
    ticks: Sequence[tuple[float, str]]
    reference: float | None


@dataclass(frozen=True)
class Dot:
    """A point of a line, with the ends of its interval where it has one."""

    x: float
    y: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Line:
    """One model, or one way to plan visits. ``mark`` says how it is drawn; ``ringed`` points are marked."""

    mark: str
    points: str
    dots: Sequence[Dot]
    ringed: Sequence[Dot] = ()


@dataclass(frozen=True)
class Plot:
    """A drawing with two axes. ``ideal`` is a dotted line (two ends), ``level`` a dotted height."""

    width: int
    height: int
    left: float
    right: float
    base: float
    xs: Sequence[tuple[float, str]]
    ys: Sequence[tuple[float, str]]
    lines: Sequence[Line]
    ideal: tuple[float, float, float, float] | None = None
    level: float | None = None


@dataclass(frozen=True)
class Curve:
    """What a line is drawn from: points (x, y, low, high), low and high None without an interval.

    dots : also draw each point; ringed : numbers of the points to mark
    """

    mark: str
    points: Sequence[tuple[float, float, float | None, float | None]]
    dots: bool = True
    ringed: Sequence[int] = field(default=())


def step(span: float) -> float:
    """A step of 1, 2 or 5 times a power of ten that divides ``span`` into at most `STEPS` parts.

    >>> step(0.5), step(0.07), step(30.0)
    (0.1, 0.02, 5.0)
    """
    rough = max(span, 1e-9) / STEPS
    power = 10.0 ** math.floor(math.log10(rough))
    chosen = next(m for m in (1, 2, 5, 10) if m * power >= rough * (1 - 1e-9))
    return float(f"{chosen * power:.12g}")


def percent(value: float) -> str:
    """A tick of a share.

    >>> percent(0.1), percent(0.005), percent(0.0)
    ('10%', '0.5%', '0%')
    """
    return f"{value * 100:.6g}%"


def intervals(
    figures: Sequence[tuple[str, Figure] | None],
    reference: float | None,
    width: int,
    *,
    zero: bool = False,
    share: bool = False,
) -> tuple[Axis, list[Interval | None]]:
    """Small plots, one a row, on one axis that holds every interval and the reference.

    Parameters
    ----------
    figures : mark and (value, low, high) of each row, None where a row has none
    reference : the value of the dashed line down all rows
    zero : begin the axis at 0; share : write its ticks in per cent
    """
    known = [end for each in figures if each for end in each[1]] + ([] if reference is None else [reference])
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    low = min(low, 0.0) if zero else low
    pace = step(max(high - low, 1e-6) * 1.5)
    first, last = math.floor(low / pace + 1e-9), math.ceil(high / pace - 1e-9)
    if last <= first:
        last = first + 1
    inner = width - 48

    def at(value: float) -> float:
        return round(24 + inner * (value / pace - first) / (last - first), 1)

    digits = max(0, -math.floor(math.log10(pace)))
    ticks = [
        (at(n * pace), percent(n * pace) if share else f"{n * pace:.{digits}f}".replace("-", "−"))
        for n in range(first, last + 1)
    ]
    if len(ticks) > STEPS:
        ticks = ticks[::2]
    drawn = [Interval(each[0], *(at(v) for v in each[1])) if each else None for each in figures]
    return Axis(width, ticks, None if reference is None else at(reference)), drawn


def plot(
    curves: Sequence[Curve],
    width: int,
    *,
    ideal: bool = False,
    level: float | None = None,
    xmax: float | None = None,
    ymax: float | None = None,
) -> Plot:
    """Curves of shares over shares, both axes from 0.

    ideal : draw the line on which what is foretold comes true; level : a dotted height
    xmax, ymax : end of an axis where the figures do not decide it
    """
    xs = [x for curve in curves for x, _, _, _ in curve.points]
    ys = [
        end
        for curve in curves
        for _, y, low, high in curve.points
        for end in (y, low, high)
        if end is not None
    ]
    xtop, xstep = _top(max(xs, default=0.1), xmax)
    ytop, ystep = _top(max([*ys, level or 0.0], default=0.1), ymax)
    left, right, base = LEFT, width - RIGHT, TOP + PLOT

    def at(x: float) -> float:
        return round(left + (right - left) * x / xtop, 1)

    def up(y: float) -> float:
        return round(base - PLOT * min(y, ytop) / ytop, 1)

    lines = []
    for curve in curves:
        dots = [
            Dot(at(x), up(y), None if low is None else up(low), None if high is None else up(high))
            for x, y, low, high in curve.points
        ]
        lines.append(
            Line(
                curve.mark,
                " ".join(f"{dot.x:g},{dot.y:g}" for dot in dots),
                dots if curve.dots else [],
                [dots[n] for n in curve.ringed],
            )
        )
    end = min(xtop, ytop)
    return Plot(
        width=width,
        height=TOP + PLOT + BOTTOM,
        left=left,
        right=right,
        base=base,
        xs=[(at(n * xstep), percent(n * xstep)) for n in range(round(xtop / xstep) + 1)],
        ys=[(up(n * ystep), percent(n * ystep)) for n in range(round(ytop / ystep) + 1)],
        lines=lines,
        ideal=(at(0), up(0), at(end), up(end)) if ideal else None,
        level=None if level is None else up(level),
    )


def _top(largest: float, given: float | None) -> tuple[float, float]:
    """The end of an axis and its step."""
    top = given if given is not None else min(max(largest, 1e-4), 1.0)
    pace = step(top)
    return float(f"{pace * math.ceil(top / pace - 1e-9):.12g}"), pace
