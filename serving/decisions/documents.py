"""Documents about decisions."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from features.documents import (
    Bilingual,
    Clock,
    Day,
    Document,
    ErrorBody,
    OutcomeKind,
    Part,
    Sha256,
    Tier,
)


class LinePart(Part):
    """The poverty line that counted."""

    value: float
    unit: str
    valid_from: Day | None
    source: str


class ReasonPart(Part):
    """A reason group's share of the margin, told by its strongest indicator."""

    group: str
    official: bool
    """An official risk code, or one of our own groups."""
    contribution: float | None
    """None for a reason that a rule alone gives."""
    indicator: str | None
    value: float | bool | str | None
    unit: str | None
    norm: float | bool | str | None
    """What the value is compared with."""
    norm_kind: Literal["parameter", "median"] | None
    known_at: Day | None
    sentence: Bilingual


class HorizonPart(Part):
    """The calibrated probability of the outcome at one horizon."""

    months: int
    probability: float | None
    """None where the household is not at risk: a component of the outcome holds already."""


class RuleHitPart(Part):
    """A rule that holds, with the values that made it hold."""

    id: str
    min_tier: Tier
    values: dict[str, Any]


class ContributionsPart(Part):
    """base + the sum of terms = margin, within 1e-9."""

    base: float
    terms: dict[str, float]


class UnknownPart(Part):
    """An indicator whose value is not known, and the source that would tell."""

    indicator: str
    source: str | None


class SourcePart(Part):
    """How old the newest thing is that a source told about the household."""

    source: str
    known_at: Day | None
    age_days: int | None


class DecisionDocument(Document):
    """`decide`: one scoring, immutable; printed as its canonical bytes"""

    schema_: int | str = Field(alias="schema")
    """The version of this document's shape."""
    id: Sha256
    """SHA-256 of household, snapshot, bundle and parameters."""
    household: Sha256
    area: str
    as_of: Day
    snapshot: Sha256
    bundle: Sha256
    catalogue: Sha256
    parameters: Sha256
    outcome: str
    at_risk: bool | None
    kind: OutcomeKind
    horizons: list[HorizonPart]
    tier_horizon: int
    line: LinePart | None
    margin: float
    tier: Tier
    raised_by: Literal["rule", "score", "both", "none"]
    """`none` where neither a rule nor the score gives a tier."""
    floors: dict[str, float]
    rules: list[RuleHitPart]
    contributions: ContributionsPart
    reasons: list[ReasonPart]
    """What raises the risk: at most six groups, the largest first."""
    lowering: list[ReasonPart]
    """What lowers it."""
    unknown: list[UnknownPart]
    sources: list[SourcePart]
    synthetic: bool
    """The home took in a mapping that is marked synthetic."""
    clock: Clock


class ReplayDocument(Document):
    """`replay DECISION`: recomputed from frozen row, bundle and parameters, compared byte by byte"""

    decision: str
    equal: bool
    difference: Any
    """The fields that differ, with the stored and the recomputed value; none when equal."""


class ReplayAllDocument(Document):
    """`replay --all`"""

    replayed: int
    equal: int
    different: list[Any]


class ReplayedDocument(Document):
    """A replay over HTTP: the decision recomputed from frozen row, bundle and parameters, compared byte by byte"""

    equal: bool
    difference: Any
    """The first field that differs, with the stored and the recomputed value; null when equal."""


class BatchErrorPart(Part):
    """A household of a batch that was not decided, and why."""

    household: Sha256
    error: ErrorBody


class BatchDocument(Document):
    """A batch over HTTP: each household asked for stands in one of the two, in the order of asking"""

    decisions: list[DecisionDocument]
    """Each with the very bytes that asking for it alone gives."""
    errors: list[BatchErrorPart]
