"""The style sheet and the icon: named by what they hold, so that browsers may keep them for good."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from fastapi import APIRouter, Response
from starlette.exceptions import HTTPException

from serving.web.access import Anyone

STATIC = Path(__file__).parents[1] / "static"
# One sheet, in this order: what comes later may refine what came before.
SHEETS = (
    "tokens",
    "base",
    "frame",
    "parts",
    "sign",
    "overview",
    "list",
    "list-phone",
    "household",
    "household-narrow",
    "household-paper",
    "register",
    "models",
    "models-decide",
    "models-narrow",
    "print",
)
FOREVER = "public, max-age=31536000, immutable"
_REMARK = re.compile(r"/\*.*?\*/\s*", re.DOTALL)

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class Asset:
    """A file that pages link to: its address holds a hash of its bytes."""

    address: str
    body: bytes
    media_type: str


@cache
def assets() -> dict[str, Asset]:
    """The files by the name that templates use."""
    sheet = "".join((STATIC / "css" / f"{name}.css").read_text(encoding="utf-8") for name in SHEETS)
    icon = (STATIC / "seal.svg").read_bytes()
    return {
        "sheet.css": _named("sheet", "css", _REMARK.sub("", sheet).encode(), "text/css; charset=utf-8"),
        "seal.svg": _named("seal", "svg", icon, "image/svg+xml"),
    }


def _named(name: str, ending: str, body: bytes, media_type: str) -> Asset:
    return Asset(f"/static/{name}.{sha256(body).hexdigest()[:16]}.{ending}", body, media_type)


def asset(name: str) -> str:
    """The address of a file, for templates."""
    return assets()[name].address


@router.get("/static/{name}")
def static(name: str, rule: Anyone) -> Response:
    """A file of the pages; an address with another hash is not found, so that nothing old is kept as new."""
    for each in assets().values():
        if each.address == f"/static/{name}":
            headers = {"Cache-Control": FOREVER, "X-Content-Type-Options": "nosniff"}
            return Response(each.body, media_type=each.media_type, headers=headers)
    raise HTTPException(404)
