"""How what goes wrong is answered: the error document for programs, a page for people; never a stack trace."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException

from features.errors import Refusal
from features.wording import LANGUAGES, N_, text
from serving.web.access import SignInFirst, present
from serving.web.logs import log, trace_of
from serving.web.pages import language, page

# Addresses that only programs ask.
PROGRAMS = ("/v1/", "/livez", "/readyz", "/openapi.json")
TITLES = {
    403: N_("This was not accepted"),
    404: N_("Not found"),
    405: N_("Not asked in this way"),
    413: N_("Too large"),
    422: N_("Not understood"),
    429: N_("Please wait"),
    500: N_("Something went wrong"),
    503: N_("Not available at the moment"),
}
# Seconds after which the same request may well succeed.
RETRY = {"store_busy": 1, "deadline_exceeded": 5, "not_ready": 10}


def answer_errors(app: FastAPI) -> None:
    """Answer every kind of error of ``app``; what is not expected is left to `serving.web.trail`."""
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(RequestValidationError, _not_valid)
    app.add_exception_handler(HTTPException, _no_route)
    app.add_exception_handler(SignInFirst, _sign_in)


def answer(request: Request, refusal: Refusal) -> Response:
    """The answer to a refusal with its HTTP status: a page for a browser, else the error document."""
    request.scope.setdefault("state", {})["code"] = refusal.code
    response: Response | None = None
    if for_people(request):
        try:
            response = _page(request, refusal)
        except Exception as problem:
            # The page is drawn from the store and templates; where these ail, the document still says it.
            log.error("an error page could not be drawn\n%s", trace_of(problem))
    if response is None:
        response = JSONResponse(refusal.document(), status_code=refusal.kind.http)
    if refusal.kind.http == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if "minutes" in refusal.params:
        response.headers["Retry-After"] = str(60 * int(str(refusal.params["minutes"])))
    elif refusal.code in RETRY:
        response.headers["Retry-After"] = str(RETRY[refusal.code])
    return response


def for_people(request: Request) -> bool:
    """Does a browser ask for a page?"""
    if request.url.path.startswith(PROGRAMS) or "authorization" in request.headers:
        return False
    return "text/html" in request.headers.get("accept", "")


def _page(request: Request, refusal: Refusal) -> Response:
    caller = present(request)
    lang = language(request, caller)
    status = refusal.kind.http
    return page(
        request,
        "error.html",
        caller=caller,
        status=status,
        title=text(TITLES.get(status, TITLES[500 if status >= 500 else 422]), lang),
        message=refusal.message()[lang],
        remedy=refusal.remedy()[lang],
        number=request.scope["state"].get("number"),
    )


def _refused(request: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refusal)
    return answer(request, refusal)


def _not_valid(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, RequestValidationError)
    first = problem.errors()[0]
    # Only where and of what kind: what was sent may be personal, and so may a key that we did not ask for.
    where = [str(part) for part in first["loc"]]
    if first["type"] == "extra_forbidden":
        where[-1] = "…"
    column = ".".join(where[1:]) or where[0]
    return answer(request, Refusal("bad_request", column=column, reason=first["type"]))


def _no_route(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, HTTPException)
    status = problem.status_code
    if status == 404:
        return answer(request, Refusal("no_such_page"))
    if status == 405:
        response = answer(request, Refusal("method_not_allowed"))
        response.headers["Allow"] = ", ".join(_methods(request))
        return response
    return answer(request, Refusal("bad_request", column="body", reason=f"HTTP {status}"))


def _methods(request: Request) -> list[str]:
    """Every method that some route answers at this address."""
    found: set[str] = set()
    for route in iter_route_contexts(request.app.routes):
        if route.path_regex.match(request.scope["path"]):
            found |= route.methods or set()
    return sorted(found)


def _sign_in(request: Request, problem: Exception) -> Response:
    asked: dict[str, str] = {}
    if request.method == "GET":
        asked["next"] = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if request.query_params.get("lang") in LANGUAGES:
        asked["lang"] = request.query_params["lang"]
    return RedirectResponse(f"/login?{urlencode(asked)}" if asked else "/login", status_code=303)
