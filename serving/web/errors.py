"""How what goes wrong is answered: the error document for programs, a page for people; never a stack trace."""

from __future__ import annotations

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.exceptions import HTTPException

from features.errors import Refusal
from serving.web.access import SignInFirst


def answer_errors(app: FastAPI) -> None:
    """Answer every kind of error of ``app``."""
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(RequestValidationError, _not_valid)
    app.add_exception_handler(HTTPException, _no_route)
    app.add_exception_handler(SignInFirst, _sign_in)
    app.add_exception_handler(Exception, _bug)


def answer(request: Request, refusal: Refusal) -> Response:
    """The answer to a refusal, with its HTTP status."""
    return JSONResponse(refusal.document(), status_code=refusal.kind.http)


def _refused(request: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refusal)
    return answer(request, refusal)


def _not_valid(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, RequestValidationError)
    first = problem.errors()[0]
    # Only where and of what kind: what was sent may be personal, also the name of a key not asked for.
    place = first["loc"][:-1] if first["type"] == "extra_forbidden" else first["loc"]
    where = ".".join(str(part) for part in place[1:]) or str(place[0])
    return answer(request, Refusal("bad_request", column=where, reason=first["type"]))


def _no_route(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, HTTPException)
    code = {404: "no_such_page", 405: "method_not_allowed"}.get(problem.status_code, "bad_request")
    response = answer(request, Refusal(code, reason=problem.status_code))
    response.headers.update(problem.headers or {})
    return response


def _sign_in(request: Request, problem: Exception) -> Response:
    return RedirectResponse("/login", status_code=303)


def _bug(request: Request, problem: Exception) -> Response:
    return answer(request, Refusal("bug", kind=type(problem).__name__))
