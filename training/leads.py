"""Which rules held for whom on the days of a backtest, and since when.

A rule speaks of everyone, also of households that are in need already, so the whole population of each day is
read anew, as it was known on that day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.indicators.catalogue import Catalogue
from features.indicators.compile import Compiler
from models.judgement.policy import Policy
from models.judgement.rules import Rule
from models.judgement.tiers import SEVERITY
from training import rulings


@dataclass(frozen=True)
class Leads:
    """What the rules say of each row.

    severity : `models.judgement.tiers.SEVERITY` of the highest minimum tier of the rules that hit; 0 where none does
    age : among the rules of that tier, as-of days since the newest began to hit; 0 is new on this day
    hits : number of rules that hit
    """

    severity: NDArray[np.int8]
    age: NDArray[np.int32]
    hits: NDArray[np.int8]


def read(
    catalogue: Catalogue, policy: Policy, days: Sequence[date], *, retrospective: date | None = None
) -> pa.Table:
    """Everyone on ``days`` with what the rules say: household, as_of, severity, age, hits; see `Leads`.

    retrospective : see `features.indicators.compile.Compiler`
    """
    seen, held = asked(catalogue, policy, days, retrospective=retrospective)
    day = np.searchsorted(np.array(sorted(days), "datetime64[D]"), seen["as_of"].to_numpy())
    household = np.unique(seen["household"].to_numpy(zero_copy_only=False), return_inverse=True)[1]
    found = leads(held, list(policy.rules.values()), household.astype(np.intp), day.astype(np.intp))
    return (
        seen.append_column("severity", pa.array(found.severity))
        .append_column("age", pa.array(found.age))
        .append_column("hits", pa.array(found.hits))
    )


def asked(
    catalogue: Catalogue, policy: Policy, days: Sequence[date], *, retrospective: date | None = None
) -> tuple[pa.Table, NDArray[np.bool_]]:
    """Everyone on ``days`` (household, as_of), and whether each rule of the policy holds: shape (rules, rows)."""
    rules = list(policy.rules.values())
    line = catalogue.declarations.line.get("parameter")
    with Compiler(catalogue, retrospective=retrospective) as compiler:
        seen = compiler.compute(compiler.population(days), rulings.columns_read(rules, catalogue.columns))
        derived = {} if line else compiler.lines(list(days))

    def line_on(day: date, area: str) -> float | None:
        value = policy.parameters.value(line, day, area) if line else derived.get(day)
        return None if value is None else float(value)

    types = {name: column.type for name, column in catalogue.columns.items()}
    held = [rulings.severities(seen, types, [rule], policy.parameters, line_on) > 0 for rule in rules]
    return seen.select(["household", "as_of"]), np.array(held, bool).reshape(len(rules), seen.num_rows)


def leads(
    held: NDArray[np.bool_], rules: Sequence[Rule], household: NDArray[np.intp], day: NDArray[np.intp]
) -> Leads:
    """Severity and newness of the rules' hits.

    held : whether each rule holds for each row, shape (rules, rows)
    household, day : numbers from 0 of each row's household and as-of day, the days in their order; a day on which
        a household was not in the population ends what held before
    """
    grave = np.array([SEVERITY[rule.min_tier] for rule in rules], np.int8)
    severity = np.where(held, grave[:, None], 0).max(axis=0, initial=0).astype(np.int8)
    newest = np.full(len(severity), np.iinfo(np.int32).max, np.int32)
    shape = (int(household.max(initial=-1)) + 1, int(day.max(initial=-1)) + 1)
    for number in range(len(rules)):
        grid = np.zeros(shape, bool)
        grid[household, day] = held[number]
        age = np.zeros(shape, np.int32)
        for later in range(1, shape[1]):
            age[:, later] = np.where(grid[:, later - 1], age[:, later - 1] + 1, 0)
        counts = held[number] & (grave[number] == severity)
        newest = np.where(counts, np.minimum(newest, age[household, day]), newest)
    return Leads(
        severity, np.where(severity > 0, newest, 0).astype(np.int32), held.sum(axis=0).astype(np.int8)
    )
