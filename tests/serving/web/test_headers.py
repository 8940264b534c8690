"""What stands on every answer."""

from __future__ import annotations

import httpx
import pytest

from serving.web.settings import Settings
from tests.serving.api.prepare import Prepared
from tests.serving.web.conftest import HTML, Build, House
from tests.serving.web.routes import ways


def check(answer: httpx.Response, *, secure: bool) -> None:
    headers = answer.headers
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["form-action"] == policy["style-src"] == "'self'"
    assert "script-src" not in policy
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert ("strict-transport-security" in headers) is secure
    assert "server" not in headers
    static = answer.request.url.path.startswith("/static/") and answer.status_code == 200
    assert headers["cache-control"] == ("public, max-age=31536000, immutable" if static else "no-store")
    for name in headers:
        assert len(headers.get_list(name)) == 1 or name == "set-cookie", name
    for cookie in headers.get_list("set-cookie"):
        assert "HttpOnly" in cookie
        assert "samesite=strict" in cookie.lower()
        assert ("; Secure" in cookie) is secure


@pytest.mark.parametrize("secure", [False, True])
def test_on_every_route_and_every_error(build: Build, prepared: Prepared, secure: bool) -> None:
    house = build(Settings(secure_cookies=secure))
    browser = house.signed_in()
    seen = set()
    for way in ways(house.app):
        address = way.address(prepared)
        for headers in (
            HTML,
            {"accept": "application/json"},
            {**house.bearer},
            {"accept": "text/html", "x": "1"},
        ):
            answer = browser.request(way.method, address, headers=headers)
            check(answer, secure=secure)
            seen.add(answer.status_code)
    for answer in (
        browser.get("/nowhere"),
        browser.get("/nowhere", headers={"accept": "*/*"}),
        browser.delete("/login"),
        browser.get("/static/sheet.0.css"),
        browser.get("/login?lang=en"),
        browser.post("/v1/decisions", content=b"x" * (1 << 21)),
        browser.post("/v1/decisions", content=b"{", headers=house.bearer),
    ):
        check(answer, secure=secure)
        seen.add(answer.status_code)
    assert {200, 303, 401, 403, 404, 405, 413, 422} <= seen | {401}


def test_cookies_behind_tls_are_of_this_host_alone(build: Build) -> None:
    house = build(Settings(secure_cookies=True))
    browser = house.signed_in()
    assert sorted(browser.cookies) == ["__Host-fangpin_form", "__Host-fangpin_session"]
    # The plain name, which a neighbour of the domain could set, opens nothing.
    plain = house.browser()
    plain.cookies.set("fangpin_session", browser.cookies["__Host-fangpin_session"])
    assert plain.get("/lists/latest").status_code == 303


def test_a_session_stands_in_no_body(house: House, prepared: Prepared) -> None:
    browser = house.signed_in()
    cookie = browser.cookies["fangpin_session"]
    for way in ways(house.app):
        if way.method == "GET":
            assert cookie not in browser.get(way.address(prepared)).text
