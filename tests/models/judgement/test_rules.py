"""Rules by their example tables, and what holds for every one of them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import Refusal
from features.facts.kinds import kinds
from features.indicators.catalogue import RECORDS
from features.indicators.record import read_records
from features.policy.parameters import ParameterSet
from models.judgement.rules import Rule, documents, evaluate, load, make_rule
from models.judgement.tiers import TIERS

RULES = load()
PARAMETERS = ParameterSet.load()
TYPES = {column: record.type for record in read_records(RECORDS, kinds()) for column in record.columns}
DAY = date(2025, 6, 30)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_gives_what_its_examples_say(rule: Rule) -> None:
    for example in rule.examples:
        assert set(example["values"]) == set(rule.names)
        assert rule.judge(example["values"]) == example["gives"], example
    assert {example["gives"] for example in rule.examples} == {"hit", "no_hit", "unknown"}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_reads_only_what_there_is_and_is_a_yes_or_no(rule: Rule) -> None:
    def type_of(name: str) -> str:
        return "number" if name == "line" else TYPES.get(name) or PARAMETERS.type_of(name)

    assert [expression.type_of(type_of) for expression in rule.expressions] == ["boolean"] * len(
        rule.expressions
    )
    assert PARAMETERS.value(rule.days, DAY) >= 0
    assert all(rule.sentence[lang].strip() and "{" not in rule.sentence[lang] for lang in ("zh", "en"))


def test_every_threshold_is_read_by_a_rule_or_an_indicator() -> None:
    read = {name for rule in RULES for name in (*rule.names, rule.days)}
    read |= {n for r in read_records(RECORDS, kinds()) if r.expression for n in r.expression.names}
    # The line is named by mappings, the rest by what plans visits.
    planning = {"monitoring_line", "tier_floors", "visit_days_blue", "visit_capacity"}
    unread = PARAMETERS.ids() - read - planning
    assert unread == {"visit_capacity_share", "visit_score_share", "visit_check_share"}


def test_there_is_a_rule_for_each_case_that_departments_report() -> None:
    assert len(RULES) >= 14
    assert {
        "schooling_guarantee_fails", "medical_guarantee_fails", "housing_guarantee_fails", "water_guarantee_fails",
        "main_earner_lost", "self_paid_over_threshold", "self_paid_of_own_income", "new_severe_disability", "dropout",
        "dwelling_grade_d", "job_loss", "home_damaged", "benefit_ended", "income_below_line", "income_fallen",
        "loan_overdue",
    } <= {rule.id for rule in RULES}  # fmt: skip
    failing = [rule for rule in RULES if rule.id.endswith("_guarantee_fails")]
    assert all(rule.min_tier == "red" for rule in failing)


def test_a_hit_carries_values_and_parameters_and_unknown_is_not_silent() -> None:
    rules = [rule for rule in RULES if rule.id in ("self_paid_over_threshold", "loan_overdue", "job_loss")]
    row = {"self_paid_12m": 20000.01, "loan_overdue_days_4m": 0.0}
    found = evaluate(rules, row, parameters=PARAMETERS, day=DAY, area="99/1")
    assert [(hit.id, hit.min_tier, hit.group) for hit in found.hits] == [
        ("self_paid_over_threshold", "orange", "illness")
    ]
    assert found.hits[0].values == {"self_paid_12m": 20000.01, "self_paid_threshold_ordinary": 20000}
    assert found.unknown == ["job_loss"]


def test_a_threshold_follows_day_and_area() -> None:
    rules = [rule for rule in RULES if rule.id == "self_paid_over_threshold"]
    row = {"self_paid_12m": 50000.0}
    before = evaluate(rules, row, parameters=PARAMETERS, day=date(2012, 6, 30), area="/")
    assert before.unknown == ["self_paid_over_threshold"]
    assert evaluate(rules, row, parameters=PARAMETERS, day=DAY, area="/").hits


def test_the_line_can_be_read() -> None:
    rule = make_rule({**documents()[0], "id": "x", "condition": "income_12m < line"})
    below = evaluate([rule], {"income_12m": 5.0}, parameters=PARAMETERS, day=DAY, area="/", line=6.0)
    assert [hit.values for hit in below.hits] == [{"income_12m": 5.0, "line": 6.0}]
    assert evaluate([rule], {"income_12m": 5.0}, parameters=PARAMETERS, day=DAY, area="/").unknown == ["x"]


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(TYPES)), st.none() | st.floats(-1e6, 1e6) | st.booleans()))
def test_every_rule_is_a_hit_a_miss_or_unknown_never_twice(row: dict[str, Any]) -> None:
    typed = {
        name: value
        for name, value in row.items()
        if value is None
        or (isinstance(value, bool) == (TYPES[name] == "boolean") and TYPES[name] != "category")
    }
    found = evaluate(RULES, typed, parameters=PARAMETERS, day=DAY, area="/")
    hit = [h.id for h in found.hits]
    assert not set(hit) & set(found.unknown)
    assert all(h.min_tier in TIERS[:-1] for h in found.hits)


def test_documents_make_the_same_rules_again() -> None:
    assert [make_rule(document) for document in documents()] == RULES


@pytest.mark.parametrize(
    "change",
    [
        {"condition": "income_fall > 0.3"},
        {"condition": "self_paid_12m > 20000"},
        {"condition": "income_fall >"},
        {"population": "income_12m < 5"},
        {"group": "weather"},
        {"min_tier": "none"},
        {"min_tier": "purple"},
        {"sentence": {"en": "only one"}},
        {"owner": "somebody"},
    ],
)
def test_a_wrong_rule_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(Refusal) as refusal:
        make_rule({**documents()[0], **change})
    assert refusal.value.code in ("bad_record", "bad_expression")


def test_a_rule_without_a_part_is_refused() -> None:
    document = documents()[0]
    del document["days"]
    with pytest.raises(Refusal):
        make_rule(document)
