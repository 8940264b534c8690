"""A small monthly extract whose mapping uses most of the grammar, and homes to take it into."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.facts.store import FactStore
from features.home import Home
from features.intake.delivery import DeliveryResult, ingest

MAPPING = """
id: visits
name: {zh: 走访表, en: visit form}
files: ["visits_*.csv*"]
format: {encoding: utf-8}
missing: ["", "NA"]
household: [NO, TOWN]
area: {columns: [COUNTY, TOWN], levels: [county, town], visits: town}
wave: {month: MONTH, format: "%Y-%m"}
arrival: {after_wave: 5}
population: interviewed
welfare: {concept: net_income_per_person, now: welfare_log, before: [welfare_log_before]}
line: {quantile: 0.30}
retraction: {column: OP, codes: [D]}
facts:
  - kind: household
    columns: {members: {from: MEMBERS, at_least: 1, at_most: 30}}
  - kind: income
    set: {part: total, per: person, concept: net_income_per_person, months: 1}
    columns: {amount: {from: INCOME, above: 0}}
  - kind: dwelling
    columns:
      grade: {from: GRADE, missing: ["9"]}
      water_safe: {from: WATER, codes: {"1": true, "2": false}}
covariates:
  roof: {from: ROOF, type: code, missing: ["0"], name: {zh: 屋顶, en: roof}, group: housing}
"""
COLUMNS = ("NO", "TOWN", "COUNTY", "MONTH", "OP", "MEMBERS", "INCOME", "GRADE", "WATER", "ROOF")
Row = dict[str, str]


def row(number: int, month: str = "2024-01", **changed: str) -> Row:
    """One good row; ``changed`` cells replace its own."""
    plain = (str(number), "T1", "C1", month, "", "3", f"{100 * number}.50", "A", "1", "2")
    return {**dict(zip(COLUMNS, plain, strict=True)), **changed}


def write_csv(
    path: Path,
    rows: Sequence[Row],
    *,
    delimiter: str = ",",
    encoding: str = "utf-8",
    columns: Sequence[str] = COLUMNS,
) -> Path:
    with path.open("w", newline="", encoding=encoding) as sink:
        writer = csv.writer(sink, delimiter=delimiter)
        writer.writerow(columns)
        writer.writerows([[line[name] for name in columns] for line in rows])
    return path


def read_quarantine(result: DeliveryResult) -> list[dict[str, str]]:
    assert result.quarantine is not None
    content = Path(result.quarantine).read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def facts(home: Home, kind: str) -> list[dict[str, object]]:
    """Every fact of a kind, superseded ones too."""
    tables = [pq.read_table(path) for path in FactStore(home).paths(kind)]
    return pa.concat_tables(tables, promote_options="default").to_pylist() if tables else []


def balanced(result: DeliveryResult) -> bool:
    return result.rows_in == result.rows_accepted + result.rows_quarantined + result.rows_unchanged


def files_of(home: Home) -> dict[str, bytes]:
    """All of a home but its lock."""
    return {
        str(p.relative_to(home.path)): p.read_bytes()
        for p in sorted(home.path.rglob("*"))
        if p.is_file() and p.name != ".lock"
    }


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.delenv("FANGPIN_KEYS", raising=False)
    return Home.create(tmp_path / "home", clock="simulated")


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    path = tmp_path / "visits.yaml"
    path.write_text(MAPPING, encoding="utf-8")
    return path


Take = Callable[..., DeliveryResult]


@pytest.fixture
def take(home: Home, mapping: Path) -> Take:
    """Take one file in with the mapping of this page."""

    def one(path: Path, *, arrived: date | None = None, mapping: Path = mapping) -> DeliveryResult:
        (result,) = ingest(home, [path], mapping, arrived)
        assert balanced(result)
        return result

    return one
