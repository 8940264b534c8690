"""On a real panel the catalogue speaks: enough columns are known and differ between households."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from features.home import Home
from features.indicators.catalogue import load
from features.indicators.compile import Compiler
from features.intake.delivery import ingest

EPH = Path(__file__).parents[4] / "shared" / "data" / "eph"
QUARTERS = ("hogar_t311", "hogar_t411", "hogar_t212", "hogar_t312")
DAY = date(2012, 9, 30)
ENOUGH_KNOWN = 0.2
PROMISED = 22


@pytest.mark.panel
@pytest.mark.slow
def test_at_least_22_columns_are_alive_on_the_quarterly_panel(tmp_path: Path) -> None:
    home = Home.create(tmp_path / "home", clock="simulated")
    ingest(home, [EPH / f"{name}.txt.xz" for name in QUARTERS], mapping="eph")
    catalogue = load(home)
    own = [n for n, c in catalogue.columns.items() if not c.record.kind.startswith("trait_")]
    with Compiler(catalogue, threads=1) as compiler:
        table = compiler.compute(compiler.population([DAY]), own)
    alive = [
        name
        for name in own
        if table[name].null_count <= (1 - ENOUGH_KNOWN) * table.num_rows
        and len(table[name].drop_null().unique()) >= 2
    ]
    assert table.num_rows > 15_000
    assert len(alive) >= PROMISED, alive
    assert {"welfare_log", "welfare_log_before", "below_line_now", "below_line_3_months_ago"} <= set(alive)
