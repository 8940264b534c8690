"""What is asked of a list, and what is read for its page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

from features.policy.areas import WHOLE, covers
from features.policy.places import Places
from models.judgement.tiers import TIERS
from serving.snapshots.frozen import Frozen

Document = Mapping[str, Any]
SHOWN_TIERS = TIERS[:-1]
# Lines on a page, so that it stays under 100 KiB in either language; and on one that is to be printed whole,
# beyond which it is leafed through all the same.
LINES, PRINTED = 80, 1500


@dataclass(frozen=True)
class Asked:
    """The filters of a page, as its address holds them.

    Attributes
    ----------
    tiers : of red, orange, yellow and blue; all or none of them: every line, random checks too
    raised : ``rule``, ``score``, ``both``, ``check``, ``unknown``, or empty
    reason : group of the main reason, or empty
    planned : ``yes``, ``no``, or empty
    area : path of the area, empty for all that the caller may see
    blue : also the blue lines that are not planned, which are folded otherwise
    number : of the page, from 1
    whole : everything on one page, to be printed
    """

    tiers: frozenset[str] = frozenset()
    raised: str = ""
    reason: str = ""
    planned: str = ""
    area: str = ""
    blue: bool = False
    number: int = 1
    whole: bool = False

    @property
    def by_tier(self) -> frozenset[str]:
        """The tiers to choose by; empty where that is no choice."""
        return frozenset() if self.tiers == set(SHOWN_TIERS) else self.tiers

    @property
    def filtered(self) -> bool:
        """Does anything but the area narrow the list?"""
        return bool(self.by_tier or self.raised or self.reason or self.planned)

    @property
    def folds_blue(self) -> bool:
        return not (self.blue or self.planned == "no" or self.by_tier == {"blue"})

    def query(self, **changed: Any) -> str:
        """The filters as a query string, some of them changed; empty where nothing is asked."""
        asked = replace(self, **changed)
        pairs: list[tuple[str, str]] = [("area", asked.area)] if asked.area else []
        pairs += [("tier", tier) for tier in SHOWN_TIERS if tier in asked.by_tier]
        named = (("raised", asked.raised), ("reason", asked.reason), ("planned", asked.planned))
        pairs += [(name, value) for name, value in named if value]
        pairs += [("blue", "1")] if asked.blue else []
        pairs += [("print", "1")] if asked.whole else []
        pairs += [("page", str(asked.number))] if asked.number > 1 else []
        return f"?{urlencode(pairs)}" if pairs else ""


class Mark(NamedTuple):
    """What is chosen by of a line, and where the line stands. ``reason``: the group of its main reason."""

    position: int
    area: str
    tier: str
    raised_by: str
    planned: bool
    reason: str

    @property
    def folded(self) -> bool:
        """Blue and not planned: seen on routine visits, so folded unless asked for."""
        return self.tier == "blue" and self.raised_by == "score" and not self.planned

    def chosen(self, asked: Asked) -> bool:
        """Do the filters leave it? The area is not among them."""
        return (
            (not asked.by_tier or self.tier in asked.by_tier)
            and (not asked.raised or self.raised_by == asked.raised)
            and (not asked.planned or self.planned is (asked.planned == "yes"))
            and (not asked.reason or self.reason == asked.reason)
        )


class Count(NamedTuple):
    """How many lines of an area are alike."""

    area: str
    tier: str
    raised_by: str
    planned: bool
    lines: int

    @property
    def folded(self) -> bool:
        return self.tier == "blue" and self.raised_by == "score" and not self.planned


def alike(marks: Iterable[Mark]) -> list[Count]:
    """How many of the lines are alike, by area in order of the paths."""
    counted = Counter((mark.area, mark.tier, mark.raised_by, mark.planned) for mark in marks)
    return [Count(*kind, lines) for kind, lines in sorted(counted.items())]


class Line(NamedTuple):
    """A line of the list."""

    position: int
    rank: int
    household: str
    area: str
    tier: str
    raised_by: str
    planned: bool
    probability: float | None
    reasons: Sequence[Document]
    decision: str


@dataclass(frozen=True)
class Header:
    """A list without its lines, and the model it was made with."""

    id: str
    seq: int
    area: str
    period: str
    as_of: date
    issued_at: datetime
    document: Document
    outcome: str
    tier_horizon: int


@dataclass(frozen=True)
class Month:
    """An earlier list, or this one, of the same area: how many lines of each tier."""

    list: str
    period: str
    tiers: Counter[str]


@dataclass(frozen=True)
class Figures:
    """What never changes of a list in an area: its households judged, its lines in order, the months up to it."""

    judged: int
    marks: Sequence[Mark]
    counts: Sequence[Count]
    months: Sequence[Month]


@dataclass(frozen=True)
class Sheet:
    """All that a page of a list shows, in the part of it that was asked for.

    Attributes
    ----------
    scope : path of the caller's area
    capacity : visits of each place that the caller may see, as the list holds them
    matching : the lines that the filters leave, folded ones too
    shown : the same without the folded, one by one
    lines : those of the page; ``before`` is the line above the first, if there is one
    """

    header: Header
    asked: Asked
    scope: str
    places: Places
    visit_depth: int | None
    frozen: Frozen
    capacity: Mapping[str, Mapping[str, int]]
    figures: Figures
    matching: Sequence[Count]
    shown: Sequence[Mark]
    lines: Sequence[Line]
    before: Mark | None
    decisions: Mapping[str, Document]
    values: Mapping[str, Mapping[str, Any]]
    names: Mapping[str, str]
    outcome: Mapping[str, str]

    @property
    def area(self) -> str:
        """The area that is shown: the one asked for, else all of the list that the caller may see."""
        own = self.asked.area or self.scope.strip("/")
        whole = self.header.area.strip("/")
        return own if own and covers(whole or WHOLE, own) else whole

    @property
    def counts(self) -> Sequence[Count]:
        """Every line of the area."""
        return self.figures.counts

    @property
    def months(self) -> Sequence[Month]:
        """This list last, up to eleven before it."""
        return self.figures.months

    @property
    def last_page(self) -> int:
        return max(1, -(-len(self.shown) // self.most))

    @property
    def most(self) -> int:
        """Lines that a page holds at most."""
        return PRINTED if self.asked.whole else LINES
