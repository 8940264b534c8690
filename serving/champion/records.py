"""What is kept of bundles and promotions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Known:
    """A bundle that was examined once; ``folder`` is its name under ``home/bundles``."""

    model_sha256: str
    folder: str
    outcome: str
    kind: str
    horizons: Sequence[int]
    tier_horizon: int
    catalogue: str


@dataclass(frozen=True)
class Promotion:
    """One act: ``gate`` is passed, overruled or failed (then nothing changed)."""

    action: str
    bundle: str
    previous: str | None
    gate: str
    reason: str
    evidence: dict[str, Any]
