"""The model card in Chinese and English: what an analyst reads before signing, and keeps for three years.

It holds no figure of its own: everything comes from the bundle and its documents of evidence, so the card can
be made again from them. What only people can say is marked, never guessed. The words stand in ``training/cards``,
one file a language.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from features.outcomes import choose
from features.policy.vocabulary import groups as reason_groups
from features.wording import LANGUAGES
from models.risk.requirements import OURS
from training.metrics import METRICS
from training.trial import Trial

TEMPLATES = Path(__file__).parent / "cards"
# Reason groups whose inputs say something of health, money, or children under 14 (PIPL, art. 28).
SENSITIVE = ("illness", "disability", "income", "schooling")
LISTED = 12


def cards(trial: Trial, known: Mapping[str, Any], drifted: Mapping[str, Any]) -> dict[str, str]:
    """The card in each language, Markdown.

    Parameters
    ----------
    known : what the gate read, ``comparison`` with its gate included
    drifted : the document drift.json
    """
    facts = context(trial, known, drifted)
    pages = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    found = {}
    for lang in LANGUAGES:
        # In Chinese the sign stands close to its figure.
        percent = partial(share, unit="%" if lang == "zh" else " %")
        pages.filters |= {"share": percent, "figure": figure, "signed": signed, "cell": cell}
        pages.filters["range"] = partial(ranged, unit="%" if lang == "zh" else " %")
        pages.filters["points"] = partial(ranged, unit=" 个百分点" if lang == "zh" else " points")
        found[lang] = pages.get_template(f"card.{lang}.md.jinja").render(**facts)
    return found


def context(trial: Trial, known: Mapping[str, Any], drifted: Mapping[str, Any]) -> dict[str, Any]:
    """Everything the templates name."""
    bundle, document = trial.bundle, known["comparison"]
    evaluation = known["evidence"]["evaluation"]
    outcome = choose(trial.catalogue, bundle.outcome)
    own = next((m for m in evaluation["models"] if m["model"] == OURS and m["status"] == "ok"), None)
    names = {group.id: dict(group.name) for group in reason_groups().values()}
    inputs: dict[str, int] = {}
    for spec in bundle.specs:
        inputs[spec.group] = inputs.get(spec.group, 0) + 1
    fairness = (known.get("fairness") or {}).get("groups") or []
    moved = [column for column in drifted["columns"] if column["verdict"] == "moved"]
    return {
        "bundle": bundle.model_sha256,
        "champion": trial.champion,
        "outcome": {"id": outcome.id, "name": dict(outcome.name)},
        "kind": bundle.kind,
        "horizons": list(bundle.horizons),
        "tier_horizon": bundle.tier_horizon,
        "delay_days": trial.frame.delay_days,
        "until": trial.until.isoformat(),
        "synthetic": trial.catalogue.declarations.synthetic,
        "fingerprint": bundle.fingerprint,
        "catalogue": bundle.catalogue,
        "parameters": bundle.parameters,
        "floors": bundle.floors,
        "rounds": known["evidence"]["rounds"],
        "losses": known["evidence"]["losses"],
        "blocks": known["evidence"]["blocks"],
        "evaluation": evaluation,
        "own": own,
        "rivals": [m for m in evaluation["models"] if m["model"] != OURS and m["status"] == "ok"],
        "absent": [m["model"] for m in evaluation["models"] if m["status"] != "ok"],
        "metrics": list(METRICS),
        "not_beaten": not_beaten(evaluation["paired"]),
        "reliability": known.get("reliability"),
        "comparison": document,
        "views": {view["basis"]: view for view in document["views"]},
        "changes": document["tier_changes"],
        "gate": document["gate"],
        "verdict": document["verdict"],
        "fairness": fairness,
        "visits_share": (known.get("fairness") or {}).get("visits_share"),
        "concerns": [g for g in fairness if g["verdict"] == "concern"],
        "unknown_groups": [g for g in fairness if g["verdict"] == "not_enough_evidence"],
        "drift": drifted,
        "moved": moved[:LISTED],
        "moved_more": max(0, len(moved) - LISTED),
        "groups": names,
        "inputs": sorted(inputs.items(), key=lambda item: (-item[1], item[0])),
        "sensitive": [group for group in SENSITIVE if group in inputs],
        "protected": [c.record.name for c in trial.catalogue.columns.values() if c.record.protected],
    }


def not_beaten(paired: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Rivals over which the model's lead in ranking or probabilities is not certain, with the figures."""
    return [
        pair
        for pair in paired
        if (pair["metric"] == "ap" and pair["low"] <= 0) or (pair["metric"] == "brier" and pair["high"] >= 0)
    ]


def share(value: float | None, digits: int = 1, unit: str = " %") -> str:
    """A share in per cent; a dash where there is none."""
    return "—" if value is None else f"{100 * value:.{digits}f}{unit}"


def ranged(value: Mapping[str, Any], unit: str = " %") -> str:
    """A share with its interval in per cent: 90.7 % [86.7, 94.2]."""
    low, high = (f"{100 * value[end]:.1f}" for end in ("low", "high"))
    return f"{100 * value['value']:.1f}{unit} [{low}, {high}]"


def figure(value: Mapping[str, Any] | None, digits: int = 3) -> str:
    """A figure with its interval: 0.335 [0.283, 0.399]."""
    if value is None or value.get("value") is None:
        return "—"
    if value.get("low") is None or value.get("high") is None:
        return f"{value['value']:.{digits}f}"
    return f"{value['value']:.{digits}f} [{value['low']:.{digits}f}, {value['high']:.{digits}f}]"


def signed(value: Mapping[str, Any], digits: int = 3) -> str:
    """A difference with its interval and sign."""
    return f"{value['difference']:+.{digits}f} [{value['low']:+.{digits}f}, {value['high']:+.{digits}f}]"


def cell(text: object) -> str:
    """Text inside a table of Markdown."""
    return str(text).replace("|", "\\|").replace("\n", " ")
