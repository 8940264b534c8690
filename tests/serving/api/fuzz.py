"""Questions made from the service's own description, thousands of them, and what was wrong with the answers.

``python -m tests.serving.api.fuzz --cases 5000`` makes a home, serves it, asks, and prints what it found; it
ends with 1 if any answer was a server error or not what the description promises.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import schemathesis
from schemathesis import Case, Config, GenerationMode, Response
from schemathesis.checks import CheckContext
from schemathesis.core.failures import Failure
from schemathesis.engine import Status, events, from_schema

from serving.lists.cursor import mark
from tests.serving.api.prepare import Prepared
from tests.serving.api.running import Running, in_a_process

# What no schema can say: whether a cursor is ours and an area well written. Only these may refuse what fits.
BEYOND_SCHEMA = {"bad_cursor", "bad_area"}
LISTS = {"latest_list", "fetch_list"}
# Examples an operation and round; a round has examples, coverage, fuzzing and stateful cases besides.
A_ROUND = 40


class CodeNotDocumented(Failure):
    """The error's code is not one of those that the description names for this status."""


@schemathesis.check
def documented_code(ctx: CheckContext, response: Response, case: Case) -> None:
    """Every refusal has a code that the description names for its status."""
    if response.status_code < 400:
        return
    told = json.loads(response.content)["error"]["code"]
    declared = case.operation.definition.raw["responses"].get(str(response.status_code), {})
    content = declared.get("content", {}).get("application/json", {})
    positive = case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE
    refused_though_it_fits = positive and response.status_code == 422 and told not in BEYOND_SCHEMA
    if told not in content.get("examples", {}) or refused_though_it_fits:
        raise CodeNotDocumented(
            operation=case.operation.label,
            title="Code not documented",
            message=f"{response.status_code} {told}",
        )


@dataclass
class Found:
    """What a run asked and what was wrong with the answers."""

    cases: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    checks: Counter[str] = field(default_factory=Counter)
    # By method and path, as the description writes them.
    answered: Counter[str] = field(default_factory=Counter)
    server_errors: list[str] = field(default_factory=list)
    undocumented: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> list[str]:
        return self.server_errors + self.undocumented

    def take(self, event: events.ScenarioFinished) -> None:
        """Count the cases of a scenario and what its checks found."""
        recorder = event.recorder
        self.cases += len(recorder.interactions)
        for name, interaction in recorder.interactions.items():
            if interaction.response is None:
                continue
            self.statuses[interaction.response.status_code] += 1
            if interaction.response.status_code < 300:
                self.answered[recorder.cases[name].value.operation.label] += 1
        for results in recorder.checks.values():
            for result in results:
                self.checks[result.name] += 1
                if result.status is Status.FAILURE:
                    about = result.failure_info
                    said = f"{recorder.label}: {result.name}: {about.failure if about else ''}\n{about.code_sample if about else ''}"
                    (self.server_errors if result.name == "not_a_server_error" else self.undocumented).append(
                        said
                    )


def settings(prepared: Prepared, seed: int, examples: int) -> Config:
    """All checks; half the time what exists is named, so that routes get beyond "there is no such"."""
    issued = prepared.issued
    households = [*prepared.unlisted[:20], *(line["household"] for line in issued["lines"][:20])]
    drawn = {
        "body.household": households,
        "body.households[*]": households,
        "body.key": ["h1", "h2", "h3", "h359"],
        "body.as_of": [issued["as_of"], "1999-12-31"],
        "body.q": ["h1", households[0], households[0][:12]],
        "path.household": households,
        "path.decision": [line["decision"] for line in issued["lines"][:20]],
        "path.list": [issued["list"]],
        "query.area": ["/", "41", "41/b", "41/b/v1"],
        "query.cursor": [mark(place, list_=issued["list"], area="/", tier=None) for place in (0, 7, 9999)],
    }
    beyond = {"positive_data_acceptance": {"expected-statuses": ["2xx", 401, 403, 404, 409, 422]}}
    return Config.from_dict(
        {
            "seed": seed,
            "continue-on-failure": True,
            "headers": {"Authorization": f"Bearer {prepared.token}"},
            "generation": {"max-examples": examples, "database": "none", "no-shrink": True},
            "dictionaries": {name: {"values": values} for name, values in drawn.items()},
            "parameters": {name: {"dictionary": name, "probability": 0.5} for name in drawn},
            "operations": [{"include-operation-id": name, "checks": beyond} for name in sorted(LISTS)],
        }
    )


def ask(service: Running, prepared: Prepared, cases: int, seed: int = 1) -> Found:
    """Ask ``service`` at least ``cases`` questions, in rounds with different seeds."""
    found = Found()
    while found.cases < cases:
        examples = max(1, min(A_ROUND, (cases - found.cases) // 40))
        schema = schemathesis.openapi.from_url(
            f"{service.base}/openapi.json", config=settings(prepared, seed, examples)
        )
        for event in from_schema(schema).execute():
            if isinstance(event, events.ScenarioFinished):
                found.take(event)
            if isinstance(event, events.NonFatalError | events.FatalError):
                raise RuntimeError(f"the questions could not be made: {event}")
        seed += 1
    return found


def main(argv: list[str]) -> int:
    """Make a home, serve it, ask, and print what was found."""
    from tests.serving.api.prepare import prepare

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        prepared = prepare(Path(folder))
        with in_a_process(prepared.home, prepared.token) as service:
            found = ask(service, prepared, asked.cases, asked.seed)
    for said in dict.fromkeys(found.wrong):
        print(said, file=sys.stderr)
    print(
        f"cases {found.cases}, server errors {len(found.server_errors)}, undocumented answers {len(found.undocumented)}"
    )
    print("answers " + ", ".join(f"{status}: {n}" for status, n in sorted(found.statuses.items())))
    print("answered " + ", ".join(f"{label}: {n}" for label, n in sorted(found.answered.items())))
    print("checks " + ", ".join(f"{name}: {n}" for name, n in sorted(found.checks.items())))
    return 1 if found.wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
