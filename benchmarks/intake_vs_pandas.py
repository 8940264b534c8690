"""Files to facts to snapshot, side by side with plain pandas: time, memory, and the same values.

    python benchmarks/intake_vs_pandas.py --data FOLDER [--as-of 2012-09-30] [--repeats 1]

Each side runs in a process of its own, in turn. Ours adds quarantine, provenance, two clocks and revisions.
Ends with 1 if a value differs, if ours takes more than twice as long, or more than 2 GiB.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

SIDES = ("fangpin", "pandas")
MOST_TIMES, MOST_GIB = 2.0, 2.0
TOLERANCE = 2e-6  # welfare is kept in millionths


class Watch:
    """Wall and processor seconds between steps."""

    def __init__(self) -> None:
        self.wall, self.cpu, self.steps = time.perf_counter(), time.process_time(), {}  # type: ignore[var-annotated]

    def __call__(self, name: str) -> None:
        wall, cpu = time.perf_counter(), time.process_time()
        self.steps[name] = {"wall": wall - self.wall, "cpu": cpu - self.cpu}
        self.wall, self.cpu = wall, cpu


def ours(data: Path, as_of: date, scratch: Path, watch: Watch) -> Path:
    """The front door: intake into a new simulated home, then the snapshot."""
    from features import snapshots
    from features.home import Home
    from features.intake.delivery import ingest

    home = Home.create(scratch / "home", clock="simulated")
    for result in ingest(home, sorted(data.glob("hog*_t*.txt.xz")), "eph"):
        if result.status != "accepted":
            raise SystemExit(f"{result.file}: {result.status}")
    watch("files to panel")
    built = snapshots.build(home, as_of)
    watch("snapshot")
    return built.path


def by_hand(data: Path, as_of: date, scratch: Path, watch: Watch) -> Path:
    """The analyst's script."""
    from benchmarks import eph_by_hand

    table = eph_by_hand.run(data, as_of, watch)
    path = scratch / "by_hand.parquet"
    table.to_parquet(path)
    return path


def compare(left: Path, right: Path) -> tuple[int, int, list[str]]:
    """Columns and households compared, and the names of columns in which any value differs."""
    import pandas as pd

    from features.home import TEST_KEY, Home

    theirs, rows = pd.read_parquet(right), pd.read_parquet(left).set_index("household")
    home = Home(Path(), "simulated", TEST_KEY)
    theirs.index = pd.Index([home.pseudonym(key) for key in theirs.pop("key")])
    if set(theirs.index) != set(rows.index):
        return 0, 0, ["the households"]
    rows, wrong, columns = rows.loc[theirs.index], [], [name for name in theirs if name in rows]
    for name in columns:
        mine, other = rows[name], theirs[name]
        if not pd.api.types.is_numeric_dtype(other):
            differs = mine.fillna("").astype(str) != other.fillna("").astype(str)
        else:
            mine = mine.astype(float)  # yes and no as 1 and 0
            differs = ~((mine.isna() & other.isna()) | ((mine - other).abs() <= TOLERANCE))
        if differs.any():
            wrong.append(f"{name} ({int(differs.sum())})")
    missing = [name for name in theirs if name not in rows]
    return len(columns), len(rows), wrong + [f"{name} (absent)" for name in missing]


def child(side: str, data: Path, as_of: date, scratch: Path) -> None:
    watch = Watch()
    path = (ours if side == "fangpin" else by_hand)(data, as_of, scratch, watch)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(json.dumps({"steps": watch.steps, "peak_gib": peak, "path": str(path)}))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", required=True, type=Path)
    parser.add_argument("--as-of", default="2012-09-30", type=date.fromisoformat)
    parser.add_argument("--repeats", default=1, type=int)
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    parser.add_argument("--scratch", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        child(options.side, options.data, options.as_of, options.scratch)
        return 0
    runs: dict[str, list[dict[str, Any]]] = {side: [] for side in SIDES}
    scratch = Path(tempfile.mkdtemp(prefix="fangpin-intake-"))
    try:
        for repeat in range(options.repeats):
            for side in SIDES:
                place = scratch / f"{side}{repeat}"
                place.mkdir()
                command = [
                    sys.executable,
                    __file__,
                    "--data",
                    str(options.data),
                    "--as-of",
                    str(options.as_of),
                ]
                done = subprocess.run(
                    [*command, "--side", side, "--scratch", str(place)],
                    check=True, stdout=subprocess.PIPE, env={**os.environ, "OMP_NUM_THREADS": "1"},
                )  # fmt: skip
                runs[side].append(json.loads(done.stdout.splitlines()[-1]))
        columns, rows, wrong = compare(*(Path(runs[side][-1]["path"]) for side in SIDES))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return report(runs, columns, rows, wrong)


def report(runs: dict[str, list[dict[str, Any]]], columns: int, rows: int, wrong: list[str]) -> int:
    """Print times, ratios (the median over repeats of the ratio within each) and what differs."""

    def ratio(step: str, clock: str) -> float:
        pairs = zip(*(runs[side] for side in SIDES), strict=True)
        return statistics.median(a["steps"][step][clock] / b["steps"][step][clock] for a, b in pairs)

    for side in SIDES:
        for run in runs[side]:
            run["steps"]["end to end"] = {
                clock: sum(step[clock] for step in run["steps"].values()) for clock in ("wall", "cpu")
            }
    print(f"{'step':<16}{'fangpin s (cpu)':>20}{'pandas s (cpu)':>20}{'ratio':>8}{'cpu':>8}")
    for step in ("files to panel", "snapshot", "end to end"):
        cells = []
        for side in SIDES:
            wall = statistics.median(run["steps"][step]["wall"] for run in runs[side])
            cpu = statistics.median(run["steps"][step]["cpu"] for run in runs[side])
            cells.append(f"{wall:.1f} ({cpu:.1f})")
        print(f"{step:<16}{cells[0]:>20}{cells[1]:>20}{ratio(step, 'wall'):>8.2f}{ratio(step, 'cpu'):>8.2f}")
    peak = max(run["peak_gib"] for run in runs["fangpin"])
    print(f"peak memory: fangpin {peak:.2f} GiB, pandas {max(r['peak_gib'] for r in runs['pandas']):.2f} GiB")
    print(
        f"values: {columns} columns of {rows:,} households compared; differing: {', '.join(wrong) or 'none'}"
    )
    slow = ratio("end to end", "wall") > MOST_TIMES
    if slow:
        print(f"more than {MOST_TIMES:g} times as long as pandas")
    if peak > MOST_GIB:
        print(f"more than {MOST_GIB:g} GiB")
    return int(bool(wrong) or slow or peak > MOST_GIB)


if __name__ == "__main__":
    sys.exit(main())
