"""Tiers say how severe a warning is; they know nothing of lists or capacities.

The scale and its duties follow county practice (Danfeng 2020, Yanchi 2020): red, a guarantee fails;
orange and yellow, visits within days; blue, watch. A score alone never gives red.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

TIERS = ("red", "orange", "yellow", "blue", "none")
# The tiers that a score can reach, from the highest.
SCORED = ("orange", "yellow", "blue")
SEVERITY = {name: len(TIERS) - 1 - position for position, name in enumerate(TIERS)}


class Judgement(NamedTuple):
    """A tier and what raised it: ``rule``, ``score``, ``both`` (each would have), or None for tier none."""

    tier: str
    raised_by: str | None


def score_tier(probability: float | None, floors: Mapping[str, float]) -> str:
    """The highest tier whose floor the probability reaches; ``none`` where there is no probability.

    >>> score_tier(0.2, {"orange": 0.4, "yellow": 0.2, "blue": 0.1})
    'yellow'
    """
    if probability is not None:
        for name in SCORED:
            if name in floors and probability >= floors[name]:
                return name
    return "none"


def rule_tier(minimum_tiers: Iterable[str]) -> str:
    """The highest of the minimum tiers of the rules that hit."""
    return max(minimum_tiers, key=SEVERITY.__getitem__, default="none")


def tier(probability: float | None, rule_hits: Iterable[str], floors: Mapping[str, float]) -> str:
    """The higher of rule and score.

    Parameters
    ----------
    probability : calibrated, at the tier horizon; None where the household is not at risk
    rule_hits : the minimum tier of each rule that hit
    floors : least probability of orange, yellow and blue
    """
    return max(score_tier(probability, floors), rule_tier(rule_hits), key=SEVERITY.__getitem__)


def judge(probability: float | None, rule_hits: Iterable[str], floors: Mapping[str, float]) -> Judgement:
    """The tier together with what raised it. A rule hit is never hidden: where one is, it is named."""
    hits = list(rule_hits)
    scored, ruled = score_tier(probability, floors) != "none", bool(hits)
    raised_by = {(True, True): "both", (False, True): "rule", (True, False): "score"}.get((scored, ruled))
    return Judgement(tier(probability, hits, floors), raised_by)
