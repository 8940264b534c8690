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

# Visits a period where no capacity is set: one household in a hundred.
DEFAULT_SHARE_OF_HOUSEHOLDS = 100
SCORE_SHARE = 4
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


def default_visits(households: int) -> int:
    """Visits of a place that has set none: one in a hundred households, rounded up."""
    return -(-households // DEFAULT_SHARE_OF_HOUSEHOLDS)


def check_size(visits: int, share: float = CHECK_SHARE) -> int:
    """Households of the random check sample: ``share`` of the visits rounded up, at least one."""
    # Rounded first, so that 0.05 · 20 is one household and not two.
    return max(1, ceil(round(visits * share, 9)))


def build(
    candidates: Iterable[Candidate],
    *,
    visits: Mapping[str, int],
    seed: str,
    check_share: float = CHECK_SHARE,
) -> Listing:
    """The list of an area.

    Parameters
    ----------
    candidates : every household of the area, flagged or not
    visits : visits planned for the period, by place; a place that is absent plans `default_visits`
    seed : names the list; checks and ties are drawn by SHA-256(seed, household)
    check_share : share of the visits that the random check sample has at least
    """
    places: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        places.setdefault(candidate.place, []).append(candidate)
    lines: list[Line] = []
    capacity = {}
    for place in sorted(places):
        here = places[place]
        planned_visits = visits.get(place, default_visits(len(here)))
        own, capacity[place] = _of_place(here, planned_visits, seed, check_share)
        lines += own
    return Listing(lines, capacity)


def _of_place(here: list[Candidate], visits: int, seed: str, share: float) -> tuple[list[Line], Capacity]:
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
    room = max(visits - len(by_rule), -(-visits // SCORE_SHARE))
    planned = sorted([*by_rule, *by_score[:room]], key=order)
    unflagged = (c for c in here if c.raised_by is None)
    drawn = sorted(unflagged, key=lambda c: _draw(seed, "check", c))
    checks = drawn[: check_size(visits, share)]

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
