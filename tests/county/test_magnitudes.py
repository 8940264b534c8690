"""The county is of the size that its manual states. Bounds are wide: they guard against slips, not luck."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

import county
from county.course import live
from county.households import NEVER
from county.setting import COUNTY, HANDED_OVER, LINE, SIZES, Calendar
from county.state import AWAY, County
from county.truth import onsets
from features.policy.parameters import ParameterSet

YEARS = 3


def year(lived: County, last: int) -> slice:
    return slice(last - 11, last + 1)


def per_person(lived: County, last: int) -> np.ndarray:
    """Net income a person of the twelve months that end with ``last``."""
    window = year(lived, last)
    return (lived.h["net"][:, window] / np.maximum(lived.h["members"][:, window], 1)).sum(axis=1)


def test_the_calendar_ends_where_it_should() -> None:
    calendar = Calendar(36, (2026, 9))
    assert calendar.of(calendar.total - 1) == (2026, 9)
    assert calendar.of(calendar.start) == (2023, 10)
    assert calendar.of(calendar.shown) == (2022, 10)
    assert calendar.last_day(calendar.total - 1) == date(2026, 9, 30)
    assert calendar.start - calendar.shown == HANDED_OVER


def test_the_line_is_the_parameter_of_this_county() -> None:
    parameters = ParameterSet.load()
    for number in (2022, 2023, 2024, 2025, 2026):
        assert parameters.value("monitoring_line", date(number, 6, 1), f"{COUNTY}000000") == LINE[number]


def test_size_and_income(lived: County) -> None:
    here = lived.h["members"][:, lived.calendar.start] > 0
    assert lived.h["members"][here, lived.calendar.start].mean() == pytest.approx(3.1, abs=0.12)
    assert sum(SIZES) == pytest.approx(1)
    lifted = lived.households.lifted
    assert lifted.mean() == pytest.approx(0.24, abs=0.06)
    means = [
        per_person(lived, lived.calendar.start + 11 + 12 * n)[lifted & here].mean() for n in range(YEARS)
    ]
    assert np.mean(means) == pytest.approx(15_000, rel=0.12)
    assert means == sorted(means)
    income = per_person(lived, lived.calendar.total - 1)[here]
    # Skewed to the right, and its lower tail is thicker than a log-normal's.
    logs = np.log(np.maximum(income, 1_000))
    assert income.mean() > np.median(income)
    low, middle = np.quantile(logs, [0.01, 0.5])
    assert (middle - low) / logs.std() > 2.1


def test_income_parts(lived: County) -> None:
    window = year(lived, lived.calendar.total - 1)
    total = lived.h["net"][lived.households.lifted, window].sum()
    share = {n: lived.h[n][lived.households.lifted, window].sum() / total for n in ("wage", "transfer")}
    assert 0.5 < share["wage"] < 0.75
    assert 0.12 < share["transfer"] < 0.25


def test_illness_and_its_cost(lived: County) -> None:
    bills = lived.logs["medical"].table()
    here = bills["month"] >= lived.calendar.start
    stays = here & (bills["setting"] == 0)
    assert stays.sum() / YEARS / lived.persons.count == pytest.approx(0.18, abs=0.05)
    assert bills["total"][stays].mean() == pytest.approx(7_900, rel=0.15)
    assert bills["self_paid"][here].sum() / bills["total"][here].sum() == pytest.approx(0.295, abs=0.04)
    paid = lived.h["self_paid"][:, year(lived, lived.calendar.total - 1)].sum(axis=1)
    assert np.median(paid) < 1_000 < 3_000 < np.quantile(paid, 0.9) < 9_000
    # Illness runs in households: those with a bill this year had one the year before more often.
    before = lived.h["self_paid"][:, year(lived, lived.calendar.total - 13)].sum(axis=1)
    assert paid[before > 5_000].mean() > 1.5 * paid[before <= 5_000].mean()


def test_work_disability_and_the_register(lived: County) -> None:
    month = lived.calendar.start + 12
    assert (lived.p["work"][:, month] == AWAY).sum() / lived.h["members"][:, month].sum() == pytest.approx(
        0.3, abs=0.06
    )
    assert 0.02 < (lived.disability > 0).mean() < 0.07
    log = lived.logs["register"].table()
    entered = (log["month"] >= lived.calendar.start) & (log["step"] != 1)
    assert 0.004 < entered.sum() / YEARS / lived.households.count < 0.02
    # Selective: most of those in need are never found.
    need = (lived.h["needs"][:, month] & 3) > 0
    assert (lived.h["monitored"][need, month] > 0).mean() < 0.45


@pytest.mark.parametrize("seed", [1, 2])
def test_enough_events_in_the_test_year(seed: int, lived: County) -> None:
    lives = lived if seed == 1 else live(6_000, Calendar(36, county.END), seed)
    at_risk, events = onsets(lives, lives.calendar.total - 13)
    assert events.sum() >= 150
    assert 0.03 < events.sum() / at_risk.sum() < 0.11
    again = lives.households.lifted | (lives.h["eliminated"][:, lives.calendar.total - 13] > 0)
    assert (events & again).sum() >= 50


def area_under_curve(score: np.ndarray, event: np.ndarray) -> float:
    ranks = np.argsort(np.argsort(score)) + 1
    hits = event.sum()
    return float((ranks[event].sum() - hits * (hits + 1) / 2) / (hits * (len(event) - hits)))


def test_need_can_be_foreseen_but_not_trivially(lived: County) -> None:
    month = lived.calendar.total - 13
    at_risk, events = onsets(lived, month)
    foreseen = area_under_curve(
        -np.log(np.maximum(per_person(lived, month), 1_000))[at_risk], events[at_risk]
    )
    assert 0.6 < foreseen < 0.9


def test_slides_begin_before_need(lived: County) -> None:
    """Wages and wellbeing of those who will fall have begun to fall while they are still at risk."""
    month = lived.calendar.total - 13
    at_risk, events = onsets(lived, month, 6)
    change = lived.h["wellbeing"][:, month] - lived.h["wellbeing"][:, month - 6]
    assert change[events].mean() < change[at_risk & ~events].mean() - 0.01


def test_shocks_are_shared(lived: County) -> None:
    log = lived.logs["disaster"].table()
    for month in np.unique(log["month"]):
        hit = log["household"][log["month"] == month].astype(int)
        struck = lived.disasters.township[lived.disasters.month == month]
        assert set(lived.households.township[hit]) <= set(struck.tolist())


def test_nobody_is_monitored_before_entering(lived: County) -> None:
    since = lived.monitored_since
    assert ((lived.monitored == 0) | (since < NEVER)).all()


def test_components_recomputed_by_hand(lived: County) -> None:
    """Below the line after self-paid spending: plain sums over twelve months, one household at a time."""
    for month in (lived.calendar.start + 4, lived.calendar.total - 1):
        for home in range(0, 6_000, 397):
            income = paid = 0.0
            for m in range(month - 12, month):
                income += float(lived.h["net"][home, m]) / max(int(lived.h["members"][home, m]), 1)
                paid += float(lived.h["self_paid"][home, m + 1])
            members = int(lived.h["members"][home, month])
            below = income - paid / max(members, 1) < LINE[lived.calendar.of(month)[0]]
            assert bool(lived.h["needs"][home, month] & 1) == (below and members > 0)
