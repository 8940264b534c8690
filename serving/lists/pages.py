"""Pages of lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response

from features.errors import Refusal
from features.policy.vocabulary import groups
from serving.sheets import service
from serving.sheets.export import table
from serving.sheets.records import Asked
from serving.sheets.view import view
from serving.web.access import CountyPage
from serving.web.context import Here
from serving.web.pages import language, page

router = APIRouter(include_in_schema=False)

# Filters as a form sends them: a choice that is left open arrives empty.
Tiers = Annotated[list[Literal["red", "orange", "yellow", "blue"]], Query()]
Raised = Literal["", "rule", "score", "both", "check", "unknown"]
Group = Annotated[str, Query(max_length=40)]
Planned = Literal["", "yes", "no"]
Area = Annotated[str, Query(max_length=200)]
Flag = Literal["", "1"]


def _asked(
    tier: Sequence[str], raised: str, reason: str, planned: str, area: str, blue: str, number: int, whole: str
) -> Asked:
    if reason and reason not in groups():
        raise Refusal("bad_request", column="reason", reason="unknown")
    return Asked(frozenset(tier), raised, reason, planned, area.strip("/"), blue == "1", number, whole == "1")


@router.get("/lists/{name}.csv")
def list_table(
    request: Request,
    here: Here,
    caller: CountyPage,
    name: str,
    tier: Tiers = [],  # noqa: B006  # never changed: the framework copies it
    raised: Raised = "",
    reason: Group = "",
    planned: Planned = "",
    area: Area = "",
) -> Response:
    """The lines that the filters leave, as a file for a spreadsheet; taking it is logged."""
    asked = _asked(tier, raised, reason, planned, area, "1", 1, "")
    lang = language(request, caller)
    file, body = table(
        home=here.home,
        store=here.store,
        scope=caller.scope,
        name=name,
        asked=asked,
        by=caller.name,
        lang=lang,
    )
    disposition = f"attachment; filename=\"list.csv\"; filename*=UTF-8''{quote(file)}"
    return Response(body, media_type="text/csv; charset=utf-8", headers={"Content-Disposition": disposition})


@router.get("/lists/{name}")
def list_page(
    request: Request,
    here: Here,
    caller: CountyPage,
    name: str,
    tier: Tiers = [],  # noqa: B006
    raised: Raised = "",
    reason: Group = "",
    planned: Planned = "",
    area: Area = "",
    blue: Flag = "",
    number: Annotated[int, Query(alias="page", ge=1, le=100_000)] = 1,
    whole: Annotated[Flag, Query(alias="print")] = "",
) -> Response:
    """A list, ``latest`` or by its number; reading it is logged."""
    asked = _asked(tier, raised, reason, planned, area, blue, number, whole)
    try:
        sheet = service.read(
            home=here.home, store=here.store, scope=caller.scope, name=name, asked=asked, by=caller.name
        )
    except Refusal as refusal:
        if refusal.code != "unknown_list" or name != "latest":
            raise
        return page(request, "lists/none.html", caller=caller)
    shown = view(sheet, language(request, caller))
    return page(
        request,
        "lists/list.html",
        caller=caller,
        synthetic=sheet.header.document["synthetic"],
        sheet=sheet,
        asked=sheet.asked,
        view=shown,
    )
