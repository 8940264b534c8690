"""Routes of ``/v1`` on households."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path

from features.documents import Sha256
from features.wording import N_
from serving.decisions import examples as decisions
from serving.households import service
from serving.households.documents import HistoryDocument
from serving.lists import examples as lists
from serving.web.access import County
from serving.web.context import Here
from serving.web.ids import by_id
from serving.web.openapi import ANY_CALLER, answers, refusals, told

router = APIRouter(prefix="/v1", tags=["households"])

HISTORY = {
    "household": decisions.HOUSEHOLD,
    "decisions": [
        {key: decisions.DECISION[key] for key in ("id", "as_of", "tier", "snapshot", "bundle", "parameters")}
        | {"asked_at": "2026-10-01T08:30:00Z", "asked_by": "wang"}
    ],
    "lists": [
        {key: lists.PAGE[key] for key in ("list", "period", "as_of")}
        | {key: lists.LINE[key] for key in ("tier", "probability", "rank", "planned", "raised_by")}
    ],
}


@router.get(
    by_id("/households/{household}/decisions"),
    operation_id="household_history",
    response_model=HistoryDocument,
    **told(
        N_("What was decided of a household"),
        "Every stored decision about it, and how it was judged for each list of its area, the latest first. Who looked is noted.",
    ),
    responses={
        200: answers("The history.", HISTORY),
        **refusals("unknown_household", "no_such_page", *ANY_CALLER),
    },
)
def household_history(
    household: Annotated[Sha256, Path(description="The household's id.", examples=[decisions.HOUSEHOLD])],
    here: Here,
    caller: County,
) -> dict[str, Any]:
    return service.history(store=here.store, scope=caller.scope, household=household, by=caller.name)
