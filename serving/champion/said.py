"""Words and figures of the models pages: what models, metrics and verdicts are called, how a figure is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from features.wording import N_, text
from serving.web.formats import NOTHING, number

OURS = "fangpin"
MODELS = {
    "fangpin": N_("The same recipe"),
    "welfare": N_("Current income alone"),
    "vep": N_("VEP, one cross-section"),
    "vep_panel": N_("VEP, panel"),
    "logistic": N_("Logistic regression"),
    "lightgbm_default": N_("LightGBM at its defaults"),
    "catboost": N_("CatBoost, tuned"),
    "xgboost": N_("XGBoost, tuned"),
    "rules": N_("The rules alone"),
}
# Metric, its name, its digits, and whether more is better.
METRICS = (
    ("ap", N_("Average precision (AP)"), 3),
    ("recall_10", N_("Recall, first 10%"), 3),
    ("precision_10", N_("Precision, first 10%"), 3),
    ("auc", N_("AUC"), 3),
    ("brier", N_("Brier (less is better)"), 4),
)
# The verdicts of the gate, of fairness and of drift, each with a mark: good, mind, bad, unknown.
VERDICTS = {
    "pass": ("good", N_("pass")),
    "explain": ("mind", N_("explain")),
    "fail": ("bad", N_("fail")),
    "fine": ("good", N_("fine")),
    "concern": ("mind", N_("concern")),
    "steady": ("good", N_("steady")),
    "moved": ("mind", N_("moved")),
    "not_enough_evidence": ("unknown", N_("not enough evidence")),
}
NOT_JUDGED = ("unknown", N_("not judged"))


@dataclass(frozen=True)
class Verdict:
    """A verdict with the mark that stands before it."""

    mark: str
    said: str


@dataclass(frozen=True)
class Figure:
    """A figure and its 95 % interval as they are written; ``interval`` says why where there is none."""

    value: str
    interval: str
    at: tuple[float, float, float] | None = None


def verdict(name: str, lang: str) -> Verdict:
    """A verdict in words; one that is not known is not judged."""
    mark, said = VERDICTS.get(name, NOT_JUDGED)
    return Verdict(mark, text(said, lang))


def model(name: str, lang: str) -> str:
    return text(MODELS[name], lang) if name in MODELS else name


def figure(of: Mapping[str, Any] | None, digits: int, lang: str, *, share: bool = False) -> Figure:
    """{value, low, high} as written; a share in per cent.

    >>> figure({"value": 0.318, "low": 0.291, "high": 0.346}, 3, "en").interval
    '[0.291, 0.346]'
    """
    if of is None or of.get("value") is None:
        return Figure(NOTHING, "")
    at = tuple(float(of[key]) for key in ("value", "low", "high")) if of.get("low") is not None else None

    def say(value: float) -> str:
        return f"{number(100 * value, 1)}%" if share else number(value, digits)

    return Figure(say(float(of["value"])), f"[{say(at[1])}, {say(at[2])}]" if at else "", at)  # type: ignore[arg-type]


def difference(of: Mapping[str, Any], digits: int) -> Figure:
    """{difference, low, high} with their signs.

    >>> difference({"difference": 0.021, "low": -0.002, "high": 0.037}, 3).interval
    '[−0.002, +0.037]'
    """
    value, low, high = (float(of[key]) for key in ("difference", "low", "high"))
    return Figure(plus(value, digits), f"[{plus(low, digits)}, {plus(high, digits)}]", (value, low, high))


def plus(value: float, digits: int) -> str:
    said = number(value, digits)
    return said if said.startswith("−") or not said.strip("0.,") else f"+{said}"


def short(model_sha256: str) -> str:
    """The first eight digits of a model's hash, as people call it.

    >>> short("0123456789abcdef")
    '0123 4567'
    """
    return f"{model_sha256[:4]} {model_sha256[4:8]}"
