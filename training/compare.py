"""Challenger and champion on the same household-days, by what each could have said at the time.

A champion that learned part of the answers cannot be tested on them, and a challenger trained on everything
has seen them all. So two comparisons are made, both paired by household (`docs/decisions/0032`):

``served``
    The champion's bundle as it stands, on the blocks of the challenger's backtest that began only after
    every outcome that the champion learned had ended and been reported; the challenger by its cells there:
    its recipe, refitted with what was known when the block began, without the household it scores.
``recipe``
    Both by their own backtests, on the blocks that both were tested on: the same cut-off, each household out
    of fold. It tells whether the recipe, its inputs or its data became better, not whether the champion aged.

The first that holds enough events is the one that counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from features.home import Home
from features.indicators import catalogue as catalogues
from features.indicators.compile import Compiler
from models.risk.bundle import Bundle
from training import metrics
from training.frame import Floats, Frame
from training.periods import Block, known_by

OURS = "fangpin"
# A comparison on fewer events is a coin toss.
LEAST_EVENTS = 30
SERVED, RECIPE = "served", "recipe"


def learned_until(champion: Bundle, frame: Frame) -> date | None:
    """The day by which every outcome that the champion learned had happened and been reported.

    None where its bundle does not say what it learned.
    """
    last = champion.fingerprint.get("last_day")
    if not last:
        return None
    day = date.fromisoformat(last)
    return (frame.told or {}).get(day) or known_by(day, champion.tier_horizon, frame.delay_days)


def untouched(blocks: Sequence[Block], champion: Bundle, frame: Frame) -> list[Block]:
    """The blocks that began after `learned_until`: nothing that happened in them taught the champion."""
    learned = learned_until(champion, frame)
    return [block for block in blocks if learned is not None and block.cutoff >= learned]


def paired(
    champion: Floats,
    challenger: Floats,
    outcome: Floats,
    households: NDArray[np.intp],
    *,
    seed: int = 0,
    replicates: int = metrics.REPLICATES,
) -> list[dict[str, Any]]:
    """Every metric of both and the difference, challenger minus champion, over the same bootstrap draws.

    Parameters
    ----------
    champion, challenger : probabilities, shape (rows,)
    outcome : 0 or 1, shape (rows,)
    households : household number (0, 1, …) of each row; whole households are drawn

    Returns
    -------
    [{metric, champion, challenger, difference, low, high}]; a metric that does not exist is left out.
    """
    scores = {"champion": champion, "challenger": challenger}
    draws = metrics.bootstrap(scores, outcome, households, count=replicates, seed=seed)
    values = {name: metrics.measure(metrics.Sample.of(score, outcome)) for name, score in scores.items()}
    found = []
    for metric in metrics.METRICS:
        before, after = values["champion"][metric], values["challenger"][metric]
        low, high = metrics.interval(draws["challenger"][metric] - draws["champion"][metric])
        if np.isfinite([before, after, low, high]).all():
            found.append(
                {
                    "metric": metric,
                    "champion": before,
                    "challenger": after,
                    "difference": after - before,
                    "low": low,
                    "high": high,
                }
            )
    return found


def comparison(
    home: Home,
    frame: Frame,
    blocks: Sequence[Block],
    table: pa.Table,
    champion: Bundle,
    *,
    retrospective: date | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """The figures of comparison.json: {basis, rows, events, households, days, metrics, views}.

    Parameters
    ----------
    frame, blocks, table : of the challenger: its rows, the blocks that were tested, and their scores
    champion : the bundle that judges now
    retrospective : as the frame was built

    ``views`` holds both comparisons, each {basis, rows, events, households, days: [first, last], metrics}
    with empty metrics where there are too few events; the first with metrics is repeated at the top, basis
    null where neither has any. ``learned_until`` is the day from which the champion can be tested as it stands.
    """
    own = table.filter(pc.equal(table["model"], OURS))
    views = [
        _view(
            SERVED,
            served(home, frame, untouched(blocks, champion, frame), own, champion, retrospective),
            seed,
        ),
        _view(RECIPE, recipes(home, own, champion), seed),
    ]
    chosen = next((view for view in views if view["metrics"]), None)
    empty: dict[str, Any] = {
        "basis": None,
        "rows": 0,
        "events": 0,
        "households": 0,
        "days": None,
        "metrics": [],
    }
    learned = learned_until(champion, frame)
    return {**(chosen or empty), "views": views, "learned_until": learned.isoformat() if learned else None}


def _view(basis: str, rows: pa.Table, seed: int) -> dict[str, Any]:
    outcome = rows["outcome"].to_numpy().astype(float)
    events = int(outcome.sum())
    numbers = pc.dictionary_encode(rows["household"].combine_chunks())
    enough = events >= LEAST_EVENTS and len(outcome) - events >= LEAST_EVENTS
    days = pc.min_max(rows["as_of"]).as_py()
    return {
        "basis": basis,
        "rows": len(outcome),
        "events": events,
        "households": len(numbers.dictionary),
        "days": [days["min"].isoformat(), days["max"].isoformat()] if len(outcome) else None,
        "metrics": paired(
            rows["champion"].to_numpy(),
            rows["challenger"].to_numpy(),
            outcome,
            numbers.indices.to_numpy().astype(np.intp),
            seed=seed,
        )
        if enough
        else [],
    }


def served(
    home: Home,
    frame: Frame,
    blocks: Sequence[Block],
    own: pa.Table,
    champion: Bundle,
    retrospective: date | None = None,
) -> pa.Table:
    """household, as_of, outcome, champion, challenger: the champion's bundle beside the challenger's cells.

    The champion scores through its own path, from the columns as known on each day; of another outcome or
    horizon it is not comparable, and no row is given.
    """
    days = [day for block in blocks for day in block.test]
    rows = np.flatnonzero(frame.on(days) & frame.judged)
    same = (champion.outcome, champion.tier_horizon, champion.kind) == (
        frame.outcome,
        frame.tier_horizon,
        frame.kind,
    )
    columns = columns_of(home, frame, rows, champion, retrospective) if same and len(rows) else None
    if columns is None:
        return _joined(own.slice(0, 0), own.slice(0, 0))
    scored = pa.table(
        {
            "household": pa.array(frame.ids(rows), pa.string()),
            "as_of": pa.array(frame.as_of[rows].astype("datetime64[D]")),
            "score": pa.array(champion.score(columns).probability[champion.tier_horizon]),
        }
    )
    return _joined(scored, own, keys=("household", "as_of"))


def columns_of(
    home: Home,
    frame: Frame,
    rows: NDArray[np.intp],
    champion: Bundle,
    retrospective: date | None = None,
) -> dict[str, NDArray[Any]] | None:
    """The champion's columns of ``rows`` of the frame; what the frame left out is computed as known on each day.

    None where the catalogue no longer has one of them.
    """
    present = {spec.name for spec in frame.specs}
    own = dict(frame.columns(rows))
    absent = [spec for spec in champion.specs if spec.name not in present]
    if not absent:
        return {spec.name: own[spec.name] for spec in champion.specs}
    catalogue = catalogues.load(home)
    if any(spec.name not in catalogue.columns for spec in absent):
        return None
    as_of = pa.array(frame.as_of[rows].astype("datetime64[D]"))
    pairs = pa.table(
        {
            "household": pa.array(frame.ids(rows), pa.string()),
            "as_of": as_of,
            "known": as_of,
            "area": pa.array(frame.area.values(rows), pa.string()),
        }
    )
    with Compiler(catalogue, retrospective=retrospective) as compiler:
        seen = compiler.compute(pairs, [spec.name for spec in absent])
    if not (seen["household"].equals(pairs["household"]) and seen["as_of"].equals(pairs["as_of"])):
        raise RuntimeError("the columns are not of the rows that were asked for")
    for spec in absent:
        own[spec.name] = np.array(
            seen[spec.name].to_pylist(), dtype=np.float64 if spec.type == "number" else object
        )
    return {spec.name: own[spec.name] for spec in champion.specs}


def recipes(home: Home, own: pa.Table, champion: Bundle) -> pa.Table:
    """household, as_of, outcome, champion, challenger: both backtests, where a block of the same name tested both.

    The champion's table is that of its own run, kept in the home; without one, no row is given. Outcomes are
    the challenger's, which knows the later corrections.
    """
    folder = home.folder("evaluations")
    for mode in ("rolling", "single"):
        path = folder / f"{champion.model_sha256}.{mode}.parquet"
        if path.exists():
            kept = pq.read_table(path)
            theirs = kept.filter(pc.equal(kept["model"], OURS)).select(
                ["household", "as_of", "block", "score"]
            )
            return _joined(theirs, own, keys=("household", "as_of", "block"))
    return _joined(own.slice(0, 0), own.slice(0, 0))


def _joined(theirs: pa.Table, own: pa.Table, keys: Sequence[str] = ("household", "as_of")) -> pa.Table:
    left = theirs.select([*keys, "score"]).rename_columns([*keys, "champion"])
    right = own.select([*keys, "score", "outcome"]).rename_columns([*keys, "challenger", "outcome"])
    joined = left.join(right, list(keys), join_type="inner")
    return joined.sort_by([(key, "ascending") for key in keys])
