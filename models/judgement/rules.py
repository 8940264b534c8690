"""Rules: the single-indicator triggers of the departments, as records. Rules and score stay separate.

A rule's condition is an expression over snapshot columns, dated parameters and ``line``; it contains no
number but 0 and 1, since every threshold is a parameter. ``population`` says for whom the rule is meant:
``all``, or a condition of its own. A condition that is not known is neither a hit nor silence: it is
returned as unknown, so that a missing feed widens what has to be asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import yaml

from features.errors import Refusal
from features.indicators.expression import Expression, Value, parse
from features.policy.parameters import ParameterSet
from features.policy.vocabulary import groups
from features.wording import both
from models.judgement.tiers import TIERS

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
RULES = Path(__file__).parent / "rules"
LINE = "line"
ALL = "all"
HIT, NO_HIT, UNKNOWN = "hit", "no_hit", "unknown"

_KEYS = {
    "id", "sentence", "group", "population", "condition", "min_tier", "days", "source", "examples",
}  # fmt: skip


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes
    ----------
    sentence : what it says to a village official, in zh and en
    group : reason group
    population : ``all`` or a condition
    min_tier : the tier that a hit gives at least
    days : id of the parameter that holds the days until the visit
    examples : values in, ``hit``, ``no_hit`` or ``unknown`` out
    """

    id: str
    sentence: Mapping[str, str]
    group: str
    population: str
    condition: str
    min_tier: str
    days: str
    source: str
    examples: tuple[Mapping[str, Any], ...]

    @cached_property
    def expressions(self) -> tuple[Expression, ...]:
        """Population (unless it is all) and condition, parsed."""
        texts = [self.condition] if self.population == ALL else [self.population, self.condition]
        return tuple(parse(text, where=self.id) for text in texts)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names that the rule reads, each once."""
        return tuple(dict.fromkeys(name for expression in self.expressions for name in expression.names))

    def judge(self, values: Mapping[str, Value]) -> str:
        """``hit``, ``no_hit`` or ``unknown``, given the value of every name."""
        known = True
        for expression in self.expressions:
            held = expression.evaluate(values)
            if held is False:
                return NO_HIT
            known = known and held is True
        return HIT if known else UNKNOWN


class Hit(NamedTuple):
    """A rule that holds for a household, with the values and parameters it read."""

    id: str
    min_tier: str
    group: str
    values: Mapping[str, Value]
    sentence: Mapping[str, str]


class Found(NamedTuple):
    """The rules that hold, and the ids of those of which it is not known whether they hold."""

    hits: list[Hit]
    unknown: list[str]


def make_rule(document: Mapping[str, Any], *, file: str = "rules") -> Rule:
    """A rule from its record, every part checked.

    Raises
    ------
    Refusal
        ``bad_record`` or ``bad_expression``, naming the rule and the place.
    """
    for key in sorted(set(document) ^ _KEYS):
        _bad(document, file, key, both("it is missing") if key in _KEYS else both("there is no such key"))
    if set(document["sentence"]) != {"zh", "en"}:
        _bad(document, file, "sentence", both("it needs a text in zh and in en"))
    if document["group"] not in groups():
        _bad(document, file, "group", both("there is no such reason group"))
    if document["min_tier"] not in TIERS[:-1]:
        _bad(document, file, "min_tier", both("there is no such tier"))
    plain = {key: document[key] for key in _KEYS - {"sentence", "examples"}}
    rule = Rule(**plain, sentence=dict(document["sentence"]), examples=tuple(document["examples"]))
    for expression in rule.expressions:
        if set(expression.numbers) - {0.0, 1.0}:
            _bad(document, file, "condition", both("a threshold belongs into a parameter"))
    return rule


def load(folder: Path = RULES) -> list[Rule]:
    """The shipped rules, file by file in order of name. Raises `Refusal` as `make_rule` does."""
    rules: list[Rule] = []
    for path in sorted(folder.glob("*.yaml")):
        for document in yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER) or []:
            rule = make_rule(document, file=path.name)
            if any(known.id == rule.id for known in rules):
                _bad(document, path.name, "id", both("it stands twice"))
            rules.append(rule)
    return rules


def documents(rules: Iterable[Rule] | None = None) -> list[dict[str, Any]]:
    """The rules as plain values, from which `make_rule` makes them again."""
    return [
        {
            "id": rule.id,
            "sentence": dict(rule.sentence),
            "group": rule.group,
            "population": rule.population,
            "condition": rule.condition,
            "min_tier": rule.min_tier,
            "days": rule.days,
            "source": rule.source,
            "examples": [dict(example) for example in rule.examples],
        }
        for rule in (load() if rules is None else rules)
    ]


def evaluate(
    rules: Iterable[Rule],
    row: Mapping[str, Value],
    *,
    parameters: ParameterSet,
    day: date,
    area: str,
    line: float | None = None,
) -> Found:
    """Which rules hold for one household.

    Parameters
    ----------
    row : value by snapshot column; None or absent is not known
    day, area : on which and where the parameters are read
    line : the line of that day and area, yuan per person and year (on a panel: of the wave)
    """
    hits: list[Hit] = []
    unknown: list[str] = []
    known = parameters.ids()
    # Many rules read the same names: each is looked up once.
    read: dict[str, Value] = {}
    for rule in rules:
        for name in rule.names:
            if name not in read:
                read[name] = (
                    parameters.value(name, day, area)
                    if name in known
                    else line
                    if name == LINE
                    else row.get(name)
                )
        verdict = rule.judge(read)
        if verdict == HIT:
            values = {name: read[name] for name in rule.names}
            hits.append(Hit(rule.id, rule.min_tier, rule.group, values, rule.sentence))
        elif verdict == UNKNOWN:
            unknown.append(rule.id)
    return Found(hits, unknown)


def _bad(document: Mapping[str, Any], file: str, place: str, reason: Mapping[str, str]) -> NoReturn:
    raise Refusal("bad_record", record=document.get("id", "?"), file=file, place=place, reason=reason)
