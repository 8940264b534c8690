"""Signing in and out in a browser that runs no script."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from serving.accounts import service as accounts
from serving.accounts.pages import local
from serving.scope import scope_of
from serving.web.settings import Settings
from tests.serving.web.conftest import Build, House, form_token


def test_the_way_in_and_out(house: House) -> None:
    browser = house.browser()
    assert browser.get("/").headers["location"] == "/lists/latest"
    sent = browser.get("/lists/latest?tier=red&lang=en")
    assert sent.status_code == 303
    form = browser.get(sent.headers["location"])
    assert form.status_code == 200
    assert '<html lang="en">' in form.text
    fields = {"account": house.account.user, "password": house.account.password}
    goal = "/lists/latest?tier=red&lang=en"
    assert goal.replace("&", "&amp;") in form.text
    done = browser.post("/login", data={"csrf": form_token(form.text), "goal": goal, **fields})
    assert (done.status_code, done.headers["location"]) == (303, goal)
    page = browser.get(goal)
    assert page.status_code == 200
    assert house.account.password not in page.text
    # Whoever is signed in is not asked again.
    assert browser.get("/login").headers["location"] == "/lists/latest"
    out = browser.post("/logout", data={"csrf": form_token(page.text)})
    assert out.headers["location"] == "/login"
    assert "fangpin_session" not in browser.cookies
    assert browser.get("/lists/latest").status_code == 303


def test_a_new_session_at_every_sign_in_and_the_old_one_ends(house: House) -> None:
    browser = house.signed_in()
    old = browser.cookies["fangpin_session"]
    form = house.browser().get("/login")
    browser.cookies.set("fangpin_form", form.cookies["fangpin_form"])
    fields = {"account": house.account.user, "password": house.account.password}
    assert browser.post("/login", data={"csrf": form_token(form.text), **fields}).status_code == 303
    assert browser.cookies["fangpin_session"] != old
    left = house.browser()
    left.cookies.set("fangpin_session", old)
    assert left.get("/lists/latest").status_code == 303
    assert browser.get("/lists/latest").status_code == 200


def test_a_failure_says_how_many_tries_are_left_and_not_which_was_wrong(house: House) -> None:
    browser = house.browser()
    known = house.sign_in(browser, "wrong-password")
    unknown = house.sign_in(browser, "wrong-password", account="nobody")
    assert known.status_code == unknown.status_code == 403
    for answer, typed in ((known, house.account.user), (unknown, "nobody")):
        assert "账号或密码不正确" in answer.text
        assert "还可尝试 9 次" in answer.text
        assert "wrong-password" not in answer.text
        assert f'value="{typed}"' in answer.text
    english = browser.post(
        "/login?lang=en",
        data={"csrf": form_token(known.text), "account": house.account.user, "password": "wrong"},
    )
    assert "Tries left: 8" in english.text


def test_after_ten_failures_the_right_password_waits(house: House) -> None:
    browser = house.browser()
    for _ in range(10):
        answer = house.sign_in(browser, "wrong")
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) == 15 * 60
    assert "15 分钟" in answer.text
    assert house.sign_in(house.browser()).status_code == 429


def test_many_names_from_one_address(build: Build) -> None:
    house = build(Settings(source_failures=3))
    for n in range(3):
        assert house.sign_in(house.browser(), "wrong", account=f"guess{n}").status_code == 403
    assert house.sign_in(house.browser()).status_code == 429


def test_it_ends_without_use(build: Build) -> None:
    # Long enough for a busy machine; used, it goes on beyond that.
    house = build(Settings(session_idle=timedelta(seconds=5)))
    browser = house.signed_in()
    for _ in range(3):
        time.sleep(2)
        assert browser.get("/lists/latest").status_code == 200
    time.sleep(5.1)
    assert browser.get("/lists/latest").status_code == 303


def test_it_ends_by_its_whole_time(build: Build) -> None:
    house = build(Settings(session_whole=timedelta(seconds=4)))
    browser = house.signed_in()
    assert browser.get("/lists/latest").status_code == 200
    time.sleep(4.1)
    assert browser.get("/lists/latest").status_code == 303


def test_revoked_and_disabled_stop_at_the_next_request(house: House) -> None:
    browser = house.signed_in()
    asked = {"store": house.store, "scope": scope_of("/"), "name": house.account.user, "by": "li"}
    assert house.client.get("/v1/lists/latest", headers=house.bearer).status_code == 200
    accounts.revoke_tokens(**asked)  # type: ignore[arg-type]
    assert house.client.get("/v1/lists/latest", headers=house.bearer).status_code == 401
    assert browser.get("/lists/latest").status_code == 200
    accounts.disable(**asked)  # type: ignore[arg-type]
    assert browser.get("/lists/latest").status_code == 303
    assert browser.get("/v1/lists/latest").status_code == 401


def test_the_language_is_kept(house: House) -> None:
    browser = house.browser()
    assert '<html lang="zh">' in browser.get("/login").text
    assert '<html lang="en">' in browser.get("/login?lang=en").text
    house.sign_in(browser)
    assert '<html lang="en">' in browser.get("/lists/latest").text
    assert '<html lang="zh">' in browser.get("/lists/latest?lang=zh").text


@pytest.mark.parametrize(
    "address",
    [
        "https://elsewhere.example/",
        "//elsewhere.example",
        "/\\elsewhere.example",
        "\\\\elsewhere.example",
        "/\t/elsewhere.example",
        "/ /elsewhere",
        "javascript:alert(1)",
        "lists/latest",
        "/lists/latest\r\nset-cookie: a=b",
        "/login",
        "/login?next=/x",
        "/logout",
        "/" + "x" * 2001,
        "/村",
        "",
        None,
    ],
)
def test_nobody_is_led_elsewhere(house: House, address: str | None) -> None:
    assert local(address) is None
    browser = house.browser()
    if address is not None:
        assert f'name="goal" value="{address}"' not in browser.get("/login", params={"next": address}).text
        done = house.sign_in(browser, goal=address)
        assert (done.status_code, done.headers["location"]) == (303, "/lists/latest")


def test_a_form_that_is_no_form(house: House) -> None:
    browser = house.browser()
    file = b'--b\r\nContent-Disposition: form-data; name="account"; filename="a"\r\n\r\nx\r\n--b--\r\n'
    answer = browser.post("/login", content=file, headers={"content-type": "multipart/form-data; boundary=b"})
    assert answer.status_code in (403, 422)
    for body in (b"", b"\xff\xfe=%zz", b"account[]=1", b"{}"):
        for kind in ("application/x-www-form-urlencoded", "multipart/form-data", "application/json"):
            answer = browser.post("/login", content=body, headers={"content-type": kind})
            assert answer.status_code in (403, 422), (body, kind)
