"""Rounds side by side: what a row is, who was interviewed, what lacks in a round, and corrections in one of them."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from features.errors import Refusal
from features.facts.asof import last_word
from features.facts.store import FactStore
from features.home import Home
from features.intake.delivery import DeliveryResult, ingest
from features.intake.mapping import Mapping
from tests.features.intake.conftest import balanced, facts, files_of, read_quarantine

MAPPING = """
id: calls
name: {zh: 宽表, en: calls}
files: ["calls_*.csv"]
household: [hh]
area: {columns: [place], levels: [place]}
wave:
  rounds:
    "0": [2019-01-01, 2019-06-30]
    "1": [2020-05-04, 2020-05-29]
    "2": [2020-07-01, 2020-07-20]
  present: {"done_r{round}": ["1"]}
  everyone: ["0"]
arrival: wave_end
population: interviewed
welfare: {concept: food_security_score, now: welfare_log}
line: {amount: 0.5}
facts:
  - kind: household
    columns: {members: {from: "size_r{round}", at_least: 1}}
  - kind: income
    set: {part: total, per: person, concept: food_security_score, months: 1}
    columns: {amount: {from: "secure_r{round}", codes: {"1": 1, "2": 0}}}
  - kind: dwelling
    when: {"{round}": ["0"]}
    columns: {rooms: rooms}
covariates:
  roof: {from: roof, type: integer, name: {zh: 屋顶, en: roof}}
"""
# Round 1 did not ask whether food was secure.
COLUMNS = (
    "hh",
    "place",
    "rooms",
    "roof",
    "size_r0",
    "secure_r0",
    "done_r1",
    "size_r1",
    "done_r2",
    "size_r2",
    "secure_r2",
)
ROWS = [
    ("a", "p", "2", "1", "4", "1", "1", "5", "1", "5", "2"),
    ("b", "p", "3", "1", "3", "2", "0", "", "1.0", "3", "1"),
    ("c", "q", "1", "2", "6", "", "", "", "", "", ""),
]  # fmt: skip
FIRST, LAST = date(2019, 6, 30), date(2020, 7, 20)


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    path = tmp_path / "calls.yaml"
    path.write_text(MAPPING, encoding="utf-8")
    return path


def write(path: Path, rows: Sequence[Sequence[str]] = ROWS, columns: Sequence[str] = COLUMNS) -> Path:
    with path.open("w", newline="", encoding="utf-8") as sink:
        csv.writer(sink).writerows([columns, *rows])
    return path


def changed(number: int, **cells: str) -> list[list[str]]:
    """The rows, with other cells in one of them."""
    rows = [list(row) for row in ROWS]
    for column, cell in cells.items():
        rows[number][COLUMNS.index(column)] = cell
    return rows


def take(home: Home, path: Path, mapping: Path) -> DeliveryResult:
    (result,) = ingest(home, [path], mapping)
    assert balanced(result)
    return result


def without(columns: set[str]) -> tuple[list[list[str]], list[str]]:
    kept = [place for place, name in enumerate(COLUMNS) if name not in columns]
    return [[row[place] for place in kept] for row in ROWS], [COLUMNS[place] for place in kept]


def test_a_row_is_a_household_in_a_round_in_which_it_was_interviewed(
    home: Home, mapping: Path, tmp_path: Path
) -> None:
    result = take(home, write(tmp_path / "calls_1.csv"), mapping)
    assert (result.status, result.rows_in, result.rows_accepted, result.cells_quarantined) == (
        "accepted",
        6,
        6,
        0,
    )
    assert result.facts == {"household": 6, "income": 4, "dwelling": 3, "trait_calls": 6, "line": 2}
    told = Counter((fact["row"], fact["valid_to"], fact["members"]) for fact in facts(home, "household"))
    assert told == Counter(
        [(2, FIRST, 4), (3, FIRST, 3), (4, FIRST, 6), (2, date(2020, 5, 29), 5), (2, LAST, 5), (3, LAST, 3)]
    )
    assert {fact["known_at"] == fact["valid_to"] for fact in facts(home, "household")} == {True}


def test_a_round_that_did_not_ask_says_nothing_and_has_no_line(
    home: Home, mapping: Path, tmp_path: Path
) -> None:
    take(home, write(tmp_path / "calls_1.csv"), mapping)
    income = {(fact["row"], fact["valid_to"]): fact["amount"] for fact in facts(home, "income")}
    assert income == {(2, FIRST): 100, (3, FIRST): 0, (2, LAST): 0, (3, LAST): 100}
    assert [(fact["valid_to"], fact["amount"]) for fact in facts(home, "line")] == [(FIRST, 50), (LAST, 50)]


def test_only_the_round_that_says_so_gives_a_fact_and_the_rest_repeats(
    home: Home, mapping: Path, tmp_path: Path
) -> None:
    take(home, write(tmp_path / "calls_1.csv"), mapping)
    assert {fact["valid_to"] for fact in facts(home, "dwelling")} == {FIRST}
    roofs = Counter((fact["row"], fact["roof"]) for fact in facts(home, "trait_calls"))
    assert roofs == {(2, 1): 3, (3, 1): 2, (4, 2): 1}


def test_the_same_content_again_is_unchanged(home: Home, mapping: Path, tmp_path: Path) -> None:
    take(home, write(tmp_path / "calls_1.csv"), mapping)
    before = files_of(home)
    again = take(home, tmp_path / "calls_1.csv", mapping)
    assert (again.status, again.rows_in, again.rows_unchanged) == ("unchanged", 6, 6)
    assert files_of(home) == before
    reordered = take(home, write(tmp_path / "calls_2.csv", ROWS[::-1]), mapping)
    assert (reordered.status, reordered.rows_in, reordered.rows_unchanged) == ("unchanged", 6, 6)


def live(home: Home, kind: str) -> list[tuple[object, ...]]:
    import duckdb

    column = {"household": "members", "income": "amount", "trait_calls": "roof"}[kind]
    sql = last_word(FactStore(home), kind)
    return duckdb.sql(
        f"SELECT row, valid_to, {column}, revision FROM ({sql}) WHERE live_until IS NULL AND NOT retracted ORDER BY ALL"
    ).fetchall()


def test_a_correction_in_one_round_leaves_the_others_alone(home: Home, mapping: Path, tmp_path: Path) -> None:
    take(home, write(tmp_path / "calls_1.csv"), mapping)
    result = take(home, write(tmp_path / "calls_2.csv", changed(0, size_r1="7")), mapping)
    assert (result.rows_in, result.rows_accepted, result.rows_unchanged) == (6, 1, 5)
    assert result.facts == {"household": 1}
    assert (2, date(2020, 5, 29), 7, 2) in live(home, "household")
    assert len(live(home, "household")) == 6


def test_a_new_round_and_a_correction_in_the_same_line_are_two_rows(
    home: Home, mapping: Path, tmp_path: Path
) -> None:
    take(home, write(tmp_path / "calls_1.csv"), mapping)
    rows = changed(1, done_r1="1", size_r1="3", size_r2="9", secure_r2="")
    result = take(home, write(tmp_path / "calls_2.csv", rows), mapping)
    assert (result.rows_in, result.rows_accepted, result.rows_unchanged) == (7, 2, 5)
    told = live(home, "household")
    assert (3, date(2020, 5, 29), 3, 1) in told
    assert (3, LAST, 9, 2) in told
    assert [fact[:2] for fact in live(home, "income")] == [(2, FIRST), (2, LAST), (3, FIRST)], "taken back"


def test_what_all_rounds_share_is_corrected_in_all(home: Home, mapping: Path, tmp_path: Path) -> None:
    take(home, write(tmp_path / "calls_1.csv"), mapping)
    result = take(home, write(tmp_path / "calls_2.csv", changed(0, roof="8")), mapping)
    assert (result.rows_accepted, result.rows_unchanged) == (3, 3)
    assert [fact[2:] for fact in live(home, "trait_calls") if fact[0] == 2] == [(8, 2)] * 3


def test_a_bad_cell_is_put_aside_in_its_round_alone(home: Home, mapping: Path, tmp_path: Path) -> None:
    rows = changed(0, size_r1="many", secure_r2="9")
    result = take(home, write(tmp_path / "calls_1.csv", rows), mapping)
    assert (result.rows_accepted, result.rows_quarantined, result.cells_quarantined) == (6, 0, 2)
    told = [(line["row"], line["column"], line["code"], line["hh"]) for line in read_quarantine(result)]
    assert told == [("2", "secure_r2", "unknown_code", "a"), ("2", "size_r1", "not_a_number", "a")]
    members = {f["valid_to"]: f["members"] for f in facts(home, "household") if f["row"] == 2}
    assert members == {FIRST: 4, date(2020, 5, 29): None, LAST: 5}


def test_what_a_line_says_once_goes_back_once(home: Home, mapping: Path, tmp_path: Path) -> None:
    rows = [*changed(0, roof="old"), ["", *ROWS[0][1:]], ["a", *ROWS[0][1:]]]
    result = take(home, write(tmp_path / "calls_1.csv", rows), mapping)
    # A line without a key, and a household's second line, are three rows each.
    assert (result.rows_in, result.rows_accepted, result.rows_quarantined) == (12, 6, 6)
    assert result.cells_quarantined == 1
    told = [(line["row"], line["column"], line["code"]) for line in read_quarantine(result)]
    assert told == [("2", "roof", "not_a_number"), ("5", "hh", "key_missing"), ("6", "hh", "duplicate_row")]


@pytest.mark.parametrize(
    ("gone", "named"),
    [
        ({"done_r2"}, ["done_r2"]),
        ({"size_r0", "size_r1", "size_r2"}, ["size_r{round}"]),
        ({"place"}, ["place"]),
    ],
)
def test_a_column_that_lacks_in_every_round_or_says_who_was_there_is_missed(
    gone: set[str], named: list[str], home: Home, mapping: Path, tmp_path: Path
) -> None:
    rows, columns = without(gone)
    result = take(home, write(tmp_path / "calls_1.csv", rows, columns), mapping)
    assert result.status == "refused"
    assert result.refusal is not None
    assert result.refusal.code == "missing_column"
    assert result.refusal.params["missing"] == ", ".join(named)


def test_a_column_may_lack_in_one_round_and_another_name_is_the_same(
    home: Home, mapping: Path, tmp_path: Path
) -> None:
    mapping.write_text(MAPPING + 'names: {"size_r{round}": ["persons_{round}"]}\n', encoding="utf-8")
    rows, columns = without({"size_r1"})
    columns[columns.index("size_r2")] = "persons_2"
    result = take(home, write(tmp_path / "calls_1.csv", rows, columns), mapping)
    assert result.rows_accepted == 6
    assert Counter(f["members"] for f in facts(home, "household")) == {4: 1, 3: 2, 6: 1, None: 1, 5: 1}


@pytest.mark.parametrize(
    ("good", "bad", "key"),
    [
        ("household: [hh]", 'household: ["hh_{round}"]', "household"),
        ('{"done_r{round}": ["1"]}', '{done: ["1"]}', "wave.present.done"),
        ('everyone: ["0"]', 'everyone: ["7"]', "wave.everyone"),
        ("[2020-07-01, 2020-07-20]", "[2020-07-21, 2020-07-20]", "wave.rounds.2"),
        ("amount: 0.5}", "amount: 0.5, quantile: 0.3}", "line.quantile"),
    ],
)
def test_a_wide_mapping_that_is_wrong_is_refused_by_its_key(good: str, bad: str, key: str) -> None:
    assert good in MAPPING
    with pytest.raises(Refusal) as refused:
        Mapping.parse(MAPPING.replace(good, bad).encode(), "calls.yaml")
    assert refused.value.params["key"] == key


def test_a_column_a_round_needs_rounds() -> None:
    narrow = MAPPING[: MAPPING.index("wave:")] + "wave: {year: y}\n" + MAPPING[MAPPING.index("arrival:") :]
    with pytest.raises(Refusal) as refused:
        Mapping.parse(narrow.encode(), "calls.yaml")
    assert refused.value.code == "mapping_bad_value"


def test_an_amount_is_shared_by_those_who_live_on_it(home: Home, tmp_path: Path) -> None:
    mapping = tmp_path / "shared.yaml"
    mapping.write_text(
        """
id: shared
name: {zh: 等值收入, en: equivalent income}
household: [hh]
wave: {year: y}
arrival: wave_end
facts:
  - kind: income
    set: {part: total, per: person, concept: equivalent, months: 12}
    columns: {amount: {from: got, above: 0, scale: 1000, shared: {adults: 0.5, kids: 0.3}}}
""",
        encoding="utf-8",
    )
    rows = [("a", "2020", "3", "1", "0"), ("b", "2020", "3", "1", "2"), ("c", "2020", "3", "", "0"), ("d", "2020", "0", "1", "0"), ("e", "2020", "1", "x", "-1")]  # fmt: skip
    path = write(tmp_path / "s.csv", rows, ("hh", "y", "got", "adults", "kids"))
    result = take(home, path, mapping)
    # 3000 / 1.5 and 3000 / 2.1, in hundredths
    assert {fact["row"]: fact["amount"] for fact in facts(home, "income")} == {2: 200_000, 3: 142_857}
    assert [(line["column"], line["code"]) for line in read_quarantine(result)] == [
        ("adults", "not_a_number"),
        ("kids", "too_small"),
    ]
    again = take(home, write(tmp_path / "t.csv", [("a", "2020", "3", "0", "0")], ("hh", "y", "got", "adults", "kids")), mapping)  # fmt: skip
    assert again.rows_accepted == 1, "who shares it is part of what a row says"
