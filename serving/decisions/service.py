"""Deciding, fetching and replaying."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

from features.errors import Refusal
from features.home import Home
from models.record.canonical import canonical
from models.record.decision import Judge, difference, identity
from serving.champion import bundles as shelf
from serving.champion.repository import ChampionRepository
from serving.decisions.judging import bench, seat
from serving.decisions.records import StoredDecision, decision_row
from serving.decisions.repository import DecisionRepository, DecisionWriter
from serving.scope import Scope
from serving.snapshots.records import Published
from serving.snapshots.repository import SnapshotRepository
from serving.store import Reading, Store
from serving.store.record import log_access, tell

Progress = Callable[[int, int | None], None]


def decide(
    *, home: Home, store: Store, scope: Scope, household: str, as_of: date | None = None, by: str
) -> StoredDecision:
    """Score and explain one household on a published day; stored before it is answered.

    Asking again, with the same snapshot, bundle and parameters in force, returns the stored decision.

    Raises `Refusal` ``not_published``, ``no_champion``, ``catalogue_mismatch``, ``unknown_household`` (also
    for one out of scope), ``bundle_damaged``, ``contributions_differ``.
    """
    with store.reading() as reading:
        sitting = bench(reading, home, scope, as_of)
        published, judge = sitting.published, sitting.judge
        id_ = identity(household, published.snapshot, judge.bundle.model_sha256, published.parameters)
        stored = DecisionRepository(reading).by_id(scope, id_)
        row = SnapshotRepository(reading).row(scope, published, household) if stored is None else None
    made: dict[str, Any] = {}
    if stored is None:
        if row is None:
            raise Refusal("unknown_household")
        judged = next(iter(judge.judge([row])))
        made = decision_row(judge.document(judged))
    with store.writing() as writing:
        if made:
            # Somebody else may have asked the same in between.
            stored = DecisionRepository(writing).by_id(scope, id_)
            if stored is None:
                DecisionWriter(writing).add(scope, [made], by)
                tell(
                    writing,
                    "decision_stored",
                    subject=id_,
                    area=made["area"],
                    by=by,
                    household=household,
                    digest=made["digest"],
                )
                stored = StoredDecision(made["document"], new=True)
        assert stored is not None
        log_access(writing, "decide", subject=household, area=stored.document["area"], by=by, decision=id_)
    return stored


def fetch(*, store: Store, scope: Scope, decision: str, by: str) -> StoredDecision:
    """A stored decision. Raises `Refusal` ``unknown_decision``, also for one out of scope."""
    with store.reading() as reading:
        stored = DecisionRepository(reading).by_id(scope, decision)
    if stored is None:
        raise Refusal("unknown_decision")
    document = stored.document
    with store.writing() as writing:
        log_access(
            writing,
            "read_decision",
            subject=document["household"],
            area=document["area"],
            by=by,
            decision=decision,
        )
    return stored


def replay(*, home: Home, store: Store, scope: Scope, decision: str) -> dict[str, Any]:
    """Judge again from the frozen row, bundle and policy, and compare the bytes.

    Returns ``{decision, equal, difference}``; the difference names the first field that differs, with both
    values. Raises `Refusal` ``unknown_decision``, and ``bundle_damaged`` if the bundle no longer verifies.
    """
    with store.reading() as reading:
        stored = DecisionRepository(reading).by_id(scope, decision)
        if stored is None:
            raise Refusal("unknown_decision")
        found = _Replayer(home, reading, scope).difference(stored.body)
    return {"decision": decision, "equal": found is None, "difference": found}


def replay_all(*, home: Home, store: Store, scope: Scope, progress: Progress | None = None) -> dict[str, Any]:
    """Replay every decision in the scope: ``{replayed, equal, different: [{decision, difference}]}``."""
    replayed = 0
    different: list[dict[str, Any]] = []
    with store.reading() as reading:
        repository = DecisionRepository(reading)
        total = repository.count(scope)
        replayer = _Replayer(home, reading, scope)
        for id_, body in repository.all_bodies(scope):
            try:
                found = replayer.difference(body)
            except Refusal as refusal:
                # One bundle that cannot be read must not hide what the others say.
                found = {"field": "bundle", "stored": None, "replayed": refusal.document()["error"]}
            if found is not None:
                different.append({"decision": id_, "difference": found})
            replayed += 1
            if progress is not None and (replayed % 50 == 0 or replayed == total):
                progress(replayed, total)
    return {"replayed": replayed, "equal": replayed - len(different), "different": different}


class _Replayer:
    """Judges of the past, each set up once from what was frozen and what lies on the disk now."""

    def __init__(self, home: Home, session: Reading, scope: Scope) -> None:
        self.home, self.session, self.scope = home, session, scope
        self._judges: dict[tuple[str, str, str], tuple[Published, Judge]] = {}

    def difference(self, body: bytes) -> dict[str, Any] | None:
        stored = json.loads(body)
        published, judge = self._judge(stored["snapshot"], stored["bundle"], stored["parameters"])
        row = SnapshotRepository(self.session).row(self.scope, published, stored["household"])
        if row is None:
            return {"field": "household", "stored": stored["household"], "replayed": None}
        judged = next(iter(judge.judge([row])))
        return difference(body, canonical(judge.document(judged)))

    def _judge(self, snapshot: str, bundle: str, parameters: str) -> tuple[Published, Judge]:
        key = (snapshot, bundle, parameters)
        if key not in self._judges:
            published = SnapshotRepository(self.session).of_snapshot(self.scope, snapshot, parameters)
            known = ChampionRepository(self.session).known(self.scope, bundle)
            if published is None or known is None:
                raise Refusal(
                    "unknown_snapshot" if published is None else "unknown_bundle",
                    snapshot=snapshot,
                    bundle=bundle,
                )
            loaded = shelf.load_as_found(self.home, known.folder)
            self._judges[key] = (published, seat(self.session, self.scope, published, loaded))
        return self._judges[key]
