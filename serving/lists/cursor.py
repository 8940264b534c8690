"""Where the next page of a list begins: a mark that only fits the list, area and tier it was made for."""

from __future__ import annotations

import base64
import binascii
from hashlib import sha256

from features.errors import Refusal

_POSITION, _SEAL = 4, 8
PATTERN = "^[A-Za-z0-9_-]{16}$"


def mark(position: int, *, list_: str, area: str, tier: str | None) -> str:
    """The mark of the line at ``position`` (0 is the first of the list)."""
    place = position.to_bytes(_POSITION, "big")
    return base64.urlsafe_b64encode(place + _seal(place, list_, area, tier)).decode()


def position(cursor: str, *, list_: str, area: str, tier: str | None) -> int:
    """The position that ``cursor`` marks. Raises `Refusal` ``bad_cursor`` for what `mark` did not make of these."""
    try:
        told = base64.b64decode(cursor.encode(), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as problem:
        raise Refusal("bad_cursor") from problem
    place, seal = told[:_POSITION], told[_POSITION:]
    if seal != _seal(place, list_, area, tier):
        raise Refusal("bad_cursor")
    return int.from_bytes(place, "big")


def _seal(place: bytes, list_: str, area: str, tier: str | None) -> bytes:
    return sha256(b"%s|%s" % (place, f"{list_}|{area}|{tier}".encode())).digest()[:_SEAL]
