"""Two quarters of the real panel, where its files are at hand, against a plain reading of the same files."""

from __future__ import annotations

import csv
import io
import lzma
from collections import Counter
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from features.facts.store import FactStore
from features.home import Home
from features.intake.delivery import ingest
from tests.features.intake.conftest import balanced

FOLDER = Path(__file__).parents[3] / ".." / "shared" / "data" / "eph"
# The first has a plain header, that of the second holds NUL bytes.
FILES = [FOLDER / "hog_t303.txt.xz", FOLDER / "hogar_t312.txt.xz"]
pytestmark = pytest.mark.panel


def plain(path: Path) -> list[dict[str, str]]:
    lines = lzma.decompress(path.read_bytes()).decode("latin-1").splitlines()
    header = [name.split("\0")[0].upper() for name in lines[0].split(";")]
    rows = csv.reader(io.StringIO("\n".join(lines[1:])), delimiter=";")
    return [dict(zip(header, row, strict=True)) for row in rows]


def fen(text: str) -> int:
    return int((Decimal(text) * 100).quantize(Decimal(1), ROUND_HALF_EVEN))


def test_two_quarters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FANGPIN_KEYS", raising=False)
    home = Home.create(tmp_path / "home", clock="simulated")
    results = ingest(home, [FILES[1], FILES[0]])
    assert [result.file for result in results] == [path.name for path in FILES]
    store = FactStore(home)
    for result, path in zip(results, FILES, strict=True):
        rows = plain(path)
        assert balanced(result)
        assert (result.status, result.rows_accepted) == ("accepted", len(rows))
        assert result.cells_quarantined <= 5
        incomes = [fen(row["IPCF"]) for row in rows if float(row["IPCF"]) > 0]
        sequence = result.delivery
        income = pq.read_table(store.folder / f"income/{sequence:06d}.parquet").to_pylist()
        told = [fact["amount"] for fact in income if fact["per"] == "person"]
        assert Counter(told) == Counter(incomes)
        (line,) = pq.read_table(store.folder / f"line/{sequence:06d}.parquet").to_pylist()
        assert line["amount"] == sorted(incomes)[-int(-3 * len(incomes) // 10) - 1]
        coping = pq.read_table(store.folder / f"coping/{sequence:06d}.parquet", columns=["strategy", "used"])
        said = Counter(zip(coping["strategy"].to_pylist(), coping["used"].to_pylist(), strict=True))
        for column, strategy in (("V13", "savings_spent"), ("V16", "instalments"), ("V7", "family_help")):
            counts = Counter(row[column] == "1" for row in rows if row[column] in ("1", "2"))
            assert {used: said[strategy, used] for used in (True, False)} == dict(counts)
        households = pq.read_table(store.folder / f"household/{sequence:06d}.parquet").to_pylist()
        first = rows[households[0]["row"] - 2]
        assert households[0]["household"] == home.pseudonym(
            f"{first['CODUSU']}|{first['NRO_HOGAR']}|{first['AGLOMERADO']}"
        )
        assert households[0]["area"] == f"{first['REGION']}/{first['AGLOMERADO']}"
        assert sum(h["members"] for h in households) == sum(int(row["IX_TOT"]) for row in rows)
    (again,) = ingest(home, [FILES[0]])
    assert (again.status, again.rows_unchanged) == ("unchanged", results[0].rows_in)
