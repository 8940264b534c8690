"""Pages that look people up and, on record, call them by their name. No name ever stands in an address."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from features.documents import Sha256
from serving.register import service
from serving.register.records import PURPOSES
from serving.web.access import Caller, CountyForm, CountyPage
from serving.web.context import Here
from serving.web.pages import page

router = APIRouter(include_in_schema=False)

# Households on one page of hits; a common name has more, and an identity number has one.
SHOWN = 100
Typed = Annotated[str, Form(max_length=300)]
Purpose = Annotated[str, Form(max_length=20)]


@router.get("/households/search")
def search_page(request: Request, caller: CountyPage) -> Response:
    """The form that looks a household up."""
    return _form(request, caller)


@router.post("/households/search")
def search(request: Request, here: Here, caller: CountyForm, q: Typed = "") -> Response:
    """Households with exactly that number or name; the search is logged without its text."""
    if not q.strip():
        return _form(request, caller, missing=True)
    hits = service.find(home=here.home, store=here.store, scope=caller.scope, q=q, by=caller.name)
    shown = hits[:SHOWN]
    names = service.masked(
        home=here.home, store=here.store, scope=caller.scope, households=[hit.household for hit in shown]
    )
    return page(
        request,
        "register/search.html",
        caller=caller,
        typed=q,
        missing=False,
        hits=shown,
        count=len(hits),
        names=names,
    )


@router.get("/households/{household}/name")
def without_purpose(request: Request, caller: CountyPage, household: Sha256) -> Response:
    """A name is told in answer to a form; who reloads or translates that page is led to the household."""
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"/households/{household}{query}", status_code=303)


@router.post("/households/{household}/name")
def reveal(
    request: Request, here: Here, caller: CountyForm, household: Sha256, purpose: Purpose = ""
) -> Response:
    """The full names of a household, for a purpose that is logged together with who asked."""
    told = service.reveal(
        home=here.home,
        store=here.store,
        scope=caller.scope,
        household=household,
        by=caller.name,
        purpose=purpose,
    )
    return page(request, "register/names.html", caller=caller, told=told, purpose=PURPOSES[purpose])


def _form(request: Request, caller: Caller, *, missing: bool = False) -> Response:
    return page(
        request,
        "register/search.html",
        caller=caller,
        status=422 if missing else 200,
        typed="",
        missing=missing,
        hits=None,
        count=0,
        names={},
    )
