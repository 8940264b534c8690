"""Signing in and out, and who stands behind a session or a token."""

from __future__ import annotations

from serving.accounts.records import Caller
from serving.store import Store
from serving.web.settings import Settings


def by_token(*, store: Store, token: str) -> Caller | None:
    """The account of a bearer token; None where it is unknown, expired or revoked, or the account disabled."""
    return None


def by_session(*, store: Store, cookie: str | None, settings: Settings) -> Caller | None:
    """The account of a session cookie; None where it is unknown or over."""
    return None
