"""Whatever stands in the cells: rows add up, nothing escapes, and numbers are read exactly."""

from __future__ import annotations

import tempfile
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.facts.kinds import FactColumn
from features.facts.store import FactStore
from features.home import Home
from features.intake.bindings import Binding
from features.intake.checks import read_cells
from features.intake.declared import Format
from features.intake.delivery import ingest
from features.intake.quarantine import NAMES
from tests.features.intake.conftest import COLUMNS, MAPPING, balanced, read_quarantine

# Cells as they come: good ones, near misses, and anything at all.
GOOD = [
    "",
    "NA",
    "1",
    "2",
    "3.0",
    "1e3",
    "12.345",
    "2024-01",
    "2024-02",
    "A",
    "D",
    "T1",
    "C1",
    "9",
    "-4",
    "1;5",
    "∞",
    "None",
    "0x1",
]
cells = st.one_of(
    st.sampled_from(GOOD), st.text(st.characters(codec="utf-8", exclude_characters=',"\r\n'), max_size=6)
)
lines = st.lists(st.lists(cells, min_size=len(COLUMNS) - 1, max_size=len(COLUMNS) + 1), max_size=25)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lines)
def test_rows_add_up_whatever_the_dirt(table: list[list[str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder)
        (where / "m.yaml").write_text(MAPPING, encoding="utf-8")
        path = where / "visits_x.csv"
        path.write_text(
            "\n".join([",".join(COLUMNS), *(",".join(line) for line in table)]) + "\n", encoding="utf-8"
        )
        home = Home.create(where / "home", clock="simulated")
        (result,) = ingest(home, [path], where / "m.yaml")
        assert result.status in ("accepted", "refused")
        assert balanced(result)
        if result.status == "refused":
            assert result.facts == {}
            return
        assert result.rows_in == len([line for line in table if ",".join(line).strip()])
        said = {
            fact["row"]
            for p in FactStore(home).paths("household")
            for fact in pa.parquet.read_table(p).to_pylist()
        }
        assert len(said) == result.rows_accepted
        if result.quarantine is not None:
            entries = read_quarantine(result)
            rows = {e["row"] for e in entries if e["code"] in NAMES[:6]}
            assert len(rows) == result.rows_quarantined
            assert not {int(r) for r in rows} & said
            assert len(entries) - len(rows) == result.cells_quarantined
            for entry in entries:
                line = table[int(entry["row"]) - 2]
                assert [entry[name] for name in COLUMNS[: len(line)]] == line[: len(COLUMNS)]
        (again,) = ingest(home, [path], where / "m.yaml")
        assert (again.status, again.rows_unchanged, again.facts) == ("unchanged", result.rows_in, {})


PLAIN = Format()


def read(texts: list[str], binding: Binding, form: Format = PLAIN) -> tuple[list[object], list[str]]:
    column = pa.array(texts, pa.string()).dictionary_encode()
    reading = read_cells(column, binding, ("",), form)
    faults = [NAMES[code - 1] if code else "" for code in reading.faults.tolist()]
    rows = reading.rows.tolist()
    values = reading.values.to_pylist()
    return [values[row] for row in rows], [faults[row] for row in rows]


MONEY = Binding("A", FactColumn("amount", "money", {}))
COUNT = Binding("A", FactColumn("members", "integer", {}))


@given(
    st.lists(st.decimals(-(10**12), 10**12, places=9), min_size=1, max_size=30), st.sampled_from(["f", "e"])
)
def test_money_is_exact_and_half_to_even(numbers: list[Decimal], how: str) -> None:
    texts = [format(number, how) for number in numbers]
    values, faults = read(texts, MONEY)
    assert values == [int((Decimal(t) * 100).quantize(Decimal(1), ROUND_HALF_EVEN)) for t in texts]
    assert not any(faults)


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("0.005", 0), ("0.015", 2), ("0.025", 2), ("8866.6666666667", 886667), ("1.", 100), (".5", 50), ("+3", 300), (" 7 ", 700),
        ("1e-3", 0), ("123456789012.34", 12345678901234), ("0.0250000000000000000001", 3), ("-0.005", 0), ("00012", 1200),
    ],
)  # fmt: skip
def test_money_at_its_edges(text: str, fen: int) -> None:
    assert read([text], MONEY) == ([fen], [""])


@pytest.mark.parametrize(
    "text", ["x", "1.2.3", "1,5", "--1", "1e", "１２x", "0x10", "nan", "inf", "1 2", "1_000"]
)
def test_what_is_no_number(text: str) -> None:
    assert read([text], MONEY) == ([None], ["not_a_number"])
    assert read([text], COUNT) == ([None], ["not_a_number"])


def test_numbers_too_large_to_be_true() -> None:
    assert (
        read(["99999999999999999", "1e200", "999999999999999999999999"], MONEY)[1] == ["number_too_large"] * 3
    )


def test_whole_numbers() -> None:
    assert read(["3", "3.0", "3.", "1e2", "-2", "3.5"], COUNT) == (
        [3, 3, 3, 100, -2, None], ["", "", "", "", "", "not_an_integer"],
    )  # fmt: skip


def test_marks_of_thousands_and_decimals() -> None:
    form = Format(decimal=",", thousands=".")
    assert read(["1.234,56", "12,5", "1.23", "1.234.567"], MONEY, form)[0] == [123456, 1250, None, 123456700]


def test_bounds() -> None:
    above = Binding("A", MONEY.target, above=Decimal(0))
    assert read(["0", "-3", "0.01"], above) == ([None, None, 1], ["", "", ""])
    within = Binding("A", COUNT.target, at_least=Decimal(1), at_most=Decimal(30))
    assert read(["0", "1", "30", "31"], within) == ([None, 1, 30, None], ["too_small", "", "", "too_large"])
    scaled = Binding("A", MONEY.target, scale=Decimal("10000"))
    assert read(["1.23456789"], scaled) == ([1234568], [""])


def test_codes_and_days() -> None:
    code = Binding("A", FactColumn("roof", "code", {}), missing=("9",))
    assert read(["1.0", "01", "9.0", "x y", "a\x00b"], code) == (
        ["1", "01", None, "x y", None], ["", "", "", "", "control_character"],
    )  # fmt: skip
    table = Binding("A", FactColumn("water", "boolean", {}), codes={"1": True, "2": False, "8": None})
    assert read(["1.0", "2", "8", "3"], table) == ([True, False, None, None], ["", "", "", "unknown_code"])
    grade = Binding("A", FactColumn("grade", "category", {}, ("A", "B")))
    assert read(["A", "E"], grade) == (["A", None], ["", "unknown_code"])
    day = Binding("A", FactColumn("day", "day", {}), "%Y%m%d")
    assert read(["20240229", "20230229", "2024-02-29"], day) == (
        [date(2024, 2, 29), None, None],
        ["", "not_a_day", "not_a_day"],
    )
