"""What a new bundle must bring before anybody may promote it: comparison, shadow scores, drift, gate, card.

Each document is made by one module; here they are put together and named as the bundle keeps them.
"""

from __future__ import annotations

import json
from typing import Any

import pyarrow.compute as pc

from features.errors import Refusal
from models.judgement.meaning import meanings
from models.risk import bundle as bundles
from models.risk import requirements
from training import compare, drift, model_card, shadow, visits
from training.population import Population, current
from training.trial import Trial

SCHEMA = 1


def documents(trial: Trial) -> dict[str, bytes]:
    """The files of evidence by name: capacity.json, comparison.json, drift.json, card.zh.md, card.en.md."""
    population = current(trial.home, trial.until, trial.catalogue.hash)
    drifted = drifting(trial, population)
    compared = comparison(trial, population)
    known = requirements.evidence_of(trial.bundle)
    known["comparison"] = compared
    findings = requirements.judge(known, champion=trial.champion)
    compared["gate"] = [finding.document() for finding in findings]
    compared["verdict"] = requirements.overall(findings)
    cards = model_card.cards(trial, known, drifted)
    judged = visits.OURS in pc.unique(trial.table["model"]).to_pylist()
    return {
        **({"capacity.json": visits.evidence(trial.home, trial.bundle, trial.table)} if judged else {}),
        "comparison.json": _json(compared),
        "drift.json": _json(drifted),
        **{f"card.{lang}.md": text.encode() for lang, text in cards.items()},
    }


def comparison(trial: Trial, population: Population | None) -> dict[str, Any]:
    """comparison.json without its gate: figures against the champion, and whose tier would change."""
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "champion": trial.champion,
        "challenger": trial.bundle.model_sha256,
        "synthetic": trial.catalogue.declarations.synthetic,
        "basis": None,
        "rows": 0,
        "events": 0,
        "households": 0,
        "days": None,
        "metrics": [],
        "views": [],
        "learned_until": None,
        "tier_changes": None,
        "problem": None,
    }
    if trial.champion is None:
        return document
    try:
        champion = bundles.load(trial.home.folder("bundles") / trial.champion)
    except Refusal as refusal:
        # A champion that cannot be read is compared with nothing; the gate then asks for an explanation.
        return document | {"problem": refusal.document()["error"]}
    document |= compare.comparison(
        trial.home,
        trial.frame,
        trial.blocks,
        trial.table,
        champion,
        retrospective=trial.retrospective,
        seed=trial.seed,
    )
    if population is not None and shadow.comparable(population, champion, trial.bundle):
        document["tier_changes"] = shadow.tier_changes(population, champion, trial.bundle)
    return document


def drifting(trial: Trial, population: Population | None) -> dict[str, Any]:
    """drift.json: the current population against the reference statistics of the new bundle."""
    bundle = trial.bundle
    columns: list[dict[str, Any]] = []
    if population is not None:
        known = meanings(trial.catalogue.document())
        columns = drift.measure(
            bundle.reference,
            population.columns(bundle.specs),
            bundle.specs,
            households=int(bundle.fingerprint["households"]),
            shared=frozenset(
                spec.name
                for spec in bundle.specs
                if trial.catalogue.columns[spec.name].record.rollup == "area"
            ),
            places=len(set(population.table["area"].to_pylist())),
            names={spec.name: _named(spec.name, known) for spec in bundle.specs},
        )
    return drift.document(
        columns,
        as_of=population.as_of.isoformat() if population else None,
        snapshot=population.snapshot if population else None,
        bundle=bundle.model_sha256,
        households=len(population) if population else 0,
        synthetic=trial.catalogue.declarations.synthetic,
    )


def _named(column: str, known: dict[str, Any]) -> dict[str, str]:
    """The indicator's name, with the window where it has one."""
    meaning = known[column]
    window = column.removeprefix(meaning.indicator).lstrip("_")
    return {lang: f"{name} ({window})" if window else name for lang, name in meaning.name.items()}


def _json(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, sort_keys=True, allow_nan=False, indent=1).encode()
