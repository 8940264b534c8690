"""How long the list page and the household page take with 50,000 households, over HTTP, signed in.

    .venv/bin/python benchmarks/pages.py --home HOME --work FOLDER [--households 50000] [--asked 200]

HOME is a home with lists, such as that of `make demo`; it is only read. The large home under FOLDER (kept, and
shared with `benchmarks/one_household.py`) has the deliveries, published rows, lists, scores and decisions of
HOME, each household repeated under new ids. ``fangpin serve`` answers one browser that asks one page after the
other; every answer is a whole page, its household shown for the first time. Ends with 1 where a p95 is 150 ms
or more.
"""

# ruff: noqa: E402 (the repository is put on the path first)
from __future__ import annotations

import argparse
import random
import re
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np
import sqlalchemy as sa

from benchmarks import load
from benchmarks.served import fangpin_serve, free_port, running
from benchmarks.wider_home import households_of, widen
from benchmarks.wider_lists import widen_lists
from features.facts.regroup import regroup
from features.facts.store import FactStore
from features.home import Home
from serving.accounts import service as accounts
from serving.accounts.throttle import Throttle
from serving.scope import scope_of
from serving.store import Store
from serving.store.tables import list_lines, lists, score_rows
from serving.web.access import COOKIE
from serving.web.settings import Settings

WANTED = 150.0
SEED = 7


def prepared(source: Home, work: Path, households: int) -> Home:
    """The large home; made when it is not there."""
    large, repeats = work / "large", -(-households // len(households_of(source)))
    if not large.exists():
        widen(source, large, households)
    home = Home.open(large)
    regroup(FactStore(home))
    with Store.open(home) as store:
        with store.reading() as reading:
            most = sa.select(sa.func.count()).select_from(score_rows).group_by(score_rows.c.list)
            judged = max(reading.connection.execute(most).scalars())
        if judged < households - 1000:
            judged = widen_lists(store, repeats)
        print(f"{judged:,} households were judged for the largest list")
    return home


def signed_in(home: Home, store: Store) -> str:
    """The cookie of a session."""
    name, settings = f"benchmark-{time.time_ns():x}", Settings()
    held = accounts.add(store=store, scope=scope_of("/"), name=name, role="county", area="/", by="benchmark")
    opened = accounts.sign_in(
        home=home,
        store=store,
        throttle=Throttle(settings.source_failures, settings.lock),
        settings=settings,
        name=name,
        password=held.password,
        source="127.0.0.1",
    )
    return f"{COOKIE}={opened.cookie}"


def addresses(store: Store, asked: int) -> dict[str, list[str]]:
    """What is asked for, by the name under which its times are told."""
    with store.reading() as reading:
        read = reading.connection
        latest = read.execute(sa.select(lists.c.id).order_by(lists.c.seq.desc()).limit(1)).scalar_one()
        lines = read.execute(
            sa.select(list_lines.c.household, list_lines.c.area).where(list_lines.c.list == latest)
        ).all()
        off = read.execute(
            sa.select(score_rows.c.household).where(
                score_rows.c.list == latest,
                score_rows.c.household.not_in([household for household, _ in lines[:20_000]]),
            )
        ).scalars()
        unlisted = list(off)
    print(f"{len(lines):,} lines on the latest list")
    chosen = random.Random(SEED)
    towns = sorted({"/".join(area.split("/")[:-1]) for _, area in lines})
    return {
        "list, first page": ["/lists/latest"] * asked,
        "list, one tier": [
            f"/lists/latest?tier={chosen.choice(['red', 'orange', 'yellow'])}" for _ in range(asked)
        ],
        "list, one township, planned": [
            f"/lists/latest?planned=yes&area={chosen.choice(towns)}" for _ in range(asked)
        ],
        "list, everything, last page": [f"/lists/latest?blue=1&page={100_000}"] * asked,
        "household on the list": [f"/households/{chosen.choice(lines)[0]}" for _ in range(asked)],
        "household not on the list": [f"/households/{chosen.choice(unlisted)}" for _ in range(asked)],
    }


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--households", type=int, default=50_000)
    parser.add_argument("--asked", type=int, default=200)
    asked = parser.parse_args()
    asked.work.mkdir(parents=True, exist_ok=True)
    home = prepared(Home.open(asked.home), asked.work, asked.households)
    with Store.open(home) as store:
        cookie, pages = signed_in(home, store), addresses(store, asked.asked)
    port, slow = free_port(), False
    with running(fangpin_serve(home.path, port), port, "/readyz"):
        print(f"\n{'':32s} {'pages':>6s} {'KiB':>6s} {'p50, ms':>8s} {'p95, ms':>8s} {'slowest':>8s}")
        for name, paths in pages.items():
            requests = [load.request("GET", path, headers={"Cookie": cookie}) for path in paths]
            load.drive(port, requests[:3], 1)
            found = load.drive(port, requests[3:], 1)
            if set(found.statuses) != {200}:
                said = re.sub(rb"\s+", b" ", found.wrong)[:400]
                raise SystemExit(f"{name}: {found.statuses} {said!r}")
            p95 = found.within(95)
            slow |= p95 >= WANTED
            size = float(np.mean(found.sizes)) / 1024
            print(
                f"{name:32s} {len(found.taken):6d} {size:6.0f} {found.within(50):8.1f} {p95:8.1f} {found.within(100):8.1f}",
                flush=True,
            )
    print(f"\nwanted: every p95 under {WANTED:.0f} ms: {'no' if slow else 'yes'}")
    return int(slow)


if __name__ == "__main__":
    raise SystemExit(main())
