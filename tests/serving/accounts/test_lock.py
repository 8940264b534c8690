"""Guessing: ten failures in a row, many names from one place, many tries at once, and what an answer gives away."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from features.errors import Refusal
from serving.accounts import service
from serving.accounts.throttle import Throttle
from serving.store.tables import accounts
from serving.web.settings import Settings
from tests.serving.accounts.test_accounts import add, store_bytes, told
from tests.serving.conftest import Desk

SETTINGS = Settings()
NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)


def attempt(
    desk: Desk,
    name: str,
    password: str,
    *,
    now: datetime = NOW,
    throttle: Throttle | None = None,
    source: str = "10.0.0.1",
    settings: Settings = SETTINGS,
) -> Refusal | None:
    """The refusal; none where it succeeded."""
    try:
        service.sign_in(
            home=desk.home,
            store=desk.store,
            throttle=throttle or Throttle(10_000, settings.lock),
            settings=settings,
            name=name,
            password=password,
            source=source,
            now=now,
        )
    except Refusal as refusal:
        return refusal
    return None


def test_known_and_unknown_names_are_answered_alike(bare: Desk) -> None:
    add(bare)
    later = NOW + SETTINGS.lock
    answers = []
    for name in ("wang", "nobody"):
        moments = [NOW] * 12 + [later] * 3
        tries = [attempt(bare, name, "wrong", now=moment) for moment in moments]
        answers.append([refusal.document() if refusal else None for refusal in tries])
    assert answers[0] == answers[1]
    codes = [answer["error"]["code"] for answer in answers[0]]  # type: ignore[index]
    assert codes == ["sign_in_refused"] * 9 + ["sign_in_locked"] * 3 + ["sign_in_refused"] * 3
    assert "9" in answers[0][0]["error"]["remedy"]["en"]  # type: ignore[index]


def test_they_take_the_same_time(bare: Desk) -> None:
    add(bare)
    settings = Settings(failures=1000)
    spent: dict[str, list[float]] = {"wang": [], "nobody": []}
    for _ in range(9):
        for name, taken in spent.items():
            # Seconds of the processor, which do not grow when the machine is busy.
            before = time.process_time()
            attempt(bare, name, "wrong", settings=settings)
            taken.append(time.process_time() - before)
    known, unknown = (sorted(taken)[4] for taken in spent.values())
    assert 0.7 < unknown / known < 1.4


def test_while_it_waits_the_right_password_is_refused_too(bare: Desk) -> None:
    handed = add(bare)
    for _ in range(10):
        attempt(bare, "wang", "wrong")
    almost = NOW + SETTINGS.lock - timedelta(seconds=1)
    assert getattr(attempt(bare, "wang", handed.password, now=almost), "code", None) == "sign_in_locked"
    assert attempt(bare, "wang", handed.password, now=NOW + SETTINGS.lock) is None


def test_a_success_begins_the_row_anew(bare: Desk) -> None:
    handed = add(bare)
    for _ in range(3):
        for _ in range(9):
            refusal = attempt(bare, "wang", "wrong")
            assert refusal is not None
            assert refusal.code == "sign_in_refused"
        assert attempt(bare, "wang", handed.password) is None


def test_many_at_once_have_no_more_than_ten_tries(bare: Desk) -> None:
    handed = add(bare)
    passwords = ["wrong"] * 30 + [handed.password] * 10
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda password: attempt(bare, "wang", password), passwords))
    assert len(told(bare, "sign_in_failed")) == 10
    assert all(refusal is not None for refusal in done)
    with bare.store.reading() as reading:
        row = reading.connection.execute(select(accounts.c.failures, accounts.c.locked_until)).one()
    assert (row.failures, row.locked_until) == (10, NOW + SETTINGS.lock)


def test_many_names_from_one_place_wait(bare: Desk) -> None:
    throttle = Throttle(5, SETTINGS.lock)
    handed = add(bare)
    for n in range(5):
        refusal = attempt(bare, f"guess{n}", "x", throttle=throttle)
        assert refusal is not None
        assert refusal.code == "sign_in_refused"
    stopped = attempt(bare, "wang", handed.password, throttle=throttle)
    assert stopped is not None
    assert stopped.code == "sign_in_locked"
    assert attempt(bare, "wang", handed.password, throttle=throttle, source="10.0.0.2") is None
    later = NOW + SETTINGS.lock
    assert attempt(bare, "wang", handed.password, throttle=throttle, now=later) is None


def test_an_ipv6_network_is_one_place() -> None:
    throttle = Throttle(2, timedelta(minutes=5))
    throttle.failed("2001:db8:1:2::1", NOW)
    throttle.failed("2001:db8:1:2:ffff::9", NOW)
    throttle.admit("2001:db8:1:3::1", NOW)
    with pytest.raises(Refusal) as caught:
        throttle.admit("2001:db8:1:2::77", NOW)
    assert caught.value.params["minutes"] == 5


def test_what_was_typed_as_an_unknown_name_is_not_kept(bare: Desk) -> None:
    attempt(bare, "MySecretPassword99", "x")
    attempt(bare, "mysecretpassword98", "x")
    kept = store_bytes(bare)
    assert b"ecret" not in kept
    subjects = [subject for subject, _, _ in told(bare, "sign_in_failed")]
    assert len(set(subjects)) == 2
    assert all(subject.startswith("name ") for subject in subjects)


def test_failures_tell_why_to_the_record_alone(bare: Desk) -> None:
    handed = add(bare)
    service.disable(store=bare.store, scope=bare.scope, name="wang", by="li")
    wrong = attempt(bare, "wang", "x")
    right = attempt(bare, "wang", handed.password)
    assert wrong is not None
    assert right is not None
    assert (wrong.code, right.code) == ("sign_in_refused", "sign_in_refused")
    why = [(subject, detail["why"], by) for subject, detail, by in told(bare, "sign_in_failed")]
    assert why == [("wang", "password", "-"), ("wang", "disabled", "-")]


@pytest.mark.parametrize("password", ["", "x" * 257, "\ud800", "\0"])
def test_odd_passwords_are_wrong_and_nothing_else(bare: Desk, password: str) -> None:
    add(bare)
    refusal = attempt(bare, "wang", password)
    assert refusal is not None
    assert refusal.code == "sign_in_refused"


@pytest.mark.parametrize("name", ["", "x" * 100_000, "\ud800", "a\0b", "'; drop table accounts; --"])
def test_odd_names_are_unknown_and_nothing_else(bare: Desk, name: str) -> None:
    refusal = attempt(bare, name, "x")
    assert refusal is not None
    assert refusal.code == "sign_in_refused"
