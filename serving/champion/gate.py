"""The gate before a promotion: the bundle verifies, and its golden rows answer as recorded.

It runs in a child process with a time limit, so that whatever a damaged bundle does, it does it there:
``python -m serving.champion.gate FOLDER`` prints one JSON object ``{"passed", "findings"}``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from features.errors import Refusal

# Seconds; loading and a few golden rows take about one.
LIMIT = 60.0
_CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Verdict:
    """Whether the bundle may pass, and what was found wrong."""

    passed: bool
    findings: list[str] = field(default_factory=list)


def examine(folder: Path, *, limit: float = LIMIT) -> Verdict:
    """Judge a bundle in a child process; a crash or a standstill is a failure."""
    command = [sys.executable, "-m", "serving.champion.gate", str(folder.resolve())]
    environment = {**os.environ, "PYTHONPATH": str(_CHECKOUT)}
    try:
        done = subprocess.run(
            command, cwd=_CHECKOUT, env=environment, capture_output=True, timeout=limit, check=False
        )
    except subprocess.TimeoutExpired:
        return Verdict(False, [f"no answer within {limit:g} seconds"])
    try:
        said = json.loads(done.stdout)
        return Verdict(bool(said["passed"]), [str(finding) for finding in said["findings"]])
    except (ValueError, KeyError, TypeError):
        return Verdict(False, [f"the check ended with {done.returncode} and no answer"])


def check(folder: Path) -> Verdict:
    """What the child does: load (hashes, shapes, ranges), then ask the golden rows."""
    from models.risk import bundle as bundles

    try:
        bundle = bundles.load(folder)
    except Refusal as refusal:
        return Verdict(False, [refusal.text("en")])
    findings = [f"golden answer differs: {name}" for name in bundles.verify_golden(bundle)]
    return Verdict(not findings, findings)


if __name__ == "__main__":
    verdict = check(Path(sys.argv[1]))
    print(json.dumps({"passed": verdict.passed, "findings": verdict.findings}))
