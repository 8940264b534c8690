"""Routes of ``/v1`` on lists."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from features.documents import Sha256
from features.wording import N_
from serving.lists import examples, service
from serving.lists.documents import ListPageDocument
from serving.lists.requests import LatestAsked, ListAsked
from serving.web.access import County
from serving.web.context import Here
from serving.web.ids import by_id
from serving.web.openapi import ANY_CALLER, answers, refusals, told

router = APIRouter(prefix="/v1", tags=["lists"])


@router.get(
    "/lists/latest",
    operation_id="latest_list",
    response_model=ListPageDocument,
    **told(
        N_("The latest list of an area"),
        "The last list that holds the whole area, with the lines that lie in it, 200 a page. Further pages are asked of /v1/lists/{list:sha256} with the list's id, the same area and tier, and the cursor that stands in next: so a list issued meanwhile mixes nothing up.",
    ),
    responses={
        200: answers("The first page.", examples.PAGE),
        **refusals("unknown_list", "out_of_scope", "empty_area", "bad_area", *ANY_CALLER),
    },
)
def latest_list(asked: Annotated[LatestAsked, Query()], here: Here, caller: County) -> dict[str, Any]:
    return service.page(
        store=here.store, scope=caller.scope, area=asked.area, tier=asked.tier, most=here.settings.page
    )


@router.get(
    by_id("/lists/{list}"),
    operation_id="fetch_list",
    response_model=ListPageDocument,
    **told(
        N_("One list, page by page"),
        "The head of the list and up to 200 of its lines, in the order of the list. A list never changes, so its pages never shift.",
    ),
    responses={
        200: answers("A page.", examples.PAGE),
        **refusals(
            "unknown_list",
            "out_of_scope",
            "empty_area",
            "no_such_page",
            "bad_area",
            "bad_cursor",
            *ANY_CALLER,
        ),
    },
)
def fetch_list(
    list_: Annotated[Sha256, Path(alias="list", description="The list's id.", examples=[examples.LIST])],
    asked: Annotated[ListAsked, Query()],
    here: Here,
    caller: County,
) -> dict[str, Any]:
    return service.page(
        store=here.store,
        scope=caller.scope,
        name=list_,
        area=asked.area,
        tier=asked.tier,
        cursor=asked.cursor,
        most=here.settings.page,
    )
