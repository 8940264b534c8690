"""The two evaluators of an expression agree, and nothing but the language gets through."""

import gc
import math
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.errors import Refusal
from features.indicators.expression import BOOLEAN, CATEGORY, NUMBER, Value, parse

TYPES = {"a": NUMBER, "b": NUMBER, "c": NUMBER, "p": BOOLEAN, "q": BOOLEAN, "g": CATEGORY}
ROW = {"a": 3.0, "b": 0.0, "c": None, "p": True, "q": None, "g": "D"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a + 1", 4.0),
        ("a - c", None),
        ("-a * 2", -6.0),
        ("a / b", None),
        ("share(b, a)", 0.0),
        ("a / c", None),
        ("a > 2 and q", None),
        ("a < 2 and q", False),
        ("a > 2 or q", True),
        ("not q", None),
        ("not p", False),
        ("q or q", None),
        ("coalesce(c, b, a)", 0.0),
        ("coalesce(c, c)", None),
        ("case(p, a, b)", 3.0),
        ("case(q, a, a)", None),
        ("case(p, a)", 3.0),
        ("case(not p, a)", None),
        ("case(not p, a, c)", None),
        ("ln(b)", None),
        ("ln(-a)", None),
        ("ln(a / a)", 0.0),
        ("least(a, c)", None),
        ("least(a, b)", 0.0),
        ("greatest(a, b)", 3.0),
        ("is_missing(c) and not is_missing(a)", True),
        ("is_missing(a / b)", True),
        ('g == "D"', True),
        ('g in ("C", "D")', True),
        ('g not in ("A", "B")', True),
        ("a in (1, 3)", True),
        ("c in (1, 3)", None),
        ("a == 3 and p == True", True),
        ("  a\n + b  ", 3.0),
    ],
)
def test_evaluate_and_sql_give_what_the_table_says(text: str, value: Value) -> None:
    expression = parse(text, where="test")
    assert expression.evaluate(ROW) == value
    assert by_duckdb(text, [ROW]) == [value]


def by_duckdb(text: str, rows: list[dict[str, Value]]) -> list[Value]:
    expression = parse(text, where="test")
    kinds = {NUMBER: "DOUBLE", BOOLEAN: "BOOLEAN", CATEGORY: "VARCHAR"}
    connection = duckdb.connect(config={"threads": 1})
    columns = ", ".join(f"{name} {kinds[kind]}" for name, kind in TYPES.items())
    connection.execute(f"CREATE TABLE facts (place INTEGER, {columns})")
    for place, row in enumerate(rows):
        connection.execute(
            "INSERT INTO facts VALUES (?, ?, ?, ?, ?, ?, ?)", [place, *(row[name] for name in TYPES)]
        )
    found = connection.execute(
        f"SELECT {expression.sql(lambda name: f'facts.{name}')} FROM facts ORDER BY place"
    )
    return [value for (value,) in found.fetchall()]


def combine(kind: str) -> st.SearchStrategy[str]:
    """Texts of expressions of one type, a few levels deep."""
    names = [name for name, of in TYPES.items() if of == kind]
    return {NUMBER: NUMBERS, BOOLEAN: BOOLEANS, CATEGORY: CATEGORIES}[kind] | st.sampled_from(names)


NUMBERS: st.SearchStrategy[str] = st.deferred(
    lambda: (
        st.sampled_from(["a", "b", "c", "0", "1", "0.25", "12"])
        | st.builds("({} {} {})".format, NUMBERS, st.sampled_from("+-*/"), NUMBERS)
        | st.builds("-{}".format, NUMBERS)
        | st.builds(
            "{}({}, {})".format, st.sampled_from(["share", "least", "greatest", "coalesce"]), NUMBERS, NUMBERS
        )
        | st.builds("case({}, {}, {})".format, BOOLEANS, NUMBERS, NUMBERS)
        | st.builds("case({}, {})".format, BOOLEANS, NUMBERS)
        | st.builds("ln({})".format, NUMBERS)
    )
)
CATEGORIES: st.SearchStrategy[str] = st.deferred(
    lambda: (
        st.sampled_from(["g", '"C"', '"D"'])
        | st.builds("case({}, {}, {})".format, BOOLEANS, CATEGORIES, CATEGORIES)
    )
)
BOOLEANS: st.SearchStrategy[str] = st.deferred(
    lambda: (
        st.sampled_from(["p", "q", "True"])
        | st.builds(
            "({} {} {})".format, NUMBERS, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), NUMBERS
        )
        | st.builds("({} {} {})".format, CATEGORIES, st.sampled_from(["==", "!="]), CATEGORIES)
        | st.builds('({} {} ("C", "D"))'.format, CATEGORIES, st.sampled_from(["in", "not in"]))
        | st.builds("({} {} {})".format, BOOLEANS, st.sampled_from(["and", "or"]), BOOLEANS)
        | st.builds("(not {})".format, BOOLEANS)
        | st.builds("is_missing({})".format, NUMBERS)
    )
)
# Quarters of small whole numbers: sums and products stay exact, so that equal means equal.
AMOUNTS = st.none() | st.integers(-40, 40).map(lambda n: n / 4)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "a": AMOUNTS,
            "b": AMOUNTS,
            "c": AMOUNTS,
            "p": st.none() | st.booleans(),
            "q": st.none() | st.booleans(),
            "g": st.none() | st.sampled_from("ACD"),
        }
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=st.one_of(NUMBERS, BOOLEANS, CATEGORIES).filter(lambda text: len(text) < 400), rows=ROWS)
def test_sql_equals_evaluate_on_random_rows(text: str, rows: list[dict[str, Value]]) -> None:
    expression = parse(text, where="test")
    assert expression.type_of(TYPES.__getitem__) in (NUMBER, BOOLEAN, CATEGORY)
    for fast, slow in zip(by_duckdb(text, rows), [expression.evaluate(row) for row in rows], strict=True):
        assert type(fast) is type(slow)
        if isinstance(slow, float) and not math.isnan(slow):
            assert fast == pytest.approx(slow, rel=1e-15)
        else:
            assert fast == slow


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a +",
        "a ** 2",
        "a // b",
        "a % b",
        "a.real",
        "a[0]",
        "f(a)",
        "ln(a, b)",
        "case(p)",
        "share(a)",
        "coalesce(a)",
        "lambda: a",
        "[a]",
        "(a, b)",
        "a if p else b",
        "a < b < c",
        "a is b",
        "a in b",
        "a in (b, 1)",
        "a in ()",
        "g == 'it''s; drop table x'",
        'g == "a\'b"',
        "f'{a}'",
        "1j",
        "1e400",
        "None",
        "~a",
        "+a",
        "ln(x=a)",
        "ln(*a)",
        "a := 1",
        "__import__('os')",
        "b'x'",
        "...",
        "a; b",
        "a" * 3000,
        "(" * 500,
        "ln",
        "1" * 350,
        "\0",
    ],
)
def test_anything_else_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(Refusal) as refusal:
        parse(text, where="records/income.yaml: income_wage")
    document = refusal.value.document()["error"]
    assert refusal.value.code == "bad_expression"
    assert "income_wage" in document["message"]["zh"]  # type: ignore[index]


@pytest.mark.parametrize(
    "text",
    [
        "a and p",
        "p + 1",
        "g > 1",
        "g == 1",
        "case(a, a, b)",
        "case(p, a, g)",
        "not a",
        "ln(p)",
        "coalesce(a, p)",
        "a in ('C', 'D')",
        "p < q",
    ],
)
def test_types_are_checked(text: str) -> None:
    with pytest.raises(Refusal):
        parse(text, where="test").type_of(TYPES.__getitem__)


def test_names_and_numbers_are_listed_once_in_order() -> None:
    expression = parse("share(b + a, b) > limit and g == 'C' and 0.5 < 1", where="test")
    assert expression.names == ("b", "a", "limit", "g")
    assert expression.numbers == (0.5, 1.0)


def test_an_absent_name_is_a_fault_of_the_caller() -> None:
    with pytest.raises(KeyError):
        parse("a + 1", where="test").evaluate({})


@pytest.fixture
def restless() -> Iterator[None]:
    """A collector that runs often and lets other threads run while it does, as finalizers may."""

    def others(*_: Any) -> None:
        time.sleep(0)

    thresholds, interval = gc.get_threshold(), sys.getswitchinterval()
    gc.callbacks.append(others)
    gc.set_threshold(20)
    sys.setswitchinterval(1e-6)
    yield
    gc.callbacks.remove(others)
    gc.set_threshold(*thresholds)
    sys.setswitchinterval(interval)


def test_threads_may_parse_at_once(restless: None) -> None:
    text = "coalesce(case(a > b and not p, (a + b) * (c - 3) / 4, least(a, b)), greatest(1, share(a, b)))"

    def parsed(_: int) -> set[tuple[str, ...]]:
        return {parse(text, where="test").names for _ in range(60)}

    with ThreadPoolExecutor(8) as pool:
        assert set.union(*pool.map(parsed, range(8))) == {("a", "b", "p", "c")}
