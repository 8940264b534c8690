"""Accounts: what is handed out, what is kept, and what opens nothing any more."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from features.errors import Refusal
from serving.accounts import secrets, service
from serving.accounts.attendance import Attendance
from serving.accounts.throttle import Throttle
from serving.scope import scope_of
from serving.store.tables import accounts, events
from serving.web.settings import Settings
from tests.house.tree import ROOT
from tests.serving.conftest import Desk

SETTINGS = Settings()


def add(desk: Desk, name: str = "wang", **more: object) -> service.Handed:
    given = {"role": "county", "area": "/", "by": "li", **more}
    return service.add(store=desk.store, scope=desk.scope, name=name, **given)  # type: ignore[arg-type]


def sign_in(desk: Desk, handed: service.Handed, now: datetime | None = None) -> service.SignedIn:
    return service.sign_in(
        home=desk.home,
        store=desk.store,
        throttle=Throttle(50, SETTINGS.lock),
        settings=SETTINGS,
        name=handed.user,
        password=handed.password,
        source="10.0.0.1",
        now=now,
    )


def store_bytes(desk: Desk) -> bytes:
    return b"".join(path.read_bytes() for path in desk.home.folder("store").glob("fangpin.sqlite*"))


def told(desk: Desk, kind: str) -> list[tuple[str, dict[str, object], str]]:
    with desk.store.reading() as reading:
        query = select(events.c.subject, events.c.detail, events.c.happened_by).where(events.c.kind == kind)
        return [tuple(row) for row in reading.connection.execute(query)]  # type: ignore[misc]


def refused(desk: Desk, name: str = "wang", **more: object) -> str:
    with pytest.raises(Refusal) as caught:
        add(desk, name, **more)
    return caught.value.code


def test_a_fresh_home_has_no_account(bare: Desk) -> None:
    with bare.store.reading() as reading:
        assert reading.connection.execute(select(accounts)).all() == []


def test_nothing_that_opens_is_kept_in_clear(bare: Desk) -> None:
    handed = add(bare)
    opened = sign_in(bare, handed)
    further = service.new_token(store=bare.store, scope=bare.scope, name="wang", by="li").token
    kept = store_bytes(bare)
    for secret in (handed.password, handed.token, further, opened.cookie):
        assert secret.encode() not in kept
    assert secrets.digest_of(handed.token).encode() in kept


def test_passwords_are_hashed_by_argon2id_of_modest_size(bare: Desk) -> None:
    add(bare)
    with bare.store.reading() as reading:
        stored = reading.connection.execute(select(accounts.c.password_hash)).scalar_one()
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_many_at_once_take_the_memory_of_one() -> None:
    code = (
        "import json\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "from serving.accounts import secrets\n"
        "def peak():\n"
        "    line = next(each for each in open('/proc/self/status') if each.startswith('VmHWM'))\n"
        "    return int(line.split()[1])\n"
        "stored = secrets.hashed('first')\n"
        "before = peak()\n"
        "with ThreadPoolExecutor(24) as pool:\n"
        "    right = list(pool.map(lambda n: secrets.matches(stored, 'first' if n % 2 else 'x'), range(48)))\n"
        "assert right == [bool(n % 2) for n in range(48)]\n"
        "print(json.dumps(peak() - before))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)
    # KiB; one hash stands in what it held before.
    assert json.loads(done.stdout) < 19 * 1024


def test_what_cannot_be_an_account(bare: Desk) -> None:
    add(bare)
    assert refused(bare) == "account_exists"
    # Full-width letters are the same name.
    assert refused(bare, "ｗａｎｇ") == "account_exists"
    assert refused(bare, "a b") == refused(bare, "x") == refused(bare, "") == "bad_account_name"
    assert refused(bare, "new", role="god") == "unknown_name"
    assert refused(bare, "new", area="41//b") == "bad_area"
    assert refused(bare, "new", expires=timedelta(0)) == "bad_days"
    assert refused(bare, "new", expires=timedelta(days=731)) == "bad_days"
    with pytest.raises(Refusal) as caught:
        service.add(
            store=bare.store, scope=scope_of("/41/b"), name="new", role="county", area="/41/c", by="li"
        )
    assert caught.value.code == "out_of_scope"
    assert [subject for subject, _, _ in told(bare, "account_added")] == ["wang"]


def test_a_token_opens_until_its_end(bare: Desk) -> None:
    handed = add(bare, area="/41/b", expires=timedelta(days=2))
    caller = service.by_token(store=bare.store, token=handed.token)
    assert caller is not None
    assert (caller.name, caller.role, caller.scope.area, caller.csrf) == ("wang", "county", "41/b", None)
    before, at = handed.expires - timedelta(seconds=1), handed.expires
    assert service.by_token(store=bare.store, token=handed.token, now=before) is not None
    assert service.by_token(store=bare.store, token=handed.token, now=at) is None
    assert service.by_token(store=bare.store, token=handed.token[:-1]) is None
    assert service.by_token(store=bare.store, token="") is None


def test_revoked_and_disabled_open_nothing_at_once(bare: Desk) -> None:
    handed = add(bare)
    service.new_token(store=bare.store, scope=bare.scope, name="wang", by="li")
    assert service.revoke_tokens(store=bare.store, scope=bare.scope, name="wang", by="li") == 2
    assert service.by_token(store=bare.store, token=handed.token) is None
    again = service.new_token(store=bare.store, scope=bare.scope, name="wang", by="li").token
    opened = sign_in(bare, handed)
    assert service.by_token(store=bare.store, token=again) is not None
    assert service.by_session(store=bare.store, cookie=opened.cookie, settings=SETTINGS) is not None
    service.disable(store=bare.store, scope=bare.scope, name="wang", by="li")
    assert service.by_token(store=bare.store, token=again) is None
    assert service.by_session(store=bare.store, cookie=opened.cookie, settings=SETTINGS) is None
    with pytest.raises(Refusal) as caught:
        sign_in(bare, handed)
    assert caught.value.code == "sign_in_refused"
    assert told(bare, "account_disabled") == [("wang", {"sessions": 1, "tokens": 1}, "li")]
    for act in (service.disable, service.revoke_tokens, service.new_password, service.new_token):
        with pytest.raises(Refusal) as caught:
            act(store=bare.store, scope=bare.scope, name="wang", by="li")  # type: ignore[operator]
        assert caught.value.code == "unknown_account"


def test_accounts_beyond_the_scope_are_not_there(bare: Desk) -> None:
    add(bare, area="/41/b")
    with pytest.raises(Refusal) as caught:
        service.disable(store=bare.store, scope=scope_of("/41/c"), name="wang", by="li")
    assert caught.value.code == "unknown_account"


def test_a_new_password_ends_the_old_one_and_its_sessions(bare: Desk) -> None:
    handed = add(bare)
    opened = sign_in(bare, handed)
    password = service.new_password(store=bare.store, scope=bare.scope, name="wang", by="li")
    assert service.by_session(store=bare.store, cookie=opened.cookie, settings=SETTINGS) is None
    with pytest.raises(Refusal):
        sign_in(bare, handed)
    sign_in(bare, service.Handed("wang", password, "", handed.expires))


def test_each_sign_in_has_a_session_of_its_own(bare: Desk) -> None:
    handed = add(bare)
    first, second = sign_in(bare, handed), sign_in(bare, handed)
    assert first.cookie != second.cookie
    assert first.caller.csrf != second.caller.csrf
    caller = service.by_session(store=bare.store, cookie=first.cookie, settings=SETTINGS)
    assert caller is not None
    service.sign_out(store=bare.store, caller=caller, cookie=first.cookie)
    service.sign_out(store=bare.store, caller=caller, cookie=first.cookie)
    assert service.by_session(store=bare.store, cookie=first.cookie, settings=SETTINGS) is None
    assert service.by_session(store=bare.store, cookie=second.cookie, settings=SETTINGS) is not None
    assert told(bare, "signed_out") == [("wang", {}, "wang")]
    assert [by for _, _, by in told(bare, "signed_in")] == ["wang", "wang"]


def test_a_session_ends_without_use_and_by_its_whole_time(bare: Desk) -> None:
    opened = sign_in(bare, add(bare))
    start, idle, whole = opened.ends - SETTINGS.session_whole, SETTINGS.session_idle, SETTINGS.session_whole
    attendance = Attendance()

    def holds(moment: datetime, seen: Attendance | None = attendance) -> bool:
        found = service.by_session(
            store=bare.store, cookie=opened.cookie, settings=SETTINGS, attendance=seen, now=moment
        )
        return found is not None

    assert not holds(start + idle, Attendance())
    before = store_bytes(bare)
    moment = start
    while moment + idle < start + whole:
        moment += idle - timedelta(seconds=1)
        assert holds(moment)
    assert store_bytes(bare) == before, "reading writes nothing"
    # Another process learns of the use when it is written down, and not before.
    assert not holds(moment + timedelta(seconds=1), Attendance())
    service.note_uses(store=bare.store, attendance=attendance)
    assert holds(moment + timedelta(seconds=1), Attendance())
    # However much it is used, it ends.
    assert holds(start + whole - timedelta(seconds=1))
    assert not holds(start + whole)


def test_uses_that_could_not_be_written_wait(bare: Desk) -> None:
    opened, attendance = sign_in(bare, add(bare)), Attendance()
    later = datetime.now(UTC) + timedelta(minutes=20)
    service.by_session(
        store=bare.store, cookie=opened.cookie, settings=SETTINGS, attendance=attendance, now=later
    )
    digest = secrets.digest_of(opened.cookie)
    taken = attendance.take()
    assert taken == {digest: later}
    attendance.put_back(taken)
    assert attendance.take() == {digest: later}
    assert attendance.take() == {}
