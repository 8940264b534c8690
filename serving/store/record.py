"""The record of acts: every change of state leaves one typed event, in the transaction of the change."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert

from serving.store.engine import Writing
from serving.store.tables import access_log, events

# The kinds of events and exactly what each must tell.
EVENTS: dict[str, frozenset[str]] = {
    "snapshot_published": frozenset({"as_of", "parameters", "rows"}),
    "bundle_promoted": frozenset({"action", "previous", "gate", "reason", "record"}),
    "promotion_refused": frozenset({"action", "findings", "reason", "record"}),
    "list_issued": frozenset({"period", "as_of", "snapshot", "bundle", "parameters", "lines", "digest"}),
    "decision_stored": frozenset({"household", "digest"}),
    "account_added": frozenset({"role", "token_ends"}),
    "account_disabled": frozenset({"sessions", "tokens"}),
    "password_replaced": frozenset({"sessions"}),
    "token_issued": frozenset({"ends"}),
    "tokens_revoked": frozenset({"tokens"}),
    "signed_in": frozenset({"ends"}),
    "sign_in_failed": frozenset({"failures", "locked_until", "why"}),
    "signed_out": frozenset(),
}


def tell(session: Writing, kind: str, *, subject: str, area: str, by: str, **detail: Any) -> None:
    """Add one event; ValueError if it does not tell exactly what its kind demands."""
    if set(detail) != EVENTS[kind]:
        raise ValueError(f"{kind} must tell {sorted(EVENTS[kind])}, not {sorted(detail)}")
    row = {
        "kind": kind,
        "subject": subject,
        "area": area,
        "detail": detail,
        "happened_at": session.now,
        "happened_by": by,
    }
    session.connection.execute(insert(events), row)


def log_access(session: Writing, action: str, *, subject: str, area: str, by: str, **detail: Any) -> None:
    """Note that somebody looked at something about a household."""
    row = {
        "action": action,
        "subject": subject,
        "area": area,
        "detail": detail,
        "accessed_at": session.now,
        "accessed_by": by,
    }
    session.connection.execute(insert(access_log), row)
