"""``/livez`` and ``/readyz``: for whoever watches the service; neither asks for an account."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from features.errors import Refusal
from features.wording import N_
from serving.health.documents import LiveDocument, ReadyDocument
from serving.web.access import Anyone
from serving.web.context import Here
from serving.web.openapi import answers, refusals, told

router = APIRouter(tags=["service"])

# Why the service may not be ready, besides what may befall any request.
LACKING = (
    "no_champion",
    "not_published",
    "catalogue_mismatch",
    "bundle_damaged",
    "store_busy",
    "store_not_writable",
    "store_damaged",
)


def _unready() -> dict[int | str, dict[str, Any]]:
    """All of them are answered with 503 here, whatever status they have where they answer a question."""
    said = refusals(*LACKING)
    for status in [each for each in said if each in (409, 404)]:
        moved = said.pop(status)
        there = said[503]
        there["description"] += "\n" + moved["description"].split("\n", 2)[-1]
        there["content"]["application/json"]["examples"] |= moved["content"]["application/json"]["examples"]
    return said


@router.get(
    "/livez",
    operation_id="live",
    response_model=LiveDocument,
    **told(N_("Whether the process answers")),
    responses={200: answers("It does.", {"live": True}), **refusals()},
)
async def live(rule: Anyone) -> dict[str, bool]:
    return {"live": True}


@router.get(
    "/readyz",
    operation_id="ready",
    response_model=ReadyDocument,
    **told(
        N_("Whether the service can work, and if not, why"),
        "Asks the store for the latest published day and seats the champion before it, its files checked against their hashes.",
    ),
    responses={200: answers("It can.", {"ready": True}), **_unready()},
)
async def ready(request: Request, here: Here, rule: Anyone) -> Response | dict[str, bool]:
    lacking: Refusal | None = await run_in_threadpool(here.readiness.lacking)
    if lacking is None:
        return {"ready": True}
    request.scope["state"]["code"] = lacking.code
    return JSONResponse(lacking.document(), status_code=503)
