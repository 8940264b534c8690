"""The routes of /v1, asked over HTTP of a service that runs."""

from __future__ import annotations

import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from features.home import Home
from serving.lists.cursor import mark
from serving.web.settings import Settings
from tests.house.tree import ROOT
from tests.serving.api.conftest import Start
from tests.serving.api.prepare import Prepared
from tests.serving.api.running import Running

NOWHERE = "0" * 64


def code(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal, which says it in both languages with a remedy."""
    error = answer.json()["error"]
    assert error["message"]["zh"]
    assert error["message"]["en"]
    assert error["remedy"]["zh"]
    assert error["remedy"]["en"]
    return answer.status_code, error["code"]


def test_the_same_decision_by_command_line_post_and_get(
    client: httpx.Client, running: Running, prepared: Prepared
) -> None:
    household = prepared.unlisted[0]
    first = client.post("/v1/decisions", json={"household": household})
    again = client.post("/v1/decisions", json={"household": household, "as_of": "2012-06-30"})
    fetched = client.get(f"/v1/decisions/{first.json()['id']}")
    printed = subprocess.run(
        [sys.executable, "fangpin.py", "decide", household, "--json", "--home", str(running.home)],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout
    assert [r.status_code for r in (first, again, fetched)] == [201, 200, 200]
    assert first.content == again.content == fetched.content == printed.removesuffix(b"\n")
    for answer in (first, again, fetched):
        assert answer.headers["Fangpin-SHA256"] == sha256(first.content).hexdigest()
    replayed = client.post(f"/v1/decisions/{first.json()['id']}/replay")
    assert (replayed.status_code, replayed.json()) == (200, {"equal": True, "difference": None})


def test_a_decision_made_by_the_command_line_is_found_by_http(
    client: httpx.Client, running: Running, prepared: Prepared
) -> None:
    household = prepared.unlisted[1]
    printed = subprocess.run(
        [sys.executable, "fangpin.py", "decide", household, "--json", "--home", str(running.home)],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout
    answer = client.post("/v1/decisions", json={"household": household})
    assert (answer.status_code, answer.content) == (200, printed.removesuffix(b"\n"))


def test_a_household_is_decided_by_its_number(client: httpx.Client, prepared: Prepared) -> None:
    by_number = client.post("/v1/decisions", json={"key": "h7"})
    assert by_number.status_code == 201
    assert by_number.json()["household"] in prepared.areas
    by_id = client.post("/v1/decisions", json={"household": by_number.json()["household"]})
    assert (by_id.status_code, by_id.content) == (200, by_number.content)
    assert code(client.post("/v1/decisions", json={"key": "h7|h8"})) == (404, "unknown_household")


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        None,
        {"household": None},
        {"household": "A" * 64},
        {"household": NOWHERE + "\n"},
        {"household": NOWHERE, "key": "h7"},
        {"household": NOWHERE, "key": None},
        {"key": ""},
        {"key": "x" * 301},
        {"key": 7},
        {"key": "h7", "as_of": "30-06-2012"},
        {"key": "h7", "as_of": "2012-06-31"},
        {"key": "h7", "as_of": "2012-06-30T00:00:00"},
        {"key": "h7", "as_of": 1340000000},
        {"key": "h7", "more": 1},
    ],
    ids=str,
)
def test_what_is_no_question_is_refused(client: httpx.Client, body: Any) -> None:
    answer = client.post("/v1/decisions", json=body)
    assert code(answer) == (422, "bad_request")


def test_what_is_sent_wrongly_is_not_repeated(client: httpx.Client) -> None:
    for body in ({"韦国良": 1, "key": "h7"}, {"household": "韦国良"}, {"key": "h7", "as_of": "韦国良"}):
        assert "韦国良" not in client.post("/v1/decisions", json=body).text


def test_a_batch_answers_each_household_once(client: httpx.Client, prepared: Prepared) -> None:
    known = prepared.unlisted[2:12]
    asked = [*known[:5], NOWHERE, *known[5:], known[0], NOWHERE]
    first = client.post("/v1/decisions/batch", json={"households": asked})
    assert first.status_code == 201
    answered = first.json()
    assert [d["household"] for d in answered["decisions"]] == known
    assert [(e["household"], e["error"]["code"]) for e in answered["errors"]] == [
        (NOWHERE, "unknown_household")
    ]
    again = client.post("/v1/decisions/batch", json={"households": known})
    assert (again.status_code, again.json()["errors"]) == (200, [])
    for decision in answered["decisions"]:
        alone = client.get(f"/v1/decisions/{decision['id']}").content
        assert alone in first.content
        assert alone in again.content


def test_a_batch_that_no_day_was_published_for_is_refused_whole(
    client: httpx.Client, prepared: Prepared
) -> None:
    body = {"households": prepared.unlisted[:3], "as_of": "1999-12-31"}
    assert code(client.post("/v1/decisions/batch", json=body)) == (409, "not_published")
    assert code(client.post("/v1/decisions/batch", json={"households": []})) == (422, "bad_request")


def test_the_latest_list_is_the_list_that_was_issued(client: httpx.Client, prepared: Prepared) -> None:
    issued = prepared.issued
    latest = client.get("/v1/lists/latest").json()
    assert latest == {**issued, "next": None}
    assert client.get(f"/v1/lists/{issued['list']}").json() == latest
    for tier in ("red", "orange", "yellow", "blue", "none"):
        some = client.get("/v1/lists/latest", params={"tier": tier}).json()["lines"]
        assert some == [line for line in issued["lines"] if line["tier"] == tier]


def test_the_list_of_an_area_holds_that_area_alone(client: httpx.Client, prepared: Prepared) -> None:
    there = client.get("/v1/lists/latest", params={"area": "41/b"}).json()
    assert there["lines"] == [line for line in prepared.issued["lines"] if line["area"].startswith("41/b/")]
    assert list(there["capacity"]) == ["41/b"]
    assert code(client.get("/v1/lists/latest", params={"area": "41/z"})) == (404, "empty_area")
    assert code(client.get("/v1/lists/latest", params={"area": "41//b"})) == (422, "bad_area")
    assert code(client.get("/v1/lists/latest", params={"area": "41/\x00"})) == (422, "bad_area")
    assert code(client.get("/v1/lists/latest", params={"tier": "grey"})) == (422, "bad_request")
    assert code(client.get("/v1/lists/latest", params={"more": "1"})) == (422, "bad_request")


@pytest.mark.parametrize(
    "narrowed", [{}, {"area": "41/b"}, {"tier": "blue"}, {"area": "41/a", "tier": "blue"}]
)
def test_pages_of_a_list_give_the_whole_list(
    prepared: Prepared, own: Path, start: Start, narrowed: dict[str, str]
) -> None:
    service = start(own, Settings(page=7))
    name = prepared.issued["list"]
    with service.client() as client:
        page = client.get("/v1/lists/latest", params=narrowed).json()
        lines, pages = page["lines"], 1
        while page["next"] is not None:
            assert len(page["lines"]) == 7
            page = client.get(f"/v1/lists/{name}", params={**narrowed, "cursor": page["next"]}).json()
            lines, pages = lines + page["lines"], pages + 1
    area, tier = narrowed.get("area", ""), narrowed.get("tier")
    expected = [
        line
        for line in prepared.issued["lines"]
        if line["area"].startswith(area) and tier in (None, line["tier"])
    ]
    assert lines == expected
    assert pages == max(1, -(-len(expected) // 7)) > 1


def test_a_cursor_holds_for_its_list_area_and_tier_alone(client: httpx.Client, prepared: Prepared) -> None:
    name = prepared.issued["list"]
    ours = mark(3, list_=name, area="/", tier=None)
    there = client.get(f"/v1/lists/{name}", params={"cursor": ours})
    assert there.json()["lines"] == prepared.issued["lines"][3:]
    for wrong in ({"tier": "red"}, {"area": "41/a"}):
        answer = client.get(f"/v1/lists/{name}", params={"cursor": ours, **wrong})
        assert code(answer) == (422, "bad_cursor")
    for made_up in ("A" * 16, ours[::-1], mark(3, list_=NOWHERE, area="/", tier=None)):
        assert code(client.get(f"/v1/lists/{name}", params={"cursor": made_up})) == (422, "bad_cursor")
    for malformed in ("", "x", "é" * 16, ours + "A", "' OR 1=1 --   xx"):
        assert code(client.get(f"/v1/lists/{name}", params={"cursor": malformed})) == (422, "bad_request")


def test_a_household_has_a_history(client: httpx.Client, prepared: Prepared) -> None:
    listed = next(line for line in prepared.issued["lines"] if line["raised_by"] != "check")
    history = client.get(f"/v1/households/{listed['household']}/decisions").json()
    assert [d["id"] for d in history["decisions"]] == [listed["decision"]]
    stood = history["lists"][0]
    assert (stood["list"], stood["rank"], stood["planned"]) == (
        prepared.issued["list"],
        listed["rank"],
        listed["planned"],
    )
    assert code(client.get(f"/v1/households/{NOWHERE}/decisions")) == (404, "unknown_household")


def test_a_household_is_found_by_its_number(
    running: Running, client: httpx.Client, prepared: Prepared
) -> None:
    wanted = Home.open(running.home).pseudonym("h7")
    expected = {"households": [{"household": wanted, "area": prepared.areas[wanted]}]}
    for q in ("h7", f" {wanted} ", wanted[:12]):
        answer = client.post("/v1/households/search", json={"q": q})
        assert (answer.status_code, answer.json()) == (200, expected)
    assert client.post("/v1/households/search", json={"q": "h7777"}).json() == {"households": []}
    for body in ({}, {"q": ""}, {"q": "x" * 301}, {"q": 7}, {"q": "h7", "area": "/"}):
        assert code(client.post("/v1/households/search", json=body)) == (422, "bad_request")
    foreign = next(h for h, area in prepared.areas.items() if not area.startswith(prepared.township))
    with running.client(prepared.township_token) as township:
        assert township.post("/v1/households/search", json={"q": foreign}).json() == {"households": []}


def test_what_lies_out_of_scope_does_not_exist(running: Running, prepared: Prepared) -> None:
    inside = next(h for h, area in prepared.areas.items() if area.startswith("41/b/"))
    outside = next(line for line in prepared.issued["lines"] if line["area"].startswith("41/a/"))
    with running.client(prepared.township_token) as client:
        assert client.post("/v1/decisions", json={"household": inside}).status_code in (200, 201)
        asked = {"household": outside["household"]}
        unknown = client.post("/v1/decisions", json={"household": NOWHERE})
        refused = client.post("/v1/decisions", json=asked)
        assert code(refused) == code(unknown) == (404, "unknown_household")
        assert refused.content == unknown.content
        assert code(client.get(f"/v1/decisions/{outside['decision']}")) == (404, "unknown_decision")
        assert code(client.post(f"/v1/decisions/{outside['decision']}/replay")) == (404, "unknown_decision")
        assert code(client.get(f"/v1/households/{outside['household']}/decisions")) == (
            404,
            "unknown_household",
        )
        assert code(client.get("/v1/lists/latest", params={"area": "41/a"})) == (404, "out_of_scope")
        seen = client.get("/v1/lists/latest").json()
        assert {line["area"].rsplit("/", 1)[0] for line in seen["lines"]} == {"41/b"}
        assert list(seen["capacity"]) == ["41/b"]
        batch = client.post("/v1/decisions/batch", json={"households": [inside, outside["household"]]}).json()
        assert [d["household"] for d in batch["decisions"]] == [inside]
        assert [e["household"] for e in batch["errors"]] == [outside["household"]]


def test_nobody_is_served_without_a_token(running: Running, prepared: Prepared) -> None:
    with httpx.Client(base_url=running.base) as client:
        described = client.get("/openapi.json").json()
        for path, methods in described["paths"].items():
            for method, about in methods.items():
                if "security" not in about:
                    continue
                where = path
                for name in ("decision", "list", "household"):
                    where = where.replace(f"{{{name}}}", NOWHERE)
                for bearer in (None, "wrong", prepared.token[:-1], prepared.token.upper(), "é"):
                    headers = {} if bearer is None else {"Authorization": f"Bearer {bearer}".encode()}
                    answer = client.request(method, where, headers=headers, json={})  # type: ignore[arg-type]
                    assert code(answer) == (401, "not_signed_in"), (method, path)


def test_documents_are_what_they_are_declared_to_be(client: httpx.Client, prepared: Prepared) -> None:
    from serving.decisions.documents import BatchDocument, DecisionDocument
    from serving.households.documents import HistoryDocument
    from serving.lists.documents import ListPageDocument

    households = [line["household"] for line in prepared.issued["lines"][:40]]
    batch = client.post("/v1/decisions/batch", json={"households": households}).content
    assert len(BatchDocument.model_validate_json(batch).decisions) == 40
    for decision in json.loads(batch)["decisions"]:
        checked = DecisionDocument.model_validate(decision)
        total = checked.contributions.base + sum(checked.contributions.terms.values())
        assert abs(total - checked.margin) < 1e-9
    ListPageDocument.model_validate_json(client.get("/v1/lists/latest").content)
    HistoryDocument.model_validate_json(client.get(f"/v1/households/{households[0]}/decisions").content)
