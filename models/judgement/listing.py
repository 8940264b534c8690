"""From judgements to a visiting list that a township can work through.

Capacity limits the visits that are planned; it is never a quota of people. Rule hits are always
planned, the score fills what is left but never gets less than a quarter, and a small random sample
of households that nothing flagged is visited too, so that misses can be estimated. Whoever is
flagged beyond capacity stays on the list, below the capacity line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from math import ceil

from models.judgement.tiers import SEVERITY

# Shares where policy sets none: of the households, visits planned; of the visits, kept for the score and
# drawn at random.
VISITS_SHARE = 0.01
SCORE_SHARE = 0.25
CHECK_SHARE = 0.05


@dataclass(frozen=True)
class Candidate:
    """A household as judged. ``place`` plans the visits (a township); ``raised_by`` is None if nothing
    flagged it, and ``unknown`` if it is listed only because a feed is overdue."""

    household: str
    area: str
    place: str
    tier: str
    raised_by: str | None
    probability: float | None


@dataclass(frozen=True)
class Line:
    """One line of a list. ``rank`` counts from 1 within the place that plans the visits."""

    rank: int
    household: str
    area: str
    place: str
    tier: str
    raised_by: str
    planned: bool
    probability: float | None


@dataclass(frozen=True)
class Capacity:
    """What a place plans: visits foreseen, and those planned for rule hits, by score, and as checks."""

    visits: int
    rule: int
    score: int
    check: int


@dataclass(frozen=True)
class Listing:
    """Lines by place (in order of their paths), and the capacity of each place."""

    lines: list[Line]
    capacity: dict[str, Capacity]


def part(whole: int, share: float) -> int:
    """``share`` of ``whole``, rounded up.

    >>> part(301, 0.01), part(300, 0.01), part(20, 0.05)
    (4, 3, 1)
    """
    # Rounded to nine digits first, so that 0.05 · 20 is one and not a hair more.
    return ceil(round(whole * share, 9))


def build(
    candidates: Iterable[Candidate],
    *,
    visits: Mapping[str, int],
    seed: str,
    visits_share: float = VISITS_SHARE,
    score_share: float = SCORE_SHARE,
    check_share: float = CHECK_SHARE,
) -> Listing:
    """The list of an area.

    Parameters
    ----------
    candidates : every household of the area, flagged or not
    visits : visits planned for the period, by place
    seed : names the list; checks and ties are drawn by SHA-256(seed, household)
    visits_share : of its households, what a place plans that is absent from ``visits``
    score_share : of its visits, what the score gets even where rule hits fill the plan
    check_share : of its visits, the size of the random check sample, which has at least one household
    """
    places: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        places.setdefault(candidate.place, []).append(candidate)
    lines: list[Line] = []
    capacity = {}
    for place in sorted(places):
        here = places[place]
        foreseen = visits.get(place, part(len(here), visits_share))
        own, capacity[place] = _of_place(here, foreseen, seed, score_share, check_share)
        lines += own
    return Listing(lines, capacity)


def _of_place(
    here: list[Candidate], visits: int, seed: str, score_share: float, check_share: float
) -> tuple[list[Line], Capacity]:
    def order(candidate: Candidate) -> tuple[int, float, str]:
        known = candidate.probability is not None
        return (
            -SEVERITY[candidate.tier],
            -candidate.probability if known else 1.0,  # type: ignore[operator]
            _draw(seed, "order", candidate),
        )

    by_rule = [c for c in here if c.raised_by in ("rule", "both")]
    by_score = sorted((c for c in here if c.raised_by == "score"), key=order)
    unknown = sorted((c for c in here if c.raised_by == "unknown"), key=order)
    room = max(visits - len(by_rule), part(visits, score_share))
    planned = sorted([*by_rule, *by_score[:room]], key=order)
    unflagged = (c for c in here if c.raised_by is None)
    drawn = sorted(unflagged, key=lambda c: _draw(seed, "check", c))
    checks = drawn[: max(1, part(visits, check_share))]

    lines: list[Line] = []
    for candidate in planned:
        lines.append(_line(len(lines) + 1, candidate, str(candidate.raised_by), True))
    for candidate in checks:
        lines.append(_check_line(len(lines) + 1, candidate))
    for candidate in [*by_score[room:], *unknown]:
        lines.append(_line(len(lines) + 1, candidate, str(candidate.raised_by), False))
    return lines, Capacity(visits, len(by_rule), len(by_score[:room]), len(checks))


def _draw(seed: str, purpose: str, candidate: Candidate) -> str:
    return sha256(f"{seed}|{purpose}|{candidate.household}".encode()).hexdigest()


def _line(rank: int, c: Candidate, raised_by: str, planned: bool) -> Line:
    return Line(rank, c.household, c.area, c.place, c.tier, raised_by, planned, c.probability)


def _check_line(rank: int, c: Candidate) -> Line:
    """Who visits a check is not told what the model thought of it."""
    return Line(rank, c.household, c.area, c.place, "none", "check", True, None)
