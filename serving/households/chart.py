"""The score over time as a drawing: pure geometry; the template writes it down as SVG.

It is drawn once for each size at which it is shown, so that no letter is ever scaled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise

from features.wording import N_, text
from models.judgement.tiers import SCORED
from serving.households.records import Document, Seen
from serving.households.words import without_request

WIDE, NARROW, LEAST = 800, 358, 288
TOP, PLOT, BOTTOM, LEFT = 34, 170, 24, 40
# Least distance of two labels, and the room of those at the end of the lines.
LABEL, END = 15, {"zh": 84, "en": 100}
# Height of a numbered circle's middle, and the most events that are numbered.
CIRCLE, EVENTS = 11, 6
_At = Callable[[date], float]
_Up = Callable[[float], float]
_FLOOR = {"orange": N_("orange {p}"), "yellow": N_("yellow {p}"), "blue": N_("blue {p}")}


@dataclass(frozen=True)
class Moment:
    """What was found on a day: by a list, by a decision, or both. No probability: none was to be told."""

    day: date
    probability: float | None
    tier: str
    bundle: str
    floors: Mapping[str, float]
    rules: Mapping[str, str]
    period: str | None = None
    decision: str | None = None


@dataclass(frozen=True)
class Event:
    """Something to be seen on a day, numbered in the drawing and listed below it."""

    number: int
    day: date
    told: list[str]


@dataclass(frozen=True)
class Label:
    x: float
    y: float
    told: str
    strong: bool = False


@dataclass(frozen=True)
class Drawing:
    """Coordinates in pixels. ``floors`` are stepped polylines by tier; ``drops`` are (number, x)."""

    width: int
    height: int
    left: float
    right: float
    top: float
    base: float
    grid: list[tuple[float, str]]
    days: list[tuple[float, str, str]]
    lines: list[str]
    floors: list[tuple[str, str]]
    dots: list[tuple[float, float, bool]]
    gaps: list[float]
    drops: list[tuple[int, float]]
    ends: list[Label] = field(default_factory=list)


def moments(seen: Seen, lang: str) -> list[Moment]:
    """One moment a day, the earliest first; only of the outcome and horizon that is shown."""
    asked = of(seen)
    found: dict[date, Moment] = {}
    for document in [*([seen.decision] if seen.decision else []), *seen.kept]:
        day = date.fromisoformat(document["as_of"])
        if (document["outcome"], document["tier_horizon"]) == asked and day not in found:
            found[day] = _of_decision(document, seen, lang)
    for standing in seen.stood:
        if (standing.outcome, standing.tier_horizon) != asked:
            continue
        known = found.get(standing.as_of)
        if known is None:
            found[standing.as_of] = Moment(
                standing.as_of,
                standing.probability,
                standing.tier,
                standing.bundle,
                standing.floors or {},
                {},
                standing.period,
            )
    return [found[day] for day in sorted(found)]


def of(seen: Seen) -> tuple[str, int] | None:
    """Outcome and tier horizon: of the shown decision, else of the latest list."""
    if seen.decision is not None:
        return seen.decision["outcome"], seen.decision["tier_horizon"]
    return (seen.stood[0].outcome, seen.stood[0].tier_horizon) if seen.stood else None


def _of_decision(document: Document, seen: Seen, lang: str) -> Moment:
    horizon = document["tier_horizon"]
    probability = next((h["probability"] for h in document["horizons"] if h["months"] == horizon), None)
    rules = seen.frozen.policy.rules if seen.frozen else {}
    return Moment(
        date.fromisoformat(document["as_of"]),
        probability,
        document["tier"],
        document["bundle"],
        document["floors"],
        {
            hit["id"]: without_request(rules[hit["id"]].sentence[lang], lang)
            for hit in document["rules"]
            if hit["id"] in rules
        },
        next((s.period for s in seen.stood if s.as_of.isoformat() == document["as_of"]), None),
        document["id"],
    )


def events(found: Sequence[Moment], lang: str) -> list[Event]:
    """Another model, and rules that hit where they did not before; the latest few."""
    told: list[tuple[date, list[str]]] = []
    for before, now in pairwise(found):
        said = []
        if before.bundle != now.bundle:
            said.append(text("another model: {model}", lang, model=now.bundle[:4]))
        # Only where both days were decided is it known that a rule is new.
        if before.decision and now.decision:
            said += [
                text("rule: {what}", lang, what=sentence)
                for id_, sentence in now.rules.items()
                if id_ not in before.rules
            ]
        if said:
            told.append((now.day, said))
    return [Event(n, day, said) for n, (day, said) in enumerate(told[-EVENTS:], start=1)]


def draw(found: Sequence[Moment], numbered: Sequence[Event], width: int, lang: str) -> Drawing:
    """The drawing of at least two moments of which one has a probability."""
    known = [m.probability for m in found if m.probability is not None]
    step, most = _scale(max([*known, *(m.floors.get("orange", 0.0) for m in found)]))
    top, base = (TOP if numbered else 12), 0.0
    base = top + PLOT
    left, right = float(LEFT), float(width - END[lang])
    first, span = found[0].day, max((found[-1].day - found[0].day).days, 1)

    def at(day: date) -> float:
        return round(left + 8 + (right - left - 16) * (day - first).days / span, 1)

    def up(probability: float) -> float:
        return round(base - PLOT * min(probability, most) / most, 1)

    floors = []
    ends = []
    for tier in SCORED:
        points = [(at(m.day), up(m.floors[tier])) for m in found if tier in m.floors]
        if len(points) > 1 and found[-1].floors.get(tier, most + 1) <= most:
            floors.append((tier, _stepped(points)))
            shown = f"{found[-1].floors[tier] * 100:.1f}%"
            ends.append(Label(right + 6, points[-1][1], text(_FLOOR[tier], lang, p=shown)))
    last = next(m for m in reversed(found) if m.probability is not None)
    if last.probability is not None:
        shown = f"{last.probability * 100:.1f}%"
        ends.append(Label(right + 6, up(last.probability), shown, strong=True))
    return Drawing(
        width=width,
        height=int(base + BOTTOM),
        left=left,
        right=right,
        top=top,
        base=base,
        grid=[(up(n * step), f"{round(n * step * 100)}") for n in range(round(most / step) + 1)],
        days=_days(found, at, width),
        lines=_lines(found, at, up),
        floors=floors,
        dots=[(at(m.day), up(m.probability), m is last) for m in found if m.probability is not None],
        gaps=[at(m.day) for m in found if m.probability is None],
        drops=[(event.number, at(event.day)) for event in numbered],
        ends=_apart(ends, base),
    )


def _scale(largest: float) -> tuple[float, float]:
    """Step and end of the axis: three to five steps of a round size."""
    for step in (0.01, 0.02, 0.05, 0.10, 0.20, 0.25):
        steps = max(-(-round(largest * 1.02, 6) // step), 1)
        if steps <= 5:
            return step, min(step * steps, 1.0)
    return 0.25, 1.0


def _stepped(points: Sequence[tuple[float, float]]) -> str:
    """Each floor holds until the next day's."""
    path = [f"{points[0][0]},{points[0][1]}"]
    for (_, before), (x, y) in pairwise(points):
        if y != before:
            path.append(f"{x},{before}")
        path.append(f"{x},{y}")
    return " ".join(path)


def _lines(found: Sequence[Moment], at: _At, up: _Up) -> list[str]:
    """Polylines between neighbours that both have a probability."""
    lines: list[list[str]] = [[]]
    for moment in found:
        if moment.probability is None:
            lines.append([])
        else:
            lines[-1].append(f"{at(moment.day)},{up(moment.probability)}")
    return [" ".join(points) for points in lines if len(points) > 1]


def _days(found: Sequence[Moment], at: _At, width: int) -> list[tuple[float, str, str]]:
    """Days under the axis: as many as there is room for, the first and the last among them."""
    room = 6 if width == WIDE else 3
    some = found
    if len(found) > room:
        places = {round(i * (len(found) - 1) / (room - 1)) for i in range(room)}
        some = [found[i] for i in sorted(places)]
    return [
        (at(m.day), f"{m.day:%Y-%m}" if width == WIDE or m is found[0] else f"{m.day:%y-%m}", "middle")
        for m in some
    ]


def _apart(labels: list[Label], base: float) -> list[Label]:
    """The labels moved apart, from below, so that none covers another."""
    placed: list[Label] = []
    lowest = base
    for label in sorted(labels, key=lambda label: -label.y):
        y = min(label.y, lowest)
        placed.append(Label(label.x, round(y + 4, 1), label.told, label.strong))
        lowest = y - LABEL
    return placed
