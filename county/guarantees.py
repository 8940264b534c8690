"""The three guarantees and water: dwelling grade, safe water, schooling, basic medical insurance; and disasters."""

from __future__ import annotations

import numpy as np

from county.households import SERIOUS
from county.livelihood import dependants
from county.places import Bools, Ints
from county.shocks import DROUGHT, FLOOD, GEOLOGICAL, HOME, WEATHER
from county.state import County

# What share of the harvest a disaster that hits takes: flood, geological, drought, biological, weather.
TAKEN = np.array([0.5, 0.3, 0.45, 0.35, 0.4])


def disasters(county: County, month: int) -> None:
    """Strike the households that this month's events hit: harvest, dwelling, well."""
    draw, homes = county.rngs["disaster"], county.households
    events = county.disasters
    for event in np.flatnonzero(events.month == month):
        kind = int(events.kind[event])
        there = homes.township == events.township[event]
        share = events.share[event] * np.where(homes.near_hazard & (kind in (FLOOD, GEOLOGICAL)), 2.5, 1.0)
        hit = there & (draw.random(homes.count) < share)
        damaged = hit & (draw.random(homes.count) < HOME[kind] * np.where(homes.old_house, 2.5, 0.7))
        grade = np.where(draw.random(homes.count) < 0.35, 3, 2)
        county.grade = np.where(damaged, np.maximum(county.grade, grade), county.grade)
        taken = TAKEN[kind] * draw.uniform(0.5, 1.5, homes.count)
        county.crop_loss = np.where(hit, np.maximum(county.crop_loss, taken), county.crop_loss)
        loss = np.round(
            np.exp(homes.log_income) * homes.business_share * taken * draw.uniform(0.4, 0.9, homes.count)
        )
        county.claim_due += np.where(hit & (draw.random(homes.count) < 0.5), 0.35 * loss, 0.0)
        dry = (
            hit & (kind in (FLOOD, DROUGHT)) & (draw.random(homes.count) < np.where(homes.piped, 0.02, 0.10))
        )
        county.unsafe |= dry
        rows = np.flatnonzero(hit)
        county.logs["disaster"].add(
            month=np.full(len(rows), month), day=np.full(len(rows), events.day[event]), household=rows,
            kind=np.full(len(rows), kind), home=damaged[rows], loss=loss[rows], wind=np.full(len(rows), kind == WEATHER),
        )  # fmt: skip
    for industry in np.flatnonzero(county.markets.slumped[month]):
        rows = np.flatnonzero(
            (homes.industry == industry) & (homes.business_share > 0.25) & (draw.random(homes.count) < 0.6)
        )
        county.logs["slump"].add(month=np.full(len(rows), month), household=rows)


def dwelling_and_water(county: County, month: int) -> None:
    """Dwellings age from A to B and on; wells and pipes fail. Help repairs sooner."""
    draw, homes = county.rngs["home"], county.households
    helped = county.helped(month)
    roll = draw.random(homes.count)
    ages = (county.grade == 0) & (roll < np.where(homes.old_house, 0.010, 0.002))
    fails = (county.grade == 1) & (roll < np.where(homes.old_house, 0.0019, 0.0006))
    unfit = county.grade >= 2
    mended = unfit & (roll < np.where(helped, 0.24, 0.055))
    worse = fails & (draw.random(homes.count) < 0.2)
    county.grade = np.where(ages, 1, np.where(fails, 2 + worse, np.where(mended, 0, county.grade)))
    remote = county.places.remote[homes.village]
    dry_season = county.calendar.of(month)[1] in (1, 2, 3, 12)
    breaks = 0.00028 * np.where(homes.piped, 0.55, 3.2) * (0.5 + remote) * (1.8 if dry_season else 0.8)
    # A village's pipe may break for a group of its households at once.
    village = draw.random(county.places.count) < 0.0011 * (0.5 + county.places.remote)
    group = village[homes.village] & (draw.random(homes.count) < 0.22)
    flows = county.unsafe & (draw.random(homes.count) < np.where(helped, 0.55, 0.28))
    county.unsafe = (county.unsafe & ~flows) | (draw.random(homes.count) < breaks) | group


def schooling(county: County, month: int, age: Ints) -> None:
    """Children of compulsory age drop out where the family is under strain; most come back, sooner with help."""
    draw, people = county.rngs["school"], county.persons.count
    home = county.persons.household
    child = dependants(county, age)
    ill = np.minimum(county.by_household(county.present & (county.health == SERIOUS)), 1)[home]
    rate = (
        0.00018
        * np.where(age >= 12, 3.0, 0.6)
        * np.exp(np.clip(-3.0 * county.wellbeing[home], -1.5, 2.0))
        * (1 + 1.5 * ill)
    )
    back = county.dropped & (draw.random(people) < np.where(county.helped(month)[home], 0.45, 0.13))
    county.dropped = ((county.dropped & ~back) | (child & (draw.random(people) < rate))) & child


def insurance(county: County, month: int, age: Ints) -> None:
    """Each January a few do not pay the premium of the year; some enrol later."""
    draw, people = county.rngs["insurance"], county.persons.count
    home = county.persons.household
    late = ~county.insured & (draw.random(people) < np.where(county.helped(month)[home], 0.40, 0.06))
    county.insured |= late
    if county.calendar.of(month)[1] == 1:
        rate = (
            0.0024
            * np.where((age >= 18) & (age < 45), 1.7, 0.7)
            * np.exp(np.clip(-2.5 * county.wellbeing[home], -1.5, 1.5))
        )
        rate = np.where(county.households.lifted[home], 0.5 * rate, rate)
        lapses = draw.random(people) < np.where(county.insured, rate, 0.45)
        county.insured = ~lapses


def failing(county: County) -> tuple[Bools, Bools, Bools, Bools]:
    """Which guarantee of a household fails now: dwelling, water, schooling, insurance."""
    return (
        county.grade >= 2,
        county.unsafe.copy(),
        county.by_household(county.dropped & county.present) > 0,
        county.by_household(~county.insured & county.present) > 0,
    )
