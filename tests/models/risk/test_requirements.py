"""The gate's list: what passes, what has to be explained, what fails, and that silence is none of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from models.risk import bundle as bundles
from models.risk import requirements
from models.risk.estimator import FittedRisk
from models.risk.requirements import REQUIREMENTS, judge, overall
from tests.models.risk.conftest import write_bundle

CHAMPION = "c" * 64


def figure(value: float, low: float, high: float) -> dict[str, float]:
    return {"value": value, "low": low, "high": high}


def paired(metric: str, value: float, low: float, high: float, **more: Any) -> dict[str, Any]:
    return {"metric": metric, "difference": value, "low": low, "high": high, **more}


def evidence(**changes: Any) -> dict[str, Any]:
    """A challenger that meets everything; ``changes`` replace whole documents."""
    sound: dict[str, Any] = {
        "golden": [],
        "fingerprint": {"shuffled": False},
        "evidence": {
            "evaluation": {
                "rows": 9000,
                "events": 500,
                "models": [{"model": "fangpin", "auc": figure(0.8, 0.77, 0.83)}],
                "paired": [paired("ap", 0.05, 0.02, 0.08, against="welfare")],
            }
        },
        "reliability": {
            "slope": figure(1.0, 0.9, 1.1),
            "ece": figure(0.01, 0.005, 0.02),
            "ece_by_chance": 0.005,
        },
        "fairness": {"groups": [{"verdict": "fine"}, {"verdict": "not_enough_evidence"}]},
        "comparison": {
            "champion": CHAMPION,
            "events": 300,
            "metrics": [paired("ap", 0.0, -0.01, 0.01), paired("brier", 0.0, -0.001, 0.001)],
            "tier_changes": {"population": 1000, "changed": 30},
        },
    }
    return {**sound, **changes}


def verdicts(champion: str | None = CHAMPION, **changes: Any) -> dict[str, str]:
    return {f.id: f.verdict for f in judge(evidence(**changes), champion=champion)}


def test_a_sound_challenger_passes_all() -> None:
    findings = judge(evidence(), champion=CHAMPION)
    assert [f.id for f in findings] == [r.id for r in REQUIREMENTS]
    assert overall(findings) == "pass"
    for finding in findings:
        document = finding.document()
        assert all(document[key][lang] for key in ("requirement", "limit", "result") for lang in ("zh", "en"))
        assert document["requirement"]["zh"] != document["requirement"]["en"]


def test_the_first_model_is_asked_nothing_about_a_champion() -> None:
    assert set(verdicts(None)) == {r.id for r in REQUIREMENTS if not r.succession}
    assert {r.id for r in REQUIREMENTS if r.succession} == {"ap", "brier", "tiers"}


@pytest.mark.parametrize(
    ("metric", "low", "high", "verdict"),
    [
        ("ap", -0.01, 0.01, "pass"),
        ("ap", -0.05, 0.01, "explain"),
        ("ap", -0.05, -0.001, "fail"),
        ("ap", 0.01, 0.05, "pass"),
        ("brier", -0.01, 0.001, "pass"),
        ("brier", -0.01, 0.01, "explain"),
        ("ap", -0.012, -0.001, "pass"),
        ("brier", 0.0001, 0.001, "pass"),
        ("brier", 0.0001, 0.003, "fail"),
    ],
)
def test_a_difference_is_read_with_its_interval(metric: str, low: float, high: float, verdict: str) -> None:
    sound = evidence()["comparison"]
    others = [p for p in sound["metrics"] if p["metric"] != metric]
    changed = {**sound, "metrics": [*others, paired(metric, (low + high) / 2, low, high)]}
    assert verdicts(comparison=changed)[metric] == verdict


@pytest.mark.parametrize(
    ("slope", "ece", "chance", "verdict"),
    [
        (figure(1.0, 0.9, 1.1), figure(0.06, 0.04, 0.1), 0.05, "pass"),
        (figure(0.7, 0.4, 1.0), figure(0.01, 0.0, 0.02), 0.0, "explain"),
        (figure(0.3, 0.1, 0.45), figure(0.01, 0.0, 0.02), 0.0, "fail"),
        (figure(1.0, 0.9, 1.1), figure(0.03, 0.02, 0.04), 0.0, "explain"),
        (figure(1.0, 0.9, 1.1), figure(0.08, 0.07, 0.09), 0.01, "fail"),
    ],
)
def test_calibration_is_read_beyond_chance(slope: Any, ece: Any, chance: float, verdict: str) -> None:
    document = {"slope": slope, "ece": ece, "ece_by_chance": chance}
    assert verdicts(reliability=document)["calibration"] == verdict


@pytest.mark.parametrize(
    ("changed", "verdict"), [(50, "pass"), (51, "explain"), (250, "explain"), (251, "fail")]
)
def test_changes_of_tier_are_counted(changed: int, verdict: str) -> None:
    document = {**evidence()["comparison"], "tier_changes": {"population": 1000, "changed": changed}}
    assert verdicts(comparison=document)["tiers"] == verdict


def test_what_is_shuffled_fails_by_word_and_by_figure() -> None:
    assert verdicts(fingerprint={"shuffled": True})["outcomes"] == "fail"
    chance = {
        **evidence()["evidence"]["evaluation"],
        "models": [{"model": "fangpin", "auc": figure(0.51, 0.48, 0.54)}],
    }
    assert verdicts(evidence={"evaluation": chance})["above_chance"] == "fail"
    assert verdicts(golden=["margin"])["golden"] == "fail"


def test_a_concern_has_to_be_explained() -> None:
    assert (
        verdicts(fairness={"groups": [{"verdict": "fine"}, {"verdict": "concern"}]})["fairness"] == "explain"
    )


def test_silence_is_neither_a_pass_nor_a_failure() -> None:
    """Without evidence each requirement says that it was not judged, and has to be explained."""
    findings = judge({"golden": [], "fingerprint": {}}, champion=CHAMPION)
    silent = {f.id: f for f in findings if not f.judged}
    assert set(silent) == {r.id for r in REQUIREMENTS} - {"golden", "outcomes"}
    assert {f.verdict for f in silent.values()} == {"explain"}
    other = judge(evidence(), champion="d" * 64)
    assert {f.id for f in other if not f.judged} == {"ap", "brier", "tiers"}, "compared with another champion"


@pytest.mark.parametrize(
    "broken",
    [
        {"reliability": {"slope": {"value": 1.0}, "ece": {"value": 0.01}}},
        {"fairness": {"groups": [{}]}},
        {"comparison": {"champion": CHAMPION, "metrics": 7, "tier_changes": {"population": 3}}},
        {"evidence": {"evaluation": {"rows": 3}}},
    ],
)
def test_evidence_that_cannot_be_read_fails(broken: dict[str, Any]) -> None:
    assert overall(judge(evidence(**broken), champion=CHAMPION)) == "fail"


def test_evidence_is_read_from_the_bundle_and_added_to_it(
    fitted: FittedRisk, taught: dict[str, Any], tmp_path: Path
) -> None:
    written = write_bundle(tmp_path, fitted, taught)
    assert requirements.evidence_of(written).keys() == {"golden", "fingerprint", "evidence"}
    more = bundles.attach(written, {"fairness.json": b'{"groups": []}', "card.en.md": b"# card"})
    assert more.model_sha256 == written.model_sha256
    assert requirements.evidence_of(more)["fairness"] == {"groups": []}
    assert more.read_evidence("card.en.md") == b"# card"
    assert more.read_evidence("model.txt") == written.read_evidence("model.txt")
    bundles.attach(more, {"fairness.json": b"{"})
    with pytest.raises(ValueError, match="Expecting"):
        requirements.evidence_of(bundles.load(more.folder))
