"""What a bundle must show before it may judge: one declared list, read from its evidence alone.

Three verdicts: ``pass``; ``explain``, where the person who promotes must say why all the same (also where
the evidence does not judge the requirement); ``fail``, which only ``--overrule`` gets past. The same list is
printed when a model is made and judged again when it is promoted, from the same figures.

A difference to the champion is read by its 95 % interval: it passes where that excludes a loss larger than
tolerated, however sure a small one is; else it fails where it excludes that the challenger is as good.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from features.wording import N_, both
from models.risk.bundle import EVIDENCE, Bundle, verify_golden

Text = Mapping[str, str]
Evidence = Mapping[str, Any]

PASS, EXPLAIN, FAIL = "pass", "explain", "fail"
SEVERITY = (PASS, EXPLAIN, FAIL)
# Losses that do not matter to a visiting list: two hundredths of average precision, two thousandths of Brier.
AP_TOLERATED = 0.02
BRIER_TOLERATED = 0.002
# Slopes: 1 is right; within the first pair nothing is asked, an interval outside the second fails.
SLOPE_FINE, SLOPE_POSSIBLE = (0.8, 1.25), (0.5, 2.0)
ECE_FINE, ECE_POSSIBLE = 0.02, 0.05
LEAST_EVENTS, FEW_EVENTS = 100, 30
OURS = "fangpin"
UNREADABLE = N_("the evidence cannot be read ({kind})")
DOCUMENTS = ("evidence", "reliability", "fairness", "comparison")
TIERS_FINE, TIERS_POSSIBLE = 0.05, 0.25


@dataclass(frozen=True)
class Finding:
    """One requirement as judged.

    id : of `REQUIREMENTS`
    requirement, limit, result : in both languages; the figures in them are those of the evidence
    verdict : ``pass``, ``explain`` or ``fail``
    judged : False where the evidence holds nothing to judge by; the verdict is then ``explain``
    """

    id: str
    requirement: Text
    limit: Text
    result: Text
    verdict: str
    judged: bool = True

    def document(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "requirement": dict(self.requirement),
            "limit": dict(self.limit),
            "result": dict(self.result),
            "verdict": self.verdict,
            "judged": self.judged,
        }


@dataclass(frozen=True)
class _Answer:
    """What one check found: verdict, and the result in words."""

    verdict: str
    result: Text
    judged: bool = True


@dataclass(frozen=True)
class Requirement:
    """A requirement: what it asks and its limit (message ids), and the check of the evidence.

    succession : it compares with the champion, so it is not asked of the first model of a home
    """

    id: str
    sentence: str
    limit: str
    check: Callable[[Evidence], _Answer]
    succession: bool = False


def evidence_of(bundle: Bundle) -> dict[str, Any]:
    """All that `judge` reads of a bundle: its golden rows asked anew, and its documents.

    Raises ValueError where a document is no JSON.
    """
    found: dict[str, Any] = {"golden": verify_golden(bundle), "fingerprint": bundle.fingerprint}
    for name in DOCUMENTS:
        if f"{EVIDENCE}{name}.json" in bundle.evidence:
            found[name] = json.loads(bundle.read_evidence(f"{name}.json"))
    return found


def judge(evidence: Evidence, *, champion: str | None) -> list[Finding]:
    """Judge every requirement that is asked.

    Parameters
    ----------
    evidence : ``golden`` (names of the answers that differ), ``fingerprint`` (of the bundle), ``evidence``,
        ``reliability``, ``fairness``, ``comparison``: the bundle's documents of these names, absent where it
        has none
    champion : ``model_sha256`` of the bundle that judges now, None before the first promotion

    Figures that are not of the declared shape fail the requirement that reads them.
    """
    findings = []
    for requirement in REQUIREMENTS:
        if requirement.succession and champion is None:
            continue
        try:
            answer = requirement.check({**evidence, "champion": champion})
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as problem:
            answer = _Answer(FAIL, both(UNREADABLE, kind=type(problem).__name__))
        findings.append(
            Finding(
                requirement.id,
                both(requirement.sentence),
                both(requirement.limit),
                answer.result,
                answer.verdict,
                answer.judged,
            )
        )
    return findings


def overall(findings: Sequence[Finding]) -> str:
    """The gravest verdict; ``pass`` of nothing."""
    return max((finding.verdict for finding in findings), key=SEVERITY.index, default=PASS)


def _not_judged(msgid: str) -> _Answer:
    return _Answer(EXPLAIN, both(msgid), judged=False)


def _interval(figure: Mapping[str, Any], digits: int = 3) -> str:
    return f"{figure['value']:.{digits}f} [{figure['low']:.{digits}f}, {figure['high']:.{digits}f}]"


def _difference(figure: Mapping[str, Any], digits: int = 3) -> str:
    value, low, high = (float(figure[name]) for name in ("difference", "low", "high"))
    return f"{value:+.{digits}f} [{low:+.{digits}f}, {high:+.{digits}f}]"


def _golden(evidence: Evidence) -> _Answer:
    differing = list(evidence["golden"])
    if differing:
        return _Answer(
            FAIL, both(N_("{n} answers differ, the first: {name}"), n=len(differing), name=differing[0])
        )
    return _Answer(PASS, both(N_("all answers as recorded")))


def _honest(evidence: Evidence) -> _Answer:
    if evidence["fingerprint"].get("shuffled"):
        return _Answer(FAIL, both(N_("trained on outcomes that were exchanged between households")))
    return _Answer(PASS, both(N_("outcomes as they happened")))


def _evaluated(evidence: Evidence) -> Mapping[str, Any] | None:
    judged = (evidence.get("evidence") or {}).get("evaluation")
    return judged if judged and judged["rows"] else None


NOT_EVALUATED = N_("not judged: the bundle holds no backtest")


def _events(evidence: Evidence) -> _Answer:
    judged = _evaluated(evidence)
    if judged is None:
        return _not_judged(NOT_EVALUATED)
    events = int(judged["events"])
    result = both(
        N_("{events} events among {rows} household-days"),
        events=f"{events:,}",
        rows=f"{int(judged['rows']):,}",
    )
    return _Answer(PASS if events >= LEAST_EVENTS else EXPLAIN, result)


def _above_chance(evidence: Evidence) -> _Answer:
    judged = _evaluated(evidence)
    models = judged["models"] if judged else ()
    figure = next((m.get("auc") for m in models if m["model"] == OURS), None)
    if figure is None or judged is None:
        return _not_judged(NOT_EVALUATED)
    if judged["events"] < FEW_EVENTS:
        return _not_judged(N_("not judged: fewer than 30 events"))
    return _Answer(PASS if figure["low"] > 0.5 else FAIL, both(N_("AUC {figure}"), figure=_interval(figure)))


def _above_welfare(evidence: Evidence) -> _Answer:
    judged = _evaluated(evidence)
    if judged is None:
        return _not_judged(NOT_EVALUATED)
    pairs = [p for p in judged["paired"] if p["against"] == "welfare" and p["metric"] == "ap"]
    if not pairs:
        return _not_judged(N_("not judged: welfare alone was not in the backtest"))
    figure = pairs[0]
    verdict = PASS if figure["low"] > 0 else FAIL if figure["high"] < 0 else EXPLAIN
    return _Answer(verdict, both(N_("average precision {figure}"), figure=_difference(figure)))


def _calibrated(evidence: Evidence) -> _Answer:
    document = evidence.get("reliability") or {}
    slope, ece = document.get("slope"), document.get("ece")
    if not slope or not ece or slope.get("value") is None or ece.get("value") is None:
        return _not_judged(N_("not judged: the bundle holds no reliability"))
    # Even perfect probabilities are off by chance, the more the fewer rows there are.
    chance = float(document.get("ece_by_chance") or 0.0)
    result = both(
        N_("slope {slope}, expected error {ece}, of which {chance} is chance"),
        slope=_interval(slope, 2),
        ece=_interval(ece),
        chance=f"{chance:.3f}",
    )
    fine = SLOPE_FINE[0] <= slope["value"] <= SLOPE_FINE[1] and ece["value"] - chance <= ECE_FINE
    impossible = (
        slope["high"] < SLOPE_POSSIBLE[0]
        or slope["low"] > SLOPE_POSSIBLE[1]
        or ece["low"] - chance > ECE_POSSIBLE
    )
    return _Answer(FAIL if impossible else PASS if fine else EXPLAIN, result)


def _fair(evidence: Evidence) -> _Answer:
    document = evidence.get("fairness")
    groups = list((document or {}).get("groups") or ())
    verdicts = [group["verdict"] for group in groups]
    if not set(verdicts) & {"fine", "concern"}:
        return _not_judged(N_("not judged: no group has enough evidence"))
    counts = {name: verdicts.count(name) for name in ("fine", "concern", "not_enough_evidence")}
    result = both(
        N_("{fine} groups without concern, {concern} with, {unknown} without enough evidence"),
        fine=counts["fine"],
        concern=counts["concern"],
        unknown=counts["not_enough_evidence"],
    )
    return _Answer(EXPLAIN if counts["concern"] else PASS, result)


def _compared(evidence: Evidence) -> Mapping[str, Any] | None:
    """The comparison, where it is with today's champion and has figures."""
    document = evidence.get("comparison")
    if not document or document.get("champion") != evidence["champion"]:
        return None
    return document


NOT_COMPARED = N_("not judged: not compared with the present champion; run the quarter again")


def _not_worse(
    metric: str, tolerated: float, sign: int, said: str, digits: int
) -> Callable[[Evidence], _Answer]:
    """A check of a paired difference (challenger minus champion); ``sign`` 1 where higher is better, else -1."""

    def check(evidence: Evidence) -> _Answer:
        document = _compared(evidence)
        if document is None:
            return _not_judged(NOT_COMPARED)
        pairs = [p for p in document["metrics"] if p["metric"] == metric]
        if not pairs:
            return _not_judged(N_("not judged: no household-day yet on which both can be tested fairly"))
        figure = pairs[0]
        worst, best = sorted((sign * figure["low"], sign * figure["high"]))
        verdict = PASS if worst > -tolerated else FAIL if best < 0 else EXPLAIN
        return _Answer(
            verdict, both(said, figure=_difference(figure, digits), events=f"{int(document['events']):,}")
        )

    return check


def _tiers(evidence: Evidence) -> _Answer:
    document = _compared(evidence)
    changes = (document or {}).get("tier_changes")
    if not changes or not changes.get("population"):
        return _not_judged(NOT_COMPARED)
    share = changes["changed"] / changes["population"]
    result = both(
        N_("{changed} of {population} households ({share})"),
        changed=f"{changes['changed']:,}",
        population=f"{changes['population']:,}",
        share=f"{share:.1%}",
    )
    return _Answer(PASS if share <= TIERS_FINE else EXPLAIN if share <= TIERS_POSSIBLE else FAIL, result)


REQUIREMENTS: tuple[Requirement, ...] = (
    Requirement(
        "golden",
        N_("It answers as recorded when it was made"),
        N_("every golden row, to the bit"),
        _golden,
    ),
    Requirement(
        "outcomes",
        N_("It learned from outcomes as they happened"),
        N_("not exchanged between households"),
        _honest,
    ),
    Requirement("events", N_("It was tested on enough events"), N_("at least 100"), _events),
    Requirement(
        "above_chance",
        N_("It ranks better than chance"),
        N_("95 % interval of the AUC above 0.5"),
        _above_chance,
    ),
    Requirement(
        "above_welfare",
        N_("It ranks better than income alone"),
        N_("95 % interval of the difference above 0; explain where it holds 0; fail below"),
        _above_welfare,
    ),
    Requirement(
        "ap",
        N_("It ranks no worse than the champion"),
        N_(
            "95 % interval of the difference above −0.02; else explain where it holds 0, fail where it is all below"
        ),
        _not_worse("ap", AP_TOLERATED, 1, N_("average precision {figure}, {events} events"), 3),
        succession=True,
    ),
    Requirement(
        "brier",
        N_("Its probabilities are no worse than the champion's"),
        N_(
            "95 % interval of the difference below 0.002; else explain where it holds 0, fail where it is all above"
        ),
        _not_worse("brier", BRIER_TOLERATED, -1, N_("Brier score {figure}, {events} events"), 4),
        succession=True,
    ),
    Requirement(
        "calibration",
        N_("Its probabilities mean what they say"),
        N_(
            "slope 0.8 to 1.25, error up to 0.02 beyond chance; fail where slope is outside 0.5 to 2 or error above 0.05"
        ),
        _calibrated,
    ),
    Requirement(
        "fairness",
        N_("It misses no group of households more than the others"),
        N_("no group with a concern; explain each"),
        _fair,
    ),
    Requirement(
        "tiers",
        N_("It moves few households to another tier"),
        N_("up to 5 % of households; explain up to 25 %; fail above"),
        _tiers,
        succession=True,
    ),
)
