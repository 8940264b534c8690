"""The policy: parameters, rules and words, frozen together under one hash.

Every decision names its policy by that hash and is judged from the frozen document, so that a parameter
changed tomorrow leaves yesterday's decision as it was.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from hashlib import sha256
from typing import Any

from features.home import Home
from features.indicators.expression import Value, syntax
from features.policy.areas import WHOLE
from features.policy.parameters import ParameterSet
from features.policy.vocabulary import Unit, groups, units
from models.judgement import rules as rulebook
from models.judgement.rules import Found, Rule
from models.judgement.tiers import SCORED
from models.record.canonical import canonical

SCHEMA = 1


def policy_document(home: Home | None) -> dict[str, Any]:
    """Today's policy of a home, as plain JSON values: what `Policy.from_document` reads back."""
    return {
        "schema": SCHEMA,
        **ParameterSet.load(home).document(),
        "rules": rulebook.documents(),
        "groups": [{"id": g.id, "name": dict(g.name), "official": g.official} for g in groups().values()],
        "units": [unit.document() for unit in units().values()],
    }


@dataclass(frozen=True)
class Plan:
    """Visits by place where set, and the shares that hold otherwise (see `models.judgement.listing`)."""

    visits: Mapping[str, int]
    visits_share: float
    score_share: float
    check_share: float


class _Remembered(ParameterSet):
    """A parameter set that looks each value up once: a list asks the same of thousands of households."""

    @cached_property
    def _values(self) -> dict[tuple[str, date, str], Any]:
        return {}

    @cached_property
    def _ids(self) -> frozenset[str]:
        return super().ids()

    def ids(self) -> frozenset[str]:
        return self._ids

    def value(self, id_: str, day: date, area: str = WHOLE) -> Any:
        key = (id_, day, area)
        if key not in self._values:
            self._values[key] = super().value(id_, day, area)
        return self._values[key]


@dataclass(frozen=True)
class Policy:
    """A frozen policy. ``hash`` is the SHA-256 of its canonical document."""

    hash: str
    parameters: ParameterSet
    rules: Mapping[str, Rule]
    official: Mapping[str, bool]
    units: Mapping[str, Unit]

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Policy:
        return cls(
            hash=sha256(canonical(document)).hexdigest(),
            parameters=_Remembered(ParameterSet.from_document(document).parameters),
            # As they were frozen: today's vocabulary has no say in a rule of the past.
            rules={r["id"]: Rule(**{**r, "examples": tuple(r["examples"])}) for r in document["rules"]},
            official={g["id"]: g["official"] for g in document["groups"]},
            units={u["id"]: Unit(**u) for u in document["units"]},
        )

    def floors(self, outcome: str, day: date) -> dict[str, float] | None:
        """Least probability of each tier, the same for the whole county; None where the bundle's hold.

        A floor may be set for one outcome (``relapse.orange``) or for all (``orange``).
        """
        stated = self.parameters.value("tier_floors", day)
        if stated is None:
            return None
        floors = {tier: stated.get(f"{outcome}.{tier}", stated.get(tier)) for tier in SCORED}
        return {tier: float(floor) for tier, floor in floors.items() if floor is not None} or None

    def found(self, values: Mapping[str, Value], day: date, area: str, line: float | None) -> Found:
        """The rules that hold for a household, and those of which it is not known."""
        return rulebook.evaluate(
            self.rules.values(), values, parameters=self.parameters, day=day, area=area, line=line
        )

    def plan(self, day: date, places: Iterable[str], area: str) -> Plan:
        """What each place plans for a period that begins with the list of ``day``."""
        stated = {place: self.parameters.value("visit_capacity", day, place) for place in places}
        share = {
            name: float(self.parameters.value(f"visit_{name}_share", day, area))
            for name in ("capacity", "score", "check")
        }
        return Plan(
            {place: int(visits) for place, visits in stated.items() if visits is not None},
            share["capacity"],
            share["score"],
            share["check"],
        )

    def norm(
        self, column: str, values: Mapping[str, Value], day: date, area: str
    ) -> float | bool | str | None:
        """The value of the parameter that a rule compares this column with; None where no rule does.

        Where several rules do, the first counts whose population the household belongs to: a rule for a
        special group comes before one for all.
        """
        for rule, parameter in self.compared.get(column, ()):
            if rule.population == rulebook.ALL or self._belongs(rule, values, day, area):
                value: float | bool | str | None = self.parameters.value(parameter, day, area)
                return value
        return None

    def _belongs(self, rule: Rule, values: Mapping[str, Value], day: date, area: str) -> bool:
        population = rule.expressions[0]
        known = self.parameters.ids()
        named = {
            name: self.parameters.value(name, day, area) if name in known else values.get(name)
            for name in population.names
        }
        return population.evaluate(named) is True

    @cached_property
    def compared(self) -> dict[str, list[tuple[Rule, str]]]:
        """(rule, parameter) by column, for the columns that a condition compares with one directly."""
        found: dict[str, list[tuple[Rule, str]]] = {}
        known = self.parameters.ids()
        for rule in sorted(self.rules.values(), key=lambda rule: rule.population == rulebook.ALL):
            for node in ast.walk(syntax(rule.condition)):
                match node:
                    case ast.Compare(left=ast.Name(id=a), comparators=[ast.Name(id=b)]):
                        if (a in known) != (b in known):
                            column, parameter = (b, a) if a in known else (a, b)
                            found.setdefault(column, []).append((rule, parameter))
        return found
