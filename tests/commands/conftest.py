"""One small home, made by the verbs themselves, that the tests of this folder share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.commands.front_door import Ran, fangpin

AS_OF = "2026-09-30"


@dataclass
class Made:
    """The home, and what each verb answered when it was made, in order."""

    home: Path
    answers: dict[str, Any]

    def run(self, *argv: str | Path) -> Ran:
        """Run a verb in the home."""
        return fangpin(*argv, home=self.home)


def _answer(made: Made, name: str, *argv: str) -> Any:
    ran = made.run(*argv, "--json")
    assert ran.code == 0, f"{name}: {ran.err[-2000:]}"
    made.answers[name] = ran
    return ran.document


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """From an empty folder to an issued list, by the verbs alone, on a county of 400 households."""
    made = Made(tmp_path_factory.mktemp("verbs") / "home", {})
    _answer(made, "init", "init", "--clock", "simulated")
    _answer(made, "county", "county", "--households", "400", "--months", "30", "--seed", "7")
    _answer(made, "ingest", "ingest")
    snapshot = _answer(made, "snapshot", "snapshot", "--as-of", AS_OF)["snapshot"]
    _answer(made, "publish", "publish", snapshot)
    bundle = _answer(made, "train", "train", "--until", AS_OF)["bundle"]
    _answer(made, "promote", "promote", bundle, "--by", "Li Na", "--reason", "first model")
    _answer(made, "issue", "issue", "--area", "/", "--period", "2026-10")
    return made
