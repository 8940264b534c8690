"""Documents about lists."""

from __future__ import annotations

from features.documents import Day, Document, Part, RaisedBy, Sha256, Tier
from serving.decisions.documents import LinePart, ReasonPart


class CapacityPart(Part):
    """Visits that a township plans, and how the planned ones are filled."""

    visits: int
    rule: int
    score: int
    check: int


class ListLinePart(Part):
    """One household of a list."""

    rank: int
    household: Sha256
    area: str
    tier: Tier
    raised_by: RaisedBy
    planned: bool
    probability: float | None
    """Within the tier horizon; none where not at risk and for check lines."""
    reasons: list[ReasonPart]
    decision: Sha256


ListLines = list[ListLinePart]


class ListDocument(Document):
    """`issue` and `list`"""

    list: str
    area: str
    period: str
    as_of: Day
    snapshot: Sha256
    bundle: Sha256
    parameters: Sha256
    line: LinePart | None
    synthetic: bool
    """The home took in a mapping that is marked synthetic."""
    capacity: dict[str, CapacityPart]
    lines: ListLines
    """Within each township: planned, random checks, the capacity line, the rest."""


class ListPageDocument(ListDocument):
    """A page of a list over HTTP: the list's head, and up to 200 of its lines"""

    next: str | None
    """The cursor of the next page; null where there is none."""
