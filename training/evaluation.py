"""The backtest and its one tidy table, from which every figure is computed.

Columns: household, as_of, block, fold, model, score (a probability), outcome (0 or 1), group (area).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import joblib
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from training import metrics
from training.areas import parts as places
from training.frame import Floats, Frame
from training.periods import FOLDS, Block, rolling, single
from training.rivals import MODELS, NO_ANSWER, Cell

Progress = Callable[[int, int, str], None]
# A block is tested only if the outcomes known before it hold this many events among the rows at risk.
LEAST_EVENTS = 30
# Places that are left out one at a time; of more, whole places are left out together.
MOST_PLACES = 10
VIEWS = ("household", "area")


def silent(done: int, total: int, label: str) -> None:
    """Progress that nobody watches."""


def plan(frame: Frame, mode: str = "rolling") -> list[Block]:
    """The blocks of the frame that have enough events to train on; ``mode`` is ``rolling`` or ``single``."""
    days = frame.days
    blocks = (rolling if mode == "rolling" else single)(
        days, frame.tier_horizon, frame.delay_days, frame.told
    )

    def events(known: Frame, days: Sequence[Any]) -> float:
        return float(np.nansum(known.event[known.on(days) & known.judged]))

    return [
        block
        for block in blocks
        if events(frame.as_known(block.cutoff), block.train) >= LEAST_EVENTS
        and events(frame, block.test) >= 1
    ]


def cell(
    frame: Frame, block: Block, part: int, seed: int, threads: int, parts: NDArray[np.int8] | None = None
) -> Cell:
    """Rows of one block and part: training without the part's households, test of its rows at risk.

    parts : the part of each row; default its household's fold. Training knows no household of the test rows,
    labels as they stood on the block's cut-off, and columns and levels as its own rows show them.
    """
    parts = frame.fold if parts is None else parts
    known = frame.as_known(block.cutoff)
    inside = parts == part
    test = np.flatnonzero(frame.on(block.test) & inside & frame.judged)
    tested = np.zeros(len(frame.households), bool)
    tested[frame.household[test]] = True
    train = np.flatnonzero(
        frame.on(block.train) & ~inside & ~tested[frame.household] & ~np.isnan(known.target)
    )
    return Cell(known.narrowed(train, np.r_[train, test]), train, test, seed, threads)


def _run(
    frame: Frame,
    block: Block,
    part: int,
    models: Sequence[str],
    seed: int,
    threads: int,
    parts: NDArray[np.int8] | None,
) -> Any:
    import scipy.linalg  # noqa: F401  (loaded before its threads are limited, or they would not be)
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    one = cell(frame, block, part, seed, threads, parts)
    if not len(one.test) or np.nansum(one.y) < 1:
        return block, part, one.test[:0], {}
    # Sums in one order: the last digits of a score do not depend on the machine's cores.
    with threadpool_limits(limits=1, user_api="blas"):
        return block, part, one.test, {name: MODELS[name](one) for name in models}


def backtest(
    frame: Frame,
    blocks: Sequence[Block],
    *,
    models: Sequence[str] = tuple(MODELS),
    folds: Sequence[int] = tuple(range(FOLDS)),
    view: str = "household",
    seed: int = 0,
    threads: int = 1,
    progress: Progress = silent,
) -> pa.Table:
    """Score every household-period of ``blocks`` once with each model; the tidy table.

    With the view ``area`` places are held out instead of folds of households: a block is scored by models that
    learned in other places, from earlier periods; ``fold`` is then the number of the place, or of a group of
    places where there are more than `MOST_PLACES`, and ``folds`` is not read.

    Blocks and folds run in ``threads`` processes of one thread each; the result does not depend on it.
    A model whose inputs do not exist, in any of them, has no rows.
    """
    parts = None
    if view == "area":
        parts = places(frame.area.values(np.arange(len(frame))).tolist(), MOST_PLACES)
        folds = range(int(parts.max(initial=0)) + 1)
        # With a single place there are no others to learn in.
        blocks = blocks if len(folds) > 1 else ()
    jobs = [(block, fold) for block in sorted(blocks, key=lambda b: -len(b.train)) for fold in folds]
    workers = min(threads, len(jobs)) or 1
    progress(0, len(jobs), frame.outcome)
    # A worker's linear algebra must not take the other worker's core.
    with joblib.parallel_config(
        "loky" if workers > 1 else "sequential", inner_max_num_threads=1 if workers > 1 else None
    ):
        runner = joblib.Parallel(
            n_jobs=workers, return_as="generator_unordered" if workers > 1 else "generator"
        )
        results = runner(
            joblib.delayed(_run)(frame, block, fold, tuple(models), seed, 1, parts) for block, fold in jobs
        )
        tables = _collect(frame, results, len(jobs), progress)
    table = (
        pa.concat_tables(tables) if tables else _rows(frame, None, 0, np.zeros(0, np.intp), "", np.zeros(0))
    )
    order = {name: place for place, name in enumerate(MODELS)}
    place = pa.array([order.get(name, -1) for name in table["model"].to_pylist()], pa.int8())
    sorted_ = table.append_column("place", place).sort_by(
        [(n, "ascending") for n in ("place", "household", "as_of")]
    )
    return sorted_.drop_columns(["place"])


def _collect(frame: Frame, results: Iterable[Any], total: int, progress: Progress) -> list[pa.Table]:
    parts = []
    lacking = set()
    for done, (block, fold, test, answers) in enumerate(results, 1):
        for name, score in answers.items():
            if score is None:
                lacking.add(name)
            else:
                parts.append((name, _rows(frame, block, fold, test, name, score)))
        progress(done, total, frame.outcome)
    return [table for name, table in parts if name not in lacking]


def _rows(frame: Frame, block: Block | None, fold: int, rows: Any, model: str, score: Floats) -> pa.Table:
    size = len(rows)
    return pa.table(
        {
            "household": pa.array(frame.ids(rows), pa.string()),
            "as_of": pa.array(frame.as_of[rows].astype("datetime64[D]")),
            "block": pa.array([block.name if block else ""] * size, pa.string()),
            "fold": pa.array(np.full(size, fold, np.int8)),
            "model": pa.array([model] * size, pa.string()),
            "score": pa.array(np.asarray(score, float)),
            "outcome": pa.array(frame.event[rows].astype(np.int8)),
            "group": pa.array(frame.area.values(rows), pa.string()),
        }
    )


def aligned(table: pa.Table) -> tuple[dict[str, Floats], Floats, Any]:
    """Scores of each model over the same rows, their outcomes and household numbers."""
    scores: dict[str, Floats] = {}
    outcome, households, keys = np.zeros(0), np.zeros(0, np.intp), None
    for model in dict.fromkeys(pc.unique(table["model"]).to_pylist()):
        part = table.filter(pc.equal(table["model"], model))
        key = (part["household"], part["as_of"])
        if keys is None:
            keys = key
            outcome = part["outcome"].to_numpy().astype(float)
            households = (
                pc.dictionary_encode(part["household"]).combine_chunks().indices.to_numpy().astype(np.intp)
            )
        elif not all(a.equals(b) for a, b in zip(keys, key, strict=True)):
            raise ValueError(f"{model} was not scored on the same rows in the same order as the others")
        scores[model] = part["score"].to_numpy()
    return scores, outcome, households


def summary(
    table: pa.Table,
    *,
    models: Sequence[str] = tuple(MODELS),
    replicates: int = metrics.REPLICATES,
    seed: int = 0,
) -> dict[str, Any]:
    """Metrics with household-bootstrap intervals, and differences to the first model, paired by household.

    {rows, events, households, models: [{model, status, auc: {value, low, high}, …}],
    paired: [{against, metric, difference, low, high}]}; ``difference`` = first model minus the other.
    """
    scores, outcome, households = aligned(table)
    draws = metrics.bootstrap(scores, outcome, households, count=replicates, seed=seed) if scores else {}
    values = {name: metrics.measure(metrics.Sample.of(score, outcome)) for name, score in scores.items()}
    for name in values.keys() & NO_ANSWER.keys():
        values[name] |= dict.fromkeys(NO_ANSWER[name], float("nan"))
    documents: list[dict[str, Any]] = []
    for name in models:
        document: dict[str, Any] = {"model": name, "status": "ok" if name in scores else "not_applicable"}
        for metric in metrics.METRICS:
            # A ranking metric does not exist where every outcome is the same, nor Brier of what is no probability.
            known = name in scores and np.isfinite(values[name][metric])
            low, high = metrics.interval(draws[name][metric]) if known else (None, None)
            document[metric] = {"value": values[name][metric], "low": low, "high": high} if known else None
        documents.append(document)
    paired = []
    first = models[0]
    for name in models[1:]:
        for metric in metrics.METRICS if name in scores and first in scores else ():
            low, high = metrics.interval(draws[first][metric] - draws[name][metric])
            difference = values[first][metric] - values[name][metric]
            if np.isfinite([difference, low, high]).all():
                paired.append(
                    {"against": name, "metric": metric, "difference": difference, "low": low, "high": high}
                )
    return {
        "rows": len(outcome),
        "events": int(outcome.sum()),
        "households": len(np.unique(households)),
        "models": documents,
        "paired": paired,
    }
