"""Promotion: a named person makes a bundle the champion, with a reason, and on record."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from features.errors import Refusal
from features.home import Home
from features.wording import LANGUAGES
from models.risk import bundle as bundles
from models.risk.bundle import Bundle
from serving.champion import bundles as shelf
from serving.champion import gate
from serving.champion.records import Promotion
from serving.champion.repository import ChampionRepository, ChampionWriter
from serving.scope import Scope
from serving.snapshots.repository import SnapshotRepository
from serving.store import Reading, Store, Writing
from serving.store.record import tell

Mirror = Callable[[str], None]


def promote(
    *,
    home: Home,
    store: Store,
    scope: Scope,
    bundle: str,
    by: str,
    reason: str,
    overrule: bool = False,
    mirror: Mirror | None = None,
) -> dict[str, Any]:
    """Make a bundle the champion.

    The gate is judged in a child process, beside the present champion. Where it fails, the attempt is on record
    and nothing changes, unless ``overrule``: then the record says that, by whom and why. What the gate wants
    explained is on record beside the reason, which stands for it. A bundle whose files do not verify
    can never serve, and cannot be overruled.

    Parameters
    ----------
    bundle : its ``model_sha256``, a unique beginning of it, or its folder
    mirror : told the champion after the record is written; it tells others and decides nothing

    Raises
    ------
    Refusal
        ``unknown_bundle``, ``bundle_damaged``, ``catalogue_mismatch`` (with the latest published snapshot),
        ``gate_failed``, ``name_or_reason_missing``, ``out_of_scope``.
    """
    _asked_properly(scope, by, reason)
    folder = shelf.find(home, bundle)
    loaded = bundles.load(folder)
    present = champion(store=store, scope=scope)
    # Against itself there is nothing to compare.
    verdict = gate.examine(folder, champion=None if present == loaded.model_sha256 else present)
    folder = shelf.adopt(home, folder, loaded)
    outcome = "passed" if verdict.passed else "overruled" if overrule else "failed"
    with store.writing() as writing:
        _same_catalogue(writing, scope, loaded)
        line = ChampionRepository(writing).succession(scope)
        writer = ChampionWriter(writing)
        writer.register(scope, shelf.known(loaded, folder), by)
        promotion = Promotion(
            action="promote",
            bundle=loaded.model_sha256,
            previous=line[-1] if line else None,
            gate=outcome,
            reason=reason,
            evidence=_evidence(loaded, verdict),
        )
        record = writer.add(scope, promotion, by)
        _tell(writing, promotion, record, by)
    if outcome == "failed":
        raise _refused(verdict)
    return _done(promotion, record, verdict, mirror)


def rollback(
    *, home: Home, store: Store, scope: Scope, by: str, reason: str, mirror: Mirror | None = None
) -> dict[str, Any]:
    """Make the champion before this one the champion again, in one step.

    It must verify and answer as recorded; its figures were accepted when it was promoted and bar no way back.

    Raises `Refusal` ``no_champion``, ``no_previous_champion``, and what `promote` raises.
    """
    _asked_properly(scope, by, reason)
    with store.reading() as reading:
        repository = ChampionRepository(reading)
        line = repository.succession(scope)
        target = repository.known(scope, line[-2]) if len(line) > 1 else None
    if target is None:
        raise Refusal("no_previous_champion" if line else "no_champion")
    loaded = shelf.load(home, target)
    verdict = gate.examine(Path(home.folder("bundles") / target.folder))
    with store.writing() as writing:
        _same_catalogue(writing, scope, loaded)
        if ChampionRepository(writing).succession(scope) != line:
            raise Refusal("store_busy", file="promotions")
        promotion = Promotion(
            action="rollback",
            bundle=target.model_sha256,
            previous=line[-1],
            gate="passed" if verdict.answers else "failed",
            reason=reason,
            evidence=_evidence(loaded, verdict),
        )
        record = ChampionWriter(writing).add(scope, promotion, by)
        _tell(writing, promotion, record, by)
    if not verdict.answers:
        raise _refused(verdict)
    return _done(promotion, record, verdict, mirror)


def champion(*, store: Store, scope: Scope) -> str | None:
    """``model_sha256`` of the bundle that judges today; None before the first promotion."""
    with store.reading() as reading:
        found = ChampionRepository(reading).champion(scope)
    return None if found is None else found.model_sha256


def _refused(verdict: gate.Verdict) -> Refusal:
    """The refusal that names the requirements, the first three of those that failed."""
    named = {lang: "; ".join(said[lang] for said in verdict.findings[:3]) for lang in LANGUAGES}
    return Refusal("gate_failed", reason=named)


def history(*, store: Store, scope: Scope) -> list[dict[str, Any]]:
    """Every act of promotion, also the refused ones, the newest first.

    [{record, action, bundle, previous, gate, findings, by, at, reason}]; ``findings`` are the requirements that
    failed or were to be explained. Raises `Refusal` ``out_of_scope``.
    """
    scope.require_whole()
    with store.reading() as reading:
        return ChampionRepository(reading).history(scope)


def _asked_properly(scope: Scope, by: str, reason: str) -> None:
    scope.require_whole()
    if not by.strip() or not reason.strip():
        raise Refusal("name_or_reason_missing")


def _same_catalogue(session: Reading, scope: Scope, bundle: Bundle) -> None:
    published = SnapshotRepository(session).latest(scope)
    if published is not None and published.catalogue != bundle.catalogue:
        raise Refusal("catalogue_mismatch", snapshot=published.catalogue[:12], bundle=bundle.catalogue[:12])


def _evidence(bundle: Bundle, verdict: gate.Verdict) -> dict[str, Any]:
    return {
        "findings": verdict.findings,
        "gate": verdict.gate,
        "files": dict(bundle.evidence),
        "outcome": bundle.outcome,
        "catalogue": bundle.catalogue,
    }


def _tell(writing: Writing, promotion: Promotion, record: str, by: str) -> None:
    if promotion.gate == "failed":
        detail: dict[str, Any] = {"findings": promotion.evidence["findings"]}
        kind = "promotion_refused"
    else:
        detail = {"previous": promotion.previous, "gate": promotion.gate}
        kind = "bundle_promoted"
    tell(
        writing,
        kind,
        subject=promotion.bundle,
        area="/",
        by=by,
        action=promotion.action,
        reason=promotion.reason,
        record=record,
        **detail,
    )


def _done(promotion: Promotion, record: str, verdict: gate.Verdict, mirror: Mirror | None) -> dict[str, Any]:
    if mirror is not None:
        mirror(promotion.bundle)
    return {
        "champion": promotion.bundle,
        "previous": promotion.previous,
        "gate": promotion.gate,
        "record": record,
        "findings": verdict.open,
    }
