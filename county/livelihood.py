"""Work, harvest, benefits: what a household earns in a month."""

from __future__ import annotations

import numpy as np

from county import setting
from county.households import CHILD
from county.places import Bools, Floats, Ints
from county.state import AWAY, FARMING, LOCAL, NONE, POST, UNEMPLOYED, County

WAGE_SEASON = np.array([0.85, 0.55, 0.95, 1.03, 1.05, 1.05, 1.04, 1.05, 1.07, 1.08, 1.10, 1.18])
# When each industry sells (month of the year, shares) and when all of them spend.
SALES = {
    "grain": {8: 0.2, 9: 0.45, 10: 0.35}, "tea": {3: 0.2, 4: 0.4, 5: 0.25, 9: 0.15}, "citrus": {10: 0.2, 11: 0.4, 12: 0.3, 1: 0.1},
    "pig": {1: 0.25, 4: 0.2, 7: 0.2, 10: 0.2, 12: 0.15}, "herb": {8: 0.2, 9: 0.3, 10: 0.3, 11: 0.2},
    "mushroom": {1: 0.2, 2: 0.2, 3: 0.2, 11: 0.2, 12: 0.2},
}  # fmt: skip
SPENDING = np.array([0.07, 0.10, 0.16, 0.13, 0.11, 0.10, 0.08, 0.07, 0.06, 0.05, 0.04, 0.03])
EXPENSE_SHARE = 0.38
SELLS = np.zeros((len(setting.INDUSTRIES), 12))
for _row, _name in enumerate(setting.INDUSTRIES):
    for _month, _share in SALES[_name].items():
        SELLS[_row, _month - 1] = _share


def drift(county: County, month: int) -> None:
    """The latent wellbeing of each household: slow, persistent, now and then on a slide that lasts months."""
    draw, homes = county.rngs["drift"], county.households.count
    helped = county.helped(month)
    county.sliding = (county.sliding & (draw.random(homes) > 0.11)) | (draw.random(homes) < 0.003)
    pull = np.where(helped, 0.10, 0.0)
    county.wellbeing = 0.968 * county.wellbeing + draw.normal(0, 0.026, homes)
    county.wellbeing += np.where(county.sliding, -0.05, 0.0) + pull * np.maximum(0.12 - county.wellbeing, 0)
    county.crop_loss *= 0.80


def work(county: County, month: int, age: Ints, unfit: Bools) -> None:
    """Who works where, and for how much. Short time comes before many lay-offs."""
    draw, people = county.rngs["work"], county.persons.count
    grown = np.where(county.persons.study, 21, 17) <= age
    can = (
        county.present
        & (county.persons.base_wage > 0)
        & (grown | (county.persons.joined == 0) & (county.first_age >= 16))
        & (age < 69)
        & ~unfit
    )
    demand = county.markets.demand[month][county.persons.sector]
    low = np.clip(1 - county.wellbeing[county.persons.household], 0.5, 2.0)
    stress = (
        np.clip(3.2 - 2.2 * demand, 0.4, 4.0)
        * np.where(age >= 52, 1.5, 1.0)
        * low
        * np.where(county.persons.skilled, 0.6, 1.0)
    )
    roll = draw.random(people)
    at_work = (county.work == AWAY) | (county.work == LOCAL)
    shortens = can & at_work & ~county.short_time & (roll < 0.008 * stress)
    leaves = (
        can & at_work & (roll > 1 - np.where(county.short_time, 0.20, 0.0028) * np.clip(stress, 0.6, 1.6))
    )
    recovers = county.short_time & (draw.random(people) < 0.22)
    county.short_time = (county.short_time | shortens) & ~recovers & ~leaves & can
    helped = county.helped(month)[county.persons.household]
    finds = (
        can
        & (county.work == UNEMPLOYED)
        & (draw.random(people) < np.where(helped, 0.34, 0.17) * np.clip(demand, 0.5, 1.1))
    )
    usual = np.where(county.persons.migrant, AWAY, LOCAL)
    county.work = np.where(leaves, UNEMPLOYED, np.where(finds, usual, county.work))
    county.work = np.where(can & ((county.work == NONE) | (county.work == FARMING)), usual, county.work)
    posted = helped & (county.work == UNEMPLOYED) & (draw.random(people) < 0.25)
    county.work = np.where(posted, POST, county.work)
    farms = county.present & (age >= 18) & (age < 75) & ~unfit & (county.persons.base_wage == 0)
    county.work = np.where(can, county.work, np.where(farms, FARMING, NONE))
    part = county.calendar.of(month)[1] - 1
    growth = np.exp(setting.GROWTH * (month - county.calendar.start) / 12)
    level = (
        county.persons.base_wage
        * growth
        * WAGE_SEASON[part]
        * np.exp(county.wellbeing[county.persons.household])
    )
    # A carer of someone seriously ill works less.
    burden = np.minimum(county.by_household(county.present & (county.health == 2)), 2)[
        county.persons.household
    ]
    pay = (
        level
        * (0.35 + 0.65 * np.clip(demand, 0.4, 1.2))
        * (1 - 0.22 * burden)
        * np.exp(draw.normal(0, 0.12, people))
    )
    pay = np.where(county.short_time, 0.6, 1.0) * pay
    wage = np.select([(county.work == AWAY) | (county.work == LOCAL), county.work == POST], [pay, 850.0], 0.0)
    county.p["wage"][:, month] = wage
    county.h["wage"][:, month] = county.by_household(wage)


def farm(county: County, month: int) -> None:
    """Sales, expenses and property income of the month. A price slump leaves the expenses as they were."""
    draw, homes = county.rngs["farm"], county.households
    part = county.calendar.of(month)[1] - 1
    members = np.maximum(county.by_household(county.present), 1)
    growth = np.exp(setting.GROWTH * (month - county.calendar.start) / 12)
    yearly = np.exp(homes.log_income) * growth * members * homes.business_share / (1 - EXPENSE_SHARE)
    price = county.markets.price[month][homes.industry]
    yields = np.exp(0.8 * county.wellbeing + draw.normal(0, 0.16, homes.count)) * (
        1 - np.minimum(county.crop_loss, 0.9)
    )
    # A tenth is sold all the year round.
    season = 0.9 * SELLS[homes.industry, part] + 0.1 / 12
    county.h["revenue"][:, month] = yearly * season * price * yields
    county.h["expense"][:, month] = (
        yearly * EXPENSE_SHARE * (0.8 * SPENDING[part] + 0.2 / 12) * np.exp(draw.normal(0, 0.10, homes.count))
    )
    rent = np.exp(homes.log_income) * growth * members * 0.03
    county.h["property"][:, month] = rent * np.where(part == 11, 0.7, 0.3 / 11)
    paid = np.where(draw.random(homes.count) < 0.35, county.claim_due, 0.0)
    county.claim_due -= paid
    county.h["claims"][:, month] = paid


def transfers(county: County, month: int, age: Ints) -> None:
    """Pensions, subsidies, support from children, dibao, allowances and, once in the register, case help."""
    draw, homes = county.rngs["transfer"], county.households
    part = county.calendar.of(month)[1]
    members = np.maximum(county.by_household(county.present), 1)
    old = county.by_household(county.present & (age >= 60))
    severe = county.by_household(county.present & (county.disability > 0) & (county.disability <= 2))
    growth = np.exp(setting.GROWTH * (month - county.calendar.start) / 12)
    rest = np.maximum(1 - homes.wage_share - homes.business_share - 0.03, 0.02)
    family = np.exp(homes.log_income + 0.4 * county.wellbeing) * growth * members * rest / 12
    amount = np.maximum(family - old * setting.PENSION, 0.25 * family) * np.exp(
        draw.normal(0, 0.10, homes.count)
    )
    amount += old * setting.PENSION + severe * 120.0 + (homes.land * 110.0 if part == 5 else 0.0)
    amount += np.where(county.dibao, county.dibao_amount, 0.0)
    amount += np.where(county.helped(month), 95.0 * members, 0.0)
    county.h["transfer"][:, month] = amount
    _dibao(county, month, members)


def _dibao(county: County, month: int, members: Floats) -> None:
    """Civil affairs tests means of its own accord: it misses some of the poor and is slow to end."""
    draw, homes = county.rngs["dibao"], county.households.count
    if month < 6:
        return
    per_person = county.year_sum("net", month - 1) / min(month, 12) * 12 / members
    line = setting.DIBAO_LINE * np.exp(setting.GROWTH * (month - county.calendar.start) / 12)
    frail = county.by_household(county.present & (county.disability > 0) & (county.disability <= 2)) > 0
    limit = np.where(frail, 1.5, 1.0) * line
    enters = ~county.dibao & (per_person < limit) & (draw.random(homes) < 0.07)
    leaves = county.dibao & (per_person > 1.35 * limit) & (draw.random(homes) < 0.05)
    gap = np.clip(line - per_person, 0.2 * line, 0.6 * line) * members / 12
    county.dibao_amount = np.where(enters, np.round(gap / 10) * 10, county.dibao_amount)
    county.dibao = (county.dibao | enters) & ~leaves


def loans(county: County, month: int) -> None:
    """Small loans fall overdue when income slides, and recover with it."""
    draw, homes = county.rngs["loan"], county.households.count
    owes = county.loan > 0
    slips = (
        owes
        & (county.overdue == 0)
        & (draw.random(homes) < 0.0035 * np.exp(np.clip(-5 * county.wellbeing, -2, 3)))
    )
    pays = (county.overdue > 0) & (draw.random(homes) < 0.22)
    county.overdue = np.where(pays, 0, np.where((county.overdue > 0) | slips, county.overdue + 1, 0))


def dependants(county: County, age: Ints) -> Bools:
    """Children of compulsory school age."""
    return county.present & (age >= 6) & (age <= 15) & (county.persons.relation == CHILD)
