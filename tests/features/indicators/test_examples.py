"""Every record's example table, by the compiler and by the tracer; and what the catalogue promises as a whole."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from features.facts.kinds import kinds
from features.indicators.compile import Compiler
from features.indicators.record import Record, read_records
from features.indicators.trace import trace
from features.policy.parameters import ParameterSet
from features.policy.vocabulary import departments, groups, units
from tests.features.indicators.example_home import catalogue_of, expected

RECORDS = read_records(Path(__file__).parents[3] / "features" / "indicators" / "records", kinds())
WINDOWED = [record for record in RECORDS if record.shape == "windowed"]
DERIVED = [record for record in RECORDS if record.shape == "derived"]
MEASURES = "人次间天岁个项种起元亩"
PERSONS = {kind.id for kind in kinds().values() if kind.subject == "person"}


def same(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, bool) or wanted is None or isinstance(wanted, str):
        return found is wanted if not isinstance(wanted, str) else found == wanted
    return isinstance(found, float) and math.isclose(found, wanted, rel_tol=1e-9, abs_tol=1e-6)


@pytest.mark.parametrize("record", WINDOWED, ids=lambda record: record.id)
def test_a_windowed_record_gives_what_its_examples_say(record: Record, tmp_path: Path) -> None:
    for number, example in enumerate(record.examples):
        catalogue = catalogue_of(record, example, tmp_path / str(number))
        with Compiler(catalogue, threads=1) as compiler:
            table = compiler.compute(compiler.population([example["as_of"]]))
        fast = {row["household"]: row for row in table.to_pylist()}
        for (household, column), wanted in expected(record, example).items():
            slow = trace(catalogue, column, household, example["as_of"]).value
            assert same(fast[household][column], wanted), (number, household, column, fast[household][column])
            assert same(slow, wanted), (number, household, column, slow)


@pytest.mark.parametrize("record", DERIVED, ids=lambda record: record.id)
def test_a_derived_record_gives_what_its_examples_say(record: Record) -> None:
    assert record.expression is not None
    for example in record.examples:
        assert set(example["values"]) == set(record.expression.names)
        assert same(record.expression.evaluate(example["values"]), example["expect"]), example


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.id)
def test_examples_show_what_is_missing_and_what_is_known_too_late(record: Record) -> None:
    if record.shape == "derived":
        assert any(example["expect"] is None for example in record.examples)
        return
    values = [value for example in record.examples for value in expected(record, example).values()]
    assert None in values
    assert any(
        fact["known_at"] > example["as_of"] for example in record.examples for fact in example["facts"]
    )


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.id)
def test_a_record_says_who_owns_it_and_speaks_both_languages(record: Record) -> None:
    assert record.group in groups()
    assert record.owner in departments()
    assert record.valid_from <= date(2021, 1, 1)
    for lang in ("zh", "en"):
        said = units()[record.unit].say(1.0)[lang]
        sentence = record.reason[lang].format(value=said, norm=said)
        assert "{" not in sentence
    # A measure word stands in the unit or in the sentence, not in both.
    if units()[record.unit].name["zh"][-1] in MEASURES:
        after = record.reason["zh"].split("{value}")[1][:1]
        assert after not in MEASURES, record.reason["zh"]


def test_the_catalogue_is_as_wide_as_promised() -> None:
    assert len(RECORDS) >= 45
    assert len({record.id for record in RECORDS}) == len(RECORDS)
    assert sum(record.aggregate == "last" for record in RECORDS) <= 14
    assert sum(record.kind in PERSONS for record in RECORDS) >= 8
    assert any(record.rollup == "area" for record in RECORDS)
    assert {record.aggregate for record in WINDOWED} == {
        "last", "sum", "count", "any", "min", "max", "mean", "slope", "spread", "months_since", "spell", "distinct"
    }  # fmt: skip


def test_what_must_not_enter_a_model_is_marked() -> None:
    by_id = {record.id: record for record in RECORDS}
    assert {record.id for record in RECORDS if record.protected} == {
        "head_ethnicity",
        "head_political_status",
    }
    for name in (
        "monitored",
        "risk_eliminated",
        "formally_identified",
        "lifted_or_eliminated",
        "listed_group",
    ):
        assert by_id[name].may_predict == ("relapse",)
    assistance = [
        r for r in RECORDS if r.kind in ("benefit", "coping") or r.id in ("benefit_ended", "income_transfer")
    ]
    assert all(record.monotone == 0 for record in assistance)


def test_derived_records_read_only_what_there_is() -> None:
    known = {column for record in RECORDS for column in record.columns} | ParameterSet.load().ids() | {"line"}
    for record in DERIVED:
        assert record.expression is not None
        assert set(record.expression.names) <= known
