"""A household's history."""

from __future__ import annotations

from typing import Any

from features.errors import Refusal
from serving.decisions.repository import DecisionRepository
from serving.lists.repository import ListRepository
from serving.scope import Scope
from serving.store import Store
from serving.store.record import log_access


def history(*, store: Store, scope: Scope, household: str, by: str) -> dict[str, Any]:
    """What was decided of a household and how it stood on each list of its area, the latest first.

    Raises `Refusal` ``unknown_household`` where nothing is known of it in the scope.
    """
    with store.reading() as reading:
        decisions = DecisionRepository(reading).of_household(scope, household)
        stood = ListRepository(reading).of_household(scope, household)
    if not decisions and not stood:
        raise Refusal("unknown_household")
    with store.writing() as writing:
        log_access(writing, "read_history", subject=household, area=scope.area, by=by)
    return {
        "household": household,
        "decisions": [
            {
                **found,
                "as_of": found["as_of"].isoformat(),
                "asked_at": found["asked_at"].isoformat(),
            }
            for found in decisions
        ],
        "lists": [{**found, "as_of": found["as_of"].isoformat()} for found in stood],
    }
