"""How long it takes to show the facts behind one household's decision, and what the copy by household costs.

    .venv/bin/python benchmarks/one_household.py --home HOME --work FOLDER [--households 50000] [--asked 300]

HOME is a home with decisions, such as that of `make demo`; it is only read. Two homes are made under FOLDER: a
copy of HOME, and one that is as large as asked for. The large one holds the deliveries of HOME, each with the
rows of every household repeated under new ids until there are that many, taken in through the fact store; so
it has the same files a month, the same corrections, and as many rows a household.

Every number is of `serving.households.evidence.evidence`, all reasons of one decision, store included:

On a machine that others use too, the processor's time says more than the clock on the wall.

first      the first household that a new process shows (imports, catalogue, footers)
new        a household that the process has not shown before
again      the same households again
from disk  new, each after the pages of the copy were dropped from the system's memory
no copy    new, from the deliveries alone
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from features.home import Home
from serving.households.evidence import evidence
from serving.scope import scope_of
from serving.store import Store

SEED = 7
# New processes for "first", households for "no copy": they are slow.
STARTS, SLOW = 5, 20


def documents(home: Home, asked: int, repeats: int) -> list[dict[str, Any]]:
    """Decisions of randomly chosen households, of any repetition."""
    from benchmarks.wider_home import renamed

    with sqlite3.connect(home.path / "store" / "fangpin.sqlite") as database:
        found = [json.loads(row[0]) for row in database.execute("SELECT document FROM decisions ORDER BY id")]
        chosen = random.Random(SEED)
        picked = []
        while len(picked) < asked:
            decision = chosen.choice(found)
            who = renamed(decision["household"], chosen.randrange(repeats))
            query = "SELECT 1 FROM published_rows WHERE snapshot = ? AND household = ?"
            if database.execute(query, (decision["snapshot"], who)).fetchone():
                picked.append({**decision, "household": who})
    return picked


def timed(
    home: Home, decisions: list[dict[str, Any]], before: Callable[[], None] | None = None
) -> tuple[list[tuple[float, float]], int, int]:
    """(ms, ms of processor) of each, how many reasons were followed, and how many values were not found again."""
    taken, followed, different = [], 0, 0
    with Store.open(home) as store:
        for decision in decisions:
            if before:
                before()
            begun, used = time.perf_counter(), time.process_time()
            with store.reading() as reading:
                found = evidence(home=home, session=reading, scope=scope_of("/"), decision=decision)
            taken.append(((time.perf_counter() - begun) * 1e3, (time.process_time() - used) * 1e3))
            for reason in (*decision["reasons"], *decision["lowering"]):
                one = found[reason["indicator"]]
                followed += 1
                different += not one.agrees or one.value != reason["value"]
    return taken, followed, different


def first(home: Home, decision: dict[str, Any]) -> tuple[float, float]:
    """(ms, ms of processor) of the first household in a process of its own (see `main`)."""
    done = subprocess.run(
        [sys.executable, __file__, "--home", str(home.path), "--work", str(home.path), "--first"],
        input=json.dumps(decision), capture_output=True, text=True, check=True,
    )  # fmt: skip
    taken, used = map(float, done.stdout.split())
    return taken, used


def forget(store: Any) -> None:
    """Drop the copy's pages from the system's memory, and its footers from ours."""
    from features.facts import by_household

    for path in (store.folder / by_household.FOLDER).glob("*/*/*.parquet"):
        opened = os.open(path, os.O_RDONLY)
        os.fsync(opened)
        os.posix_fadvise(opened, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(opened)
    by_household._footers.clear()


def say(name: str, taken: list[tuple[float, float]]) -> None:
    import numpy as np

    waited, used = zip(*taken, strict=True)
    p50, p95 = np.percentile(waited, [50, 95])
    own = [f"{value:.1f}" for value in np.percentile(used, [50, 95])]
    print(f"| {name} | {len(taken)} | {p50:.1f} | {p95:.1f} | {' | '.join(own)} |", flush=True)


def measure(home: Home, asked: int, repeats: int) -> None:
    from features.facts.by_household import FOLDER
    from features.facts.regroup import regroup
    from features.facts.store import FactStore

    store = FactStore(home)
    shutil.rmtree(store.folder / FOLDER, ignore_errors=True)
    deliveries = store.deliveries()
    rows = sum(sum(d.facts.values()) for d in deliveries)
    facts = sum(path.stat().st_size for kind in store.kinds() for path in store.paths(kind))
    picked = documents(home, asked, repeats)
    slow, *_ = timed(home, picked[:SLOW])
    begun = time.perf_counter()
    regroup(store)
    seconds = time.perf_counter() - begun
    copy = [path.stat().st_size for path in (store.folder / FOLDER).rglob("*") if path.is_file()]
    print(f"\n{len(deliveries)} deliveries, {rows:,} facts, {facts / 2**20:.0f} MiB; the copy: {sum(copy) / 2**20:.0f} MiB in {len(copy)} files, made in {seconds:.1f} s\n")  # fmt: skip
    print("| | households | p50, ms | p95, ms | processor p50, ms | p95, ms |\n|---|---|---|---|---|---|")
    say("first", [first(home, decision) for decision in picked[:STARTS]])
    timed(home, picked[:1])
    new, followed, different = timed(home, picked)
    say("new", new)
    say("again", timed(home, picked)[0])
    say("from disk", timed(home, picked[:100], lambda: forget(store))[0])
    say("no copy", slow[1:])
    print(f"\n{followed:,} reasons followed; {different} differ from the published value", flush=True)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    asked.add_argument("--home", type=Path, required=True)
    asked.add_argument("--work", type=Path, required=True)
    asked.add_argument("--households", type=int, default=50_000)
    asked.add_argument("--asked", type=int, default=300)
    asked.add_argument("--first", action="store_true", help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.first:
        # The service's modules are loaded when it starts, before anybody asks.
        importlib.import_module("serving.app")
        print(*timed(Home.open(given.home), [json.loads(sys.stdin.read())])[0][0])
        return
    from benchmarks.wider_home import households_of, widen

    given.work.mkdir(parents=True, exist_ok=True)
    small, large = given.work / "small", given.work / "large"
    if not small.exists():
        shutil.copytree(given.home, small)
    home = Home.open(small)
    households = len(households_of(home))
    print(f"\n## {households:,} households")
    measure(home, given.asked, 1)
    repeats = -(-given.households // households)
    if not large.exists():
        begun = time.perf_counter()
        widen(home, large, given.households)
        print(f"\nmade in {time.perf_counter() - begun:.0f} s", file=sys.stderr)
    print(f"\n## {given.households:,} households")
    measure(Home.open(large), given.asked, repeats)


if __name__ == "__main__":
    main()
