"""Invented panels as frames: what drives the outcome is known, so what a model finds can be checked."""

from __future__ import annotations

import hashlib
from datetime import date

import numpy as np

from models.risk.columns import ColumnSpec
from training.frame import Category, Frame, Labels
from training.periods import months_later

SPECS = (
    ColumnSpec("welfare", "number", "income", "welfare", -1, "now"),
    ColumnSpec("members", "number", "make_up", "members"),
    ColumnSpec("roof", "category", "housing", "roof"),
)


def quarter_ends(count: int, first: date = date(2008, 3, 31)) -> list[date]:
    return [months_later(first, 3 * number) for number in range(count)]


def panel(
    households: int = 400, waves: int = 12, seed: int = 0, horizon: int = 3, signal: float = 1.0
) -> Frame:
    """Quarterly welfare that wanders around the line; falls are likelier for the poor, the many and the thatched."""
    generator = np.random.default_rng(seed)
    days = quarter_ends(waves + 1)
    ids = sorted(hashlib.sha256(f"{seed}-{number}".encode()).hexdigest() for number in range(households))
    members = generator.integers(1, 9, households).astype(float)
    roof = generator.integers(0, 3, households)
    level = 0.4 - 0.1 * (members - 4) - 0.3 * (roof == 2)
    welfare = signal * level[:, None] + generator.normal(0, 0.7, (households, waves + 1))
    now, later = welfare[:, :-1].ravel(), welfare[:, 1:].ravel()
    household = np.repeat(np.arange(households, dtype=np.int32), waves)
    below, holds = (later < 0).astype(float), now < 0
    members_seen = np.where(generator.random(len(now)) < 0.05, np.nan, members[household])
    names = np.array(["tile", "tin", "thatch"], dtype=object)
    return Frame(
        outcome="falls", kind="at", horizons=(horizon,), tier_horizon=horizon, delay_days=0, specs=SPECS,
        numbers={"welfare": now, "members": members_seen},
        categories={"roof": Category.of(names[roof[household]].tolist())},
        households=tuple(ids), household=household,
        as_of=np.tile(np.array(days[:-1], "datetime64[D]"), households),
        area=Category.of(["1/2"] * len(now)),
        at_risk=~holds, holds_now=holds,
        labels=Labels({horizon: np.where(holds, np.nan, below)}, {horizon: below}),
        welfare_later=later, of_welfare=frozenset({"welfare"}),
    )  # fmt: skip
