"""`user add`, `user token`, `user password`, `user disable`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from commands.documents.accounts import (
    UserAddedDocument,
    UserDisabledDocument,
    UserPasswordDocument,
    UsersDocument,
    UserTokenDocument,
)
from features.home import Home
from serving.accounts import service
from serving.accounts.attendance import Attendance
from serving.store import Store
from tests.commands.front_door import Ran, fangpin


@pytest.fixture
def home(tmp_path: Path) -> Path:
    assert fangpin("init", "--clock", "simulated", home=tmp_path / "home").code == 0
    return tmp_path / "home"


def add(home: Path, name: str, *more: str) -> Ran:
    return fangpin("user", "add", name, "--role", "county", "--area", "/", *more, "--json", home=home)


def opens(home: Path, token: str) -> bool:
    with Store.open(Home.open(home)) as store:
        return service.by_token(store=store, token=token) is not None


def test_an_account_from_beginning_to_end(home: Path) -> None:
    added = UserAddedDocument.model_validate_json(add(home, "wang", "--days", "10").out)
    assert added.user == "wang"
    assert opens(home, added.token)
    left = datetime.fromisoformat(added.token_ends) - datetime.now(UTC)
    assert timedelta(days=9, hours=23) < left <= timedelta(days=10)

    ran = fangpin("user", "token", "wang", "--json", home=home)
    further = UserTokenDocument.model_validate_json(ran.out)
    assert further.token is not None
    assert opens(home, further.token)
    ran = fangpin("user", "token", "wang", "--revoke", "--json", home=home)
    assert UserTokenDocument.model_validate_json(ran.out).revoked == 2
    assert not opens(home, added.token)
    assert not opens(home, further.token)

    ran = fangpin("user", "password", "wang", "--json", home=home)
    assert UserPasswordDocument.model_validate_json(ran.out).password != added.password
    ran = fangpin("user", "disable", "wang", "--json", home=home)
    assert UserDisabledDocument.model_validate_json(ran.out).disabled
    ran = fangpin("user", "disable", "wang", "--json", home=home)
    assert (ran.code, ran.document["error"]["code"]) == (3, "unknown_account")


def test_shared_options_may_stand_before_both_words(home: Path) -> None:
    ran = fangpin("--json", "--home", home, "user", "add", "李干事", "--role", "county", "--area", "/990101")
    assert UserAddedDocument.model_validate_json(ran.out).user == "李干事"


def test_what_is_not_made(home: Path) -> None:
    assert add(home, "wang").code == 0
    for argv, code, error in (
        (("wang",), 3, "account_exists"),
        (("a b",), 2, "bad_account_name"),
        (("new", "--days", "0"), 2, "usage"),
        (("new", "--days", "9999999999"), 2, "usage"),
    ):
        ran = add(home, *argv)
        assert (ran.code, ran.document["error"]["code"]) == (code, error)
    ran = fangpin("user", "add", "new", "--role", "god", "--area", "/", "--json", home=home)
    assert ran.document["error"]["code"] == "unknown_name"
    assert "county" in ran.document["error"]["remedy"]["en"]
    assert fangpin("user", "add", "new", "--json", home=home).code == 2


def test_for_people_it_is_shown_in_words(home: Path) -> None:
    ran = fangpin("user", "add", "wang", "--role", "county", "--area", "/", "--lang", "zh", home=home)
    assert "密码" in ran.out
    assert "令牌" in ran.out


def test_who_there_is(home: Path) -> None:
    token = UserAddedDocument.model_validate_json(add(home, "wang").out).token
    assert add(home, "li").code == 0
    assert fangpin("user", "disable", "li", home=home).code == 0
    attendance = Attendance()
    with Store.open(Home.open(home)) as store:
        service.by_token(store=store, token=token, attendance=attendance)
        service.note_uses(store=store, attendance=attendance)
    ran = fangpin("user", "list", "--json", home=home)
    li, wang = UsersDocument.model_validate_json(ran.out).users
    assert (li.user, li.disabled, li.tokens, li.last_used) == ("li", True, 0, None)
    assert (wang.user, wang.disabled, wang.tokens, wang.area) == ("wang", False, 1, "/")
    assert wang.last_used is not None
    assert datetime.now(UTC) - wang.last_used < timedelta(minutes=1)
    assert "最近使用" in fangpin("user", "list", home=home).out
    assert token not in ran.out
