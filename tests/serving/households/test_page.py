"""The parts of the household page as pure functions: words, deadline, what is not known, the drawing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import Any

import pytest

from features.policy.vocabulary import groups
from models.judgement.meaning import Meaning
from models.judgement.policy import Policy, policy_document
from serving.households import chart, words
from serving.households.records import Declared
from serving.households.verdict import _due, natural_count
from serving.households.why import NAMES, reason_rows, unknown_rows
from serving.snapshots.frozen import Frozen


@pytest.fixture(scope="module")
def policy() -> Policy:
    return Policy.from_document(policy_document(None))


def reason(**changed: Any) -> dict[str, Any]:
    plain = {
        "group": "income",
        "official": False,
        "contribution": 1.0,
        "indicator": "self_paid_12m",
        "value": 900.0,
        "unit": "yuan",
        "norm": 5000,
        "norm_kind": "parameter",
        "known_at": "2026-09-12",
        "sentence": {
            "zh": "自付900元（参照：标准为5,000元），请了解治疗",
            "en": "paid 1 people (compared with x); ask",
        },
    }
    return {**plain, **changed}


def meaning(column: str, group: str = "income", owner: str = "agriculture") -> Meaning:
    name = {"zh": f"指标{column}", "en": f"indicator {column}"}
    return Meaning(column, column, name, group, "yuan", owner, {"zh": "", "en": ""}, frozenset())


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("in school: 1 people", "In school: 1 person"),
        ("in school: 11 people", "In school: 11 people"),
        ("1.1 people, 1,001 people", "1.1 people, 1,001 people"),
        ("for 1 months and 2 months", "For 1 month and 2 months"),
        ("changes by -528 yuan, 3 %", "Changes by −528 yuan, 3%"),
        ("since 2026-01-01", "Since 2026-01-01"),
    ],
)
def test_english_is_tidied(said: str, told: str) -> None:
    assert words.tidy(said, "en") == told


def test_a_threshold_that_is_not_passed_is_said_so(policy: Policy) -> None:
    told = words.norm_said(reason(), policy, "zh")
    assert told == "标准：5,000元，没有越过，但已推高风险"
    assert words.norm_said(reason(value=6000.0), policy, "zh") == "标准：5,000元"
    assert words.norm_said(reason(contribution=-1.0), policy, "zh") == "标准：5,000元"
    assert words.norm_said(reason(value=6000.0, contribution=-1.0), policy, "zh") == "标准：5,000元，已经越过"


def test_below_the_line_is_the_harmful_side(policy: Policy) -> None:
    near = reason(indicator="income_12m_log", unit="log_ratio", norm=0.0, value=0.1)
    assert "not passed" in str(words.norm_said(near, policy, "en"))
    assert "passed" not in str(words.norm_said({**near, "value": -0.1}, policy, "en"))


def test_a_median_has_no_side(policy: Policy) -> None:
    assert words.norm_said(reason(norm_kind="median"), policy, "en") == "usually 5,000 yuan"
    assert words.norm_said(reason(norm=None, norm_kind=None), policy, "en") is None


def test_all_bars_stand_on_one_axis_and_on_one_scale(policy: Policy) -> None:
    document = {
        "reasons": [reason(contribution=3.0), reason(contribution=0.9, indicator="b")],
        "lowering": [reason(contribution=-1.5, indicator="c"), reason(contribution=-0.01, indicator="d")],
        "rules": [],
        "sources": [{"source": "a"}, {"source": "b"}],
    }
    frozen = Frozen(policy, {name: meaning(name) for name in ("self_paid_12m", "b", "c", "d")})
    rows = reason_rows(document, frozen, Declared(), "en")
    assert len({row.bar.axis for row in rows}) == 1
    axis = rows[0].bar.axis
    assert [row.bar.raises for row in rows] == [True, True, False, False]
    assert rows[2].bar.x + rows[2].bar.width == pytest.approx(axis, abs=0.11)
    assert rows[0].bar.width == pytest.approx(2 * rows[2].bar.width, abs=0.11)
    assert [row.strength for row in rows] == [
        "raises, strong",
        "raises, weak",
        "lowers, medium",
        "lowers, weak",
    ]
    assert [row.small for row in rows] == [False, False, False, True]


def test_what_a_rule_calls_a_risk_is_not_said_to_lower_it(policy: Policy) -> None:
    rule = next(iter(policy.rules.values()))
    other = next(group for group in groups() if group != rule.group)
    document = {
        "reasons": [],
        "lowering": [
            reason(contribution=-2.0, group=rule.group, indicator="a"),
            reason(contribution=-1.0, group=other, indicator="b"),
        ],
        "rules": [{"id": rule.id, "min_tier": rule.min_tier, "values": {}}],
        "sources": [{"source": "a"}, {"source": "b"}],
    }
    frozen = Frozen(policy, {name: meaning(name) for name in ("a", "b")})
    assert [row.indicator for row in reason_rows(document, frozen, Declared(), "zh")] == ["b"]
    document["rules"] = []
    assert [row.indicator for row in reason_rows(document, frozen, Declared(), "zh")] == ["a", "b"]


def test_dozens_of_unknown_columns_become_a_short_list(policy: Policy) -> None:
    columns = {
        f"{group}_{n}": meaning(f"{group}_{n}", group) for group in list(groups())[:5] for n in range(12)
    }
    document = {"unknown": [{"indicator": name, "source": "agriculture"} for name in columns]}
    rows = unknown_rows(document, Frozen(policy, columns), Declared(), "en")
    assert len(rows) == 5
    assert all("12 items" in row.name for row in rows)
    assert all(row.told.count("ndicator") == NAMES for row in rows)


def test_unknown_windows_of_one_indicator_are_one_thing_to_ask(policy: Policy) -> None:
    one = {f"spent_{window}": replace(meaning("spent"), column=f"spent_{window}") for window in ("3m", "12m")}
    document = {"unknown": [{"indicator": name, "source": "health"} for name in one]}
    rows = unknown_rows(document, Frozen(policy, one), Declared(), "en")
    assert [row.name for row in rows] == ["Indicator spent."]
    assert rows[0].told == "No data of this household from: Health."


@pytest.mark.parametrize(
    ("tier", "raised_by", "rules", "days"),
    [
        ("orange", "score", [], 3),
        ("orange", "both", ["income_fallen"], 3),
        ("yellow", "rule", ["income_fallen"], 10),
        ("red", "rule", ["income_fallen", "medical_guarantee_fails"], 2),
        ("none", "none", [], None),
    ],
)
def test_the_earliest_deadline_counts(
    policy: Policy, tier: str, raised_by: str, rules: list[str], days: int | None
) -> None:
    document = {
        "as_of": "2026-09-30",
        "area": "99",
        "tier": tier,
        "raised_by": raised_by,
        "rules": [{"id": rule, "min_tier": policy.rules[rule].min_tier, "values": {}} for rule in rules],
    }
    found = _due(document, Frozen(policy, {}))
    assert found[0] == days
    if days is not None and found[1] is not None:
        assert (found[1] - date(2026, 9, 30)).days == days


def test_before_policy_set_a_deadline_there_is_none(policy: Policy) -> None:
    document = {"as_of": "2012-06-30", "area": "41", "tier": "orange", "raised_by": "score", "rules": []}
    assert _due(document, Frozen(policy, {})) == (None, None)


def test_natural_numbers_never_say_none_or_all() -> None:
    assert [natural_count(p) for p in (0.0, 0.004, 0.006, 0.5, 0.994, 1.0)] == [
        "<1",
        "<1",
        "1",
        "50",
        "99",
        ">99",
    ]


def moment(month: int, probability: float | None, **changed: Any) -> chart.Moment:
    plain = chart.Moment(
        day=date(2026, month, 28),
        probability=probability,
        tier="yellow",
        bundle="a" * 64,
        floors={"orange": 0.4, "yellow": 0.25, "blue": 0.1},
        rules={},
        decision="d",
    )
    return replace(plain, **changed)


@pytest.mark.parametrize("width", [chart.WIDE, chart.NARROW, chart.LEAST])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_drawing_stays_inside_and_its_labels_apart(width: int, lang: str) -> None:
    found = [moment(1, 0.24), moment(2, None), moment(3, 0.26), moment(4, 0.255)]
    drawing = chart.draw(found, [], width, lang)
    assert all(drawing.left <= x <= drawing.right for x, _, _ in drawing.dots)
    assert all(drawing.top <= y <= drawing.base for _, y, _ in drawing.dots)
    heights = sorted(label.y for label in drawing.ends)
    assert all(b - a >= chart.LABEL - 0.2 for a, b in pairwise(heights))
    assert len(drawing.gaps) == 1
    assert len(drawing.lines) == 1, "no line leads over a day without a probability"
    assert [label.told for label in drawing.ends if label.strong] == ["25.5%"]


def test_events_are_another_model_and_a_rule_that_was_not_there_before() -> None:
    found = [
        moment(1, 0.2),
        moment(2, 0.2, rules={"r": "a guarantee fails"}),
        moment(3, 0.2, rules={"r": "a guarantee fails"}),
        moment(4, 0.2, bundle="b" * 64, rules={"r": "a guarantee fails"}),
        moment(5, 0.2, bundle="b" * 64, rules={"s": "not known to be new"}, decision=None),
    ]
    told = chart.events(found, "en")
    assert [(e.number, e.day.month, e.told) for e in told] == [
        (1, 2, ["rule: a guarantee fails"]),
        (2, 4, ["another model: bbbb"]),
    ]
