"""Shadow scoring: what the challenger would say of today's households, beside what the champion says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from models.judgement.tiers import SEVERITY
from models.record.decision import Judge, Judged
from models.risk.bundle import Bundle
from training.population import Population

# Households whose change is told with the reasons of both; the counts are of all.
MOST = 200


def tier_changes(population: Population, champion: Bundle, challenger: Bundle) -> dict[str, Any]:
    """Whose tier would change, and why: both models judge the same rows under the same policy.

    Returns
    -------
    {snapshot, as_of, population, changed, up, down, counts: {"yellow>orange": n}, matrix: {champion's tier:
    {challenger's: n}}, probability: {champion, challenger} (means at the tier horizon), floors, moved_by:
    {reason group: {up, down}} (households in which it differs most between the two models), households: ids,
    why: [{household, area, from, to, probability_from, probability_to, raised_by, moved, reasons, reasons_before}]}

    households and why hold at most `MOST`, the longest moves first, then the largest differences of the
    probability. ``moved`` are the reason groups whose contribution differs most between the two models,
    ``reasons`` the challenger's and ``reasons_before`` the champion's, as a decision would show them.
    """
    rows = list(population.rows())
    judges = (population.judge(champion), population.judge(challenger))
    before, after = (list(judge.judge(rows)) for judge in judges)
    pairs = list(zip(before, after, strict=True))
    changed = [pair for pair in pairs if pair[0].tier != pair[1].tier]
    changed.sort(key=_order)
    counts = Counter(f"{old.tier}>{new.tier}" for old, new in changed)
    matrix: dict[str, dict[str, int]] = {}
    for (old, new), n in sorted(Counter((a.tier, b.tier) for a, b in pairs).items()):
        matrix.setdefault(old, {})[new] = n
    up = sum(SEVERITY[new.tier] > SEVERITY[old.tier] for old, new in changed)
    return {
        "snapshot": population.snapshot,
        "as_of": population.as_of.isoformat(),
        "population": len(rows),
        "changed": len(changed),
        "up": up,
        "down": len(changed) - up,
        "counts": dict(sorted(counts.items())),
        "matrix": matrix,
        "probability": {
            name: _mean(judged) for name, judged in (("champion", before), ("challenger", after))
        },
        "floors": {
            name: dict(judge.floors) for name, judge in zip(("champion", "challenger"), judges, strict=True)
        },
        "moved_by": _moved_by(judges[1], changed),
        "households": [old.row.household for old, _ in changed[:MOST]],
        "why": [_why(judges, old, new) for old, new in changed[:MOST]],
    }


def _moved_by(judge: Judge, changed: list[tuple[Judged, Judged]]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for old, new in changed:
        direction = "up" if SEVERITY[new.tier] > SEVERITY[old.tier] else "down"
        sign = 1 if direction == "up" else -1
        # What moved it: the group that differs most in the direction of the change.
        differences = moved(judge, old.terms, new.terms, most=None)
        group = max(differences, key=lambda entry: (sign * entry["difference"], entry["group"]))["group"]
        found.setdefault(group, {"up": 0, "down": 0})[direction] += 1
    return dict(sorted(found.items(), key=lambda item: (-sum(item[1].values()), item[0])))


def _order(pair: tuple[Judged, Judged]) -> tuple[float, float, str]:
    old, new = pair
    steps = abs(SEVERITY[new.tier] - SEVERITY[old.tier])
    return -steps, -abs((new.probability or 0.0) - (old.probability or 0.0)), old.row.household


def _mean(judged: list[Judged]) -> float | None:
    known = [one.probability for one in judged if one.probability is not None]
    return float(np.mean(known)) if known else None


def _why(judges: tuple[Judge, Judge], old: Judged, new: Judged) -> dict[str, Any]:
    documents = [judge.document(judged) for judge, judged in zip(judges, (old, new), strict=True)]
    return {
        "household": old.row.household,
        "area": old.row.area,
        "from": old.tier,
        "to": new.tier,
        "probability_from": old.probability,
        "probability_to": new.probability,
        "raised_by": documents[1]["raised_by"],
        "moved": moved(judges[1], old.terms, new.terms),
        "reasons": documents[1]["reasons"],
        "reasons_before": documents[0]["reasons"],
    }


def moved(
    judge: Judge, old: Mapping[str, float], new: Mapping[str, float], most: int | None = 3
) -> list[dict[str, Any]]:
    """The ``most`` reason groups whose contribution to the margin differs most: [{group, difference}]."""
    groups: dict[str, float] = {}
    for terms, sign in ((new, 1.0), (old, -1.0)):
        for column in sorted(terms):
            group = judge.meanings[column].group
            groups[group] = groups.get(group, 0.0) + sign * terms[column]
    ordered = sorted(groups, key=lambda group: (-abs(groups[group]), group))
    return [{"group": group, "difference": groups[group]} for group in ordered[:most]]


def comparable(population: Population | None, *bundles: Bundle) -> bool:
    """Whether every bundle was made with the catalogue of the population, so that it can judge it."""
    return population is not None and all(b.catalogue == population.catalogue for b in bundles)
