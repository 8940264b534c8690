"""The truth files agree with one another."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pyarrow.parquet as pq

from county.state import COMPONENTS


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as source:
        return list(csv.DictReader(source))


def test_spells_are_runs_of_the_state(written: Path) -> None:
    state = pq.read_table(written / "truth" / "state.parquet").to_pylist()
    need = {(row["household"], row["month"]): [name for name in COMPONENTS if row[name]] for row in state}
    months = sorted({month for _, month in need})
    assert len(months) == 12 + 14
    spells = rows(written / "truth" / "needs.csv")
    assert sum(int(spell["months"]) for spell in spells) == sum(bool(names) for names in need.values())
    for spell in spells:
        place = months.index(spell["onset"])
        assert need[spell["household"], spell["onset"]] == spell["components"].split(";")
        assert spell["open_at_start"] == str(place == 0)
        assert place == 0 or not need[spell["household"], months[place - 1]]
        if spell["end"]:
            assert not need[spell["household"], spell["end"]]


def test_discovery_is_selective_and_dated(written: Path) -> None:
    spells = rows(written / "truth" / "needs.csv")
    found = [spell for spell in spells if spell["discovered"]]
    assert 0 < len(found) < 0.5 * len(spells)
    assert all(spell["onset"] <= spell["discovered"] and spell["channel"] for spell in found)
    steps = rows(written / "truth" / "register.csv")
    entered = {
        (s["household"], f"{s['day'][:4]}-{s['day'][4:6]}") for s in steps if s["step"] != "eliminated"
    }
    assert {(spell["household"], spell["discovered"]) for spell in found} <= entered


def test_events_and_summary(written: Path) -> None:
    kinds = {row["event"] for row in rows(written / "truth" / "events.csv")}
    assert {"job_loss", "serious_illness", "disability", "accident"} <= kinds
    summary = json.loads((written / "truth" / "county.json").read_text(encoding="utf-8"))
    assert summary["synthetic"] is True
    assert summary["households"] == 300
    assert summary["files"] == sum(1 for path in (written / "deliveries").rglob("*.*") if path.is_file())
