"""Stata files: values and not labels, missing values, compressed, damaged, and with rounds side by side."""

from __future__ import annotations

import gzip
import lzma
import random
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.home import Home
from features.intake.delivery import ingest
from features.intake.stata import is_stata, opened
from tests.features.intake.conftest import Take, balanced, facts, read_quarantine, row, write_csv

COLUMNS = ("NO", "TOWN", "COUNTY", "MONTH", "OP", "MEMBERS", "INCOME", "GRADE", "WATER", "ROOF")


def frame(households: int = 20) -> pd.DataFrame:
    """The rows that `row` makes, in types as Stata keeps them."""
    numbers = np.arange(1, households + 1)
    return pd.DataFrame(
        {
            "NO": numbers.astype("int32"),
            "TOWN": "T1",
            "COUNTY": "C1",
            "MONTH": "2024-01",
            "OP": "",
            "MEMBERS": np.int8(3),
            "INCOME": 100.0 * numbers + 0.5,
            "GRADE": "A",
            "WATER": np.int8(1),
            "ROOF": np.int8(2),
        }
    )


def write_dta(path: Path, table: pd.DataFrame, version: int = 118) -> Path:
    plain = path.with_suffix("") if path.suffix in (".xz", ".gz") else path
    labels = {"WATER": {1: "yes, safe", 2: "no"}}
    table.to_stata(plain, write_index=False, version=version, value_labels=labels)
    if path != plain:
        pack = {".xz": lzma.compress, ".gz": gzip.compress}[path.suffix]
        path.write_bytes(pack(plain.read_bytes()))
        plain.unlink()
    return path


@pytest.mark.parametrize("version", [114, 117, 118, 119])
@pytest.mark.parametrize("name", ["visits_1.dta", "visits_1.dta.xz", "visits_1.dta.gz"])
def test_a_stata_file_says_what_the_same_table_as_text_says(
    name: str, version: int, take: Take, home: Home, mapping: Path, tmp_path: Path
) -> None:
    result = take(write_dta(tmp_path / name, frame(), version))
    assert (result.status, result.rows_in, result.rows_accepted, result.cells_quarantined) == (
        "accepted",
        20,
        20,
        0,
    )
    other = Home.create(tmp_path / "other", clock="simulated")
    ingest(other, [write_csv(tmp_path / "visits_1.csv", [row(n) for n in range(1, 21)])], mapping)
    for kind in ("household", "income", "dwelling", "trait_visits", "line"):
        assert facts(home, kind) == facts(other, kind), kind
    again = take(write_csv(tmp_path / "visits_2.csv", [row(n) for n in range(1, 21)]))
    assert (again.rows_unchanged, again.status) == (20, "unchanged")


def test_missing_values_are_missing_and_a_bad_cell_goes_back_as_received(
    take: Take, home: Home, tmp_path: Path
) -> None:
    table = frame(6).astype({"MEMBERS": "float64", "WATER": "float64"})
    table.loc[1, ["MEMBERS", "INCOME", "WATER"]] = np.nan
    table.loc[2, "MEMBERS"] = 2.5
    table.loc[3, "GRADE"] = "Z"
    result = take(write_dta(tmp_path / "visits_1.dta", table))
    members = {fact["row"]: fact["members"] for fact in facts(home, "household")}
    assert members == {2: 3, 3: None, 4: None, 5: 3, 6: 3, 7: 3}
    told = [(line["row"], line["column"], line["code"], line["NO"]) for line in read_quarantine(result)]
    assert told == [("4", "MEMBERS", "not_an_integer", "3"), ("5", "GRADE", "unknown_code", "4")]
    assert read_quarantine(result)[0]["MEMBERS"] == "2.5"
    assert result.rows_accepted == 6


def test_numbers_are_written_with_the_digits_that_mean_them(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {
            "narrow": np.array([0.1, 1e-4, 16777216.0, np.nan], "float32"),
            "wide": [0.1, 1e-7, 123456789.125, -2.0],
            "day": pd.to_datetime(["2020-05-14", "1959-12-31", "2020-02-29", None]),
        }
    )
    path = tmp_path / "n.dta"
    table.to_stata(path, write_index=False, convert_dates={"day": "td"})
    with opened(path, "utf-8") as stata:
        (block,) = stata.blocks(["narrow", "wide", "day"])
        assert dict(stata.rows({3, 5})) == {
            3: ["0.0001", "0.0000001", "1959-12-31"],
            5: ["", "-2", ""],
        }
    assert block["narrow"].to_pylist() == ["0.1", "0.0001", "16777216", ""]
    assert block["wide"].to_pylist() == ["0.1", "0.0000001", "123456789.125", "-2"]


def test_a_long_file_is_read_in_blocks_with_the_same_lines(
    take: Take, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("features.intake.stata.CELLS", 70)
    result = take(write_dta(tmp_path / "visits_1.dta", frame(33)))
    assert result.rows_accepted == 33
    assert sorted((f["row"], f["amount"]) for f in facts(home, "income")) == [
        (n + 1, 10_000 * n + 50) for n in range(1, 34)
    ]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda raw: raw[: len(raw) // 2], "carrier_truncated"),
        (lambda raw: raw[:-5], "carrier_truncated"),
        (lambda raw: raw[:6], "carrier_truncated"),
        (lambda raw: b"<stata_dta>" + raw[40:], "carrier_damaged"),
        (lambda raw: b"PK\3\4" + raw, "carrier_damaged"),
        (lambda _: b"", "file_empty"),
    ],
)
def test_a_damaged_file_is_refused_and_leaves_nothing(
    change: object, code: str, take: Take, home: Home, tmp_path: Path
) -> None:
    path = write_dta(tmp_path / "visits_1.dta", frame())
    path.write_bytes(change(path.read_bytes()))  # type: ignore[operator]
    result = take(path)
    assert result.refusal is not None
    assert (result.status, result.refusal.code, result.refusal.file) == ("refused", code, path.name)
    assert not facts(home, "household")


@pytest.mark.parametrize("version", [114, 118])
def test_no_broken_byte_is_a_bug_of_ours(version: int, take: Take, tmp_path: Path) -> None:
    raw = write_dta(tmp_path / "whole.dta", frame(), version).read_bytes()
    chance = random.Random(version)
    for number in range(40):
        broken = bytearray(raw)
        for _ in range(chance.choice([1, 4, 30])):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        path = tmp_path / f"visits_{number}.dta"
        path.write_bytes(bytes(broken))
        result = take(path)
        assert balanced(result)
        assert result.status == "refused" or result.rows_in > 0


def test_a_packed_file_that_was_cut_is_refused(take: Take, tmp_path: Path) -> None:
    path = write_dta(tmp_path / "visits_1.dta.xz", frame())
    path.write_bytes(path.read_bytes()[:-30])
    assert take(path).error["code"] == "carrier_truncated"  # type: ignore[index]


def test_columns_that_lack_are_named(take: Take, tmp_path: Path) -> None:
    result = take(write_dta(tmp_path / "visits_1.dta", frame().drop(columns=["ROOF", "GRADE"])))
    assert result.refusal is not None
    assert (result.refusal.code, result.refusal.params["missing"]) == ("missing_column", "GRADE, ROOF")


def test_text_is_no_stata_file(tmp_path: Path) -> None:
    assert not is_stata(write_csv(tmp_path / "visits_1.csv", [row(1)]))


def test_rounds_side_by_side(home: Home, tmp_path: Path) -> None:
    mapping = tmp_path / "wide.yaml"
    mapping.write_text(
        """
id: wide
name: {zh: 宽表, en: wide}
household: [hh]
wave: {rounds: {"1": [2020-05-04, 2020-05-29], "2": [2020-07-01, 2020-07-20]}, present: {"done_r{round}": ["1"]}}
arrival: wave_end
facts: [{kind: household, columns: {members: "size_r{round}"}}]
""",
        encoding="utf-8",
    )
    table = pd.DataFrame(
        {"hh": [1, 2, 3], "done_r1": [1, 0, np.nan], "done_r2": [1, 1, 0], "size_r1": [4, np.nan, np.nan], "size_r2": [5, 2, np.nan]}
    )  # fmt: skip
    path = tmp_path / "wide.dta"
    table.to_stata(path, write_index=False)
    (result,) = ingest(home, [path], mapping)
    assert (result.rows_in, result.rows_accepted) == (3, 3)
    assert {(f["row"], f["valid_to"], f["members"]) for f in facts(home, "household")} == {
        (2, date(2020, 5, 29), 4), (2, date(2020, 7, 20), 5), (3, date(2020, 7, 20), 2),
    }  # fmt: skip
