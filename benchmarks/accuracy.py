"""The tables of docs/benchmarks.md: a panel through the front door, our model beside its rivals, as Markdown.

    python benchmarks/accuracy.py --mapping eph --data FOLDER [--quick] [--shuffle] [--threads 2]

The same figures as ``fangpin benchmark`` prints, with intervals and paired differences to paste.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from training.benchmark import benchmark, markdown


def say(done: int, total: int, label: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {label} {done}/{total}", file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mapping", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--outcome")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--shuffle", action="store_true")
    parser.add_argument("--threads", default=2, type=int)
    options = parser.parse_args()
    start = time.perf_counter()
    document = benchmark(
        options.mapping, options.data, outcome=options.outcome, quick=options.quick, shuffle=options.shuffle,
        threads=options.threads, progress=say,
    )  # fmt: skip
    print(markdown(document))
    print(f"{time.perf_counter() - start:.0f} s, {options.threads} processes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
