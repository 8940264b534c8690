"""Pages of households."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from serving.accounts.records import Caller
from serving.decisions import service as decisions
from serving.households import service
from serving.households.view import address, view
from serving.households.words import days_marked
from serving.register import service as register
from serving.register.records import PURPOSES, Member
from serving.web.access import CountyForm, CountyPage
from serving.web.context import Here, Service
from serving.web.ids import by_id
from serving.web.pages import language, page

# Digits of a household's number that people read to each other, in groups of four.
DIGITS, GROUP = 12, 4
# ?facts=all asks for all that is known.
ALL = "all"

router = APIRouter(include_in_schema=False)

Asked = Annotated[str | None, Query(max_length=64)]
Kept = Annotated[str, Form(max_length=64)]


@router.get(by_id("/households/{household}"))
def household_page(
    request: Request,
    here: Here,
    caller: CountyPage,
    household: str,
    decision: Asked = None,
    list: Asked = None,
    facts: Annotated[str | None, Query(max_length=10)] = None,
) -> Response:
    """The page of a household; looking at it is logged and decides nothing."""
    return _drawn(request, here, caller, household, decision, list, facts=facts == ALL)


@router.post(by_id("/households/{household}/decisions"))
async def judge_now(here: Here, caller: CountyForm, household: str, list: Kept = "") -> Response:
    """Judge the household by what is in force, then show its page."""
    await here.desk.decide(scope=caller.scope, household=household, as_of=None, by=caller.name)
    return RedirectResponse(address(household, list=list), status_code=303)


@router.get(by_id("/households/{household}/decisions/{decision}/replay"))
def after_replay(
    caller: CountyPage, household: str, decision: str, lang: Annotated[str | None, Query(max_length=2)] = None
) -> Response:
    """Where a reloaded or translated answer to a replay leads: to the decision itself."""
    return RedirectResponse(address(household, decision=decision, lang=lang), status_code=303)


@router.post(by_id("/households/{household}/decisions/{decision}/replay"))
def replay(
    request: Request, here: Here, caller: CountyForm, household: str, decision: str, list: Kept = ""
) -> Response:
    """Judge a stored decision again from what was frozen, and say whether the bytes are equal."""
    answer = decisions.replay(home=here.home, store=here.store, scope=caller.scope, decision=decision)
    return _drawn(request, here, caller, household, decision, list or None, answer)


def number(household: str) -> str:
    """A household's number as people read it.

    >>> number("0123456789abcdef")
    '0123 4567 89ab'
    """
    return " ".join(household[start : min(start + GROUP, DIGITS)] for start in range(0, DIGITS, GROUP))


def _name(here: Service, caller: Caller, household: str) -> str | None:
    """The masked name of the head; none where the register has none."""
    named = register.masked(home=here.home, store=here.store, scope=caller.scope, households=[household])
    return named.get(household)


def _members(here: Service, caller: Caller, household: str) -> list[Member]:
    return register.people(home=here.home, store=here.store, scope=caller.scope, household=household)


def _drawn(
    request: Request,
    here: Service,
    caller: Caller,
    household: str,
    decision: str | None,
    list_: str | None,
    replayed: dict[str, object] | None = None,
    *,
    facts: bool = False,
) -> Response:
    seen = service.look(
        home=here.home,
        store=here.store,
        scope=caller.scope,
        household=household,
        decision=decision,
        list_=list_,
        facts=facts,
        by=caller.name,
    )
    lang = language(request, caller)
    return page(
        request,
        "household.html",
        caller=caller,
        synthetic=bool(seen.setting.get("synthetic")),
        view=view(seen, lang),
        number=number(household),
        leaf=seen.place,
        name=_name(here, caller, household),
        members=_members(here, caller, household),
        purposes=PURPOSES,
        days_marked=days_marked,
        lacking=seen.lacking.text(lang) if seen.lacking and seen.decision is None else None,
        replayed=replayed,
    )
