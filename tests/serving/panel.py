"""A tiny home, made through the front door: a quarterly panel of invented households, its snapshots and a bundle.

Nothing here stands in for code of ours: files are written, taken in, computed, learned from and published.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from features import snapshots
from features.home import Home
from features.indicators import catalogue as catalogues
from features.intake.delivery import ingest
from models.risk import bundle as bundles
from models.risk.bundle import Bundle
from training import assembly, fit
from training.frame import Frame

HOUSEHOLDS = 360
WAVES = [(year, quarter) for year in (2010, 2011, 2012) for quarter in (1, 2, 3, 4)][:10]
TOWNSHIPS = ("a", "b", "c")
MAPPING = """
id: tiny
name: {zh: 虚构小样本, en: invented tiny panel}
synthetic: true
files: ["tiny_*.csv"]
format: {delimiter: ",", encoding: utf-8}
missing: [""]
household: [HH]
area: {columns: [COUNTY, TOWN, VILLAGE], levels: [county, township, village], visits: township}
wave: {year: YEAR, quarter: QUARTER}
arrival: wave_end
population: interviewed
welfare: {concept: reported_income_per_person, now: welfare_log, before: [welfare_log_before]}
line: {quantile: 0.30, times: 1.0}
facts:
  - kind: household
    columns: {members: SIZE}
  - kind: income
    set: {part: total, per: person, concept: reported_income_per_person, months: 1}
    columns: {amount: INCOME}
  - kind: coping
    set: {strategy: savings_spent}
    columns: {used: {from: SAVINGS, codes: {"1": true, "2": false}}}
covariates:
  roof: {from: ROOF, type: code, name: {zh: 屋顶材料, en: roof cover}, group: housing}
  rooms_used: {from: ROOMS, type: integer, name: {zh: 居住房间数, en: rooms lived in}}
outcomes:
  - {id: falls, name: {zh: 跌落, en: falls below}, kind: at, horizons: [3], tier_horizon: 3, components: [below_line_now]}
"""


@dataclass(frozen=True)
class Panel:
    """The home with two snapshots (an earlier and a later day) and a bundle trained on the earlier waves."""

    home: Home
    first: str
    second: str
    bundle: Bundle
    other: Bundle


def make(folder: Path) -> Panel:
    """Write, take in, build and learn; a few seconds."""
    home = Home.create(folder / "home", clock="simulated")
    mapping = folder / "tiny.yaml"
    mapping.write_text(MAPPING, encoding="utf-8")
    files = _write_waves(folder)
    for result in ingest(home, files, mapping):
        assert result.status == "accepted", result
    days = [date(year, 3 * quarter, 31 if quarter in (1, 4) else 30) for year, quarter in WAVES]
    first, second = (snapshots.build(home, day) for day in days[-2:])
    bundle = learn(home, days[-1], seed=0)
    other = learn(home, days[-3], seed=1)
    assert bundle.model_sha256 != other.model_sha256
    return Panel(home, first.id, second.id, bundle, other)


def learn(home: Home, until: date, seed: int) -> Bundle:
    """A bundle without the pictures and rivals of a training run."""
    frame = assembly.build(home, None, until)
    return written(home, frame, fit.fit(frame, seed=seed, threads=1), {"rows": len(frame)})


def written(home: Home, frame: Frame, fitted: fit.Fitted, fingerprint: dict[str, Any]) -> Bundle:
    """What was fitted, as a bundle of the home."""
    catalogue = catalogues.load(home)
    return bundles.write(
        home.folder("bundles"),
        fitted.risk,
        frame.columns(fitted.rows),
        calibration=fitted.calibration,
        at_risk=fitted.judged(frame),
        outcome=frame.outcome,
        kind=frame.kind,
        tier_horizon=frame.tier_horizon,
        catalogue=catalogue.hash,
        parameters=catalogue.parameters.hash,
        fingerprint=fingerprint,
    )


def _write_waves(folder: Path) -> list[Path]:
    random = np.random.default_rng(7)
    level = random.normal(7.0, 0.5, HOUSEHOLDS)
    roof = random.choice(["1", "2", "3"], HOUSEHOLDS)
    level -= 0.3 * (roof == "3")
    files = []
    for year, quarter in WAVES:
        path = folder / f"tiny_{year}q{quarter}.csv"
        with path.open("w", newline="", encoding="utf-8") as sink:
            writer = csv.writer(sink)
            writer.writerow(
                [
                    "HH",
                    "COUNTY",
                    "TOWN",
                    "VILLAGE",
                    "YEAR",
                    "QUARTER",
                    "SIZE",
                    "INCOME",
                    "SAVINGS",
                    "ROOF",
                    "ROOMS",
                ]
            )
            now = level + random.normal(0, 0.35, HOUSEHOLDS)
            for i in range(HOUSEHOLDS):
                income = f"{np.exp(now[i]):.2f}" if random.random() > 0.03 else ""
                savings = "1" if random.random() < 0.2 + 0.3 * (now[i] < 6.7) else "2"
                town = TOWNSHIPS[i % 3]
                size, rooms = 1 + i % 6, "" if i % 11 == 0 else str(1 + i % 4)
                row = [f"h{i}", "41", town, f"v{i % 7}", year, quarter, size, income, savings, roof[i], rooms]
                writer.writerow(row)
        files.append(path)
    return files
