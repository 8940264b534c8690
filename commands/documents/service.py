"""Documents of `doctor` and `month`."""

from __future__ import annotations

from typing import Literal

from features.documents import Bilingual, Document, Part


class CheckPart(Part):
    """One thing that must hold before a month can be run."""

    name: str
    ok: bool
    remedy: Bilingual | None
    """What to do; none where nothing is to be done."""


class DoctorDocument(Document):
    """`doctor`"""

    ready: bool
    checks: list[CheckPart]


class StepPart(Part):
    """One step of a month."""

    step: Literal["ingest", "snapshot", "publish", "issue"]
    status: Literal["done", "unchanged", "skipped"]
    seconds: float


MonthSteps = list[StepPart]


class MonthDocument(Document):
    """`month`"""

    steps: MonthSteps
    list: str | None
    """The list that was issued."""
