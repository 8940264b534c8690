"""Documents about households."""

from __future__ import annotations

from datetime import datetime

from features.documents import Day, Document, Part, RaisedBy, Sha256, Tier


class FoundPart(Part):
    """A household that was found."""

    household: Sha256
    area: str


class SearchDocument(Document):
    """A search over HTTP: the households that are meant, none where none is"""

    households: list[FoundPart]


class PastDecisionPart(Part):
    """A decision about a household, without its reasons."""

    id: Sha256
    as_of: Day
    tier: Tier
    snapshot: Sha256
    bundle: Sha256
    parameters: Sha256
    asked_at: datetime
    """When it was made."""
    asked_by: str
    """Who asked for it."""


class StoodPart(Part):
    """How a household was judged for a list of its area; without rank where it does not stand on it."""

    list: Sha256
    period: str
    as_of: Day
    tier: Tier
    probability: float | None
    rank: int | None
    planned: bool | None
    raised_by: RaisedBy | None


class HistoryDocument(Document):
    """A household's history over HTTP, the latest first"""

    household: Sha256
    decisions: list[PastDecisionPart]
    lists: list[StoodPart]
