"""Where the time of a decision goes: each step of the desk alone, on a quiet process, for several at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from features.home import Home
from serving.decisions.records import Asked, decision_row
from serving.decisions.sitting import Sitting
from serving.scope import scope_of
from serving.store import Store

BATCHES = (1, 4, 8, 128)
EACH = 384
SCORE, JUDGE = "score: margin, terms, probabilities", "sums checked, rules, tier"


def anatomy(home: Home, store: Store, households: list[str]) -> None:
    """Print milliseconds a decision by step, for as many at once as `BATCHES` says; the decisions are made."""
    columns: dict[int, dict[str, float]] = {}
    ahead = iter(households)
    for batch in BATCHES:
        columns[batch] = _steps(home, store, [next(ahead) for _ in range(EACH)], batch)
    print("\nwhere the time goes, ms a decision (median of the batches), by decisions in one transaction")
    print(f"  {'':44s}" + "".join(f"{batch:>9d}" for batch in BATCHES))
    for step in columns[1]:
        print(f"  {step:44s}" + "".join(f"{columns[batch][step]:9.3f}" for batch in BATCHES))
    print(f"  {'together':44s}" + "".join(f"{sum(columns[batch].values()):9.3f}" for batch in BATCHES))


def _steps(home: Home, store: Store, households: list[str], batch: int) -> dict[str, float]:
    scope = scope_of("/")
    seconds: dict[str, list[float]] = {}

    def timed(step: str, work: Callable[..., Any], *given: Any) -> Any:
        begun = time.perf_counter()
        answer = work(*given)
        seconds.setdefault(step, []).append(time.perf_counter() - begun)
        return answer

    def read(asked: list[Asked]) -> Sitting:
        with store.reading() as reading:
            return Sitting.open(reading, home, asked)

    for start in range(0, len(households), batch):
        asked = [
            Asked(household, None, scope, "benchmark") for household in households[start : start + batch]
        ]
        sitting = timed("rows: stored already? the row of each", read, asked)
        judge = sitting.bench.judge
        table = timed("columns of the rows", judge.table, sitting.rows)
        timed(SCORE, judge.bundle.score, table)
        judged = timed(JUDGE, _all, judge.judge, sitting.rows)
        documents = timed("reasons and document", _all, map, judge.document, judged)
        made = timed("bytes, salt, digest", _all, map, decision_row, documents)
        sitting.made = {row["id"]: row for row in made}
        transaction = store.writing()
        writing = timed("the pen", transaction.__enter__)
        timed("decisions, events, access log", sitting.write, writing)
        timed("commit and fsync", transaction.__exit__, None, None, None)
    found = {step: float(np.median(each)) / batch * 1e3 for step, each in seconds.items()}
    # Judging scores too: what it does besides is the difference.
    found[JUDGE] = max(0.0, found[JUDGE] - found[SCORE] - found["columns of the rows"])
    return found


def _all(make: Callable[..., Any], *given: Any) -> list[Any]:
    return list(make(*given))
