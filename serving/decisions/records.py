"""What is kept of a decision."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from hashlib import sha256
from typing import Any

from models.record.canonical import canonical, digest
from serving.scope import Scope

# The documents are not encrypted yet; the key that will encrypt them has another name.
PLAIN = "plain"


@dataclass(frozen=True)
class Asked:
    """One question: a household, the published day (None: the latest), who asks and what they may see."""

    household: str
    as_of: date | None
    scope: Scope
    by: str


@dataclass(frozen=True)
class StoredDecision:
    """A decision as stored: ``body`` are its canonical bytes, ``new`` whether it was made just now."""

    body: bytes
    new: bool = False

    @cached_property
    def document(self) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(self.body)
        return parsed

    @property
    def sha256(self) -> str:
        """Of the body: the header ``Fangpin-SHA256``."""
        return sha256(self.body).hexdigest()


def sealed(document: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a stored document: bytes, salt, key and digest."""
    body, salt = canonical(document), secrets.token_bytes(16)
    return {"document": body, "salt": salt, "key_id": PLAIN, "digest": digest(salt, body)}


def decision_row(document: Mapping[str, Any]) -> dict[str, Any]:
    """The row of a decision, without who asked and when."""
    keys = ("id", "household", "area", "snapshot", "bundle", "parameters", "tier")
    as_of = date.fromisoformat(document["as_of"])
    return {key: document[key] for key in keys} | {"as_of": as_of} | sealed(document)
