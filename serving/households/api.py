"""Routes of ``/v1`` on households."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path

from features.documents import Sha256
from features.wording import N_
from serving.decisions import examples as decisions
from serving.households import service
from serving.households.documents import HistoryDocument, SearchDocument
from serving.households.requests import SearchAsked
from serving.lists import examples as lists
from serving.register import service as register
from serving.web.access import County
from serving.web.context import Here
from serving.web.ids import by_id
from serving.web.openapi import ANY_CALLER, ANY_CHANGE, answers, refusals, told

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


@router.post(
    "/households/search",
    operation_id="search_households",
    response_model=SearchDocument,
    **told(
        N_("Find a household by number or name"),
        "The households of the latest published day with exactly this number, name or identity number; none where there is none. A search is sent in the body and noted without its text, so that no name stands in an address or a log.",
    ),
    responses={
        200: answers(
            "Who was found.", {"households": [{"household": decisions.HOUSEHOLD, "area": decisions.AREA}]}
        ),
        **refusals("key_missing", "key_damaged", *ANY_CALLER, *ANY_CHANGE),
    },
)
def search_households(
    asked: Annotated[
        SearchAsked,
        Body(
            openapi_examples={
                "number": {"summary": "by number", "value": {"q": "990101-000123"}},
                "name": {"summary": "by name", "value": {"q": "王建国"}},
            }
        ),
    ],
    here: Here,
    caller: County,
) -> dict[str, Any]:
    return register.search(home=here.home, store=here.store, scope=caller.scope, q=asked.q, by=caller.name)


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
