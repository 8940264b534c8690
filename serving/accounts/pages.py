"""The way in and out: ``/``, ``/login``, ``/logout``."""

from __future__ import annotations

import hmac
import secrets
from contextlib import suppress
from datetime import date
from functools import partial
from typing import Annotated
from urllib.parse import urlsplit

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar
from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from features.errors import Refusal
from serving.accounts import service
from serving.scope import scope_of
from serving.snapshots.repository import SnapshotRepository
from serving.web.access import COOKIE, Anyone, CountyForm, cookie_name, from_here, present, session_cookie
from serving.web.context import Here
from serving.web.pages import language, page
from serving.web.settings import Settings

router = APIRouter(include_in_schema=False)

HOME = "/lists/latest"
# A sign-in form has no session yet: it is tied to its browser by a cookie that holds the same token.
FORM_COOKIE = "fangpin_form"
# Sign-ins have threads of their own: however many come, the other requests keep theirs.
_threads: RunVar[CapacityLimiter] = RunVar("sign-in threads")


@router.get("/")
async def start(rule: Anyone) -> Response:
    """The list is the first page."""
    return RedirectResponse(HOME, status_code=303)


@router.get("/login")
async def form(request: Request, here: Here, rule: Anyone) -> Response:
    """The sign-in form; whoever is signed in goes on to where they wanted to."""
    goal = local(request.query_params.get("next"))
    if present(request) is not None:
        return RedirectResponse(goal or HOME, status_code=303)
    return await run_in_threadpool(_drawn, request, here, goal=goal)


@router.post("/login")
async def sign_in(
    request: Request,
    here: Here,
    rule: Anyone,
    account: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    goal: Annotated[str, Form()] = "",
    csrf: Annotated[str, Form()] = "",
) -> Response:
    """Sign in, and go on to ``goal``; the form again where that did not succeed."""
    from_here(request)
    tied = request.cookies.get(cookie_name(FORM_COOKIE, here.settings), "")
    if not tied or not hmac.compare_digest(tied.encode(), csrf.encode("utf-8", "surrogatepass")):
        raise Refusal("form_not_ours")
    try:
        limiter = _threads.get()
    except LookupError:
        limiter = CapacityLimiter(2)
        _threads.set(limiter)
    try:
        opened = await to_thread.run_sync(
            partial(
                service.sign_in,
                home=here.home,
                store=here.store,
                throttle=here.throttle,
                settings=here.settings,
                name=account,
                password=password,
                source=request.client.host if request.client else "",
                leaving=session_cookie(request),
            ),
            limiter=limiter,
        )
    except Refusal as refusal:
        if refusal.code not in ("sign_in_refused", "sign_in_locked"):
            raise
        return await run_in_threadpool(
            _drawn, request, here, goal=local(goal), typed=account, refusal=refusal
        )
    response = RedirectResponse(local(goal) or HOME, status_code=303)
    _set(response, here.settings, COOKIE, opened.cookie)
    return response


@router.post("/logout")
async def sign_out(request: Request, here: Here, caller: CountyForm) -> Response:
    """End the session, here and in the browser."""
    cookie = session_cookie(request)
    assert cookie is not None
    await run_in_threadpool(service.sign_out, store=here.store, caller=caller, cookie=cookie)
    response = RedirectResponse("/login", status_code=303)
    name = cookie_name(COOKIE, here.settings)
    response.delete_cookie(name, secure=here.settings.secure_cookies, httponly=True, samesite="strict")
    return response


def local(address: str | None) -> str | None:
    """An address of ours to go on to; None for any other, so that nobody is led elsewhere.

    >>> local("/households/12?lang=en"), local("//elsewhere"), local("https://elsewhere"), local("/a b")
    ('/households/12?lang=en', None, None, None)
    """
    if not address or not address.startswith("/") or len(address) > 2000:
        return None
    # Browsers read a backslash as a slash, and drop tabs and line ends from addresses.
    if address.startswith("//") or "\\" in address or not address.isascii():
        return None
    if any(ord(c) <= 0x20 or ord(c) == 0x7F for c in address):
        return None
    parts = urlsplit(address)
    return None if parts.scheme or parts.netloc or parts.path in ("/login", "/logout") else address


def _drawn(
    request: Request, here: Here, *, goal: str | None, typed: str = "", refusal: Refusal | None = None
) -> Response:
    lang = language(request)
    token = request.cookies.get(cookie_name(FORM_COOKIE, here.settings)) or secrets.token_hex(32)
    response = page(
        request,
        "login.html",
        status=200 if refusal is None else refusal.kind.http,
        typed=typed,
        error=None if refusal is None else _sentences(refusal, lang),
        as_of=_as_of(here),
        goal=goal,
        csrf=token,
    )
    if refusal is not None and refusal.code == "sign_in_locked":
        response.headers["Retry-After"] = str(60 * int(str(refusal.params["minutes"])))
    _set(response, here.settings, FORM_COOKIE, token)
    return response


def _sentences(refusal: Refusal, lang: str) -> str:
    # Chinese sentences follow each other without a space.
    return ("" if lang == "zh" else " ").join((refusal.message()[lang], refusal.remedy()[lang]))


def _as_of(here: Here) -> date | None:
    # The form is shown also while the store ails: /readyz and the log say so.
    with suppress(Refusal), here.store.reading() as reading:
        latest = SnapshotRepository(reading).latest(scope_of("/"))
        return latest.as_of if latest else None
    return None


def _set(response: Response, settings: Settings, name: str, value: str) -> None:
    """A cookie for this browser's sitting that no script reads and no other site's request carries.

    ``SameSite=Strict``: also a link from elsewhere arrives without it, and so at the sign-in form; pages of
    one county are opened from bookmarks and from each other.
    """
    response.set_cookie(
        cookie_name(name, settings), value, secure=settings.secure_cookies, httponly=True, samesite="strict"
    )
