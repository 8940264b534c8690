"""The tier is the higher of rule and score, and says which raised it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.judgement.tiers import SEVERITY, TIERS, judge, rule_tier, score_tier, tier

FLOORS = {"orange": 0.4, "yellow": 0.2, "blue": 0.1}
probabilities = st.one_of(st.none(), st.floats(0, 1))
hits = st.lists(st.sampled_from(TIERS[:-1]), max_size=4)


@pytest.mark.parametrize(
    ("probability", "expected"),
    [
        (None, "none"),
        (0.05, "none"),
        (0.1, "blue"),
        (0.2, "yellow"),
        (0.39, "yellow"),
        (0.4, "orange"),
        (1.0, "orange"),
    ],
)
def test_a_score_reaches_the_highest_floor_below_it(probability: float | None, expected: str) -> None:
    assert tier(probability, [], FLOORS) == expected


@given(probabilities)
def test_a_score_never_gives_red(probability: float | None) -> None:
    assert tier(probability, [], FLOORS) != "red"


@given(probabilities, hits)
def test_the_tier_is_the_higher_of_rule_and_score(probability: float | None, minimum: list[str]) -> None:
    found = SEVERITY[tier(probability, minimum, FLOORS)]
    assert found == max(SEVERITY[score_tier(probability, FLOORS)], SEVERITY[rule_tier(minimum)])


@given(probabilities, probabilities, hits)
def test_a_rule_hit_is_never_hidden_by_a_low_score(
    a: float | None, b: float | None, minimum: list[str]
) -> None:
    for probability in (a, b):
        verdict = judge(probability, minimum, FLOORS)
        assert SEVERITY[verdict.tier] >= SEVERITY[rule_tier(minimum)]
        assert (verdict.raised_by in ("rule", "both")) == bool(minimum)
        assert (verdict.raised_by in ("score", "both")) == (score_tier(probability, FLOORS) != "none")
        assert (verdict.raised_by is None) == (verdict.tier == "none")


def test_not_at_risk_the_tier_comes_from_rules_alone() -> None:
    assert judge(None, ["yellow"], FLOORS) == ("yellow", "rule")
    assert judge(None, [], FLOORS) == ("none", None)
