"""Documents of `snapshot`, `publish`, `household`, `indicators` and `rules`."""

from __future__ import annotations

from typing import Any, Literal

from features.documents import Bilingual, Day, Document, Part, Sha256, Texts, Tier


class SnapshotDocument(Document):
    """`snapshot`"""

    snapshot: Sha256
    """SHA-256 of the sorted rows, the catalogue and the parameter set."""
    as_of: Day
    households: int
    columns: int
    catalogue: Sha256
    path: str
    """Parquet: household, as_of, area, one column an indicator and window."""


class PublishDocument(Document):
    """`publish`"""

    snapshot: Sha256
    rows: int


class FactPart(Part):
    """One fact as it was known, with the row it came from."""

    kind: str
    values: dict[str, Any]
    happened_on: Day | None
    valid_from: Day | None
    valid_to: Day | None
    known_at: Day
    recorded_at: Day
    source: str
    """The mapping that it came through."""
    delivery: int
    file: str
    row: int


class HouseholdDocument(Document):
    """`household`"""

    household: Sha256
    as_of: Day
    facts: list[FactPart]
    indicators: dict[str, float | bool | str | None]
    """Every column of the snapshot."""


class WhyDocument(Document):
    """`household --why`"""

    indicator: str
    name: Bilingual
    unit: str
    source: str
    """The official text it comes from."""
    computed: dict[str, Any]
    """How: fact kind, column, filter, roll-up, window and aggregate, or the expression."""
    value: float | bool | str | None
    facts: list[FactPart]
    """The rows behind the value, oldest first."""


class IndicatorPart(Part):
    """One record of the catalogue."""

    id: str
    shape: Literal["windowed", "derived"]
    aggregate: str | None
    """Of a windowed record; none for a derived one."""
    subject: Literal["household", "person", "area"]
    name: Bilingual
    group: str
    """The reason group."""
    level: Literal["micro", "meso", "macro"]
    owner: str
    """The department that answers for it."""
    unit: str
    rhythm: str
    missing: str
    """What a missing value means: unknown or zero."""
    source: str
    """The official text it comes from."""
    valid_from: Day
    columns: Texts
    """The columns of a snapshot, one a window."""
    may_predict: Literal["all", "none"] | Texts
    """The outcomes it may predict."""
    reason: Bilingual
    """The sentence with which it is shown."""
    examples: list[Any]
    """Example tables; they are its tests."""


class IndicatorsDocument(Document):
    """`indicators`"""

    catalogue: Sha256
    indicators: list[IndicatorPart]


class RulePart(Part):
    """One rule."""

    id: str
    sentence: Bilingual
    group: str
    population: str
    """Whom it is asked of: all, or a condition."""
    condition: str
    """An expression over indicators and dated parameters; it holds no number of policy."""
    min_tier: Tier
    days: int | None
    """Days within which a household that it raises is to be visited: a parameter, as of the home's today."""
    source: str
    examples: list[Any]


class RulesDocument(Document):
    """`rules`"""

    rules: list[RulePart]
