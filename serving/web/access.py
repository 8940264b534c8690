"""Who may call a route: the rule is the type of the route's parameter.

Each route has exactly one parameter of one of these types; a test lists the routes and fails for one without.

- `Anyone`: no account needed.
- `County`: a bearer token, or a session (with its CSRF token in a header where the request changes something).
- `CountyPage`: a session; a browser without one is led to the sign-in page.
- `CountyForm`: a session and the CSRF token of its form, in the field ``csrf``.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Form, Request, Security
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer

from features.errors import Refusal
from serving.accounts import service as accounts
from serving.accounts.records import Caller
from serving.web.context import Here

COOKIE = "fangpin_session"
CSRF_HEADER, CSRF_FIELD = "X-CSRF-Token", "csrf"
SAFE = ("GET", "HEAD", "OPTIONS")

_bearer = HTTPBearer(auto_error=False, description="A token made by `fangpin user add`.")
_cookie = APIKeyCookie(name=COOKIE, auto_error=False, description="The session of a signed-in browser.")


class SignInFirst(Exception):
    """A page was asked for without a session: the browser is led to the sign-in page."""


def _public() -> None:
    return None


def _by_token_or_session(*roles: str) -> Callable[..., Caller]:
    def rule(
        request: Request,
        here: Here,
        bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
        cookie: Annotated[str | None, Security(_cookie)],
    ) -> Caller:
        if bearer is not None:
            token = bearer.credentials
            return _allowed(
                accounts.by_token(store=here.store, token=token, attendance=here.attendance), roles
            )
        caller = _allowed(_session(here, cookie), roles)
        if request.method not in SAFE:
            _same(caller, request.headers.get(CSRF_HEADER))
        return caller

    return rule


def _by_session(*roles: str) -> Callable[..., Caller]:
    def rule(request: Request, here: Here) -> Caller:
        caller = _session(here, request.cookies.get(COOKIE))
        if caller is None:
            raise SignInFirst
        return _allowed(caller, roles)

    return rule


def _by_form(*roles: str) -> Callable[..., Caller]:
    page = _by_session(*roles)

    def rule(request: Request, here: Here, csrf: Annotated[str, Form()] = "") -> Caller:
        caller = page(request, here)
        _same(caller, csrf)
        return caller

    return rule


def _session(here: Here, cookie: str | None) -> Caller | None:
    return accounts.by_session(
        store=here.store, cookie=cookie, settings=here.settings, attendance=here.attendance
    )


def _allowed(caller: Caller | None, roles: tuple[str, ...]) -> Caller:
    if caller is None or caller.role not in roles:
        raise Refusal("not_signed_in")
    return caller


def _same(caller: Caller, token: str | None) -> None:
    if not caller.csrf or not token or not hmac.compare_digest(caller.csrf.encode(), token.encode()):
        raise Refusal("form_not_ours")


Anyone = Annotated[None, Depends(_public)]
County = Annotated[Caller, Depends(_by_token_or_session("county"))]
CountyPage = Annotated[Caller, Depends(_by_session("county"))]
CountyForm = Annotated[Caller, Depends(_by_form("county"))]
