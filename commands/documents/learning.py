"""Documents of `train`, `evaluate`, `benchmark`, `promote`, `rollback` and `promotions`."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from features.documents import Bilingual, Day, Document, OutcomeKind, Part, Sha256


class TrainDocument(Document):
    """`train`, and with known_until the last line of the quarterly run"""

    bundle: str
    """The folder's name under home/bundles."""
    model_sha256: Sha256
    """SHA-256 over the served files: no time and no run id in it."""
    outcome: str
    kind: OutcomeKind
    """`by`: at some time within the horizon; `at`: the state at that time."""
    horizons: list[int]
    """Months."""
    tier_horizon: int
    rows: int
    events: int
    run_id: str | None
    """Of MLflow."""
    known_until: Day | None = None
    """Of the quarterly run: nothing known later was read."""


class MetricPart(Part):
    """A figure and its 95 % interval from a bootstrap over households."""

    value: float | None
    low: float | None
    high: float | None


class ModelPart(Part):
    """A model's figures on the households and days that were kept from it."""

    model: str
    """fangpin, welfare, vep, vep_panel, logistic, lightgbm_default, catboost, xgboost, rules."""
    status: Literal["ok", "not_applicable"]
    auc: MetricPart | None = None
    ap: MetricPart | None = None
    recall_10: MetricPart | None = None
    precision_10: MetricPart | None = None
    brier: MetricPart | None = None


class EvaluateDocument(Document):
    """`evaluate`"""

    table: str
    """Parquet: household, as_of, fold, model, score, outcome, group."""
    view: Literal["household", "area"]
    """What was held out: folds of households, or areas; of both, everything later."""
    rows: int
    events: int
    models: list[ModelPart]


class PairedPart(Part):
    """Ours minus a rival's, on the same households."""

    against: str
    metric: str
    difference: float
    low: float
    high: float


class BenchmarkOutcomePart(Part):
    """One outcome: every model on the same rows."""

    id: str
    rows: int
    events: int
    splits: Any
    models: list[ModelPart]
    paired: list[PairedPart]


class BenchmarkDocument(Document):
    """`benchmark`"""

    outcomes: list[BenchmarkOutcomePart]


class FindingPart(Part):
    """A requirement of the gate that failed, or that the reason stands for."""

    verdict: Literal["explain", "fail"]
    said: Bilingual
    """The requirement and what was found."""


class PromotionDocument(Document):
    """`promote` and `rollback`"""

    champion: str
    previous: str | None
    gate: Literal["passed", "failed", "overruled"]
    record: str | int
    """Of the promotion, with person, reason and evidence."""
    findings: list[FindingPart] | None = None
    """What failed, and what the reason stands for."""


class PromotionRecordPart(Part):
    """One act of promotion or rollback, also a refused one."""

    record: Sha256
    action: Literal["promote", "rollback"]
    bundle: Sha256
    previous: Sha256 | None
    gate: Literal["passed", "failed", "overruled"]
    """`failed`: nothing changed; `overruled`: the person promoted it all the same."""
    findings: list[FindingPart]
    by: str
    at: datetime
    reason: str


class PromotionsDocument(Document):
    """`promotions`"""

    promotions: list[PromotionRecordPart]
    """The newest first."""
