"""The gate before a promotion: the bundle verifies, answers as recorded, and its evidence meets every requirement.

It runs in a child process with a time limit, so that whatever a damaged bundle does, it does it there:
``python -m serving.champion.gate FOLDER [CHAMPION]`` prints one JSON object ``{"verdict", "findings", "gate"}``.
The requirements are those of `models.risk.requirements`; nothing but the bundle's own files is read.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from features.errors import Refusal
from features.wording import N_, both
from models.risk import bundle as bundles
from models.risk import requirements
from models.risk.requirements import FAIL, PASS

# Seconds; loading and a few golden rows take about one.
LIMIT = 60.0
_CHECKOUT = Path(__file__).resolve().parents[2]
_LATE = N_("no answer within {seconds} seconds")
_DIED = N_("the check ended with {code} and no answer")


@dataclass(frozen=True)
class Verdict:
    """What the gate says: ``verdict`` (``pass``, ``explain`` or ``fail``) and the requirements as judged.

    findings : in words, in both languages, what failed; empty where nothing did
    gate : [{id, requirement, limit, result, verdict, judged}]
    """

    verdict: str
    findings: list[dict[str, str]] = field(default_factory=list)
    gate: list[dict[str, Any]] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Nothing failed; some of it may still have to be explained."""
        return self.verdict != FAIL

    @property
    def answers(self) -> bool:
        """It verifies and answers as recorded, whatever its figures are."""
        return any(finding["id"] == "golden" and finding["verdict"] != FAIL for finding in self.gate)

    @property
    def open(self) -> list[dict[str, Any]]:
        """What failed and what the promotion's reason must stand for: [{verdict, said: {zh, en}}]."""
        return told(self.gate, self.findings)


def told(gate: Sequence[Mapping[str, Any]], findings: Sequence[Any]) -> list[dict[str, Any]]:
    """The requirements that are not simply met, in words; of a bundle that could not be read, what was said of it.

    findings : sentences in both languages, or plain ones as earlier versions recorded them
    """
    left = [entry for entry in gate if entry["verdict"] != PASS]
    if left:
        return [{"verdict": entry["verdict"], "said": _sentence(entry)} for entry in left]
    plain = [said if isinstance(said, dict) else {"zh": said, "en": said} for said in findings]
    return [{"verdict": FAIL, "said": said} for said in plain]


def _sentence(entry: Mapping[str, Any]) -> dict[str, str]:
    return both(N_("{requirement}: {result}"), requirement=entry["requirement"], result=entry["result"])


def examine(folder: Path, *, champion: str | None = None, limit: float = LIMIT) -> Verdict:
    """Judge a bundle in a child process, beside the present ``champion``; a crash or a standstill is a failure."""
    command = [sys.executable, "-m", "serving.champion.gate", str(folder.resolve()), champion or ""]
    environment = {**os.environ, "PYTHONPATH": str(_CHECKOUT)}
    try:
        done = subprocess.run(
            command, cwd=_CHECKOUT, env=environment, capture_output=True, timeout=limit, check=False
        )
    except subprocess.TimeoutExpired:
        return Verdict(FAIL, [both(_LATE, seconds=f"{limit:g}")])
    try:
        said = json.loads(done.stdout)
        return Verdict(str(said["verdict"]), list(said["findings"]), list(said["gate"]))
    except (ValueError, KeyError, TypeError):
        return Verdict(FAIL, [both(_DIED, code=done.returncode)])


def check(folder: Path, champion: str | None = None) -> Verdict:
    """What the child does: load (hashes, shapes, ranges), ask the golden rows, judge the evidence."""
    try:
        bundle = bundles.load(folder)
        evidence = requirements.evidence_of(bundle)
    except Refusal as refusal:
        return Verdict(FAIL, [refusal.message()])
    except ValueError as problem:
        return Verdict(FAIL, [both(requirements.UNREADABLE, kind=type(problem).__name__)])
    findings = requirements.judge(evidence, champion=champion)
    documents = [finding.document() for finding in findings]
    failed = [_sentence(document) for document in documents if document["verdict"] == FAIL]
    return Verdict(requirements.overall(findings), failed, documents)


def main(argv: list[str]) -> None:
    """Print what `check` finds as one line of JSON."""
    verdict = check(Path(argv[0]), (argv[1] if len(argv) > 1 else "") or None)
    print(json.dumps({"verdict": verdict.verdict, "findings": verdict.findings, "gate": verdict.gate}))


if __name__ == "__main__":
    main(sys.argv[1:])
