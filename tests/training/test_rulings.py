"""The rules put to all rows at once say what a visiting list would say of each household."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from features.policy.parameters import ParameterSet
from models.judgement import rules as rulebook
from models.judgement.tiers import SEVERITY, TIERS, rule_tier
from tests.training.panels import panel
from training import evaluation, metrics, rulings
from training.rivals import MODELS

DAYS = [date(2022, 3, 31), date(2024, 6, 30), date(2026, 1, 31)]
AREAS = ["33/01/001", "33/02/004", "/"]


def no_line(day: date, area: str) -> None:
    """There is none here."""


def asked(rows: int, seed: int) -> tuple[list[dict[str, object]], pa.Table, dict[str, str]]:
    """Random households: every column that a shipped rule reads, a third of it unknown."""
    generator = np.random.default_rng(seed)
    parameters = ParameterSet.load()
    names = [
        n for n in dict.fromkeys(n for r in rulebook.load() for n in r.names) if n not in parameters.ids()
    ]
    seen: dict[str, object] = {}
    for rule in rulebook.load():
        for example in rule.examples:
            seen |= {name: v for name, v in example["values"].items() if v is not None}
    types = {
        name: "boolean"
        if isinstance(seen[name], bool)
        else "category"
        if isinstance(seen[name], str)
        else "number"
        for name in names
    }

    def value(name: str) -> object:
        if generator.random() < 0.33:
            return None
        if types[name] == "boolean":
            return bool(generator.random() < 0.1)
        if types[name] == "category":
            return str(generator.choice(["A", "C", "D"]))
        return float(np.round(generator.normal(0, 2) * abs(float(seen[name])), 2))  # type: ignore[arg-type]

    households = [{name: value(name) for name in names} for _ in range(rows)]
    kinds = {"boolean": pa.bool_(), "category": pa.string(), "number": pa.float64()}
    columns = {name: pa.array([h[name] for h in households], kinds[types[name]]) for name in names}
    table = pa.table(
        {
            "as_of": pa.array([DAYS[i % 3] for i in range(rows)], pa.date32()),
            "area": pa.array([AREAS[i % 2 + i % 5 // 4] for i in range(rows)]),
            **columns,
        }
    )
    return households, table, types


def test_every_row_gets_the_tier_that_a_list_would_give() -> None:
    households, table, types = asked(600, seed=1)
    parameters, rules = ParameterSet.load(), rulebook.load()
    found = rulings.severities(table, types, rules, parameters, no_line)
    expected = []
    for values, day, area in zip(
        households, table["as_of"].to_pylist(), table["area"].to_pylist(), strict=True
    ):
        hits = rulebook.evaluate(rules, values, parameters=parameters, day=day, area=area).hits  # type: ignore[arg-type]
        expected.append(SEVERITY[rule_tier(hit.min_tier for hit in hits)])
    np.testing.assert_array_equal(found, expected)
    assert set(expected) >= {0, SEVERITY["red"], SEVERITY["orange"]}, "the rows are not all alike"


def test_parameters_are_those_of_the_day() -> None:
    """The line for minimum living allowance is read as it stood on each row's day and in its area."""
    rule = next(rule for rule in rulebook.load() if "dibao_line" in rule.names)
    parameters = ParameterSet.load()
    lines = [parameters.value("dibao_line", day) for day in DAYS]
    assert len(set(lines)) > 1, "it changed in these years"
    below = [None if value is None else value - 1 for value in lines]
    table = pa.table(
        {
            "as_of": pa.array(DAYS * 3, pa.date32()),
            "area": ["/"] * 9,
            "income_12m": pa.array([value for value in below for _ in range(3)], pa.float64()),
            "dibao": [False] * 9,
        }
    )
    types = {"income_12m": "number", "dibao": "boolean"}
    found = rulings.severities(table, types, [rule], parameters, no_line)
    hit = [
        SEVERITY[rule.min_tier] if value is not None and line is not None and value < line else 0
        for value in below
        for line in lines
    ]
    np.testing.assert_array_equal(found, hit)


def test_a_column_that_a_home_does_not_have_is_not_known() -> None:
    _, table, types = asked(50, seed=2)
    bare = table.select(["as_of", "area"])
    found = rulings.severities(bare, {}, rulebook.load(), ParameterSet.load(), no_line)
    assert not found.any()
    assert rulings.columns_read(rulebook.load(), types) == list(types)


def test_the_rules_rank_by_tier_and_all_of_one_tier_are_one_group() -> None:
    plain = panel(households=1500, seed=3)
    generator = np.random.default_rng(0)
    severity = np.where(generator.random(len(plain)) < 0.06, generator.integers(1, 5, len(plain)), 0)
    cell = evaluation.cell(plain, evaluation.plan(plain)[-1], 0, seed=0, threads=1)
    assert MODELS["rules"](cell) is None, "no rule hits anyone here"
    hit = replace(plain, severity=severity.astype(np.int8))
    cell = replace(cell, frame=hit)
    score = MODELS["rules"](cell)
    assert score is not None
    assert set(np.unique(score)) == {SEVERITY[tier] / 4 for tier in TIERS}
    outcome = cell.frame.event[cell.test]
    sample = metrics.Sample.of(score, outcome)
    flagged = severity[cell.test] > 0
    top = 0.10 * len(outcome)
    assert flagged.sum() < top
    rest = (top - flagged.sum()) * outcome[~flagged].mean()
    assert metrics.precision_10(sample) == pytest.approx((outcome[flagged].sum() + rest) / top)
    table = evaluation.backtest(hit, evaluation.plan(hit)[-1:], models=("welfare", "rules"))
    judged = evaluation.summary(table, models=("welfare", "rules"), replicates=20)
    assert judged["models"][1]["status"] == "ok"
    assert judged["models"][1]["brier"] is None, "a tier is no probability"
    assert {pair["metric"] for pair in judged["paired"]} == set(metrics.METRICS) - {"brier"}
