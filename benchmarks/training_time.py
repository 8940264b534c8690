"""Training time against the bare ``lightgbm.train`` calls that it contains.

    python benchmarks/training_time.py --home HOME [--outcome ID] [--until DAY] [--threads 1] [--repeats 3]
    python benchmarks/training_time.py --mapping eph --data FOLDER [--outcome ID]

Every call of ``lightgbm.train`` is timed within the fit, its bins made beforehand: what remains is what the
scorecard, the encoding, the folds' predictions, the calibration and the compiling of tables cost. The median
over repeats is printed, each ratio taken within its repeat.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import lightgbm

from features.home import Home
from training import assembly, fit
from training.benchmark import prepared


class Calls:
    """Wall and processor seconds spent inside ``lightgbm.train``, and the rounds trained, while it is open."""

    def __init__(self) -> None:
        self.count = self.rounds = 0
        self.wall = self.cpu = 0.0

    def __enter__(self) -> Calls:
        self._original = lightgbm.train
        lightgbm.train = self._timed
        return self

    def __exit__(self, *_: object) -> None:
        lightgbm.train = self._original

    def _timed(
        self, parameters: dict[str, Any], data: Any, num_boost_round: int = 100, **options: Any
    ) -> Any:
        # Bins are made when training first asks; they are not its bare work.
        data.construct()
        wall, cpu = time.perf_counter(), time.process_time()
        booster = self._original(parameters, data, num_boost_round=num_boost_round, **options)
        self.wall += time.perf_counter() - wall
        self.cpu += time.process_time() - cpu
        self.count, self.rounds = self.count + 1, self.rounds + num_boost_round
        return booster


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", type=Path)
    parser.add_argument("--mapping")
    parser.add_argument("--data")
    parser.add_argument("--outcome")
    parser.add_argument("--until", type=date.fromisoformat)
    parser.add_argument("--threads", default=1, type=int)
    parser.add_argument("--repeats", default=3, type=int)
    options = parser.parse_args()
    home = Home.open(options.home) if options.home else prepared(options.mapping, options.data)
    start = time.perf_counter()
    frame = assembly.build(home, options.outcome, options.until or home.today())
    assembled = time.perf_counter() - start

    print(f"{frame.outcome}: {len(frame):,} rows, {len(frame.specs)} columns, {options.threads} thread(s)")
    print(f"frame from facts: {assembled:.1f} s, once")
    whole: list[tuple[float, float]] = []
    bare: list[tuple[float, float]] = []
    for _ in range(options.repeats):
        wall, cpu = time.perf_counter(), time.process_time()
        with Calls() as calls:
            fit.fit(frame, threads=options.threads)
        whole.append((time.perf_counter() - wall, time.process_time() - cpu))
        bare.append((calls.wall, calls.cpu))
    print(f"lightgbm.train: {calls.count} calls, {calls.rounds} rounds")
    for place, name in enumerate(("wall", "processor")):
        ratio = statistics.median(w[place] / b[place] for w, b in zip(whole, bare, strict=True))
        total, inside = (statistics.median(seconds[place] for seconds in runs) for runs in (whole, bare))
        print(f"{name:<10} fit {total:6.2f} s   lightgbm.train {inside:6.2f} s   ratio {ratio:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
