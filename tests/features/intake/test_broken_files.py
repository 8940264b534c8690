"""Twelve broken files: each is refused or quarantined with code, file, row, column and remedy; nothing half-written."""

from __future__ import annotations

import gzip
import lzma
import random
import resource
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from features.home import Home
from features.intake import carriers
from features.intake.delivery import DeliveryResult, ingest
from tests.features.intake.conftest import (
    COLUMNS,
    MAPPING,
    Take,
    balanced,
    facts,
    files_of,
    read_quarantine,
    row,
    write_csv,
)

GOOD = [row(number) for number in range(1, 6)]
CHINESE_ROWS = [row(number, GRADE="A", ROOF="瓦") for number in range(1, 4)]


def wrong_delimiter(folder: Path) -> Path:
    return write_csv(folder / "visits_01.csv", GOOD, delimiter=";")


def wrong_encoding(folder: Path) -> Path:
    return write_csv(folder / "visits_02.csv", [*GOOD, *CHINESE_ROWS], encoding="gb18030")


def missing_column(folder: Path) -> Path:
    return write_csv(folder / "visits_03.csv", GOOD, columns=[c for c in COLUMNS if c != "INCOME"])


def truncated_xz(folder: Path) -> Path:
    path = folder / "visits_06.csv.xz"
    packed = lzma.compress(write_csv(folder / "whole.csv", [row(n) for n in range(1, 3000)]).read_bytes())
    path.write_bytes(packed[: len(packed) // 2])
    return path


def truncated_gz(folder: Path) -> Path:
    path = folder / "visits_07.csv.gz"
    packed = gzip.compress(write_csv(folder / "whole.csv", [row(n) for n in range(1, 3000)]).read_bytes())
    path.write_bytes(packed[: len(packed) // 2])
    return path


def empty_file(folder: Path) -> Path:
    path = folder / "visits_08.csv"
    path.write_bytes(b"")
    return path


def nul_header(folder: Path) -> Path:
    path = write_csv(folder / "visits_10.csv", GOOD)
    path.write_bytes(path.read_bytes().replace(b"MEMBERS", b"MEMBERS\0\0XX", 1))
    return path


def matches_nothing(folder: Path) -> Path:
    path = folder / "visits_11.csv"
    path.write_text("alpha,beta,gamma\n1,2,3\n", encoding="utf-8")
    return path


REFUSED: list[tuple[Callable[[Path], Path], str, int | None, str | None, str]] = [
    (wrong_delimiter, "wrong_delimiter", 1, None, 'delimiter: ";"'),
    (wrong_encoding, "encoding_wrong", 7, None, "gb18030"),
    (missing_column, "missing_column", 1, "INCOME", "names"),
    (truncated_xz, "carrier_truncated", None, None, ""),
    (truncated_gz, "carrier_truncated", None, None, ""),
    (empty_file, "file_empty", None, None, ""),
    (nul_header, "header_has_nul", 1, "MEMBERS", "header_ends_at_nul: true"),
    (matches_nothing, "mapping_matches_nothing", 1, None, ""),
]


def check_error(
    result: DeliveryResult, code: str, file: str, line: int | None, column: str | None, remedy: str
) -> None:
    assert result.status == "refused"
    assert (result.rows_in, result.facts, result.quarantine, result.delivery) == (0, {}, None, None)
    error = result.error
    assert error is not None
    assert (error["code"], error["file"], error.get("row"), error.get("column")) == (code, file, line, column)
    for part in ("message", "remedy"):
        texts = error[part]
        assert isinstance(texts, dict)
        assert set(texts) == {"zh", "en"}
        assert texts["zh"] != texts["en"]
        assert all(
            "{" not in text.replace("{delimiter", "").replace("{encoding", "").replace("{header", "")
            for text in texts.values()
        )
    assert remedy in error["remedy"]["zh"]  # type: ignore[index]
    assert remedy in error["remedy"]["en"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("make", "code", "line", "column", "remedy"), REFUSED, ids=[case[0].__name__ for case in REFUSED]
)
def test_a_broken_file_is_refused_as_a_whole(
    make: Callable[[Path], Path], code: str, line: int | None, column: str | None, remedy: str,
    tmp_path: Path, home: Home, take: Take,
) -> None:  # fmt: skip
    take(write_csv(tmp_path / "visits_00.csv", [row(1, "2023-12")]))
    before = files_of(home)
    path = make(tmp_path)
    check_error(take(path), code, path.name, line, column, remedy)
    assert files_of(home) == before
    assert take(path).status == "refused"
    assert files_of(home) == before


def test_files_beside_a_broken_one_are_taken_in(tmp_path: Path, home: Home, mapping: Path) -> None:
    good = write_csv(tmp_path / "visits_12.csv", GOOD)
    results = ingest(home, [missing_column(tmp_path), good, truncated_xz(tmp_path)], mapping)
    assert {r.file: r.status for r in results} == {
        "visits_03.csv": "refused", "visits_12.csv": "accepted", "visits_06.csv.xz": "refused",
    }  # fmt: skip


def test_a_file_that_no_mapping_is_for(tmp_path: Path, home: Home) -> None:
    path = write_csv(tmp_path / "nobody_knows.csv", GOOD)
    (result,) = ingest(home, [path])
    check_error(result, "no_mapping_for_file", "nobody_knows.csv", None, None, "--mapping")


def again_changes_nothing(home: Home, take: Take, path: Path, rows: int) -> None:
    before = files_of(home)
    result = take(path)
    assert (result.status, result.rows_in, result.rows_unchanged, result.facts) == (
        "unchanged",
        rows,
        rows,
        {},
    )
    assert files_of(home) == before


def test_text_where_a_number_belongs_is_a_cell(tmp_path: Path, home: Home, take: Take) -> None:
    path = write_csv(
        tmp_path / "visits_04.csv",
        [*GOOD, row(6, INCOME="plenty"), row(7, MEMBERS="2.5"), row(8, MEMBERS="31")],
    )
    result = take(path)
    assert (result.rows_in, result.rows_accepted, result.rows_quarantined, result.cells_quarantined) == (
        8,
        8,
        0,
        3,
    )
    entries = read_quarantine(result)
    assert [(e["file"], e["row"], e["column"], e["code"]) for e in entries] == [
        ("visits_04.csv", "7", "INCOME", "not_a_number"),
        ("visits_04.csv", "8", "MEMBERS", "not_an_integer"),
        ("visits_04.csv", "9", "MEMBERS", "too_large"),
    ]
    assert entries[0]["reason_zh"] == "该单元格不是数字。"
    assert entries[0]["reason_en"] == "The cell is not a number."
    assert all(entry["remedy_zh"] and entry["remedy_en"] for entry in entries)
    assert {name: entries[0][name] for name in COLUMNS} == row(6, INCOME="plenty")
    assert sum(fact["members"] is None for fact in facts(home, "household")) == 2
    assert len(facts(home, "income")) == 7
    again_changes_nothing(home, take, path, 8)


def test_a_household_twice_in_a_period_counts_once(tmp_path: Path, home: Home, take: Take) -> None:
    path = write_csv(
        tmp_path / "visits_05.csv",
        [*GOOD, row(2), row(3, INCOME="9"), row(3, month="2024-02"), row(3, INCOME="8")],
    )
    result = take(path)
    assert (result.rows_in, result.rows_accepted, result.rows_quarantined) == (9, 6, 3)
    entries = read_quarantine(result)
    assert [(e["row"], e["column"], e["code"]) for e in entries] == [
        (n, "NO", "duplicate_row") for n in ("7", "8", "10")
    ]
    amounts = {fact["row"]: fact["amount"] for fact in facts(home, "income")}
    assert amounts[4] == 30050
    again_changes_nothing(home, take, path, 9)


def test_rows_of_another_length_and_empty_lines(tmp_path: Path, home: Home, take: Take) -> None:
    path = write_csv(tmp_path / "visits_09.csv", GOOD)
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[2:2] = ["1,2,3", "", "9" + ",x" * 12]
    path.write_text("\n".join(lines) + "\n\n", encoding="utf-8")
    result = take(path)
    assert (result.rows_in, result.rows_accepted, result.rows_quarantined) == (7, 5, 2)
    entries = read_quarantine(result)
    assert [(e["row"], e["column"], e["code"], e["NO"]) for e in entries] == [
        ("3", "", "row_length", "1"), ("5", "", "row_length", "9"),
    ]  # fmt: skip
    assert sorted(fact["row"] for fact in facts(home, "household")) == [2, 6, 7, 8, 9]
    again_changes_nothing(home, take, path, 7)


def test_a_bad_key_or_period_is_a_row(tmp_path: Path, home: Home, take: Take) -> None:
    path = write_csv(
        tmp_path / "visits_13.csv",
        [*GOOD, row(6, NO=" "), row(7, MONTH="2024-13"), row(8, MONTH=""), row(9, TOWN="NA")],
    )
    result = take(path)
    assert (result.rows_in, result.rows_accepted, result.rows_quarantined) == (9, 5, 4)
    assert [(e["row"], e["column"], e["code"]) for e in read_quarantine(result)] == [
        ("7", "NO", "key_missing"), ("8", "MONTH", "period_bad"), ("9", "MONTH", "period_bad"), ("10", "TOWN", "key_missing"),
    ]  # fmt: skip
    again_changes_nothing(home, take, path, 9)


CHINESE = """
id: dwellings
name: {zh: 住房, en: dwellings}
household: [户编号]
wave: {year: 年度}
arrival: wave_end
facts:
  - kind: dwelling
    columns: {grade: 住房等级}
"""


@pytest.mark.parametrize(
    ("declared", "written", "guess"),
    [
        ("utf-8", "gb18030", "gb18030"),
        ("gb18030", "utf-8", "utf-8"),
        ("latin-1", "gb18030", "gb18030"),
        ("gb18030", "utf-8-sig", "utf-8"),
    ],
)
def test_a_chinese_header_in_another_encoding(
    declared: str, written: str, guess: str, tmp_path: Path, home: Home
) -> None:
    mapping = tmp_path / "m.yaml"
    mapping.write_text(f"{CHINESE}format: {{encoding: {declared}}}\n", encoding="utf-8")
    path = tmp_path / "住房.csv"
    path.write_text("户编号,年度,住房等级\n1,2024,A\n", encoding=written)
    (result,) = ingest(home, [path], mapping)
    check_error(result, "encoding_wrong", "住房.csv", 1, None, guess)
    mapping.write_text(f"{CHINESE}format: {{encoding: {guess}}}\n", encoding="utf-8")
    (result,) = ingest(home, [path], mapping)
    assert (result.status, result.rows_accepted) == ("accepted", 1)


def test_line_ends_and_quotes_as_other_programs_write_them(tmp_path: Path, home: Home, take: Take) -> None:
    path = write_csv(tmp_path / "visits_20.csv", GOOD)
    lines = path.read_text(encoding="utf-8").splitlines()
    quoted = [",".join(f'"{cell}"' for cell in line.split(",")) for line in lines]
    path.write_bytes("\ufeff".encode() + "\r\n".join([*quoted[:3], "", *quoted[3:]]).encode())
    result = take(path)
    assert (result.rows_in, result.rows_accepted) == (5, 5)
    assert sorted(fact["row"] for fact in facts(home, "household")) == [2, 3, 5, 6, 7]


def test_a_header_alone_is_a_delivery_without_rows(tmp_path: Path, home: Home, take: Take) -> None:
    result = take(write_csv(tmp_path / "visits_17.csv", []))
    assert (result.status, result.rows_in, result.facts, result.quarantine) == ("accepted", 0, {}, None)
    result = take(write_csv(tmp_path / "visits_18.csv", [row(1, NO="")]))
    assert (result.status, result.rows_in, result.rows_quarantined) == ("accepted", 1, 1)
    assert home.today() == date.min
    assert take(write_csv(tmp_path / "visits_19.csv", GOOD)).rows_accepted == 5
    assert home.today() == date(2024, 2, 5)


SIZE = 200 << 20


def binary_nonsense(path: Path) -> None:
    noise = random.Random(1)
    with path.open("wb") as sink:
        for _ in range(SIZE >> 20):
            sink.write(noise.randbytes(1 << 20))


def nonsense_under_a_header(path: Path) -> None:
    with path.open("wb") as sink:
        sink.write((",".join(COLUMNS) + "\n").encode())
        block = b"lorem ipsum\n" * 87_382
        for _ in range(SIZE // len(block)):
            sink.write(block)


def nonsense_of_the_right_length(path: Path) -> None:
    with path.open("wb") as sink:
        sink.write((",".join(COLUMNS) + "\n").encode())
        block = (",".join("x" * len(COLUMNS)) + "\n").encode() * 50_000
        for _ in range(SIZE // len(block)):
            sink.write(block)


def one_endless_line(path: Path) -> None:
    path.write_bytes(b"\0" * SIZE)


@pytest.mark.parametrize(
    ("make", "codes"),
    [
        (binary_nonsense, {"encoding_wrong", "encoding_unknown"}),
        (nonsense_under_a_header, {"not_this_table"}),
        (nonsense_of_the_right_length, {"not_this_table"}),
        (one_endless_line, {"not_a_table"}),
    ],
)
def test_much_nonsense_is_refused_quickly_and_in_bounded_memory(
    make: Callable[[Path], None], codes: set[str], tmp_path: Path, home: Home, take: Take
) -> None:
    path = tmp_path / "visits_14.csv"
    make(path)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    before = files_of(home)
    began = time.process_time()
    result = take(path)
    assert result.status == "refused"
    assert result.error is not None
    assert result.error["code"] in codes
    assert result.error["file"] == path.name
    assert time.process_time() - began < 10
    # Kilobytes on Linux: far from the 2 GiB that a naive reader takes.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak < 700_000
    assert files_of(home) == before
    path.unlink()


def test_a_bomb_is_refused(tmp_path: Path, take: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carriers, "LARGEST", 1 << 20)
    path = tmp_path / "visits_15.csv.xz"
    content = (
        write_csv(tmp_path / "whole.csv", [row(1)]).read_bytes() + b"9,T1,C1,2024-01,,3,1,A,1,2\n" * 100_000
    )
    path.write_bytes(lzma.compress(content))
    assert path.stat().st_size < 10_000
    result = take(path)
    assert result.error is not None
    assert result.error["code"] == "file_too_large"


def test_an_unclosed_quote_names_its_row(tmp_path: Path, take: Take) -> None:
    path = write_csv(tmp_path / "visits_16.csv", GOOD)
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[3] = '"' + lines[3]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    result = take(path)
    assert result.error is not None
    assert (result.error["code"], result.error["row"]) == ("line_break_in_cell", 4)


def test_names_end_at_nul_where_the_mapping_says_so(tmp_path: Path, home: Home) -> None:
    mapping = tmp_path / "m.yaml"
    mapping.write_text(
        MAPPING.replace("{encoding: utf-8}", "{encoding: utf-8, header_ends_at_nul: true}"), encoding="utf-8"
    )
    (result,) = ingest(home, [nul_header(tmp_path)], mapping)
    assert (result.status, result.rows_accepted) == ("accepted", 5)
    assert balanced(result)
