"""A small dose of questions made from the description; ``python -m tests.serving.api.fuzz`` gives the full one."""

from __future__ import annotations

from pathlib import Path

import httpx

from tests.serving.api.conftest import Start
from tests.serving.api.fuzz import ask
from tests.serving.api.prepare import Prepared

CASES = 600
# Each of these found something to check; a check that is never reached would find nothing either.
REACHED = {
    "not_a_server_error",
    "documented_code",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "negative_data_rejection",
    "positive_data_acceptance",
    "unsupported_method",
    "ignored_auth",
}


def test_every_answer_is_documented_and_none_is_our_fault(
    prepared: Prepared, own: Path, start: Start
) -> None:
    running = start(own)
    found = ask(running, prepared, CASES)
    assert not found.wrong, "\n".join(found.wrong[:5])
    assert found.cases >= CASES
    assert set(found.checks) >= REACHED
    assert {200, 201, 401, 404, 405, 409, 422} <= set(found.statuses)
    described = httpx.get(f"{running.base}/openapi.json").json()["paths"]
    operations = {f"{method.upper()} {path}" for path, by in described.items() for method in by}
    # The description itself is where the questions come from; no more is asked of it.
    assert set(found.answered) == operations - {"GET /openapi.json"}, "each route gave a good answer, too"
