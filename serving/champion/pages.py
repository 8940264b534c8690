"""Pages of the models: what the champion and its challenger are worth, and the forms that change who judges."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from starlette.convertors import Convertor, register_url_convertor

from features.errors import Refusal
from features.wording import text
from serving.accounts.records import Caller
from serving.champion import card, look, service, tabs, view
from serving.champion.look import Seen
from serving.champion.said import short
from serving.households.declared import declared
from serving.web.access import CountyForm, CountyPage
from serving.web.context import Here, Service
from serving.web.ids import by_id
from serving.web.pages import language, page

router = APIRouter(include_in_schema=False)

TABS = ("promotion", "fairness", "drift", "capacity", "card", "history")
# Refusals that are answered on the page, above the form they are about.
TOLD = (
    "gate_failed",
    "name_or_reason_missing",
    "catalogue_mismatch",
    "bundle_damaged",
    "no_previous_champion",
    "no_champion",
    "store_busy",
)
# The longest reason that is taken.
LONGEST = 2000
Reason = Annotated[str, Form(max_length=LONGEST)]
Ticked = Annotated[str, Form(max_length=3)]


class _Tab(Convertor[str]):
    """One of `TABS`, in an address; anything else is no page."""

    regex = "|".join(TABS)

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("tab", _Tab())


@router.get("/models")
def models_page(request: Request, here: Here, caller: CountyPage) -> Response:
    """The champion and the newest challenger."""
    return _drawn(request, here, caller, None, "promotion")


@router.post("/models/rollback")
def rollback(request: Request, here: Here, caller: CountyForm, reason: Reason = "") -> Response:
    """Make the champion before this one the champion again, in the name of who asks, and say why."""
    caller.scope.require_whole()
    try:
        service.rollback(home=here.home, store=here.store, scope=caller.scope, by=caller.name, reason=reason)
    except Refusal as refusal:
        return _refused(request, here, caller, None, refusal, "rollback", reason)
    return RedirectResponse("/models?done=rollback", status_code=303)


@router.get("/models/rollback")
def after_rollback(caller: CountyPage) -> Response:
    """Where a reloaded or translated answer to a refused rollback leads."""
    return RedirectResponse("/models", status_code=303)


@router.post(by_id("/models/{bundle}/promotion"))
def promote(
    request: Request,
    here: Here,
    caller: CountyForm,
    bundle: str,
    reason: Reason = "",
    overrule: Ticked = "",
    answer: Ticked = "",
) -> Response:
    """Make a bundle the champion in the name of who asks; past a failed gate only who ticks to answer for it."""
    caller.scope.require_whole()
    if overrule and not answer:
        return _drawn(
            request,
            here,
            caller,
            bundle,
            "promotion",
            form="promotion",
            typed=reason,
            unanswered=True,
            status=422,
        )
    try:
        service.promote(
            home=here.home,
            store=here.store,
            scope=caller.scope,
            bundle=bundle,
            by=caller.name,
            reason=reason,
            overrule=bool(overrule),
        )
    except Refusal as refusal:
        return _refused(request, here, caller, bundle, refusal, "promotion", reason)
    return RedirectResponse(f"/models/{bundle}/promotion?done=promotion", status_code=303)


@router.get("/models/{bundle:sha256}/{tab:tab}")
def model_page(
    request: Request,
    here: Here,
    caller: CountyPage,
    bundle: str,
    tab: str,
    area: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """One side of one bundle: promotion, fairness, drift, capacity, its card, or the history of all."""
    return _drawn(request, here, caller, bundle, tab, area=area)


def _refused(
    request: Request,
    here: Service,
    caller: Caller,
    bundle: str | None,
    refusal: Refusal,
    form: str,
    typed: str,
) -> Response:
    if refusal.code not in TOLD:
        raise refusal
    status = refusal.kind.http
    return _drawn(
        request, here, caller, bundle, "promotion", refusal=refusal, form=form, typed=typed, status=status
    )


def _drawn(
    request: Request,
    here: Service,
    caller: Caller,
    bundle: str | None,
    tab: str,
    *,
    area: str | None = None,
    refusal: Refusal | None = None,
    form: str = "",
    typed: str = "",
    unanswered: bool = False,
    status: int = 200,
) -> Response:
    lang = language(request, caller)
    seen = look.look(home=here.home, store=here.store, scope=caller.scope, bundle=bundle)
    if seen.subject is None:
        return page(request, "models/none.html", caller=caller)
    outcomes = declared(here.home).outcomes
    named = outcomes.get(seen.subject.outcome)
    shown: dict[str, Any] = {
        "tab": tab,
        "tabs": TABS,
        "seen": seen,
        "subject": seen.subject,
        "outcome": named[lang] if named else seen.subject.outcome,
        "short": short,
        "whole": caller.scope.whole,
        "faces": _faces(seen),
        "source": _source(seen),
    }
    # The data's own word on whether they are invented stands above what was published.
    if seen.synthetic is not None:
        shown["synthetic"] = seen.synthetic
    if tab == "promotion":
        shown |= _promotion(here, caller, seen, lang)
        message = refusal.message()[lang] if refusal else ""
        if refusal is not None and refusal.code == "name_or_reason_missing":
            message = text("Say why: the reason stands on record beside your name.", lang)
        if unanswered:
            message = text("Tick that you answer for it; without that nothing changes.", lang)
        done = request.query_params.get("done", "")
        shown |= {
            "form": form,
            "typed": typed,
            "message": message,
            "missing": refusal is not None and refusal.code == "name_or_reason_missing",
            "unanswered": unanswered,
            "done": seen.records[0]
            if done and seen.records and seen.records[0]["by"] == caller.name
            else None,
        }
    elif tab == "fairness":
        shown["fairness"] = tabs.fairness(seen.subject, lang)
    elif tab == "drift":
        shown["drift"] = tabs.drift(seen.subject, lang)
    elif tab == "capacity":
        shown["capacity"] = tabs.capacity(seen.subject, area, caller.scope, lang)
    elif tab == "card":
        said = seen.subject.cards.get(lang)
        shown["card"] = card.drawn(said, text("Facts", lang)) if said else None
    else:
        shown["acts"] = seen.records if caller.scope.whole else None
    return page(request, f"models/{tab}.html", caller=caller, status=status, **shown)


def _faces(seen: Seen) -> list[view.Face]:
    found = []
    for mark, each in ((view.CHAMPION, seen.champion), (view.CHALLENGER, seen.challenger)):
        if each is not None:
            record = seen.promoted(each.model_sha256) if mark == view.CHAMPION else None
            found.append(view.face(each, mark, record, seen.champion if mark == view.CHALLENGER else None))
    return found


def _source(seen: Seen) -> Mapping[str, Any]:
    """On what the figures of the subject rest."""
    subject = seen.subject
    assert subject is not None
    blocks = subject.blocks
    days = [day for block in blocks for day in block.get("test", ())]
    judged = subject.evaluation or {}
    return {
        "blocks": len(blocks),
        "first": min(days, default=None),
        "last": max(days, default=None),
        "rows": judged.get("rows"),
        "events": judged.get("events"),
        "households": judged.get("households"),
        "synthetic": subject.synthetic,
    }


def _promotion(here: Service, caller: Caller, seen: Seen, lang: str) -> dict[str, Any]:
    champion, challenger = seen.champion, seen.challenger
    gate = None
    if challenger is not None:
        verdict = look.judged(challenger.folder, champion.model_sha256 if champion else None)
        gate = view.gate(verdict, lang)
    movers = view.movers(challenger, champion, caller.scope, lang)
    if movers is not None and movers.rows and challenger is not None:
        look.note(
            store=here.store,
            scope=caller.scope,
            model_sha256=challenger.model_sha256,
            households=len(movers.rows),
            by=caller.name,
        )
    return {
        "gate": gate,
        "backtest": view.backtest(champion, challenger, lang),
        "sides": view.sides(challenger, champion, lang),
        "reliability": view.reliability(champion, challenger, lang),
        "curve": view.precision_recall(champion, challenger, lang),
        "movers": movers,
    }
