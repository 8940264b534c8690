"""Who is signed in."""

from __future__ import annotations

from dataclasses import dataclass

from serving.scope import Scope


@dataclass(frozen=True)
class Caller:
    """An account that calls: its name, role, scope and language; ``csrf`` only where it came with a session."""

    account: int
    name: str
    role: str
    scope: Scope
    lang: str
    csrf: str | None = None
