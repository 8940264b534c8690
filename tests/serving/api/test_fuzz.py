"""A small dose of questions made from the description; ``python -m tests.serving.api.fuzz`` gives the full one."""

from __future__ import annotations

from tests.serving.api.fuzz import ask
from tests.serving.api.prepare import Prepared
from tests.serving.api.running import Running

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


def test_every_answer_is_documented_and_none_is_our_fault(running: Running, prepared: Prepared) -> None:
    found = ask(running, prepared.known, CASES)
    assert not found.wrong, "\n".join(found.wrong[:5])
    assert found.cases >= CASES
    assert set(found.checks) >= REACHED
    assert {200, 401, 404, 405, 409, 422} <= set(found.statuses)
