"""A mapping that is wrong is refused with file, key and what to write instead."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest

from features.errors import Refusal
from features.facts.asof import last_word, visible_rows
from features.facts.store import FactStore
from features.home import Home
from features.intake.delivery import ingest
from features.intake.mapping import Mapping
from features.intake.periods import Wave
from tests.features.intake.conftest import MAPPING, Take, facts, row, write_csv

WRONG = [
    ("population: interviewed", "popluation: interviewed", "mapping_unknown_key", "popluation"),
    ("population: interviewed", "population: all", "mapping_bad_value", "population"),
    ("files: [\"visits_*.csv*\"]", "files: 7.5.3\nfiles: []", "mapping_unreadable", None),
    ("household: [NO, TOWN]", "household: []", "mapping_bad_value", "household"),
    ("household: [NO, TOWN]", "", "mapping_missing_key", "household"),
    ("id: visits", "id: Visits 1", "mapping_bad_value", "id"),
    ("name: {zh: 走访表, en: visit form}", "name: visits", "mapping_bad_value", "name"),
    ("kind: dwelling", "kind: house", "mapping_bad_value", "facts[2].kind"),
    ("grade: {from: GRADE", "grades: {from: GRADE", "mapping_unknown_key", "facts[2].columns.grades"),
    ("{from: INCOME, above: 0}", "{from: INCOME, over: 0}", "mapping_unknown_key", "facts[1].columns.amount.over"),
    ("{from: INCOME, above: 0}", "{from: INCOME, above: nought}", "mapping_bad_value", "facts[1].columns.amount.above"),
    ("{from: INCOME, above: 0}", "{above: 0}", "mapping_missing_key", "facts[1].columns.amount.from"),
    ("{\"1\": true, \"2\": false}", "{\"1\": yes, \"2\": false}", "mapping_bad_value", "facts[2].columns.water_safe.codes.1"),
    ("part: total", "part: all", "mapping_bad_value", "facts[1].set.part"),
    ("part: total, ", "", "mapping_missing_key", "facts[1].set.part"),
    ("months: 1", "months: 1.5", "mapping_bad_value", "facts[1].set.months"),
    ("{month: MONTH, format: \"%Y-%m\"}", "{month: MONTH, quarter: Q}", "mapping_bad_value", "wave"),
    ("arrival: {after_wave: 5}", "arrival: {after_wave: soon}", "mapping_bad_value", "arrival.after_wave"),
    ("arrival: {after_wave: 5}", "arrival: tomorrow", "mapping_bad_value", "arrival"),
    ("line: {quantile: 0.30}", "line: {quantile: 30}", "mapping_bad_value", "line.quantile"),
    ("levels: [county, town]", "levels: [county]", "mapping_bad_value", "area.levels"),
    ("visits: town", "visits: village", "mapping_bad_value", "area.visits"),
    ("type: code", "type: string", "mapping_bad_value", "covariates.roof.type"),
    ("format: {encoding: utf-8}", "format: {encoding: utf-88}", "mapping_bad_value", "format.encoding"),
    ("format: {encoding: utf-8}", "format: {delimiter: \"||\"}", "mapping_bad_value", "format.delimiter"),
    ("missing: [\"\", \"NA\"]", "missing: {a: b}", "mapping_bad_value", "missing"),
    ("welfare: {concept: net_income_per_person, now: welfare_log, before: [welfare_log_before]}", "", "mapping_missing_key", "welfare"),
    ("concept: net_income_per_person, months", "concept: net_income, months", "mapping_line_without_welfare", "line"),
    ("population: interviewed", "names: {OTHER: [X]}", "mapping_bad_value", "names"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("good", "bad", "code", "key"), WRONG, ids=[f"{code}-{key}" for _, _, code, key in WRONG]
)
def test_what_the_grammar_does_not_have_is_refused(
    good: str, bad: str, code: str, key: str | None, tmp_path: Path
) -> None:
    assert good in MAPPING
    path = tmp_path / "wrong.yaml"
    path.write_text(MAPPING.replace(good, bad, 1), encoding="utf-8")
    with pytest.raises(Refusal) as refused:
        Mapping.load(path)
    document = refused.value.document()["error"]
    assert isinstance(document, dict)
    assert (document["code"], document["file"], refused.value.exit_code) == (code, "wrong.yaml", 3)
    if key is not None:
        assert refused.value.params["key"] == key
        assert all(key in text for text in document["message"].values())
    assert all(document["remedy"].values())


def test_a_mapping_that_is_not_there(home: Home) -> None:
    with pytest.raises(Refusal) as refused:
        Mapping.load("nowhere", home)
    assert refused.value.code == "mapping_not_found"
    assert "eph" in refused.value.text("en")


def test_the_homes_own_mapping_comes_first(home: Home) -> None:
    (home.folder("mappings") / "eph.yaml").write_text(
        MAPPING.replace("id: visits", "id: eph"), encoding="utf-8"
    )
    assert Mapping.load("eph", home).label["en"] == "visit form"
    assert Mapping.load("eph").label["en"] != "visit form"


@pytest.mark.parametrize(
    ("wave", "cells", "first", "last"),
    [
        (Wave("year_quarter", ("Y", "Q")), ("2012", "3.0"), date(2012, 7, 1), date(2012, 9, 30)),
        (Wave("year_month", ("Y", "M")), ("2024", "02"), date(2024, 2, 1), date(2024, 2, 29)),
        (Wave("year", ("Y",)), (" 1984 ",), date(1984, 1, 1), date(1984, 12, 31)),
        (Wave("year", ("Y",), first_month=10), ("2024",), date(2023, 10, 1), date(2024, 9, 30)),
        (Wave("year", ("Y",), first_month=10, named_by="start"), ("2024",), date(2024, 10, 1), date(2025, 9, 30)),
        (Wave("quarter", ("Q",)), ("2012Q4",), date(2012, 10, 1), date(2012, 12, 31)),
        (Wave("month", ("M",), "%Y年%m月"), ("2026年3月",), date(2026, 3, 1), date(2026, 3, 31)),
        (Wave("day", ("D",), "%d.%m.%Y"), ("05.04.2024",), date(2024, 4, 5), date(2024, 4, 5)),
        (Wave("table", ("R",), table={"1": (date(2020, 4, 1), date(2020, 5, 3))}), ("1.0",), date(2020, 4, 1), date(2020, 5, 3)),
    ],
)  # fmt: skip
def test_waves(wave: Wave, cells: tuple[str, ...], first: date, last: date) -> None:
    assert wave.period(cells) == (first, last)


@pytest.mark.parametrize(
    ("wave", "cells"),
    [
        (Wave("year_quarter", ("Y", "Q")), ("2012", "5")), (Wave("year_quarter", ("Y", "Q")), ("", "1")),
        (Wave("year_month", ("Y", "M")), ("2024", "13")), (Wave("year", ("Y",)), ("19.84",)), (Wave("year", ("Y",)), ("99999",)),
        (Wave("year", ("Y",), first_month=10), ("1",)), (Wave("table", ("R",), table={}), ("1",)), (Wave("day", ("D",)), ("2024-02-30",)),
    ],
)  # fmt: skip
def test_no_wave(wave: Wave, cells: tuple[str, ...]) -> None:
    assert wave.period(cells) is None


def test_another_text_of_the_mapping_corrects_only_what_differs(
    tmp_path: Path, home: Home, take: Take, mapping: Path
) -> None:
    take(write_csv(tmp_path / "visits_a.csv", [row(1), row(2)]))
    wider = tmp_path / "wider.yaml"
    extra = "  storeys: {from: MEMBERS, type: integer, name: {zh: 层数, en: storeys}}\n"
    wider.write_text(MAPPING + extra, encoding="utf-8")
    result = take(
        write_csv(tmp_path / "visits_b.csv", [row(1), row(2), row(3)]),
        mapping=wider,
        arrived=date(2024, 3, 1),
    )
    assert (result.rows_accepted, result.rows_unchanged) == (3, 0)
    assert result.facts == {"household": 1, "income": 1, "dwelling": 1, "trait_visits": 3}
    traits = [
        (f["row"], f["revision"], f["storeys"]) for f in facts(home, "trait_visits") if f["delivery"] == 2
    ]
    assert sorted(traits) == [(2, 2, 3), (3, 2, 3), (4, 1, 3)]
    assert len(visible_rows(FactStore(home), "trait_visits", date(2024, 12, 31))) == 3
    query = last_word(FactStore(home), "trait_visits")
    assert duckdb.sql(
        f"SELECT count(*) FROM ({query}) WHERE storeys = 3 AND live_until IS NULL"
    ).fetchall() == [(3,)]
    assert sorted(fact["revision"] for fact in facts(home, "household")) == [1, 1, 1]


def test_names_drift_and_columns_may_be_absent(tmp_path: Path, home: Home) -> None:
    path = tmp_path / "drift.yaml"
    text = MAPPING.replace(
        "missing: [", "names: {INCOME: [income_2024, Net]}\noptional: [ROOF]\nmissing: [", 1
    )
    path.write_text(text.replace("{encoding: utf-8}", "{header_case: upper}"), encoding="utf-8")
    table = write_csv(tmp_path / "visits_a.csv", [row(1), row(2)], columns=[c for c in row(1) if c != "ROOF"])
    table.write_text(
        table.read_text(encoding="utf-8").replace("INCOME", "net").replace("NO,", "no,"), encoding="utf-8"
    )
    (result,) = ingest(home, [table], path)
    assert result.facts == {"household": 2, "income": 2, "dwelling": 2, "line": 1}
    table.write_text(table.read_text(encoding="utf-8").replace("net", "net,Income_2024", 1), encoding="utf-8")
    (result,) = ingest(home, [table], path)
    assert result.error is not None
    assert (result.error["code"], result.error["column"]) == ("header_ambiguous", "INCOME")


def test_a_table_of_persons_gives_one_household_fact(tmp_path: Path, home: Home) -> None:
    path = tmp_path / "persons.yaml"
    path.write_text(
        """
id: persons
name: {zh: 人口, en: persons}
household: [HH]
person: [NO]
wave: {year: YEAR}
arrival: wave_end
facts:
  - kind: household
  - kind: person
    columns: {sex: {from: SEX, codes: {男: male, 女: female}}}
  - kind: dwelling
    once: true
    columns: {rooms: ROOMS}
""",
        encoding="utf-8",
    )
    table = tmp_path / "t.csv"
    table.write_text(
        "HH,NO,YEAR,SEX,ROOMS\n1,a,2024,男,3\n1,b,2024,女,3\n2,a,2024,女,\n1,a,2025,男,4\n", encoding="utf-8"
    )
    (result,) = ingest(home, [table], path)
    assert result.facts == {"household": 3, "person": 4, "dwelling": 2}
    assert {fact["person"] for fact in facts(home, "household")} == {None}
    assert len({fact["person"] for fact in facts(home, "person")}) == 3
