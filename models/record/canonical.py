"""The one way to write a document as bytes, and to prove it without giving it away."""

from __future__ import annotations

import json
from hashlib import sha256


def canonical(document: object) -> bytes:
    """Canonical JSON in UTF-8: sorted keys, no blanks, no NaN.

    >>> canonical({"b": 1.5, "a": "防贫"}).decode()
    '{"a":"防贫","b":1.5}'
    """
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def digest(salt: bytes, document: bytes) -> str:
    """SHA-256(salt ‖ document), hexadecimal."""
    return sha256(salt + document).hexdigest()
