"""What the models pages look at: the champion, the bundle beside it, the gate, and the record of promotions."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from features.errors import Refusal
from features.home import Home
from serving.champion import evidence, gate
from serving.champion.evidence import Evidence
from serving.champion.gate import Verdict
from serving.champion.repository import ChampionRepository
from serving.scope import Scope
from serving.store import Reading, Store
from serving.store.record import log_access

# Seconds that a page waits for the gate; well below the deadline of a request.
PATIENCE = 8.0
# Verdicts that stay in memory.
KEPT = 32


@dataclass(frozen=True)
class Seen:
    """The subject of a page and what it stands beside.

    champion : the bundle that judges today, None before the first promotion
    subject : the bundle that is looked at, which may be the champion itself; None where the home has none
    challenger : the subject where it is not the champion
    newest : the bundle that /models would show beside the champion
    previous : what a rollback returns to
    records : every act of promotion, the newest first; ``files`` are the hashes of evidence of each record
    others : every bundle of the home that can be read
    """

    champion: Evidence | None
    subject: Evidence | None
    challenger: Evidence | None
    newest: Evidence | None
    previous: str | None
    records: Sequence[Mapping[str, Any]]
    files: Mapping[str, Mapping[str, str]]
    others: Sequence[Evidence]

    def promoted(self, model_sha256: str) -> Mapping[str, Any] | None:
        """The latest act that made a bundle the champion."""
        acts = (r for r in self.records if r["bundle"] == model_sha256 and r["gate"] != "failed")
        return next(acts, None)

    @property
    def synthetic(self) -> bool | None:
        """Do the figures of any bundle shown rest on invented households? None where none says."""
        known = [
            seen.synthetic for seen in (self.challenger, self.champion) if seen and seen.synthetic is not None
        ]
        return any(known) if known else None


def look(*, home: Home, store: Store, scope: Scope, bundle: str | None = None) -> Seen:
    """The pages' subject: ``bundle`` by its SHA-256, else the newest that challenges the champion.

    Raises `Refusal` ``unknown_bundle``; ``bundle_damaged`` where the champion cannot be read.
    """
    with store.reading() as reading:
        repository = ChampionRepository(reading)
        line = repository.succession(scope)
        known = repository.champion(scope)
        records = repository.history(scope)
        files = _files(reading, scope)
    champion = evidence.cached(home.folder("bundles") / known.folder) if known else None
    others = evidence.shelf(home)
    newest = _newest(others, champion, line)
    subject = newest or champion
    if bundle is not None:
        subject = next((seen for seen in others if seen.model_sha256 == bundle), None)
        if champion is not None and bundle == champion.model_sha256:
            subject = champion
        if subject is None:
            raise Refusal("unknown_bundle", bundle=bundle[:12])
    is_champion = subject is None or (champion is not None and subject.model_sha256 == champion.model_sha256)
    return Seen(
        champion,
        subject,
        None if is_champion else subject,
        newest,
        line[-2] if len(line) > 1 else None,
        records,
        files,
        others,
    )


def _newest(others: Sequence[Evidence], champion: Evidence | None, line: Sequence[str]) -> Evidence | None:
    """The newest bundle of the champion's outcome that never was champion in the present line."""
    for seen in others:
        if seen.model_sha256 in line or (champion is not None and seen.outcome != champion.outcome):
            continue
        return seen
    return None


def _files(reading: Reading, scope: Scope) -> dict[str, dict[str, str]]:
    """SHA-256 of each file of evidence that lay before the gate, by record."""
    told = ChampionRepository(reading).evidence(scope)
    return {record: dict(evidence.get("files") or {}) for record, evidence in told.items()}


def note(*, store: Store, scope: Scope, model_sha256: str, households: int, by: str) -> None:
    """Note on the access log that somebody read whose tier a bundle would change."""
    with store.writing() as writing:
        log_access(writing, "read_model", subject=model_sha256, area=scope.area, by=by, households=households)


_judged: OrderedDict[tuple[Any, ...], Verdict] = OrderedDict()
_lock = Lock()


def judged(folder: Path, champion: str | None) -> Verdict:
    """What the gate says of a bundle beside the champion; asked again only where a file has changed since."""
    asked = (folder, champion, evidence.stamp(folder))
    with _lock:
        if asked in _judged:
            _judged.move_to_end(asked)
            return _judged[asked]
    found = gate.examine(folder, champion=champion, limit=PATIENCE)
    # One that was late may answer next time.
    if found.gate:
        with _lock:
            _judged[asked] = found
            while len(_judged) > KEPT:
                _judged.popitem(last=False)
    return found
