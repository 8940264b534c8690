"""The tables of docs/benchmarks.md: a panel through the front door, our model beside its rivals, as Markdown.

    python benchmarks/accuracy.py --mapping eph --data FOLDER [--quick] [--shuffle] [--threads 2] [--tables FOLDER]

The same figures as ``fangpin benchmark`` prints, then average precision block by block; ``--tables`` keeps the
evaluation tables.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.indicators.catalogue import load
from features.outcomes import declared
from training import evaluation
from training.benchmark import FOLDS, backtested, markdown, prepared
from training.metrics import Sample, ap


def say(done: int, total: int, label: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {label} {done}/{total}", file=sys.stderr, flush=True)


def by_block(table: pa.Table) -> str:
    """Average precision of each model on each block of as-of days."""
    lines: list[str] = []
    for block in sorted(pc.unique(table["block"]).to_pylist()):
        scores, outcome, _ = evaluation.aligned(table.filter(pc.equal(table["block"], block)))
        if not lines:
            lines = [
                "| tested | rows | events | " + " | ".join(scores) + " |",
                "|---" * (len(scores) + 3) + "|",
            ]
        cells = [f"{ap(Sample.of(score, outcome)):.4f}" for score in scores.values()]
        lines.append(f"| {block} | {len(outcome):,} | {int(outcome.sum()):,} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mapping", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--outcome")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--shuffle", action="store_true")
    parser.add_argument("--threads", default=2, type=int)
    parser.add_argument("--tables", type=Path)
    options = parser.parse_args()
    start = time.perf_counter()
    home = prepared(options.mapping, options.data, progress=say)
    for outcome in [one.id for one in declared(load(home))]:
        if options.outcome not in (None, outcome):
            continue
        table = backtested(
            home, outcome, quick=options.quick, shuffle=options.shuffle, threads=options.threads, progress=say
        )
        judged = evaluation.summary(table)
        splits = FOLDS * len(pc.unique(table["block"]))
        print(markdown({"outcomes": [{**judged, "id": outcome, "splits": splits}]}))
        print(by_block(table), flush=True)
        if options.tables:
            pq.write_table(table, options.tables / f"{outcome}.parquet")
    print(f"{time.perf_counter() - start:.0f} s, {options.threads} processes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
