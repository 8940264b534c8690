"""Each route says who may call it, and means it."""

from __future__ import annotations

from fastapi import APIRouter

from tests.serving.api.prepare import Prepared
from tests.serving.web.conftest import HTML, House
from tests.serving.web.routes import ways

# What needs no account. A route that is added here was thought about.
OPEN = {
    ("GET", "/"),
    ("GET", "/livez"),
    ("GET", "/login"),
    ("GET", "/openapi.json"),
    ("GET", "/readyz"),
    ("GET", "/static/{name}"),
    ("POST", "/login"),
}


def test_each_route_has_exactly_one_rule(house: House) -> None:
    every = list(ways(house.app))
    assert len(every) > 10
    assert not [way for way in every if len(way.rules) != 1]
    assert {(way.method, way.path) for way in every if way.rules == ("Anyone",)} == OPEN


def test_a_route_without_a_rule_is_found(house: House) -> None:
    router = APIRouter()

    @router.get("/v1/forgotten")
    def forgotten() -> None:
        return None

    house.app.include_router(router)
    assert [way.path for way in ways(house.app) if len(way.rules) != 1] == ["/v1/forgotten"]


def test_programs_use_the_rules_of_programs_and_pages_those_of_pages(house: House) -> None:
    for way in ways(house.app):
        wanted = {"County"} if way.path.startswith("/v1/") else {"Anyone", "CountyPage", "CountyForm"}
        assert set(way.rules) <= wanted, way
        # What changes something on a page is a form with its token, signing in apart.
        if not way.path.startswith("/v1/") and way.method != "GET" and way.path != "/login":
            assert way.rules == ("CountyForm",), way


def test_nobody_is_let_in(house: House, prepared: Prepared) -> None:
    for way in ways(house.app):
        if way.rules == ("Anyone",):
            continue
        address = way.address(prepared)
        for headers in ({}, {"authorization": "Bearer no-such-token"}, {"authorization": "Basic YTpi"}):
            answer = house.client.request(way.method, address, headers={**HTML, **headers})
            if way.rules == ("County",):
                assert answer.status_code == 401, way
                assert answer.headers["www-authenticate"] == "Bearer"
                assert answer.json()["error"]["code"] == "not_signed_in"
            else:
                assert answer.status_code == 303, way
                assert answer.headers["location"].startswith("/login")


def test_a_token_opens_no_page(house: House) -> None:
    answer = house.client.get("/lists/latest", headers=house.bearer)
    assert answer.status_code == 303
