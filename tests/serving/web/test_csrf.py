"""What a browser can be made to send from elsewhere changes nothing."""

from __future__ import annotations

from hashlib import sha256

import pytest
from sqlalchemy import text

from tests.serving.api.prepare import Prepared
from tests.serving.web.conftest import HTML, House, form_token
from tests.serving.web.routes import ways

ELSEWHERE = (
    {"origin": "https://elsewhere.example"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "none"},
    {"origin": "http://testserver.elsewhere.example"},
)


def state(house: House) -> str:
    """Everything in the store, as one digest."""
    seen = sha256()
    with house.store.reading() as reading:
        names = reading.connection.execute(
            text(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY 1"
            )
        ).scalars()
        for name in names.all():
            for row in reading.connection.execute(text(f'SELECT * FROM "{name}"')):
                seen.update(repr(tuple(row)).encode())
    return seen.hexdigest()


def test_forms_of_a_session(house: House, prepared: Prepared) -> None:
    browser, other = house.signed_in(), house.signed_in()
    token = form_token(browser.get("/lists/latest").text)
    foreign = form_token(other.get("/lists/latest").text)
    assert token != foreign
    left = house.signed_in()
    stale = form_token(left.get("/lists/latest").text)
    assert left.post("/logout", data={"csrf": stale}).status_code == 303
    forms = [way for way in ways(house.app) if way.rules == ("CountyForm",)]
    assert forms
    before = state(house)
    for way in forms:
        address = way.address(prepared)
        for given in ({}, {"csrf": ""}, {"csrf": stale}, {"csrf": foreign}, {"csrf": token[:-1] + "é"}):
            assert browser.request(way.method, address, data=given).status_code == 403, (way, given)
        for headers in ELSEWHERE:
            answer = browser.request(way.method, address, data={"csrf": token}, headers=headers)
            assert answer.status_code == 403, (way, headers)
        assert browser.request(way.method, address, json={"csrf": token}).status_code == 403, way
    assert state(house) == before
    assert browser.get("/lists/latest").status_code == 200


@pytest.mark.parametrize(
    "headers", [{}, {"origin": "null"}, {"origin": "http://testserver"}, {"sec-fetch-site": "same-origin"}]
)
def test_our_own_forms_are_taken(house: House, headers: dict[str, str]) -> None:
    browser = house.signed_in()
    token = form_token(browser.get("/lists/latest").text)
    assert browser.post("/logout", data={"csrf": token}, headers=headers).status_code == 303
    assert browser.get("/lists/latest").status_code == 303


def test_programs_by_session(house: House, prepared: Prepared) -> None:
    browser = house.signed_in()
    token = form_token(browser.get("/lists/latest").text)
    household = prepared.unlisted[0]
    before = state(house)
    for headers in ({}, {"x-csrf-token": "x" * 64}, *({"x-csrf-token": token, **each} for each in ELSEWHERE)):
        answer = browser.post("/v1/decisions", json={"household": household}, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "form_not_ours")
    assert state(house) == before
    answer = browser.post("/v1/decisions", json={"household": household}, headers={"x-csrf-token": token})
    assert answer.status_code == 201
    assert state(house) != before


def test_signing_somebody_in_from_elsewhere(house: House) -> None:
    browser = house.browser()
    token = form_token(browser.get("/login").text)
    fields = {"account": house.account.user, "password": house.account.password}
    before = state(house)
    for headers in ELSEWHERE:
        assert browser.post("/login", data={"csrf": token, **fields}, headers=headers).status_code == 403
    assert browser.post("/login", data=fields).status_code == 403
    assert browser.post("/login", data={"csrf": "0" * 64, **fields}).status_code == 403
    # A token that another browser was given.
    assert house.browser().post("/login", data={"csrf": token, **fields}).status_code == 403
    assert state(house) == before
    assert browser.post("/login", data={"csrf": token, **fields}).status_code == 303


def test_asking_changes_nothing(house: House, prepared: Prepared) -> None:
    browser = house.signed_in()

    def but_the_access_log() -> list[int]:
        with house.store.reading() as reading:
            return [
                reading.connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
                for table in ("accounts", "sessions", "tokens", "events", "decisions", "lists", "promotions")
            ]

    before, files = but_the_access_log(), sorted(path.name for path in house.home.rglob("*"))
    for way in ways(house.app):
        if way.method != "GET":
            continue
        for _ in range(2):
            address = way.address(prepared)
            headers = house.bearer if way.rules == ("County",) else HTML
            assert browser.get(address, headers=headers).status_code < 400, way
    assert but_the_access_log() == before
    assert sorted(path.name for path in house.home.rglob("*")) == files
