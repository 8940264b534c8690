"""How errors are answered: to programs, to people, and never with what was sent or how we broke."""

from __future__ import annotations

import logging

import pytest
from fastapi import APIRouter

from features.documents import ErrorDocument
from serving.web.access import Anyone
from serving.web.logs import Plain
from tests.serving.web.conftest import HTML, House

SECRET = "Wang Xiuying 412702195511230041"


def breaking(house: House) -> None:
    router = APIRouter()

    @router.get("/v1/breaks")
    @router.get("/breaks")
    async def breaks(rule: Anyone) -> None:
        try:
            {}[SECRET]
        except KeyError as problem:
            raise RuntimeError(SECRET) from problem

    house.app.include_router(router)


def test_a_bug_shows_no_trace_and_the_log_no_value(house: House, caplog: pytest.LogCaptureFixture) -> None:
    breaking(house)
    with caplog.at_level(logging.INFO):
        program = house.client.get("/v1/breaks", params={"q": SECRET})
        page = house.client.get("/breaks", headers=HTML)
    assert program.status_code == page.status_code == 500
    assert ErrorDocument.model_validate(program.json()).error.code == "bug"
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    number = page.headers["fangpin-request"]
    assert number in page.text
    logged = "\n".join(Plain().format(record) for record in caplog.records if record.name == "fangpin")
    assert number in logged
    assert "RuntimeError" in logged
    assert "KeyError" in logged
    assert "test_errors.py" in logged
    for said in (program.text, page.text, logged):
        assert SECRET not in said
        assert "Xiuying" not in said
    for said in (program.text, page.text):
        assert "Traceback" not in said
        assert ".py" not in said


def test_the_log_names_routes_and_not_addresses(house: House, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        house.client.get(f"/v1/lists/{'0' * 64}?name=王秀英", headers=house.bearer)
        house.client.get("/v1/lists/王秀英?name=王秀英", headers=house.bearer)
        house.client.get("/王秀英?name=王秀英")
        house.client.request("WANG", "/王秀英")
        house.client.post("/v1/households/search", json={"q": "王秀英"}, headers=house.bearer)
        house.client.post("/v1/households/search", json={"王秀英": 1}, headers=house.bearer)
    logged = "\n".join(Plain().format(record) for record in caplog.records if record.name == "fangpin")
    assert "GET /v1/lists/{list} 422" in logged
    assert "GET (none) 404" in logged
    assert "OTHER (none) 404" in logged
    assert "王秀英" not in logged
    assert "%E7" not in logged
    assert "WANG" not in logged


def test_what_was_sent_is_not_said_back(house: House) -> None:
    for answer in (
        house.client.post("/v1/households/search", json={"q": ["王秀英"]}, headers=house.bearer),
        house.client.post("/v1/households/search", json={"q": "x", "王秀英": 1}, headers=house.bearer),
        house.client.get("/v1/lists/王秀英", headers=house.bearer),
        house.client.get("/王秀英", headers=HTML),
        house.client.get("/王秀英"),
    ):
        assert 400 <= answer.status_code < 500
        # The links to the other language, in the bar, are the address that the browser itself asked for.
        said = answer.text.split("</header>")[-1]
        assert "王秀英" not in said
        assert "%E7%8E%8B" not in said


def test_people_get_pages_and_programs_documents(house: House) -> None:
    page = house.client.get("/nothing", headers=HTML)
    assert page.headers["content-type"].startswith("text/html")
    assert "没有这个地址" in page.text
    assert "There is nothing" in house.client.get("/nothing?lang=en", headers=HTML).text
    for path, headers in (
        ("/nothing", {}),
        ("/nothing", {"accept": "application/json"}),
        ("/nothing", {**HTML, **house.bearer}),
        ("/v1/nothing", HTML),
    ):
        answer = house.client.get(path, headers=headers)
        assert answer.status_code == 404
        assert ErrorDocument.model_validate(answer.json()).error.code == "no_such_page"


def test_methods(house: House) -> None:
    for path, allowed in (
        ("/login", "GET, POST"),
        ("/logout", "POST"),
        ("/livez", "GET"),
        ("/v1/decisions", "POST"),
    ):
        for method in ("DELETE", "PUT", "TRACE"):
            answer = house.client.request(method, path)
            assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
            assert answer.json()["error"]["code"] == "method_not_allowed"


def test_no_address_is_mended_by_a_redirect(house: House) -> None:
    assert house.client.get("/v1/lists/latest/", headers=house.bearer).status_code in (404, 422)
    assert house.client.get("/login/").status_code == 404


def test_an_error_page_knows_who_is_signed_in(house: House) -> None:
    browser = house.signed_in()
    assert "/logout" in browser.get("/nothing").text
    assert "/logout" not in house.browser().get("/nothing").text
