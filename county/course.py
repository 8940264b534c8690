"""The county's life, month by month."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import numpy as np

from county import body, guarantees, livelihood, register
from county.households import make_households
from county.places import make_places
from county.setting import Calendar
from county.shocks import make_disasters, make_markets
from county.state import County

Progress = Callable[[int, int, str], None]
STREAMS = (
    "start", "members", "illness", "bills", "claims", "accident", "drift", "work", "farm", "transfer", "dibao", "loan",
    "disaster", "home", "school", "insurance", "discovery", "elimination", "departments",
)  # fmt: skip


def stream(seed: int, name: str) -> np.random.Generator:
    """A random stream of its own for each part, so that a change of one leaves the others as they were."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def live(households: int, calendar: Calendar, seed: int, progress: Progress | None = None) -> County:
    """Make a county and let it live through its calendar.

    Parameters
    ----------
    households : how many at the start
    calendar : the months, hidden ones included
    seed : the same seed gives the same county to the last digit
    progress : called with months done, months in all and a label
    """
    places = make_places(stream(seed, "places"))
    homes, persons = make_households(households, places, calendar, stream(seed, "households"))
    county = County(
        calendar=calendar, places=places, households=homes, persons=persons,
        markets=make_markets(calendar, stream(seed, "markets")),
        disasters=make_disasters(calendar, places, stream(seed, "disasters")),
        rngs={name: stream(seed, name) for name in STREAMS},
    )  # fmt: skip
    for month in range(calendar.total):
        age = county.age(month)
        body.members(county, month, age)
        unfit = body.illness(county, month, age)
        body.accidents(county, month, age)
        livelihood.drift(county, month)
        guarantees.disasters(county, month)
        guarantees.dwelling_and_water(county, month)
        guarantees.schooling(county, month, age)
        guarantees.insurance(county, month, age)
        livelihood.work(county, month, age, unfit)
        livelihood.farm(county, month)
        livelihood.transfers(county, month, age)
        livelihood.loans(county, month)
        register.close_month(county, month, age)
        if progress:
            progress(month + 1, calendar.total, "simulate")
    return county
