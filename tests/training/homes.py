"""An invented panel as files and as a home, through the front door."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from features.home import Home
from features.intake.delivery import ingest

WAVES = [(year, quarter) for year in (2010, 2011, 2012) for quarter in (1, 2, 3, 4)]
HEADER = ["HH", "TOWN", "YEAR", "QUARTER", "SIZE", "INCOME", "SAVINGS", "ROOF"]
MAPPING = """
id: hamlet
name: {zh: 虚构小村, en: invented hamlet}
synthetic: true
files: ["hamlet_*.csv"]
format: {delimiter: ",", encoding: utf-8}
missing: [""]
household: [HH]
area: {columns: [TOWN], levels: [township], visits: township}
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
outcomes:
  - {id: falls, name: {zh: 跌落, en: falls below}, kind: at, horizons: [3], tier_horizon: 3, components: [below_line_now]}
  - {id: falls_by, name: {zh: 半年内跌落, en: falls below within six months}, kind: by, horizons: [3, 6], tier_horizon: 3,
     components: [below_line_now]}
"""


@dataclass(frozen=True)
class Hamlet:
    """A folder with a mapping and one file a wave; nothing taken in yet."""

    folder: Path
    mapping: Path
    files: list[Path]

    def home(self, name: str, waves: int = len(WAVES)) -> Home:
        """A home that took in the first ``waves`` files."""
        home = Home.create(self.folder / name, clock="simulated")
        for result in ingest(home, self.files[:waves], self.mapping):
            assert result.status == "accepted", result
        return home


def write(folder: Path, households: int = 200) -> Hamlet:
    """Incomes that stay with a household, fall with thatched roofs and size, and drive savings."""
    random = np.random.default_rng(11)
    size = random.integers(1, 8, households)
    roof = random.choice(["1", "2", "3"], households)
    level = 7 + random.normal(0, 0.45, households) - 0.4 * (roof == "3") - 0.08 * size
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "hamlet.yaml").write_text(MAPPING, encoding="utf-8")
    files = []
    for year, quarter in WAVES:
        path = folder / f"hamlet_{year}q{quarter}.csv"
        now = level + random.normal(0, 0.35, households)
        with path.open("w", newline="", encoding="utf-8") as sink:
            writer = csv.writer(sink)
            writer.writerow(HEADER)
            for i in range(households):
                income = f"{np.exp(now[i]):.2f}" if random.random() > 0.03 else ""
                savings = "1" if random.random() < 0.2 + 0.3 * (now[i] < 6.4) else "2"
                writer.writerow([f"h{i}", "abc"[i % 3], year, quarter, size[i], income, savings, roof[i]])
        files.append(path)
    return Hamlet(folder, folder / "hamlet.yaml", files)
