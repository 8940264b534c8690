"""What a number of visits, or a floor, would have found: the lists of a backtest simulated day by day.

Every score is that of a model that could have existed on its day and never saw the household
(`training.evaluation.backtest`). On each as-of day each place plans ⌈share × its households⌉ visits, by one of three
policies:

``rules``
    leads of the rules alone, on households at risk: gravest minimum tier first, then the newest hit, then the draw
``score``
    the highest probabilities among households at risk, whatever the rules say
``both``
    as `models.judgement.listing` plans it: every rule hit of the population, also of households in need already,
    then by score (from the lowest floor on, without a rule hit) while visits last, never fewer than the score's share.
    Rules may so demand more than the visits foreseen. The random checks are left out.

A visit is *judged* where the household was at risk; precision is the share of judged visits at which the event followed
within the tier horizon. Visits to households in need already (or outside the outcome's population) are no predictions:
they count in ``visits`` and ``in_need``, not in precision. Of one household, each list's visit counts. Households at
risk of whom it is not known what became of them are left out as if they were not there, also from a place's size.

A *case* is a household with the month of its event (of an outcome *at* a horizon: with its as-of day) that some judged
row could have foreseen. It is *found* if a list within the horizon before planned a visit; recall is the share of
cases found. *Lead* is the months from the first such list to the event's month. A find is one *that no rule raised* if
no rule held for the household on any judged day of the case.

Intervals are 95 %, from a bootstrap of whole households over fixed lists: they say how sure the figures are for these
months and places, not what another year will bring.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.metrics import REPLICATES, interval, replicates

Bools = NDArray[np.bool_]
Ints = NDArray[np.intp]
Floats = NDArray[np.float64]
POLICIES = ("rules", "score", "both")
SHARES = (0.005, 0.01, 0.02, 0.03, 0.05, 0.10)
FLOORS = (0.05, 0.10, 0.15, 0.20, 0.25, 0.30, 0.40, 0.50, 0.60)


@dataclass(frozen=True)
class Rows:
    """The population of the days of a backtest; every array of shape (rows,).

    household, place, day : numbers from 0; days in their order
    month : months of the as-of day since the year 0
    score : probability at the tier horizon; NaN for who is not at risk
    outcome : 1 or 0 where judged, else NaN
    event_month : of the first event after the day, as ``month``; -1 where there is none or it has no month
    severity, age, hits : of the rules' hits, see `training.leads.Leads`
    draw : decides ties; lower comes first
    """

    household: Ints
    place: Ints
    day: Ints
    month: Ints
    score: Floats
    outcome: Floats
    event_month: Ints
    severity: NDArray[np.int8]
    age: NDArray[np.int32]
    hits: NDArray[np.int8]
    draw: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.household)

    def only(self, rows: Bools) -> Rows:
        """The rows where ``rows`` is true."""
        return Rows(*(getattr(self, field.name)[rows] for field in fields(self)))

    @property
    def judged(self) -> Bools:
        return ~np.isnan(self.outcome)

    @cached_property
    def lists(self) -> Ints:
        """Number of the list of each row: one a place and day."""
        pairs = self.place * (int(self.day.max(initial=0)) + 1) + self.day
        return np.unique(pairs, return_inverse=True)[1].astype(np.intp)

    @cached_property
    def cases(self) -> Ints:
        """Number of the case of each row whose event came true, else -1."""
        found = np.full(len(self), -1, np.intp)
        rows = np.flatnonzero(self.outcome == 1)
        when = np.where(self.event_month[rows] >= 0, self.event_month[rows], -2 - self.day[rows])
        pairs = np.column_stack([self.household[rows], when]).reshape(-1, 2)
        found[rows] = np.unique(pairs, axis=0, return_inverse=True)[1].reshape(-1)
        return found

    def per_case(self, rows: Bools) -> Bools:
        """For each case, whether one of its rows is among ``rows``."""
        count = int(self.cases.max(initial=-1)) + 1
        reached = np.zeros(count, bool)
        reached[self.cases[rows & (self.cases >= 0)]] = True
        return reached

    @cached_property
    def case_household(self) -> Ints:
        """Household of each case."""
        owner = np.zeros(int(self.cases.max(initial=-1)) + 1, np.intp)
        own = self.cases >= 0
        owner[self.cases[own]] = self.household[own]
        return owner


def draws(households: Sequence[str], days: Sequence[str]) -> Floats:
    """What decides ties, one number a household and day: the beginning of SHA-256(day | order | household).

    As `models.judgement.listing` draws for a list whose seed is the day.
    """
    return np.array(
        [
            int.from_bytes(sha256(f"{day}|order|{household}".encode()).digest()[:8]) / 2.0**64
            for household, day in zip(households, days, strict=True)
        ],
        float,
    )


def budgets(rows: Rows, share: float) -> Ints:
    """Visits of each list: ⌈share × households of the place on the day⌉, as `models.judgement.listing.part`."""
    return _part(np.bincount(rows.lists, minlength=0), share)


def _part(whole: Ints, share: float) -> Ints:
    return np.ceil(np.round(whole * share, 9)).astype(np.intp)


def _ranks(rows: Rows, among: Bools, keys: Sequence[NDArray[Any]]) -> Ints:
    """Places from 0 within each list, of the rows ``among``, by ``keys`` from the first; elsewhere past every end."""
    place = np.full(len(rows), np.iinfo(np.intp).max, np.intp)
    chosen = np.flatnonzero(among)
    order = chosen[np.lexsort([key[chosen] for key in reversed([rows.lists, *keys])])]
    groups = rows.lists[order]
    starts = np.flatnonzero(np.r_[True, groups[1:] != groups[:-1]]) if len(order) else np.zeros(0, np.intp)
    place[order] = np.arange(len(order)) - np.repeat(starts, np.diff(np.r_[starts, len(order)]))
    return place


def planned(rows: Rows, policy: str, share: float, *, floor: float, score_share: float) -> Bools:
    """The visits that a policy plans on every list; see the module.

    floor : the lowest floor of the tiers: below it the score alone flags nobody
    score_share : of the visits of a list, what the score gets even where rule hits fill it
    """
    visits = budgets(rows, share)
    if policy == "rules":
        leads = rows.judged & (rows.severity > 0)
        keys: list[NDArray[Any]] = [-rows.severity, rows.age, rows.draw]
        return _ranks(rows, leads, keys) < visits[rows.lists]
    scored = ~np.isnan(rows.score)
    if policy == "score":
        return _ranks(rows, scored, [-rows.score, rows.draw]) < visits[rows.lists]
    ruled = rows.severity > 0
    by_score = scored & ~ruled & (np.nan_to_num(rows.score, nan=-1.0) >= floor)
    hits = np.bincount(rows.lists, weights=ruled, minlength=len(visits)).astype(np.intp)
    room = np.maximum(visits - hits, _part(visits, score_share))
    return ruled | (_ranks(rows, by_score, [-rows.score, rows.draw]) < room[rows.lists])


@dataclass(frozen=True)
class Bootstrap:
    """Draws of households: weights of shape (draws, households)."""

    weights: Floats

    @classmethod
    def of(cls, households: int, count: int, seed: int) -> Bootstrap:
        if households == 0:
            return cls(np.zeros((count, 0)))
        return cls(np.array(list(replicates(np.arange(households), count, seed))).reshape(count, -1))

    def ratio(self, above: Floats, below: Floats) -> dict[str, float] | None:
        """Sum of ``above`` over sum of ``below``, each by household, with its interval; None over nothing."""
        if not below.sum():
            return None
        over, under = self.weights @ above, self.weights @ below
        low, high = interval(np.divide(over, under, out=np.full(len(over), np.nan), where=under > 0))
        return {"value": float(above.sum() / below.sum()), "low": low, "high": high}


def figures(rows: Rows, visits: Bools, bootstrap: Bootstrap) -> dict[str, Any]:
    """Everything that is said of a set of visits: see the module for what each figure is.

    Returns {visits, households, judged, right, in_need, precision, recall, finds, no_rule_finds, no_rule_share,
    lead_months}; precision, recall and no_rule_share are {value, low, high} or None where nothing stands below the line.
    """
    size = bootstrap.weights.shape[1]
    judged = visits & rows.judged
    right = judged & (rows.outcome == 1)

    def by_household(of: Ints, which: Bools) -> Floats:
        return np.bincount(of[which], minlength=size).astype(float)

    found, owner = rows.per_case(right), rows.case_household
    unseen = found & ~rows.per_case(rows.severity > 0)
    every = np.ones(len(found), bool)
    finds, quiet = by_household(owner, found), by_household(owner, unseen)
    return {
        "visits": int(visits.sum()),
        "households": len(np.unique(rows.household[visits])),
        "judged": int(judged.sum()),
        "right": int(right.sum()),
        "in_need": int((visits & ~rows.judged).sum()),
        "precision": bootstrap.ratio(
            by_household(rows.household, right), by_household(rows.household, judged)
        ),
        "recall": bootstrap.ratio(finds, by_household(owner, every)),
        "finds": int(found.sum()),
        "no_rule_finds": int(unseen.sum()),
        "no_rule_share": bootstrap.ratio(quiet, finds),
        "lead_months": _leads(rows, right),
    }


def _leads(rows: Rows, right: Bools) -> dict[str, float] | None:
    """Median and quartiles of the months from the first list that found a case to its event."""
    known = right & (rows.event_month >= 0)
    if not known.any():
        return None
    months = np.zeros(len(rows.case_household), np.intp)
    np.maximum.at(months, rows.cases[known], rows.event_month[known] - rows.month[known])
    q1, median, q3 = np.quantile(months[rows.per_case(known)], [0.25, 0.5, 0.75])
    return {"median": float(median), "q1": float(q1), "q3": float(q3)}


def table(
    rows: Rows,
    places: Sequence[str],
    *,
    floors: Mapping[str, float],
    score_share: float,
    shares: Sequence[float] = SHARES,
    candidates: Sequence[float] = FLOORS,
    count: int = REPLICATES,
    seed: int = 0,
) -> dict[str, Any]:
    """The whole document of an area.

    Parameters
    ----------
    rows : the population of the area on every day of the backtest
    places : paths by number, of those that plan visits
    floors : least probability of each tier in force; ``candidates`` stand beside them
    score_share : see `planned`

    Returns
    -------
    {days, lists, population, rows, events, cases, areas, shares, floors}, plain values; ``rows`` and ``events`` are
    judged household-days, ``population`` the households of a day on average.
    """
    rows = _numbered(rows)
    bootstrap = Bootstrap.of(int(rows.household.max(initial=-1)) + 1, count, seed)
    lowest = min(floors.values(), default=0.0)
    lists = int(rows.lists.max(initial=-1)) + 1
    days = len(np.unique(rows.day))
    return {
        "days": days,
        "lists": lists,
        "population": round(len(rows) / max(days, 1), 1),
        "rows": int(rows.judged.sum()),
        "events": int((rows.outcome == 1).sum()),
        "cases": len(rows.case_household),
        "areas": list(_areas(rows, places, days)),
        "shares": [
            {
                "share": share,
                "visits": int(budgets(rows, share).sum()),
                "visits_a_day": round(float(budgets(rows, share).sum()) / max(days, 1), 1),
                "policies": {
                    policy: figures(
                        rows, planned(rows, policy, share, floor=lowest, score_share=score_share), bootstrap
                    )
                    for policy in POLICIES
                },
            }
            for share in shares
        ],
        "floors": [
            _floor(rows, places, tier, floor, days, bootstrap)
            for tier, floor in [*floors.items(), *((None, floor) for floor in candidates)]
        ],
    }


def _numbered(rows: Rows) -> Rows:
    """The same rows with households numbered from 0 without gaps."""
    number = np.unique(rows.household, return_inverse=True)[1].astype(np.intp)
    return Rows(number, *(getattr(rows, field.name) for field in fields(rows)[1:]))


def _areas(rows: Rows, places: Sequence[str], days: int) -> Iterator[dict[str, Any]]:
    for number in np.unique(rows.place).tolist():
        here = rows.place == number
        yield {
            "area": places[number],
            "population": round(int(here.sum()) / max(days, 1), 1),
            "rows": int((here & rows.judged).sum()),
            "events": int((here & (rows.outcome == 1)).sum()),
        }


def _floor(
    rows: Rows, places: Sequence[str], tier: str | None, floor: float, days: int, bootstrap: Bootstrap
) -> dict[str, Any]:
    """Who reaches a floor: households a day, by place, and what the floor is worth."""
    reached = np.nan_to_num(rows.score, nan=-1.0) >= floor
    counted = np.bincount(rows.place[reached], minlength=len(places))
    said = figures(rows, reached, bootstrap)
    return {
        "tier": tier,
        "floor": floor,
        "households_a_day": round(float(reached.sum()) / max(days, 1), 2),
        "by_area": [
            {"area": places[n], "households_a_day": round(float(counted[n]) / max(days, 1), 2)}
            for n in np.unique(rows.place).tolist()
        ],
        **{key: value for key, value in said.items() if key not in ("visits", "in_need", "judged")},
        "rows": said["judged"],
    }
