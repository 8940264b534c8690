"""The words and thresholds that a judgement was made with, read back from what was frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from models.judgement.meaning import Meaning, meanings
from models.judgement.policy import Policy
from serving.scope import Scope
from serving.snapshots.repository import SnapshotRepository

_KEPT = 8


@dataclass(frozen=True)
class Frozen:
    """A policy, and what each column of a catalogue means."""

    policy: Policy
    meanings: Mapping[str, Meaning]


# Both are named by the hash of what they hold, so what was read once is right for good.
_known: dict[tuple[str, str], Frozen] = {}


def frozen(snapshots: SnapshotRepository, scope: Scope, parameters: str, catalogue: str) -> Frozen:
    """The policy ``parameters`` and the catalogue ``catalogue``, by their hashes."""
    found = _known.get((parameters, catalogue))
    if found is None:
        found = Frozen(
            Policy.from_document(snapshots.parameter_document(scope, parameters)),
            meanings(snapshots.catalogue_document(scope, catalogue)),
        )
        while len(_known) >= _KEPT:
            _known.pop(next(iter(_known)), None)
        _known[parameters, catalogue] = found
    return found
