"""Illness, disability, accident, death: what happens to people in a month, and what it costs."""

from __future__ import annotations

import numpy as np

from county import setting
from county.households import CHRONIC, HEALTHY, SERIOUS
from county.places import Bools, Ints
from county.state import County

INPATIENT, OUTPATIENT = 0, 1


def members(county: County, month: int, age: Ints) -> None:
    """Births join, deaths and marriages leave."""
    draw, people = county.rngs["members"], county.persons.count
    county.present |= (county.persons.joined == month) & (month > 0)
    alive = county.present
    yearly = 0.0004 * np.exp(0.088 * (np.clip(age, 0, 100) - 30)) + np.where(
        county.health == SERIOUS, 0.12, 0.0
    )
    dies = alive & (draw.random(people) < np.minimum(yearly / 12, 0.2))
    weds = alive & ~dies & ~county.persons.male & (age >= 20) & (age <= 30) & (county.persons.relation == 2)
    weds &= draw.random(people) < 0.05 / 12
    county.left_reason[dies], county.left_reason[weds] = 1, 2
    county.present = alive & ~dies & ~weds
    county.work[dies | weds] = 0
    main = dies & (county.persons.base_wage > 0)
    _log_accident(county, month, main, 1)


def illness(county: County, month: int, age: Ints) -> Bools:
    """A month of health; returns who is too ill to work. Serious illness announces itself by small bills."""
    draw, people = county.rngs["illness"], county.persons.count
    frailty = county.households.frailty[county.persons.household]
    alive = county.present
    aging = np.select([age >= 65, age >= 45, age >= 25], [2.6, 1.7, 0.7], 0.25)
    # One ill member strains the others: illness clusters within the household.
    strain = np.minimum(county.by_household(alive & (county.health == SERIOUS)), 2)[county.persons.household]
    onset = 0.0085 / 12 * aging * frailty * (1 + 0.5 * strain) * np.where(county.chronic, 1.9, 0.8)
    roll = draw.random(people)
    begins = alive & ~county.prodrome & (county.health != SERIOUS) & (roll < onset)
    ends = county.prodrome & (roll < 0.24)
    worse = ends & (draw.random(people) < 0.58)
    county.prodrome = (county.prodrome | begins) & ~ends & alive
    county.health[worse & alive] = SERIOUS
    heals = (county.health == SERIOUS) & ~worse & (roll > 0.93)
    county.health[heals] = CHRONIC
    county.chronic |= heals | (alive & (draw.random(people) < 0.010 / 12 * aging))
    county.health[(county.health == HEALTHY) & county.chronic] = CHRONIC
    _disabled(county, month, draw.random(people), age)
    _bills(county, month, aging, frailty)
    return (county.health == SERIOUS) | ((county.disability > 0) & (county.disability <= 2))


def accidents(county: County, month: int, age: Ints) -> None:
    """Road and work accidents of people who work: a stay in hospital, now and then a disability."""
    draw, people = county.rngs["accident"], county.persons.count
    hit = county.present & (county.work >= 1) & (county.work <= 3) & (draw.random(people) < 0.0022 / 12)
    maimed = hit & (county.disability == 0) & (draw.random(people) < 0.30)
    _certify(county, month, maimed, draw.choice([1, 2, 3], people, p=[0.2, 0.4, 0.4]))
    _log_accident(county, month, hit, 0)
    rows = np.flatnonzero(hit)
    cost = np.exp(draw.normal(np.log(12_000), 0.8, len(rows)))
    _claim(county, month, rows, INPATIENT, cost)


def _log_accident(county: County, month: int, hit: Bools, fatal: int) -> None:
    rows = np.flatnonzero(hit)
    county.logs["accident"].add(month=np.full(len(rows), month), person=rows, fatal=np.full(len(rows), fatal))


def _disabled(county: County, month: int, roll: np.ndarray, age: Ints) -> None:
    rate = np.where(county.health == SERIOUS, 0.05, np.where(age >= 60, 0.002, 0.0005)) / 12
    new = county.present & (county.disability == 0) & (roll < rate)
    draw = county.rngs["illness"]
    _certify(county, month, new, draw.choice([1, 2, 3, 4], len(age), p=[0.15, 0.30, 0.30, 0.25]))


def _certify(county: County, month: int, new: Bools, level: Ints) -> None:
    county.disability[new] = level[new]
    rows = np.flatnonzero(new)
    county.logs["disability"].add(month=np.full(len(rows), month), person=rows, level=county.disability[rows])


def _bills(county: County, month: int, aging: np.ndarray, frailty: np.ndarray) -> None:
    draw, people = county.rngs["bills"], county.persons.count
    alive, serious = county.present, county.health == SERIOUS
    stay = setting.STAY_RATE / 12 * aging * 0.75 * np.sqrt(frailty) * np.where(county.chronic, 1.8, 0.8)
    stays = alive & (draw.random(people) < np.where(serious, 0.15, stay))
    visit = np.where(county.prodrome, 0.55, np.where(serious, 0.45, np.where(county.chronic, 0.16, 0.012)))
    visits = alive & (draw.random(people) < visit)
    rows = np.flatnonzero(stays)
    size = np.where(serious[rows], 10_000.0, setting.STAY_COST * 0.72)
    _claim(county, month, rows, INPATIENT, np.exp(draw.normal(np.log(size), 0.75)))
    rows = np.flatnonzero(visits)
    size = np.where(serious[rows] | county.prodrome[rows], 850.0, 260.0)
    _claim(county, month, rows, OUTPATIENT, np.exp(draw.normal(np.log(size), 0.7)))


def _claim(county: County, month: int, rows: Ints, setting_code: int, cost: np.ndarray) -> None:
    """Log the bills of these people; what is left after reimbursement counts against their household."""
    draw = county.rngs["claims"]
    home = county.persons.household[rows]
    poor = county.households.lifted[home] | county.dibao[home]
    share = np.where(poor, setting.SELF_PAID_SHARE[1], setting.SELF_PAID_SHARE[0])
    share = np.where(setting_code == OUTPATIENT, share + 0.12, share) * draw.uniform(0.7, 1.35, len(rows))
    # An uninsured person pays most of it; in the register half of the rest is taken over as medical aid.
    share = np.where(county.insured[rows], share, 0.85) * np.where(county.helped(month)[home], 0.5, 1.0)
    total = np.round(np.maximum(cost, 5.0), 2)
    paid = np.round(total * np.minimum(share, 0.95), 2)
    county.logs["medical"].add(
        month=np.full(len(rows), month), person=rows, setting=np.full(len(rows), setting_code),
        day=draw.integers(1, 28, len(rows)), total=total, self_paid=paid,
    )  # fmt: skip
    added = np.bincount(home, paid, county.households.count)
    county.h["self_paid"][:, month] += added.astype(np.float32)
    county.year_paid += added
