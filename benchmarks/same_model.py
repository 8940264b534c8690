"""The same data, seed and versions give the same model and the same evidence, whatever the threads.

    python benchmarks/same_model.py --home HOME --until DAY [--outcome ID] [--threads 1 2 4] [--runs 3]

Each run is `fangpin train` in a process of its own on a copy of the home that has no bundle yet, with the
threads of LightGBM, of the linear algebra and of the backtest all set to the same number. Every file of the
bundle is compared by its bytes, evidence and pictures included, and so is the evaluation table. The last line
is one JSON document; the exit code is 1 where anything differs.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
# What a training run neither reads nor should find.
NOT_COPIED = ("bundles", "evaluations", "mlflow", "truth")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def files_of(folder: Path) -> dict[str, str]:
    """SHA-256 of each file below ``folder``, by its path there."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def run(home: Path, scratch: Path, until: str, outcome: str | None, threads: int) -> dict[str, Any]:
    """One training run on a fresh copy: {threads, model_sha256, seconds, files}."""
    copy = scratch / "home"
    shutil.copytree(home, copy, ignore=lambda at, names: NOT_COPIED if Path(at) == home else ())
    command = [sys.executable, str(ROOT / "fangpin.py"), "--home", str(copy), "train", "--until", until]
    command += ["--threads", str(threads), "--json"] + (["--outcome", outcome] if outcome else [])
    environment = {k: v for k, v in os.environ.items() if k not in ("MLFLOW_RUN_ID", "MLFLOW_TRACKING_URI")}
    begun = time.monotonic()
    done = subprocess.run(
        command, env=environment | dict.fromkeys(THREADS, str(threads)), capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(done.stderr + done.stdout)
    document = json.loads(done.stdout)
    files = files_of(copy / "bundles") | files_of(copy / "evaluations")
    seconds = time.monotonic() - begun
    shutil.rmtree(copy)
    return {
        "threads": threads,
        "model_sha256": document["model_sha256"],
        "seconds": round(seconds),
        "files": files,
    }


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", required=True, type=Path)
    parser.add_argument("--until", required=True)
    parser.add_argument("--outcome")
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2, 4])
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    done: list[dict[str, Any]] = []
    for number in range(options.runs):
        for threads in options.threads:
            with tempfile.TemporaryDirectory() as scratch:
                one = run(options.home.resolve(), Path(scratch), options.until, options.outcome, threads)
            done.append(one)
            print(
                f"run {number + 1}, {threads} threads: {one['model_sha256']} "
                f"({len(one['files'])} files, {one['seconds']} s)",
                flush=True,
            )
    first = done[0]["files"]
    differing = sorted(
        {
            name
            for one in done
            for name in first.keys() | one["files"]
            if first.get(name) != one["files"].get(name)
        }
    )
    for name in differing:
        print(f"differs: {name}")
    models = sorted({one["model_sha256"] for one in done})
    print(json.dumps({"runs": len(done), "models": models, "files": len(first), "differing": differing}))
    return 0 if len(models) == 1 and not differing else 1


if __name__ == "__main__":
    sys.exit(main())
