"""What ``/openapi.json`` says of the service: how a route tells about itself and which errors it may answer.

A route names the codes that it may refuse with; status, words, example and schema of each come from the one
declaration of errors (`features.error_kinds`), so that the description cannot drift from what is answered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from string import Formatter
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts

from features.documents import ErrorDocument
from features.error_kinds import KINDS
from features.errors import Refusal
from features.wording import N_, both, text
from serving.web.access import Anyone

VERSION = "1"
JSON = "application/json"
# What may happen to any request, whatever its route.
ANY_ROUTE = ("bad_request", "method_not_allowed", "body_too_large", "deadline_exceeded", "bug")
# What may happen to any request that needs an account and the store.
ANY_CALLER = ("not_signed_in", "not_ready", "store_busy", "store_not_writable", "store_damaged")
# What may happen besides to a browser's request that changes something.
ANY_CHANGE = ("form_not_ours",)
# Words for the places of messages, as they stand in the examples.
SAMPLES: dict[str, object] = {
    "area": "990101000000",
    "bundle": "2890ad65f1d5",
    "column": "household",
    "day": "2026-10-31",
    "file": "fangpin.sqlite",
    "kind": "ValueError",
    "length": 32,
    "limit": 1000,
    "minutes": 15,
    "reason": "string_pattern_mismatch",
    "seconds": 10,
    "snapshot": "5de76d0ed8d5",
}
# Where a code's own words fit better.
SAMPLES_OF: dict[str, dict[str, object]] = {
    "bad_area": {"area": "990101//03"},
    "batch_too_large": {"limit": 1000},
    "body_too_large": {"limit": 1024 * 1024},
    "bundle_damaged": {"file": "tables.npz", "reason": "SHA-256"},
    "key_damaged": {"file": "index.key"},
    "key_missing": {"file": "index.key"},
    "store_damaged": {"reason": "file is not a database"},
    "store_not_writable": {"reason": "database or disk is full"},
}
TAGS = (
    (
        "decisions",
        N_("One scoring of one household each: explained, stored before it is answered, replayable."),
    ),
    ("lists", N_("The lists of households to visit. A list never changes after it was issued.")),
    ("households", N_("Finding a household, and what was decided of it.")),
    ("service", N_("Whether the service works, and what it offers.")),
)
ABOUT = N_(
    "Early warning of return to poverty: probabilities, tiers and reasons of households, and the visiting lists of an area. Send the token that fangpin user add printed as Authorization: Bearer TOKEN. What lies outside the account's area is answered as if it did not exist."
)

router = APIRouter()


def told(summary: str, more: str = "") -> dict[str, Any]:
    """The ``summary`` and ``description`` of a route: in English, with the summary in Chinese below."""
    return {"summary": summary, "description": f"{more or summary}\n\n{text(summary, 'zh')}"}


def refusals(*codes: str) -> dict[int | str, dict[str, Any]]:
    """The ``responses`` of a route that may refuse with ``codes`` (and with what any route may refuse with).

    One response a status, and in it one example a code. Raises KeyError for a code that is not declared.
    """
    by_status: dict[int | str, list[str]] = {}
    for code in dict.fromkeys((*codes, *ANY_ROUTE)):
        by_status.setdefault(KINDS[code].http, []).append(code)
    return {status: _response(int(status), by_status[status]) for status in sorted(by_status, key=str)}


def _response(status: int, codes: list[str]) -> dict[str, Any]:
    lines = [f"- `{code}`: {_refusal(code).text('en')} {_refusal(code).text('zh')}" for code in codes]
    examples = {code: {"summary": code, "value": _refusal(code).document()} for code in codes}
    response: dict[str, Any] = {
        "model": ErrorDocument,
        "description": "\n".join([f"{HTTPStatus(status).phrase}:", "", *lines]),
        "content": {JSON: {"examples": examples}},
    }
    if status == HTTPStatus.UNAUTHORIZED:
        response["headers"] = {"WWW-Authenticate": _header("How to sign in.", "Bearer")}
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        response["headers"] = {"Retry-After": _header("Seconds to wait, where waiting may help.", "1")}
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        response["headers"] = {"Allow": _header("The methods of this address.", "POST")}
    return response


def _refusal(code: str) -> Refusal:
    kind = KINDS[code]
    places = {n for s in (kind.message, kind.remedy) for _, n, _, _ in Formatter().parse(s) if n}
    samples = {**SAMPLES, **SAMPLES_OF.get(code, {})}
    if code == "not_ready":
        samples["reason"] = _refusal("bundle_damaged").message()
    return Refusal(code, **{name: samples[name] for name in places})  # type: ignore[arg-type]


def _header(description: str, example: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string"}, "example": example}


def answers(
    description: str, example: Mapping[str, Any] | None = None, **headers: tuple[str, str]
) -> dict[str, Any]:
    """One good answer of a route: its words, an example and its headers as ``name=(description, example)``."""
    response: dict[str, Any] = {"description": description}
    if example is not None:
        response["content"] = {JSON: {"example": example}}
    if headers:
        response["headers"] = {
            name.replace("_", "-"): _header(*about) | {"required": True} for name, about in headers.items()
        }
    return response


def describe(app: FastAPI) -> None:
    """Let ``app`` describe its programs' routes; pages are for people and stand in no description."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _document(app: FastAPI) -> dict[str, Any]:
    about = both(ABOUT)
    routes = [route for route in iter_route_contexts(app.routes) if _for_programs(route.path or "")]
    document = get_openapi(
        title="fangpin 防贫",
        version=VERSION,
        description=f"{about['en']}\n\n{about['zh']}",
        routes=routes,
        tags=[{"name": name, "description": f"{text(m, 'en')}\n\n{text(m, 'zh')}"} for name, m in TAGS],
        servers=[{"url": "/"}],
    )
    _restore_examples(document, routes)
    for unused in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(unused, None)
    return document


def _restore_examples(document: dict[str, Any], routes: Iterable[RouteContext]) -> None:
    """Set the examples of answers again as they were declared: FastAPI drops what is null in them."""
    for route in routes:
        original = route.original_route
        assert isinstance(original, APIRoute)
        for method in original.methods or ():
            written = document["paths"][route.path_format][method.lower()]["responses"]
            for status, response in original.responses.items():
                declared = response.get("content", {}).get(JSON, {})
                written[str(status)].get("content", {}).get(JSON, {}).update(declared)


def _for_programs(path: str) -> bool:
    return path.startswith("/v1/") or path in ("/livez", "/readyz", "/openapi.json")


@router.get(
    "/openapi.json",
    operation_id="describe_service",
    tags=["service"],
    **told(N_("What this service offers"), "This description, as an OpenAPI document."),
    responses={
        200: answers(
            "The description.", {"openapi": "3.1.0", "info": {"title": "fangpin 防贫", "version": VERSION}}
        ),
        **refusals(),
    },
)
def describe_service(request: Request, caller: Anyone) -> dict[str, Any]:
    app: FastAPI = request.app
    return app.openapi()
