"""Who may call a route: the rule is the type of the route's parameter.

Each route has exactly one parameter of one of these types; a test lists the routes and fails for one without.

- `Anyone`: no account needed.
- `County`: a bearer token, or a session (with its CSRF token in a header where the request changes something).
- `CountyPage`: a session; a browser without one is led to the sign-in page.
- `CountyForm`: a session and the CSRF token of its form, in the field ``csrf``.

The rules run in the event loop: each is one look into an index, which no writer can hold up.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Coroutine
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import Depends, Form, Request, Security
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer

from features.errors import Refusal
from serving.accounts import service as accounts
from serving.accounts.records import Caller
from serving.web.context import Here, Service
from serving.web.settings import Settings

COOKIE = "fangpin_session"
CSRF_HEADER, CSRF_FIELD = "X-CSRF-Token", "csrf"
SAFE = ("GET", "HEAD", "OPTIONS")

_bearer = HTTPBearer(auto_error=False, description="A token made by `fangpin user add`.")
_cookie = APIKeyCookie(name=COOKIE, auto_error=False, description="The session of a signed-in browser.")
Rule = Callable[..., Coroutine[Any, Any, Caller]]


class SignInFirst(Exception):
    """A page was asked for without a session: the browser is led to the sign-in page."""


def cookie_name(name: str, settings: Settings) -> str:
    """Behind TLS, ``__Host-`` keeps other names of the domain from setting the cookie."""
    return f"__Host-{name}" if settings.secure_cookies else name


def session_cookie(request: Request) -> str | None:
    """What the session's cookie holds, if the browser sent one."""
    service: Service = request.app.state.service
    return request.cookies.get(cookie_name(COOKIE, service.settings))


def present(request: Request) -> Caller | None:
    """Who is signed in, for pages that ask nobody to be; None also where the store does not answer."""
    known: Caller | None = getattr(request.state, "caller", None)
    if known is not None or "app" not in request.scope:
        return known
    try:
        return _session(request)
    except Refusal:
        return None


def from_here(request: Request) -> None:
    """Refuse (``form_not_ours``) what a browser sends from a page of another origin.

    Browsers say where a request comes from; an origin that is withheld ("null", as our own Referrer-Policy
    makes some do) says nothing, and the token of the form decides alone.
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin", "null")
    if site is not None:
        ours = site == "same-origin"
    else:
        ours = origin == "null" or urlsplit(origin).netloc == request.headers.get("host")
    if not ours:
        raise Refusal("form_not_ours")


async def _public() -> None:
    return None


def _by_token_or_session(*roles: str) -> Rule:
    async def rule(
        request: Request,
        here: Here,
        bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
        cookie: Annotated[str | None, Security(_cookie)],
    ) -> Caller:
        if bearer is not None:
            token = bearer.credentials
            found = accounts.by_token(store=here.store, token=token, attendance=here.attendance)
            return _allowed(request, found, roles)
        caller = _allowed(request, _session(request), roles)
        if request.method not in SAFE:
            from_here(request)
            _same(caller, request.headers.get(CSRF_HEADER))
        return caller

    return rule


def _by_session(*roles: str) -> Rule:
    async def rule(request: Request) -> Caller:
        caller = _session(request)
        if caller is None:
            raise SignInFirst
        return _allowed(request, caller, roles)

    return rule


def _by_form(*roles: str) -> Rule:
    page = _by_session(*roles)

    async def rule(request: Request, csrf: Annotated[str, Form()] = "") -> Caller:
        caller = await page(request)
        from_here(request)
        _same(caller, csrf)
        return caller

    return rule


def _session(request: Request) -> Caller | None:
    here: Service = request.app.state.service
    return accounts.by_session(
        store=here.store,
        cookie=session_cookie(request),
        settings=here.settings,
        attendance=here.attendance,
    )


def _allowed(request: Request, caller: Caller | None, roles: tuple[str, ...]) -> Caller:
    if caller is None or caller.role not in roles:
        raise Refusal("not_signed_in")
    request.state.caller = caller
    return caller


def _same(caller: Caller, token: str | None) -> None:
    if not caller.csrf or not token or not hmac.compare_digest(caller.csrf.encode(), token.encode()):
        raise Refusal("form_not_ours")


Anyone = Annotated[None, Depends(_public)]
County = Annotated[Caller, Depends(_by_token_or_session("county"))]
CountyPage = Annotated[Caller, Depends(_by_session("county"))]
CountyForm = Annotated[Caller, Depends(_by_form("county"))]
