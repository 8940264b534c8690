"""Queries on accounts, sessions, tokens and failed sign-ins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Table, bindparam, delete, func, insert, select, update

from serving.accounts.records import Account, HeldSession, HeldToken, Listed, Tries
from serving.scope import Scope, area_path
from serving.store import Reading, Writing
from serving.store.tables import accounts, events, sessions, tokens

_WHO = (accounts.c.id, accounts.c.name, accounts.c.role, accounts.c.area, accounts.c.lang)
# Both stand on every request's path: written once, so that each run is one look into an index.
_TOKEN = (
    select(*_WHO, tokens.c.expires)
    .join_from(tokens, accounts, accounts.c.id == tokens.c.account)
    .where(
        tokens.c.digest == bindparam("digest"),
        tokens.c.revoked_at.is_(None),
        accounts.c.disabled_at.is_(None),
    )
)
_SESSION = (
    select(*_WHO, sessions.c.expires, sessions.c.csrf, sessions.c.last_used)
    .join_from(sessions, accounts, accounts.c.id == sessions.c.account)
    .where(sessions.c.digest == bindparam("digest"), accounts.c.disabled_at.is_(None))
)


@dataclass(frozen=True)
class AccountRepository:
    """Reads accounts and what opens them."""

    session: Reading

    def named(self, scope: Scope, name: str) -> Account | None:
        query = select(accounts).where(accounts.c.name == name, scope.covers(accounts.c.area))
        found = self.session.connection.execute(query).one_or_none()
        return None if found is None else _account(found)

    def name_taken(self, scope: Scope, name: str) -> bool:
        """Is there an account of this name anywhere? Names are unique in the whole home."""
        query = select(accounts.c.id).where(accounts.c.name == name)
        return self.session.connection.execute(query).first() is not None

    def everybody(self, scope: Scope, *, reading_at: datetime) -> list[Listed]:
        """Every account by name. Signing in counts as a use, also where its session is forgotten by now."""
        query = select(accounts).where(scope.covers(accounts.c.area)).order_by(accounts.c.name)
        open_tokens = self._holding(tokens, tokens.c.expires > reading_at, tokens.c.revoked_at.is_(None))
        open_sessions = self._holding(sessions, sessions.c.expires > reading_at)
        signed_in = (
            select(events.c.subject, func.max(events.c.happened_at))
            .where(events.c.kind == "signed_in")
            .group_by(events.c.subject)
        )
        last: dict[str, list[datetime]] = {}
        for name, moment in self.session.connection.execute(signed_in):
            last.setdefault(name, []).append(moment)
        for table in (tokens, sessions):
            used = select(accounts.c.name, func.max(table.c.last_used)).join_from(table, accounts)
            for name, moment in self.session.connection.execute(used.group_by(accounts.c.name)):
                if moment is not None:
                    last.setdefault(name, []).append(moment)
        return [
            Listed(
                row.name,
                row.role,
                "/" + row.area,
                row.created_at,
                row.created_by,
                max(last.get(row.name, []), default=None),
                open_tokens.get(row.id, 0),
                open_sessions.get(row.id, 0),
                row.disabled_at is not None,
            )
            for row in self.session.connection.execute(query)
        ]

    def _holding(self, table: Table, *holds: ColumnElement[bool]) -> dict[int, int]:
        query = select(table.c.account, func.count()).where(*holds).group_by(table.c.account)
        return {row[0]: row[1] for row in self.session.connection.execute(query)}

    def token(self, scope: Scope, digest: str) -> HeldToken | None:
        """The account of a token that is not revoked; the caller looks at its end."""
        query = _TOKEN if scope.whole else _TOKEN.where(scope.covers(accounts.c.area))
        found = self.session.connection.execute(query, {"digest": digest}).one_or_none()
        return None if found is None else HeldToken(*found)

    def session_of(self, scope: Scope, digest: str) -> HeldSession | None:
        """The account of a session; the caller looks at its end and its last use."""
        query = _SESSION if scope.whole else _SESSION.where(scope.covers(accounts.c.area))
        found = self.session.connection.execute(query, {"digest": digest}).one_or_none()
        return None if found is None else HeldSession(*found)

    def tries_of_nobody(self, scope: Scope, subject: str) -> Tries:
        """Failed sign-ins under a name that nobody has, as the events tell."""
        query = (
            select(events.c.detail)
            .where(events.c.subject == subject, events.c.kind == "sign_in_failed")
            .order_by(events.c.seq.desc())
            .limit(1)
        )
        detail = self.session.connection.execute(query).scalar_one_or_none()
        if detail is None:
            return Tries()
        until = detail["locked_until"]
        return Tries(detail["failures"], None if until is None else datetime.fromisoformat(until))


@dataclass(frozen=True)
class AccountWriter:
    """Changes accounts and what opens them."""

    session: Writing

    def add(self, scope: Scope, *, name: str, password_hash: str, role: str, area: str, by: str) -> int:
        row = {
            "name": name,
            "password_hash": password_hash,
            "role": role,
            "area": area_path(area),
            "created_at": self.session.now,
            "created_by": by,
        }
        done = self.session.connection.execute(insert(accounts), row)
        assert done.inserted_primary_key is not None
        return int(done.inserted_primary_key[0])

    def set_password(self, scope: Scope, account: int, password_hash: str) -> None:
        self._account(scope, account, {"password_hash": password_hash})

    def set_tries(self, scope: Scope, account: int, tries: Tries) -> None:
        self._account(scope, account, {"failures": tries.failures, "locked_until": tries.locked_until})

    def disable(self, scope: Scope, account: int, by: str) -> None:
        self._account(scope, account, {"disabled_at": self.session.now, "disabled_by": by})

    def _account(self, scope: Scope, account: int, values: Mapping[str, Any]) -> None:
        query = update(accounts).where(accounts.c.id == account, scope.covers(accounts.c.area))
        self.session.connection.execute(query.values(**values))

    def add_token(
        self, scope: Scope, *, account: int, digest: str, label: str, expires: datetime, by: str
    ) -> None:
        row = {
            "digest": digest,
            "account": account,
            "label": label,
            "expires": expires,
            "issued_at": self.session.now,
            "issued_by": by,
        }
        self.session.connection.execute(insert(tokens), row)

    def revoke_tokens(self, scope: Scope, account: int, by: str) -> int:
        """End every token of the account; how many there were."""
        query = update(tokens).where(tokens.c.account == account, tokens.c.revoked_at.is_(None))
        done = self.session.connection.execute(query.values(revoked_at=self.session.now, revoked_by=by))
        return done.rowcount

    def open_session(self, scope: Scope, *, account: int, digest: str, csrf: str, expires: datetime) -> None:
        row = {
            "digest": digest,
            "account": account,
            "csrf": csrf,
            "opened": self.session.now,
            "last_used": self.session.now,
            "expires": expires,
        }
        self.session.connection.execute(insert(sessions), row)

    def close_session(self, scope: Scope, digest: str) -> bool:
        """End a session; was there one?"""
        return (
            self.session.connection.execute(delete(sessions).where(sessions.c.digest == digest)).rowcount > 0
        )

    def close_sessions(self, scope: Scope, account: int) -> int:
        """End every session of the account; how many there were."""
        return self.session.connection.execute(delete(sessions).where(sessions.c.account == account)).rowcount

    def clear_away(self, scope: Scope) -> None:
        """Forget the sessions that are over."""
        self.session.connection.execute(delete(sessions).where(sessions.c.expires <= self.session.now))

    def note_uses(self, scope: Scope, used: Mapping[str, datetime]) -> None:
        """Write down when sessions and tokens, named by their digests, were last used; never an earlier moment."""
        rows = [{"key": digest, "moment": moment} for digest, moment in used.items()]
        for table in (sessions, tokens):
            earlier = table.c.last_used.is_(None) | (table.c.last_used < bindparam("moment"))
            query = update(table).where(table.c.digest == bindparam("key"), earlier)
            self.session.connection.execute(query.values(last_used=bindparam("moment")), rows)


def _account(row: Row[Any]) -> Account:
    return Account(
        row.id,
        row.name,
        row.password_hash,
        row.role,
        row.area,
        row.lang,
        row.disabled_at is not None,
        Tries(row.failures, row.locked_until),
    )
