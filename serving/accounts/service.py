"""Accounts: making and ending them, signing in and out, and who stands behind a session or a token."""

from __future__ import annotations

import re
import secrets as randomness
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from features.errors import Refusal
from features.home import Home
from features.wording import both
from serving.accounts import secrets
from serving.accounts.attendance import Attendance
from serving.accounts.records import Account, Caller, Handed, HeldToken, Listed, SignedIn, Tries
from serving.accounts.repository import AccountRepository, AccountWriter
from serving.accounts.throttle import Throttle, locked
from serving.scope import Scope, area_path, scope_of
from serving.store import Reading, Store, Writing
from serving.store.record import tell
from serving.web.settings import Settings

ROLES = ("county",)
NAME = re.compile(r"[\w.\-]{2,40}")
# A token holds for a quarter of a year unless said otherwise, and never longer than two years.
DAYS, MOST_DAYS = 90, 730
# Who acts where nobody is signed in.
NOBODY = "-"
_WHOLE = scope_of("/")


def add(
    *,
    store: Store,
    scope: Scope,
    name: str,
    role: str,
    area: str,
    by: str,
    expires: timedelta = timedelta(days=DAYS),
) -> Handed:
    """Make an account with a password and a bearer token, both shown this once and kept as digests.

    Parameters
    ----------
    name : 2 to 40 letters, digits, dots, dashes, underscores
    role : one of `ROLES`
    area : the part of the home that it sees, inside ``scope``
    expires : how long the token holds, 1 to 730 days

    Raises
    ------
    Refusal
        ``bad_account_name``, ``account_exists``, ``unknown_name`` (role), ``bad_area``, ``out_of_scope``,
        ``bad_days``.
    """
    name = _name(name)
    if role not in ROLES:
        raise Refusal("unknown_name", what=both("role"), name=role, known=", ".join(ROLES))
    _days(expires)
    path = area_path(scope_of(area, within=scope).area)
    password, token = secrets.new_password(), secrets.new_token()
    password_hash = secrets.hashed(password)
    with store.writing() as writing:
        if AccountRepository(writing).name_taken(scope, name):
            raise Refusal("account_exists")
        writer, ends = AccountWriter(writing), writing.now + expires
        account = writer.add(scope, name=name, password_hash=password_hash, role=role, area=path, by=by)
        writer.add_token(
            scope, account=account, digest=secrets.digest_of(token), label="first", expires=ends, by=by
        )
        tell(writing, "account_added", subject=name, area=path, by=by, role=role, token_ends=ends.isoformat())
    return Handed(name, password, token, ends)


def new_token(
    *, store: Store, scope: Scope, name: str, by: str, expires: timedelta = timedelta(days=DAYS)
) -> Handed:
    """Hand an account a further token. Raises `Refusal` ``unknown_account``, ``bad_days``."""
    _days(expires)
    token = secrets.new_token()
    with store.writing() as writing:
        account, ends = _enabled(writing, scope, name), writing.now + expires
        AccountWriter(writing).add_token(
            scope, account=account.id, digest=secrets.digest_of(token), label="further", expires=ends, by=by
        )
        tell(writing, "token_issued", subject=account.name, area=account.area, by=by, ends=ends.isoformat())
    return Handed(account.name, "", token, ends)


def new_password(*, store: Store, scope: Scope, name: str, by: str) -> str:
    """Replace a forgotten password, end the account's sessions and its lock. Raises `Refusal` ``unknown_account``."""
    password = secrets.new_password()
    password_hash = secrets.hashed(password)
    with store.writing() as writing:
        account, writer = _enabled(writing, scope, name), AccountWriter(writing)
        writer.set_password(scope, account.id, password_hash)
        writer.set_tries(scope, account.id, Tries())
        ended = writer.close_sessions(scope, account.id)
        tell(writing, "password_replaced", subject=account.name, area=account.area, by=by, sessions=ended)
    return password


def revoke_tokens(*, store: Store, scope: Scope, name: str, by: str) -> int:
    """End every token of an account, at once; how many there were. Raises `Refusal` ``unknown_account``."""
    with store.writing() as writing:
        account = _enabled(writing, scope, name)
        ended = AccountWriter(writing).revoke_tokens(scope, account.id, by)
        tell(writing, "tokens_revoked", subject=account.name, area=account.area, by=by, tokens=ended)
    return ended


def disable(*, store: Store, scope: Scope, name: str, by: str) -> None:
    """End an account with its sessions and tokens, at once and for good. Raises `Refusal` ``unknown_account``."""
    with store.writing() as writing:
        account, writer = _enabled(writing, scope, name), AccountWriter(writing)
        writer.disable(scope, account.id, by)
        sessions, tokens = (
            writer.close_sessions(scope, account.id),
            writer.revoke_tokens(scope, account.id, by),
        )
        tell(
            writing,
            "account_disabled",
            subject=account.name,
            area=account.area,
            by=by,
            sessions=sessions,
            tokens=tokens,
        )


def everybody(*, store: Store, scope: Scope) -> list[Listed]:
    """The accounts inside ``scope`` by name, disabled ones too, and when each was last used."""
    with store.reading() as reading:
        return AccountRepository(reading).everybody(scope, reading_at=datetime.now(UTC))


def sign_in(
    *,
    home: Home,
    store: Store,
    throttle: Throttle,
    settings: Settings,
    name: str,
    password: str,
    source: str,
    leaving: str | None = None,
    now: datetime | None = None,
) -> SignedIn:
    """Open a session for name and password, under a new id; ``leaving`` (the cookie so far) ends.

    Whether the name exists makes no difference to what is answered, to the time it takes, or to when it
    waits: ten failures in a row under one name, known or not, and it waits ``settings.lock``. While it
    waits the right password is refused too. Whoever fails too often from one ``source`` waits as well.

    Raises
    ------
    Refusal
        ``sign_in_refused`` (with the tries left), ``sign_in_locked`` (with the minutes to wait).
    """
    moment = now or datetime.now(UTC)
    throttle.admit(source, moment)
    name = unicodedata.normalize("NFKC", name).strip()
    nobody = f"name {secrets.name_digest(home, name)}"
    with store.reading() as reading:
        account, tries = _state(reading, name, nobody)
    _not_locked(tries, moment)
    right = secrets.matches(account.password_hash if account else None, password)
    with store.writing() as writing:
        writing = writing if now is None else replace(writing, now=now)
        # The pen decides: of many tries at once, those after the tenth failure learn nothing.
        seen, (account, tries) = account, _state(writing, name, nobody)
        if not tries.locked(moment):
            unchanged = (
                seen is not None and account is not None and account.password_hash == seen.password_hash
            )
            if right and unchanged and account is not None and not account.disabled:
                return _open(writing, account, password, settings, leaving)
            tries = _fail(writing, account, nobody, tries, right, settings)
    throttle.failed(source, moment)
    _not_locked(tries, moment)
    raise Refusal("sign_in_refused", left=settings.failures - tries.failures)


def sign_out(*, store: Store, caller: Caller, cookie: str) -> None:
    """End the session of a cookie; one that is over already stays so."""
    with store.writing() as writing:
        if AccountWriter(writing).close_session(caller.scope, secrets.digest_of(cookie)):
            tell(writing, "signed_out", subject=caller.name, area=caller.scope.area, by=caller.name)


def by_token(
    *, store: Store, token: str, attendance: Attendance | None = None, now: datetime | None = None
) -> Caller | None:
    """The account of a bearer token; None where it is unknown, expired or revoked, or the account disabled."""
    digest, now = secrets.digest_of(token), now or datetime.now(UTC)
    with store.glance() as reading:
        held = AccountRepository(reading).token(_WHOLE, digest)
    if held is None or held.expires <= now:
        return None
    if attendance is not None:
        attendance.note(digest, now)
    return _caller(held)


def by_session(
    *,
    store: Store,
    cookie: str | None,
    settings: Settings,
    attendance: Attendance | None = None,
    now: datetime | None = None,
) -> Caller | None:
    """The account of a session cookie; None where it is unknown or over, by its whole time or for want of use."""
    if not cookie:
        return None
    digest, now = secrets.digest_of(cookie), now or datetime.now(UTC)
    with store.glance() as reading:
        held = AccountRepository(reading).session_of(_WHOLE, digest)
    if held is None or held.expires <= now:
        return None
    used = held.last_used if attendance is None else attendance.last(digest, held.last_used)
    if used + settings.session_idle <= now:
        return None
    if attendance is not None:
        attendance.note(digest, now)
    return _caller(held, held.csrf)


def note_uses(*, store: Store, attendance: Attendance) -> None:
    """Write down when sessions and tokens were last used, and forget the sessions that are over."""
    used = attendance.take()
    if not used:
        return
    try:
        with store.writing() as writing:
            writer = AccountWriter(writing)
            writer.note_uses(_WHOLE, used)
            writer.clear_away(_WHOLE)
    except BaseException:
        attendance.put_back(used)
        raise


def _name(name: str) -> str:
    name = unicodedata.normalize("NFKC", name).strip()
    if not NAME.fullmatch(name):
        raise Refusal("bad_account_name")
    return name


def _days(expires: timedelta) -> None:
    if not timedelta(days=1) <= expires <= timedelta(days=MOST_DAYS):
        raise Refusal("bad_days", days=expires.days, most=MOST_DAYS)


def _enabled(session: Reading, scope: Scope, name: str) -> Account:
    account = AccountRepository(session).named(scope, unicodedata.normalize("NFKC", name).strip())
    if account is None or account.disabled:
        raise Refusal("unknown_account")
    return account


def _state(session: Reading, name: str, nobody: str) -> tuple[Account | None, Tries]:
    repository = AccountRepository(session)
    account = repository.named(_WHOLE, name) if NAME.fullmatch(name) else None
    return account, account.tries if account else repository.tries_of_nobody(_WHOLE, nobody)


def _not_locked(tries: Tries, now: datetime) -> None:
    if tries.locked_until is not None and tries.locked(now):
        raise locked(tries.locked_until - now)


def _open(
    writing: Writing, account: Account, password: str, settings: Settings, leaving: str | None
) -> SignedIn:
    writer, scope = AccountWriter(writing), scope_of(account.area)
    cookie, csrf = secrets.new_token(), randomness.token_hex(32)
    ends = writing.now + settings.session_whole
    if leaving:
        writer.close_session(scope, secrets.digest_of(leaving))
    if account.tries != Tries():
        writer.set_tries(scope, account.id, Tries())
    if secrets.needs_rehash(account.password_hash):
        writer.set_password(scope, account.id, secrets.hashed(password))
    writer.open_session(scope, account=account.id, digest=secrets.digest_of(cookie), csrf=csrf, expires=ends)
    tell(
        writing, "signed_in", subject=account.name, area=account.area, by=account.name, ends=ends.isoformat()
    )
    caller = Caller(account.id, account.name, account.role, scope, account.lang, csrf)
    return SignedIn(cookie, caller, ends)


def _fail(
    writing: Writing, account: Account | None, nobody: str, tries: Tries, right: bool, settings: Settings
) -> Tries:
    failures = tries.so_far(writing.now) + 1
    until = writing.now + settings.lock if failures >= settings.failures else None
    after = Tries(failures, until)
    why = "name" if account is None else "disabled" if account.disabled and right else "password"
    if account is not None:
        AccountWriter(writing).set_tries(_WHOLE, account.id, after)
    tell(
        writing,
        "sign_in_failed",
        subject=account.name if account else nobody,
        area=account.area if account else "",
        by=NOBODY,
        failures=failures,
        locked_until=None if until is None else until.isoformat(),
        why=why,
    )
    return after


def _caller(held: HeldToken, csrf: str | None = None) -> Caller:
    return Caller(held.account, held.name, held.role, scope_of(held.area), held.lang, csrf)
