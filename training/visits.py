"""From a home and a backtest to the figures of `training.capacity`, for an area and for each place that plans visits."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.errors import Refusal
from features.home import Home, write_atomically
from features.indicators.catalogue import load
from features.outcomes import choose, outcome_frame, population_days
from features.policy.areas import WHOLE, at_depth, covers
from models.judgement.policy import Policy, policy_document
from models.risk import bundle as bundles
from models.risk.bundle import Bundle
from training import assembly, evaluation, hindsight
from training import leads as leading
from training.capacity import FLOORS, SHARES, Rows, draws, table
from training.evaluation import Progress, silent
from training.frame import Floats

SCHEMA = 1
OURS = "fangpin"
# As-of days before the first of the backtest on which the rules are asked too, so that a hit's newness is known.
LOOK_BACK = 3


@dataclass(frozen=True)
class Backtest:
    """The population of a home on the days of a backtest, ready to be cut to an area.

    area, place : path of each row, and of the place that plans its visits
    households : names by number
    left_out : area of each household-day at risk of which it is not known what became of it; it is no row
    """

    outcome: str
    tier_horizon: int
    synthetic: bool
    days: tuple[date, ...]
    rows: Rows
    area: tuple[str, ...]
    place: tuple[str, ...]
    households: tuple[str, ...]
    left_out: tuple[str, ...]
    floors: Mapping[str, float]
    policy: Policy

    @property
    def places(self) -> list[str]:
        """Every place that plans visits, sorted."""
        return sorted(set(self.place))

    def document(
        self,
        area: str = WHOLE,
        shares: Sequence[float] = SHARES,
        candidates: Sequence[float] = FLOORS,
        *,
        seed: int = 0,
    ) -> dict[str, Any]:
        """`training.capacity.table` of the rows in ``area``, and how many were ``left_out``.

        Raises `Refusal` ``empty_area`` where there are none.
        """
        here = np.array([covers(area, own) for own in self.area], bool)
        if not here.any():
            raise Refusal("empty_area", area=area)
        said = table(
            self.rows.only(here),
            self.places,
            floors=self.floors,
            score_share=float(self.policy.parameters.value("visit_score_share", self.days[-1], area)),
            shares=shares,
            candidates=candidates,
            seed=seed,
        )
        return {"left_out": sum(covers(area, own) for own in self.left_out), **said}

    def evidence(self, *, bundle: str | None = None, seed: int = 0) -> dict[str, Any]:
        """What a page shows: the whole home first, then each place that plans visits.

        {schema, outcome, tier_horizon, bundle, synthetic, first_day, last_day, areas: [{area, …}]}
        """
        areas = [WHOLE, *(self.places if len(self.places) > 1 else [])]
        return {
            "schema": SCHEMA,
            "outcome": self.outcome,
            "tier_horizon": self.tier_horizon,
            "bundle": bundle,
            "synthetic": self.synthetic,
            "first_day": self.days[0].isoformat(),
            "last_day": self.days[-1].isoformat(),
            "areas": [{"area": area, **self.document(area, seed=seed)} for area in areas],
        }


def backtest(
    home: Home,
    outcome: str,
    evaluated: pa.Table,
    *,
    until: date,
    floors: Mapping[str, float],
    retrospective: bool = False,
    progress: Progress = silent,
) -> Backtest:
    """Join the backtest's table with what the rules said on each day and with the months of the events.

    Parameters
    ----------
    evaluated : as from `training.evaluation.backtest`; only the rows of our own model are read
    until : the knowledge cut-off of the labels, as in training
    floors : the bundle's own; a policy that sets floors for the outcome comes before them
    """
    catalogue = load(home)
    policy = Policy.from_document(policy_document(home))
    chosen = choose(catalogue, outcome)
    ours = evaluated.filter(pc.equal(evaluated["model"], OURS)).select(
        ["household", "as_of", "score", "outcome"]
    )
    days = sorted(pc.unique(ours["as_of"]).to_pylist())
    if not days:
        raise Refusal("no_training_rows", outcome=outcome, until=until.isoformat())
    before = [d for d in population_days(catalogue, until, retrospective=retrospective) if d < days[0]]
    asked = [*before[-LOOK_BACK:], *days]
    progress(0, 3, "outcomes")
    labelled = outcome_frame(catalogue, chosen, days, until, retrospective=retrospective)
    progress(1, 3, "rules")
    said = leading.read(catalogue, policy, asked, retrospective=until if retrospective else None)
    progress(2, 3, "visits")
    joined = _joined(labelled, ours, said)
    # A list would have named them too, but nothing can be said of such a visit; so nobody plans for them.
    known = pc.or_(pc.is_valid(joined["outcome"]), pc.equal(pc.fill_null(joined["at_risk"], True), False))
    left_out = joined.filter(pc.invert(known))["area"].to_pylist()
    rows, households, area = _rows(joined.filter(known), chosen.tier_horizon)
    depth = catalogue.declarations.visit_depth()
    place = [own if depth is None else at_depth(own, depth) for own in area]
    numbers = {name: number for number, name in enumerate(sorted(set(place)))}
    rows = Rows(**{**vars(rows), "place": np.array([numbers[name] for name in place], np.intp)})
    progress(3, 3, "visits")
    return Backtest(
        outcome=chosen.id,
        tier_horizon=chosen.tier_horizon,
        synthetic=catalogue.declarations.synthetic,
        days=tuple(days),
        rows=rows,
        area=tuple(area),
        place=tuple(place),
        households=tuple(households),
        left_out=tuple(left_out),
        floors=policy.floors(chosen.id, days[-1]) or dict(floors),
        policy=policy,
    )


def _joined(labelled: pa.Table, ours: pa.Table, said: pa.Table) -> pa.Table:
    keys = ["household", "as_of"]
    return (
        labelled.select([*keys, "area", "at_risk", "event_on"])
        .join(ours, keys, join_type="left outer")
        .join(said, keys, join_type="left outer")
        .sort_by([(key, "ascending") for key in keys])
    )


def _rows(joined: pa.Table, horizon: int) -> tuple[Rows, list[str], list[str]]:
    """The rows (without their places), the households by number, and each row's area."""
    as_of = joined["as_of"].to_numpy()
    outcome = _floats(joined["outcome"])
    on = joined["event_on"].combine_chunks()
    event = _months(on.fill_null(date(1970, 1, 1)).to_numpy(zero_copy_only=False))
    # Where outcomes were exchanged between households, the month is that of nobody's event.
    after = event - _months(as_of)
    soon = on.is_valid().to_numpy(zero_copy_only=False) & (after > 0) & (after <= horizon)
    names, number = np.unique(joined["household"].to_numpy(zero_copy_only=False), return_inverse=True)
    return (
        Rows(
            household=number.astype(np.intp),
            place=np.zeros(joined.num_rows, np.intp),
            day=np.unique(as_of, return_inverse=True)[1].astype(np.intp),
            month=_months(as_of),
            score=_floats(joined["score"]),
            outcome=outcome,
            event_month=np.where((outcome == 1) & soon, event, -1),
            severity=_floats(joined["severity"]).astype(np.int8),
            age=_floats(joined["age"]).astype(np.int32),
            hits=_floats(joined["hits"]).astype(np.int8),
            draw=draws(joined["household"].to_pylist(), [d.isoformat() for d in joined["as_of"].to_pylist()]),
        ),
        names.tolist(),
        joined["area"].to_pylist(),
    )


def _months(days: np.ndarray) -> np.ndarray:
    """Months since the year 0 of an array of days."""
    months: np.ndarray = days.astype("datetime64[M]").astype(np.intp) + 1970 * 12
    return months


def _floats(column: pa.ChunkedArray) -> Floats:
    return np.asarray(column.cast(pa.float64()).combine_chunks().to_numpy(zero_copy_only=False), float).copy()


def evidence(home: Home, loaded: Bundle, evaluated: pa.Table, *, seed: int = 0) -> bytes:
    """The content of ``evidence/capacity.json`` for a bundle and the table of its backtest; see `Backtest.evidence`."""
    found = of_table(home, loaded, evaluated).evidence(bundle=loaded.model_sha256, seed=seed)
    return json.dumps(found, ensure_ascii=False, sort_keys=True, allow_nan=False).encode()


def of_table(home: Home, loaded: Bundle, evaluated: pa.Table, *, progress: Progress = silent) -> Backtest:
    """`backtest` with what the bundle knows of its outcome, cut-off and floors."""
    known = loaded.fingerprint
    return backtest(
        home,
        loaded.outcome,
        evaluated,
        until=date.fromisoformat(known["until"]),
        floors=loaded.floors,
        retrospective=bool(known.get("retrospective")),
        progress=progress,
    )


def left_by(home: Home, loaded: Bundle) -> tuple[str, Path] | None:
    """The backtest on record of a bundle, all blocks before the last alone: (``rolling`` or ``single``, its path)."""
    for name, ending in (("rolling", "rolling"), ("rolling", "ours"), ("single", "single")):
        path = home.folder("evaluations") / f"{loaded.model_sha256}.{ending}.parquet"
        if path.exists():
            return name, path
    return None


def leave(home: Home, loaded: Bundle, *, threads: int = 1, progress: Progress = silent) -> Path:
    """The rolling backtest of our model alone, where none is on record; its path.

    `training.fit.evaluate` judges the rivals too, which no list needs. Raises `Refusal` ``training_data_changed``
    where the home no longer gives the rows that the bundle was trained on.
    """
    known = loaded.fingerprint
    seed, until = int(known["seed"]), date.fromisoformat(known["until"])
    late = bool(known.get("retrospective"))
    frame = assembly.build(home, loaded.outcome, until, retrospective=late)
    frame = frame.shuffled(seed) if known["shuffled"] else frame
    if frame.fingerprint != known["sha256"]:
        raise Refusal("training_data_changed", bundle=loaded.model_sha256)
    if not known["shuffled"]:
        frame = hindsight.undone(home, frame, until, retrospective=late)
    blocks = evaluation.plan(frame)
    made = evaluation.backtest(frame, blocks, models=(OURS,), seed=seed, threads=threads, progress=progress)
    target = pa.BufferOutputStream()
    pq.write_table(made, target, compression="zstd")
    path = home.folder("evaluations") / f"{loaded.model_sha256}.ours.parquet"
    write_atomically(path, target.getvalue().to_pybytes())
    return path


def bundle_of(home: Home, outcome: str, known: Sequence[str] = ()) -> Bundle:
    """The bundle of an outcome: of ``known`` (the champion, say) the first that is of it, else the one trained last.

    Last is by the day until which it knows, then by its SHA-256. Raises `Refusal` ``unknown_bundle``.
    """
    folders = sorted(path for path in home.folder("bundles").glob("*") if (path / bundles.MANIFEST).exists())
    loaded = [bundles.load(path) for path in folders]
    fitting = [
        bundle for bundle in loaded if bundle.outcome == outcome and not bundle.fingerprint["shuffled"]
    ]
    for bundle in fitting:
        if bundle.model_sha256 in known:
            return bundle
    if not fitting:
        raise Refusal("unknown_bundle", bundle=outcome)
    return max(fitting, key=lambda bundle: (bundle.fingerprint["until"], bundle.model_sha256))
