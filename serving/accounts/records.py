"""Accounts, who is signed in, and how often somebody may still try."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

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


@dataclass(frozen=True)
class Tries:
    """Failed sign-ins in a row under one name, and until when it waits."""

    failures: int = 0
    locked_until: datetime | None = None

    def locked(self, now: datetime) -> bool:
        return self.locked_until is not None and self.locked_until > now

    def so_far(self, now: datetime) -> int:
        """Failures that count today: a wait that is over begins a new row."""
        return 0 if self.locked_until is not None and not self.locked(now) else self.failures


@dataclass(frozen=True)
class Account:
    """An account as it is stored, with the hash of its password."""

    id: int
    name: str
    password_hash: str
    role: str
    area: str
    lang: str
    disabled: bool
    tries: Tries


@dataclass(frozen=True)
class Listed:
    """An account as whoever runs the service sees it; ``tokens`` and ``sessions`` are those that hold."""

    user: str
    role: str
    area: str
    created_at: datetime
    created_by: str
    last_used: datetime | None
    tokens: int
    sessions: int
    disabled: bool


@dataclass(frozen=True)
class HeldToken:
    """An account and when its token ends."""

    account: int
    name: str
    role: str
    area: str
    lang: str
    expires: datetime


@dataclass(frozen=True)
class HeldSession(HeldToken):
    """An account and its session."""

    csrf: str
    last_used: datetime


@dataclass(frozen=True)
class SignedIn:
    """A new session: what its cookie holds, shown to the browser once, and who signed in."""

    cookie: str
    caller: Caller
    ends: datetime


@dataclass(frozen=True)
class Handed:
    """What a new account is handed, in clear for this one time."""

    user: str
    password: str
    token: str
    expires: datetime
