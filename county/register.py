"""Need and its discovery: who needs help in truth, whom a channel finds, who is helped and leaves the register."""

from __future__ import annotations

import numpy as np

from county import setting
from county.guarantees import failing
from county.places import Bools, Floats, Ints
from county.state import County

SELF_REPORT, CADRE, SCREENING, MISTAKE = range(4)
CHANNELS = ("self_report", "cadre_search", "department_screening", "mistake")
ENTERED, ELIMINATED, REVERTED = range(3)


def close_month(county: County, month: int, age: Ints) -> None:
    """Write what is true at the end of the month, then let the channels search and the register decide."""
    history = county.h
    members = county.by_household(county.present)
    history["members"][:, month] = members
    history["net"][:, month] = (
        history["wage"][:, month] + history["revenue"][:, month] - history["expense"][:, month]
        + history["property"][:, month] + history["transfer"][:, month]
    )  # fmt: skip
    dwelling, water, school, insured = failing(county)
    short = _below_by(county, month)
    history["below_by"][:, month] = short
    _discover(county, month, age, short, dwelling, water, school, insured)
    _eliminate(county, month, short, dwelling | water | school | insured)
    guarantee = dwelling | water | school | insured
    lives = members > 0
    needs = ((short > 0) * 1 + guarantee * 2 + (county.monitored > 0) * 4) * lives
    for name, now in (
        ("grade", county.grade), ("unsafe", county.unsafe), ("dropout", school), ("uninsured", insured), ("needs", needs),
        ("monitored", county.monitored), ("eliminated", county.eliminated), ("dibao", county.dibao),
        ("overdue", county.overdue), ("no_labour", _no_labour(county, age)),
    ):  # fmt: skip
        history[name][:, month] = now
    history["wellbeing"][:, month] = county.wellbeing
    history["dibao_amount"][:, month] = np.where(county.dibao, county.dibao_amount, 0)
    for name, person in (
        ("present", county.present), ("health", county.health), ("work", county.work), ("dropped", county.dropped),
        ("insured", county.insured),
    ):  # fmt: skip
        county.p[name][:, month] = person
    if county.calendar.of(month)[1] == 12:
        county.year_paid[:] = 0


def _below_by(county: County, month: int) -> Floats:
    """By how many yuan a person and year the income after self-paid spending lies below the line (negative: above).

    Net income of form 4.4 of the twelve months before this one, by the members of each month; less the
    self-paid medical spending of the twelve months that end with this one, by the members now; against the
    line of this month's year. So staff reckon, and so the outcome is declared.
    """
    if month < 12:
        return np.full(county.households.count, -1e6)
    earlier, window = slice(month - 12, month), slice(month - 11, month + 1)
    income = (county.h["net"][:, earlier] / np.maximum(county.h["members"][:, earlier], 1)).sum(
        axis=1, dtype=np.float64
    )
    paid = county.h["self_paid"][:, window].sum(axis=1, dtype=np.float64) / np.maximum(
        county.h["members"][:, month], 1
    )
    return 12 * county.calendar.line(month) - (income - paid)


def _discover(
    county: County,
    month: int,
    age: Ints,
    short: Floats,
    dwelling: Bools,
    water: Bools,
    school: Bools,
    insured: Bools,
) -> None:
    """A household in need enters the register only when a channel finds it; some that are not, by mistake."""
    draw, homes = county.rngs["discovery"], county.households
    village, lifted = homes.village, homes.lifted
    members = np.maximum(county.by_household(county.present), 1)
    sudden = county.year_sum("self_paid", month) > 0.30 * np.maximum(county.year_sum("net", month), 1)
    needy = (short > 0) | dwelling | water | school | insured | sudden
    deep = np.clip(short / 2500, 0, 1) + 0.6 * sudden + 0.3 * (dwelling + water + school) + 0.05
    schooled = county.by_household(county.present * county.persons.education) / members
    part = county.calendar.of(month)[1]
    chance = np.zeros((4, homes.count))
    chance[SELF_REPORT] = 0.007 * deep * (0.5 + 0.35 * schooled) * (1.2 - 0.7 * county.places.remote[village])
    chance[CADRE] = (
        0.006
        * deep
        * county.places.search[village]
        * np.where(lifted, 2.2, 1.0)
        * (3.0 if part in (4, 8) else 0.8)
    )
    limit = np.where(lifted, setting.SCREENING["lifted"], setting.SCREENING["ordinary"])
    severe = county.by_household(county.present & (county.disability > 0) & (county.disability <= 2)) > 0
    flagged = (county.year_paid > limit) | school | (county.grade == 3) | severe
    chance[SCREENING] = np.where(flagged, 0.035 * deep, 0.0)
    chance *= needy
    chance[MISTAKE] = 0.00004
    lives = (county.by_household(county.present) > 0) & (county.monitored == 0) & (month >= 12)
    # An eliminated case is watched more closely.
    chance *= lives * np.where(county.eliminated, 1.6, 1.0)
    roll = draw.random(homes.count)
    total = np.cumsum(chance, axis=0)
    found = roll < total[-1]
    channel = (roll[None, :] >= total).sum(axis=0)
    kind = np.where((short > -0.10 * 12 * county.calendar.line(month)), np.where(lifted, 1, 2), 3)
    county.monitored = np.where(found, kind, county.monitored)
    county.monitored_since = np.where(found, month, county.monitored_since)
    again = found & county.eliminated
    county.eliminated &= ~found
    rows = np.flatnonzero(found)
    county.logs["register"].add(
        month=np.full(len(rows), month), household=rows, step=np.where(again[rows], REVERTED, ENTERED), channel=channel[rows],
        day=draw.integers(3, 27, len(rows)), true_need=needy[rows],
    )  # fmt: skip


def _eliminate(county: County, month: int, short: Floats, guarantee: Bools) -> None:
    """Half a year in the register, income above the line by a margin, no guarantee failing, somebody able to work."""
    draw, homes = county.rngs["elimination"], county.households.count
    ready = (county.monitored > 0) & (month - county.monitored_since >= 6) & (short < -400) & ~guarantee
    ready &= county.h["no_labour"][:, month - 1] == 0
    leaves = ready & (draw.random(homes) < 0.20)
    gone = (county.by_household(county.present) == 0) & (county.monitored > 0)
    county.monitored = np.where(leaves | gone, 0, county.monitored)
    county.eliminated |= leaves
    rows = np.flatnonzero(leaves)
    county.logs["register"].add(
        month=np.full(len(rows), month), household=rows, step=np.full(len(rows), ELIMINATED), channel=np.full(len(rows), -1),
        day=draw.integers(3, 27, len(rows)), true_need=np.zeros(len(rows), dtype=bool),
    )  # fmt: skip


def _no_labour(county: County, age: Ints) -> Bools:
    able = county.present & (age >= 16) & (age < 70) & ~((county.disability > 0) & (county.disability <= 2))
    return county.by_household(able & (county.health != 2)) == 0
