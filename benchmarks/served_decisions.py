"""Decisions over HTTP beside ``mlflow models serve``: requests a second, p50 and p99, and where the time goes.

    .venv/bin/python benchmarks/served_decisions.py --home HOME [--rounds 5] [--seconds 4] [--connections 8]

HOME is a home with a champion and published days, such as that of `make demo`; it is only read, a copy works.

Ours: ``fangpin serve``, one worker; ``POST /v1/decisions`` with a bearer token for households that are not yet
decided, each scored, explained, checked and committed with fsync before it is answered. Whatever is not
answered with 201 ends the benchmark. Beside it MLflow serves the trees of the same champion, in its native
flavour; it computes neither scorecard nor calibration nor reasons, and stores nothing. It is asked in three
ways, all with the same rows:

signature  as MLflow's documentation advises: with a signature, so that columns are named and their types checked
frame      without a signature, rows as ``dataframe_split``
bare       without a signature, a row as a bare list of numbers in the trees' own order, which no caller has

Rounds go by turns, the same number of seconds each; a ratio is taken within a round, and the median is told.
"""

# ruff: noqa: E402 (threads are limited before numpy is loaded)
from __future__ import annotations

import argparse
import itertools
import json
import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import date
from pathlib import Path
from typing import Any

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np
import sqlalchemy as sa

from benchmarks import load
from benchmarks.anatomy import anatomy
from benchmarks.served import fangpin_serve, free_port, processor_seconds, running
from features.home import Home
from models.record.decision import Row
from models.risk.logistic import sigmoid
from models.risk.tables import feature_matrix
from serving.accounts import service as accounts
from serving.decisions.judging import Bench, bench
from serving.scope import scope_of
from serving.snapshots.repository import SnapshotRepository
from serving.store import Store
from serving.store.engine import FILE
from serving.store.tables import decisions, publications

OURS = "fangpin: decided, explained, stored"
SIGNED, FRAME, BARE = "mlflow: signature", "mlflow: frame", "mlflow: bare"
WHOLE = scope_of("/")


def copied(source: Path, place: Path) -> Home:
    """What the service reads of a home: its nature, its bundles, its store."""
    place.mkdir(parents=True)
    for file in ("home.json", "clock.json"):
        shutil.copy(source / file, place)
    shutil.copytree(source / "bundles", place / "bundles")
    (place / "store").mkdir()
    with closing(sqlite3.connect(f"file:{source / 'store' / FILE}?mode=ro", uri=True)) as connection:
        connection.execute("VACUUM INTO ?", (str(place / "store" / FILE),))
    return Home.open(place)


def undecided(store: Store, home: Home) -> tuple[list[tuple[date, Row]], Bench]:
    """Rows of every published day whose household was not decided on it, the latest day first."""
    found: list[tuple[date, Row]] = []
    with store.reading() as reading:
        days = sorted(
            set(reading.connection.execute(sa.select(publications.c.as_of)).scalars()), reverse=True
        )
        for day in days:
            sitting = bench(reading, home, WHOLE, day)
            query = sa.select(decisions.c.household).where(decisions.c.snapshot == sitting.published.snapshot)
            done = set(reading.connection.execute(query).scalars())
            rows = SnapshotRepository(reading).rows(WHOLE, sitting.published)
            found += [(day, row) for row in rows if row.household not in done]
        return found, bench(reading, home, WHOLE, days[0])


def asked_of_us(rows: list[tuple[date, Row]], token: str) -> Iterator[bytes]:
    for day, row in rows:
        body = json.dumps({"household": row.household, "as_of": day.isoformat()}).encode()
        yield load.request("POST", "/v1/decisions", body, {"Authorization": f"Bearer {token}"})


def mlflow_models(sitting: Bench, rows: list[Row], place: Path) -> dict[str, tuple[Path, list[bytes]]]:
    """Folder of the served model and requests, by the way of asking."""
    os.environ.update(MLFLOW_DISABLE_TELEMETRY="true", MLFLOW_ALLOW_PICKLE_DESERIALIZATION="false")
    import lightgbm
    import mlflow.lightgbm
    import pandas as pd
    from mlflow.models import infer_signature

    bundle = sitting.judge.bundle
    booster = lightgbm.Booster(model_str=bundle.read_evidence("model.txt").decode())
    model = bundle.model
    matrix = feature_matrix(model.encoding.encode(sitting.judge.table(rows)), model.inputs)
    trees = model.tree_contributions(sitting.judge.table(rows)).sum(axis=0) + model.tables.base
    if not np.allclose(booster.predict(matrix), sigmoid(trees), rtol=0, atol=1e-9):
        raise SystemExit("the booster and the bundle do not answer alike")
    names = booster.feature_name()
    frame = pd.DataFrame(matrix, columns=names)
    for folder, signature in (("plain", None), ("signed", infer_signature(frame, booster.predict(matrix)))):
        mlflow.lightgbm.save_model(
            booster, str(place / folder), signature=signature, pip_requirements=["lightgbm"]
        )
    known = [[None if v != v else v for v in row] for row in matrix.tolist()]
    # Only with a signature does MLflow take a missing value; without one the trees are asked with zeros instead.
    filled = np.nan_to_num(matrix).tolist()
    signed = [{"dataframe_split": {"columns": names, "data": [row]}} for row in known]
    framed = [{"dataframe_split": {"columns": names, "data": [row]}} for row in filled]
    bare = [{"inputs": [row]} for row in filled]

    def requests(documents: list[dict[str, Any]]) -> list[bytes]:
        return [load.request("POST", "/invocations", json.dumps(d).encode()) for d in documents]

    return {
        SIGNED: (place / "signed", requests(signed)),
        FRAME: (place / "plain", requests(framed)),
        BARE: (place / "plain", requests(bare)),
    }


def mlflow_command(model: Path, port: int) -> list[str]:
    mlflow = str(Path(sys.executable).with_name("mlflow"))
    where = ["-h", "127.0.0.1", "-p", str(port)]
    return [mlflow, "models", "serve", "--env-manager", "local", "-m", str(model), *where]


def race(asked: argparse.Namespace, work: Path) -> None:
    home = copied(asked.home, work / "home")
    with Store.open(home) as store:
        held = accounts.add(
            store=store, scope=WHOLE, name="benchmark", role="county", area="/", by="benchmark"
        )
        ahead, sitting = undecided(store, home)
    shown = [row for _, row in ahead[:200]]
    models = mlflow_models(sitting, shown, work)
    print(f"{len(ahead):,} decisions to make; {asked.connections} connections, one worker each\n")
    with ExitStack() as servers:
        ports: dict[Path, int] = {}
        for model, _ in models.values():
            if model not in ports:
                ports[model] = free_port()
                environment = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
                servers.enter_context(
                    running(mlflow_command(model, ports[model]), ports[model], "/ping", environment)
                )
        port = free_port()
        ours = servers.enter_context(running(fangpin_serve(home.path, port), port, "/readyz"))
        questions = asked_of_us(ahead, held.token)
        ways = {OURS: (port, questions)} | {
            name: (ports[model], itertools.cycle(requests)) for name, (model, requests) in models.items()
        }
        answers: dict[str, list[load.Answers]] = {name: [] for name in ways}
        spent = 0.0
        for turn in range(asked.rounds + 1):
            for name, (at, requests) in ways.items():
                before = processor_seconds(ours)
                # The first turn warms up and is not counted.
                found = load.drive(at, requests, asked.connections, asked.seconds if turn else 1.0)
                if set(found.statuses) != {201 if name == OURS else 200}:
                    raise SystemExit(f"{name}: {found.statuses} {found.wrong[:300]!r}")
                if turn:
                    answers[name].append(found)
                    spent += processor_seconds(ours) - before if name == OURS else 0.0
    told(answers, spent)


def told(answers: dict[str, list[load.Answers]], spent: float) -> None:
    print(
        f"{'':38s} {'requests/s':>10s} {'p50, ms':>9s} {'p99, ms':>9s} {'ours are':>10s} {'(worst, best round)':>20s}"
    )
    for name, rounds in answers.items():
        together = load.Answers(taken=[each for one in rounds for each in one.taken])
        line = f"{name:38s} {np.median([one.a_second for one in rounds]):10.0f}"
        line += f" {together.within(50):9.1f} {together.within(99):9.1f}"
        if name != OURS:
            ratios = [a.a_second / b.a_second for a, b in zip(answers[OURS], rounds, strict=True)]
            line += f" {np.median(ratios):8.1f} × {f'({min(ratios):.1f}, {max(ratios):.1f})':>20s}"
        print(line)
    made = sum(len(one.taken) for one in answers[OURS])
    print(
        f"\n{made:,} decisions; the service's processor time a decision, HTTP and all: {spent / made * 1e3:.2f} ms"
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--connections", type=int, default=8)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        race(asked, Path(work))
        home = copied(asked.home, Path(work) / "again")
        with Store.open(home) as store:
            ahead, _ = undecided(store, home)
            anatomy(home, store, [row.household for day, row in ahead if day == ahead[0][0]])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
