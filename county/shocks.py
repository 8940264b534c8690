"""What hits many households at once: prices by industry, work by sector, disasters by township, dry wells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from county.places import Bools, Floats, Ints, Places
from county.setting import INDUSTRIES, SECTORS, Calendar

FLOOD, GEOLOGICAL, DROUGHT, BIOLOGICAL, WEATHER = range(5)
DISASTERS = ("flood", "geological", "drought", "biological", "weather")
DISASTER_NAMES = ("洪涝", "地质灾害", "干旱", "病虫害", "风雹")
# Which months a disaster comes in, how many a year a township sees, share of its households hit, of those: home damaged.
SEASON = ((5, 8), (5, 9), (6, 9), (4, 9), (3, 8))
YEARLY = (0.16, 0.06, 0.10, 0.08, 0.14)
HIT = (0.10, 0.03, 0.16, 0.10, 0.10)
HOME = (0.06, 0.20, 0.0, 0.0, 0.035)


@dataclass(frozen=True)
class Markets:
    """Month by industry and month by sector: price and demand for labour, 1 = normal; `slumped` marks a slump."""

    price: Floats
    slumped: Bools
    demand: Floats


@dataclass(frozen=True)
class Disasters:
    """One row an event: month, day, township, kind and how hard it hits (share of households)."""

    month: Ints
    day: Ints
    township: Ints
    kind: Ints
    share: Floats


def _slumps(
    months: int,
    count: int,
    hazard: float,
    depth: tuple[float, float],
    length: float,
    rng: np.random.Generator,
) -> tuple[Floats, Bools]:
    """Log index of each series: small noise, and now and then a fall that takes months to heal."""
    level = np.zeros((months, count))
    fallen = np.zeros((months, count), dtype=bool)
    scar = np.zeros(count)
    ripple = np.zeros(count)
    for month in range(months):
        starts = (rng.random(count) < hazard) & (scar > -0.05)
        scar = scar * (1 - 1 / length) - np.where(starts, rng.uniform(*depth, count), 0.0)
        ripple = 0.85 * ripple + rng.normal(0, 0.025, count)
        level[month] = scar + ripple
        fallen[month] = starts
    return level, fallen


def make_markets(calendar: Calendar, rng: np.random.Generator) -> Markets:
    """Prices fall in an industry, demand falls in a sector; both heal over most of a year."""
    price, slumped = _slumps(calendar.total, len(INDUSTRIES), 0.018, (0.22, 0.5), 8.0, rng)
    demand, _ = _slumps(calendar.total, len(SECTORS), 0.018, (0.22, 0.5), 7.0, rng)
    return Markets(price=np.exp(price), slumped=slumped, demand=np.exp(demand))


def make_disasters(calendar: Calendar, places: Places, rng: np.random.Generator) -> Disasters:
    """Events by township and kind, in their season; more and harder where a township is exposed."""
    rows = []
    exposure = np.array(
        [places.exposed[places.township == t].mean() for t in range(places.township.max() + 1)]
    )
    for month in range(calendar.total):
        part = calendar.of(month)[1]
        for kind, (low, high) in enumerate(SEASON):
            chance = YEARLY[kind] / (high - low + 1) * exposure
            strikes = rng.random(len(exposure)) < np.where(low <= part <= high, chance, 0.0)
            force = rng.uniform(0.4, 1.7, len(exposure))
            days = rng.integers(1, 29, len(exposure))
            rows += [
                (month, days[t], t, kind, min(HIT[kind] * force[t] * exposure[t] ** 0.5, 0.6))
                for t in np.flatnonzero(strikes)
            ]
    table = np.array(rows, dtype=np.float64).reshape(-1, 5)
    whole = table[:, :4].astype(np.int64)
    return Disasters(
        month=whole[:, 0], day=whole[:, 1], township=whole[:, 2], kind=whole[:, 3], share=table[:, 4]
    )
