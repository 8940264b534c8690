"""The record of acts: every change of state leaves one typed event, in the transaction of the change."""

from __future__ import annotations

from collections.abc import Sequence
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
    "people_remembered": frozenset({"delivery", "details"}),
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
    add_events(session, [event(kind, subject=subject, area=area, by=by, **detail)])


def event(kind: str, *, subject: str, area: str, by: str, **detail: Any) -> dict[str, Any]:
    """An event to be added with others by `add_events`. Raises ValueError as `tell` does."""
    if set(detail) != EVENTS[kind]:
        raise ValueError(f"{kind} must tell {sorted(EVENTS[kind])}, not {sorted(detail)}")
    return {"kind": kind, "subject": subject, "area": area, "detail": detail, "happened_by": by}


def add_events(session: Writing, told: Sequence[dict[str, Any]]) -> None:
    """Add what `event` made, in one statement."""
    if told:
        session.connection.execute(_EVENT, [{**row, "happened_at": session.now} for row in told])


def log_access(session: Writing, action: str, *, subject: str, area: str, by: str, **detail: Any) -> None:
    """Note that somebody looked at something about a household."""
    add_accesses(session, [access(action, subject=subject, area=area, by=by, **detail)])


def access(action: str, *, subject: str, area: str, by: str, **detail: Any) -> dict[str, Any]:
    """A note to be added with others by `add_accesses`."""
    return {"action": action, "subject": subject, "area": area, "detail": detail, "accessed_by": by}


def add_accesses(session: Writing, noted: Sequence[dict[str, Any]]) -> None:
    """Add what `access` made, in one statement."""
    if noted:
        session.connection.execute(_ACCESS, [{**row, "accessed_at": session.now} for row in noted])


_EVENT, _ACCESS = insert(events), insert(access_log)
