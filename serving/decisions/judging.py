"""Bringing together what a judgement needs: published snapshot, bundle and policy, all frozen."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import date
from threading import Lock

from features.errors import Refusal
from features.home import Home
from features.wording import both
from models.judgement.meaning import meanings
from models.judgement.policy import Policy
from models.record.decision import Judge
from models.risk.bundle import Bundle
from serving.champion import bundles as shelf
from serving.champion.repository import ChampionRepository
from serving.scope import Scope
from serving.snapshots.records import Published
from serving.snapshots.repository import SnapshotRepository
from serving.store import Reading


@dataclass(frozen=True)
class Bench:
    """A published snapshot and the judge who knows it."""

    published: Published
    judge: Judge


# Benches kept in memory: today's, and those of the days that people look back to.
_KEPT = 4
_Key = tuple[str, date | None, int, int]
_benches: OrderedDict[_Key, Bench] = OrderedDict()
_turn = Lock()


def bench(session: Reading, home: Home, scope: Scope, as_of: date | None) -> Bench:
    """The champion, seated before the snapshot of ``as_of`` (default: the latest published day).

    Raises `Refusal` ``not_published``, ``no_champion``, ``catalogue_mismatch`` or ``bundle_damaged``.
    """
    snapshots, champions = SnapshotRepository(session), ChampionRepository(session)
    key = (str(home.path), as_of, snapshots.mark(scope), champions.mark(scope))
    with _turn:
        if key in _benches:
            _benches.move_to_end(key)
            return _benches[key]
    published = snapshots.latest(scope, as_of)
    if published is None:
        raise Refusal("not_published", day=as_of.isoformat() if as_of else both("any day"))
    champion = champions.champion(scope)
    if champion is None:
        raise Refusal("no_champion")
    if champion.catalogue != published.catalogue:
        raise Refusal("catalogue_mismatch", snapshot=published.catalogue[:12], bundle=champion.catalogue[:12])
    made = Bench(published, seat(session, scope, published, shelf.load(home, champion)))
    with _turn:
        _benches[key] = made
        while len(_benches) > _KEPT:
            _benches.popitem(last=False)
    return made


def seat(session: Reading, scope: Scope, published: Published, bundle: Bundle) -> Judge:
    """A judge from frozen documents alone."""
    snapshots = SnapshotRepository(session)
    return Judge(
        setting=published.for_decisions(),
        bundle=bundle,
        policy=Policy.from_document(snapshots.parameter_document(scope, published.parameters)),
        meanings=meanings(snapshots.catalogue_document(scope, published.catalogue)),
    )
