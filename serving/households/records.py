"""What is known of one household, as its page is made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from features.errors import Refusal
from serving.snapshots.frozen import Frozen

if TYPE_CHECKING:
    from serving.households.evidence import Evidence, KindFacts

Text = Mapping[str, str]
Document = Mapping[str, Any]


@dataclass(frozen=True)
class Standing:
    """What one list says of a household: its score row, and its line where it stands on the list.

    ``tier`` and ``raised_by`` are those of the score row; ``line_tier`` and ``line_raised_by`` those of the line
    (a random check shows none), with ``rank`` within its township. ``floors`` are the list's, where known.
    """

    list: str
    period: str
    as_of: date
    bundle: str
    parameters: str
    outcome: str
    tier_horizon: int
    at_risk: bool
    probability: float | None
    tier: str
    rank: int | None
    planned: bool | None
    line_tier: str | None
    line_raised_by: str | None
    floors: Mapping[str, float] | None = None

    @property
    def listed(self) -> bool:
        return self.rank is not None


@dataclass(frozen=True)
class Place:
    """Where a household stands on a list that is leafed through: its neighbours within the scope."""

    list: str
    period: str
    position: int
    count: int
    previous: str | None
    next: str | None


@dataclass(frozen=True)
class Declared:
    """What the mappings of a home call their sources and outcomes.

    By outcome, ``components`` are the columns of which one that holds means that it has already come, and
    ``given`` the column that must hold for the outcome to be asked at all.
    """

    sources: Mapping[str, Text] = field(default_factory=dict)
    outcomes: Mapping[str, Text] = field(default_factory=dict)
    components: Mapping[str, Sequence[str]] = field(default_factory=dict)
    given: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Seen:
    """All that the page of a household shows.

    Attributes
    ----------
    decision : the stored decision that is shown, or none where none was ever made
    current : the id of the decision that what is in force would give; none where nothing can be decided
    lacking : why nothing can be decided now
    values : the household's row of the decision's snapshot, by column
    kept : every stored decision, the latest first
    stood : its standing on each list of its area, the latest first
    evidence : the facts behind each reason of the shown decision, by column
    facts : what was known on that day, kind by kind; only where it was asked for
    silent : why the facts cannot be shown
    """

    household: str
    area: str
    decision: Document | None
    current: str | None
    lacking: Refusal | None
    values: Mapping[str, Any]
    frozen: Frozen | None
    kept: Sequence[Document]
    stood: Sequence[Standing]
    place: Place | None
    declared: Declared
    setting: Mapping[str, Any]
    evidence: Mapping[str, Evidence]
    facts: Sequence[KindFacts]
    silent: Refusal | None
