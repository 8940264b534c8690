"""Held against the answer file: what was planted is found, nothing else is, and no name gets through."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from county.departments import departments
from county.state import COMPONENTS
from features.facts.store import FactStore
from features.indicators.catalogue import load
from features.indicators.compile import Compiler
from features.intake.mapping import Mapping
from tests.county.conftest import Taken

PERSONAL = {"户主姓名", "姓名", "户主证件号码", "证件号码", "联系电话", "残疾证号", "学籍号"}
CODES = {
    "unreadable_number": "not_a_number", "unknown_code": "unknown_code", "empty_key": "key_missing", "impossible_month": "period_bad",
    "repeated_row": "duplicate_row", "uneven_row": "row_length",
}  # fmt: skip


def faults(taken: Taken) -> list[dict[str, str]]:
    with (taken.truth / "faults.csv").open(encoding="utf-8") as source:
        return list(csv.DictReader(source))


def quarantined(taken: Taken) -> dict[tuple[str, int], str]:
    found = {}
    for result in taken.results:
        if result.quarantine:
            with Path(result.quarantine).open(encoding="utf-8-sig") as source:
                found |= {(row["file"], int(row["row"])): row["code"] for row in csv.DictReader(source)}
    return found


def test_every_file_is_accepted_and_its_rows_add_up(taken: Taken) -> None:
    assert {result.status for result in taken.results} == {"accepted"}
    for result in taken.results:
        assert result.rows_in == result.rows_accepted + result.rows_quarantined + result.rows_unchanged


def test_the_planted_faults_are_found_and_no_other(taken: Taken) -> None:
    planted = {
        (f["file"], int(f["row"])): CODES[f["fault"]]
        for f in faults(taken)
        if f["expected"] in ("row", "cell")
    }
    assert len(planted) > 40
    assert quarantined(taken) == planted


def test_corrections_and_retractions_revise_what_was_said(taken: Taken) -> None:
    said = Counter(f["fault"] for f in faults(taken))
    revised = sum(sum(d.revised.values()) for d in FactStore(taken.home).deliveries())
    assert said["correction"] > 20
    assert said["retraction"] > 0
    assert revised > 0.6 * said["correction"]
    spending = [pq.read_table(path) for path in FactStore(taken.home).paths("spending")]
    assert sum(sum(t["retracted"].to_pylist()) for t in spending) > 0


def test_no_mapping_binds_a_name_or_a_number_of_a_person() -> None:
    for office in departments(12):
        # But for what goes to the register, which is apart from the facts.
        mapping = replace(Mapping.load(office.id), register={})
        assert not PERSONAL & set(mapping.columns)


def test_nothing_personal_reaches_the_facts(taken: Taken) -> None:
    people = taken.home.folder("deliveries") / "county_persons"
    header, *rows = sorted(people.iterdir())[0].read_bytes().decode("gb18030").splitlines()
    name, number = header.split(",").index("姓名"), header.split(",").index("证件号码")
    secret = {row.split(",")[name] for row in rows} | {row.split(",")[number] for row in rows}
    store = FactStore(taken.home)
    for kind in store.kinds():
        for path in store.paths(kind):
            table = pq.read_table(path)
            for column in table.column_names:
                if pa.types.is_string(table.schema.field(column).type):
                    assert not secret & set(table[column].unique().to_pylist())


def test_the_clocks_are_honest(taken: Taken) -> None:
    """Nothing was known before it happened, and what came late says so."""
    late = 0
    for delivery in FactStore(taken.home).deliveries():
        for path in delivery.files.values():
            table = pq.read_table(taken.home.folder("facts") / path)
            for end, known, recorded in zip(
                table["period"].to_pylist(),
                table["known_at"].to_pylist(),
                table["recorded_at"].to_pylist(),
                strict=True,
            ):
                assert end <= known <= recorded
                late += (known - end).days > 60
    assert late > 100
    assert taken.home.today().isoformat() == "2026-10-20" or taken.home.today().isoformat() >= "2026-10-15"


def test_the_facts_tell_nearly_the_truth(taken: Taken) -> None:
    """Components of the outcome from the facts, some of them late, wrong or lost, beside those of the truth."""
    state = pq.read_table(taken.truth / "state.parquet", filters=[("month", "=", "2026-07")]).to_pylist()
    true = {taken.home.pseudonym(row["household"]): row for row in state}
    with Compiler(load(taken.home)) as compiler:
        seen = compiler.compute(
            compiler.population([date(2026, 7, 31)], known=taken.home.today()), COMPONENTS
        )
    assert seen.num_rows > 280
    for name in COMPONENTS:
        agree = [row[name] == true[row["household"]][name] for row in seen.to_pylist()]
        assert sum(agree) / len(agree) > 0.97
    assert any(true[row["household"]][name] for row in seen.to_pylist() for name in COMPONENTS)
