"""Deciding, fetching and replaying."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from features.errors import Refusal
from features.home import Home
from models.record.canonical import canonical
from models.record.decision import Judge, difference
from serving.champion import bundles as shelf
from serving.champion.repository import ChampionRepository
from serving.decisions.judging import seat
from serving.decisions.records import Asked, StoredDecision
from serving.decisions.repository import DecisionRepository
from serving.decisions.sitting import Sitting
from serving.scope import Scope
from serving.snapshots.records import Published
from serving.snapshots.repository import SnapshotRepository
from serving.store import Reading, Store
from serving.store.record import log_access

Progress = Callable[[int, int | None], None]


def decide(
    *, home: Home, store: Store, scope: Scope, household: str, as_of: date | None = None, by: str
) -> StoredDecision:
    """Score and explain one household on a published day; stored before it is answered.

    Asking again, with the same snapshot, bundle and parameters in force, returns the stored decision.

    Raises `Refusal` ``not_published``, ``no_champion``, ``catalogue_mismatch``, ``unknown_household`` (also
    for one out of scope), ``bundle_damaged``, ``contributions_differ``.
    """
    answer = decide_together(home=home, store=store, asked=[Asked(household, as_of, scope, by)])[0]
    if isinstance(answer, Refusal):
        raise answer
    return answer


def decide_together(*, home: Home, store: Store, asked: Sequence[Asked]) -> list[StoredDecision | Refusal]:
    """Answer many as `decide` answers one, in their order, by one reading and one writing of the store.

    A refusal of one leaves the others alone. What is new, its events and the notes of access are written in
    one transaction: raises `Refusal` ``store_busy`` or ``store_not_writable``, and then nothing is stored.
    """
    answers: dict[int, StoredDecision | Refusal] = {}
    sittings: list[tuple[list[int], Sitting]] = []
    with store.reading() as reading:
        for places in _by_day_and_scope(asked):
            try:
                sittings.append((places, Sitting.open(reading, home, [asked[i] for i in places])))
            except Refusal as refusal:
                answers |= dict.fromkeys(places, refusal)
    for _, sitting in sittings:
        sitting.judge()
    if any(sitting.tells for _, sitting in sittings):
        with store.writing() as writing:
            for places, sitting in sittings:
                answers |= zip(places, sitting.write(writing), strict=True)
    else:
        # Refusals alone: there is nothing to write, and nobody to wait for.
        for places, sitting in sittings:
            answers |= zip(places, sitting.refusals(), strict=True)
    return [answers[i] for i in range(len(asked))]


def _by_day_and_scope(asked: Sequence[Asked]) -> list[list[int]]:
    """Places of the questions that one sitting answers."""
    groups: dict[tuple[str, date | None], list[int]] = {}
    for place, one in enumerate(asked):
        groups.setdefault((one.scope.area, one.as_of), []).append(place)
    return list(groups.values())


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
