"""The county while it lives: what is true in the current month, and the history of what was true."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from county.households import NEVER, Households, Persons
from county.places import Bools, Floats, Ints, Places
from county.setting import Calendar
from county.shocks import Disasters, Markets

# Work of a person in a month.
NONE, FARMING, LOCAL, AWAY, POST, UNEMPLOYED = range(6)
WORK_NAMES = ("none", "farming", "local_work", "migrant_work", "public_post", "unemployed")
# Register types: 1 unstable lifted, 2 marginal, 3 sudden hardship.
COMPONENTS = ("income_after_self_paid_below_line", "guarantee_fails", "formally_identified")


class Log:
    """Rows of one sort of event, gathered month by month as arrays."""

    def __init__(self) -> None:
        self._parts: dict[str, list[npt.NDArray[Any]]] = defaultdict(list)
        self._table: dict[str, npt.NDArray[Any]] = {}

    def add(self, **columns: npt.NDArray[Any] | int) -> None:
        self._table = {}
        length = max((len(c) for c in columns.values() if isinstance(c, np.ndarray)), default=1)
        for name, column in columns.items():
            self._parts[name].append(column if isinstance(column, np.ndarray) else np.full(length, column))

    def table(self) -> dict[str, npt.NDArray[Any]]:
        if not self._table:
            self._table = {name: np.concatenate(parts) for name, parts in self._parts.items()}
        return self._table


@dataclass
class County:
    """Everything about a run. Arrays `h_…` are household x month, `p_…` person x month."""

    calendar: Calendar
    places: Places
    households: Households
    persons: Persons
    markets: Markets
    disasters: Disasters
    rngs: dict[str, np.random.Generator]

    # --- what is true now, a household
    wellbeing: Floats = field(init=False)  # latent, log points around the permanent income
    sliding: Bools = field(init=False)
    crop_loss: Floats = field(init=False)  # share of the harvest lost, healing
    claim_due: Floats = field(init=False)  # insurance still to be paid, yuan
    grade: Ints = field(init=False)  # 0 A .. 3 D
    unsafe: Bools = field(init=False)
    dibao: Bools = field(init=False)
    dibao_amount: Floats = field(init=False)  # yuan a month
    loan: Floats = field(init=False)  # principal, 0 = none
    overdue: Ints = field(init=False)  # months
    monitored: Ints = field(init=False)  # register type, 0 = not
    monitored_since: Ints = field(init=False)
    eliminated: Bools = field(init=False)
    # --- what is true now, a person
    first_age: Ints = field(init=False)  # in the first month
    present: Bools = field(init=False)
    left_reason: Ints = field(init=False)  # 0 none, 1 death, 2 marriage
    health: Ints = field(init=False)
    prodrome: Bools = field(init=False)  # a serious illness is on its way
    chronic: Bools = field(init=False)
    disability: Ints = field(init=False)
    work: Ints = field(init=False)
    short_time: Bools = field(init=False)
    dropped: Bools = field(init=False)
    insured: Bools = field(init=False)
    year_paid: Floats = field(init=False)  # self-paid medical spending of the calendar year, a household
    # --- history
    h: dict[str, npt.NDArray[Any]] = field(init=False)
    p: dict[str, npt.NDArray[Any]] = field(init=False)
    logs: dict[str, Log] = field(init=False)

    def __post_init__(self) -> None:
        homes, people, months = self.households.count, self.persons.count, self.calendar.total
        draw = self.rngs["start"]
        self.wellbeing = draw.normal(0, 0.12, homes)
        self.sliding = np.zeros(homes, dtype=bool)
        self.crop_loss, self.claim_due = np.zeros(homes), np.zeros(homes)
        old = self.households.old_house
        self.grade = np.where(draw.random(homes) < np.where(old, 0.55, 0.18), 1, 0)
        self.unsafe = np.zeros(homes, dtype=bool)
        self.dibao, self.dibao_amount = np.zeros(homes, dtype=bool), np.zeros(homes)
        borrows = draw.random(homes) < np.where(self.households.lifted, 0.28, 0.07)
        self.loan = np.where(borrows, draw.choice([10_000.0, 20_000.0, 30_000.0, 50_000.0], homes), 0.0)
        self.overdue = np.zeros(homes, dtype=np.int64)
        self.monitored, self.monitored_since = np.zeros(homes, dtype=np.int64), np.full(homes, NEVER)
        self.eliminated = np.zeros(homes, dtype=bool)
        self.present = self.persons.joined == 0
        self.left_reason = np.zeros(people, dtype=np.int64)
        self.health = np.where(self.persons.chronic, 1, 0)
        self.prodrome = np.zeros(people, dtype=bool)
        self.chronic, self.disability = self.persons.chronic.copy(), self.persons.disability.copy()
        self.first_age = self.age(0)
        self.work = np.where(
            (self.persons.base_wage > 0) & (self.first_age >= 16),
            np.where(self.persons.migrant, AWAY, LOCAL),
            NONE,
        )
        self.short_time, self.dropped = np.zeros(people, dtype=bool), np.zeros(people, dtype=bool)
        self.insured = np.ones(people, dtype=bool)
        self.year_paid = np.zeros(homes)
        self.h = {
            name: np.zeros((homes, months), dtype=np.float32)
            for name in (
                "wage",
                "revenue",
                "expense",
                "property",
                "transfer",
                "claims",
                "self_paid",
                "net",
                "below_by",
            )
        }
        self.h |= {
            name: np.zeros((homes, months), dtype=np.int8)
            for name in ("members", "grade", "unsafe", "monitored", "eliminated", "dibao", "overdue", "needs", "no_labour", "dropout", "uninsured")
        }  # fmt: skip
        self.h["wellbeing"] = np.zeros((homes, months), dtype=np.float32)
        self.h["dibao_amount"] = np.zeros((homes, months), dtype=np.float32)
        self.p = {
            name: np.zeros((people, months), dtype=np.int8)
            for name in ("present", "health", "work", "dropped", "insured")
        }
        self.p["wage"] = np.zeros((people, months), dtype=np.float32)
        self.logs = {
            name: Log() for name in ("medical", "disaster", "accident", "slump", "disability", "register")
        }

    def age(self, month: int) -> Ints:
        """Ages in years of everyone in a month."""
        year, part = self.calendar.of(month)
        return self.persons.ages(np.datetime64(f"{year}-{part:02d}", "M"))

    def by_household(self, values: npt.NDArray[Any]) -> Floats:
        """Sum of a person's values by household."""
        return np.bincount(self.persons.household, values, self.households.count).astype(np.float64)

    def helped(self, month: int) -> Bools:
        """Households whose help has begun: a month after they entered the register."""
        return (self.monitored > 0) & (self.monitored_since < month)

    def year_sum(self, name: str, month: int) -> Floats:
        """Sum of a household's history over the twelve months that end with ``month``."""
        return self.h[name][:, max(month - 11, 0) : month + 1].sum(axis=1, dtype=np.float64)
