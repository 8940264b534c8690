"""``/openapi.json`` says everything that a program must know, and says it rightly."""

from __future__ import annotations

import re
from typing import Any

import httpx
import jsonschema_rs
import pytest

from features.error_kinds import KINDS


@pytest.fixture(scope="module")
def described(client: httpx.Client) -> dict[str, Any]:
    answer = client.get("/openapi.json", headers={"Authorization": ""})
    assert answer.status_code == 200
    document: dict[str, Any] = answer.json()
    return document


def operations(described: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(method, path, about) for path, by in described["paths"].items() for method, about in by.items()]


def test_it_is_openapi(described: dict[str, Any]) -> None:
    assert described["openapi"].startswith("3.1")
    assert set(described["components"]["securitySchemes"]) == {"HTTPBearer", "APIKeyCookie"}
    names = [about["operationId"] for _, _, about in operations(described)]
    assert len(names) == len(set(names))
    assert "HTTPValidationError" not in described["components"]["schemas"]


def test_every_route_of_programs_is_described(described: dict[str, Any]) -> None:
    assert {
        ("post", "/v1/decisions"),
        ("post", "/v1/decisions/batch"),
        ("get", "/v1/decisions/{decision}"),
        ("post", "/v1/decisions/{decision}/replay"),
        ("get", "/v1/lists/latest"),
        ("get", "/v1/lists/{list}"),
        ("post", "/v1/households/search"),
        ("get", "/v1/households/{household}/decisions"),
        ("get", "/livez"),
        ("get", "/readyz"),
        ("get", "/openapi.json"),
    } == {(method, path) for method, path, _ in operations(described)}


def test_every_route_tells_what_it_is_for_in_both_languages(described: dict[str, Any]) -> None:
    for _, path, about in operations(described):
        assert re.fullmatch(r"[A-Z][ -~]+[^.]", about["summary"]), path
        assert re.search("[\u4e00-\u9fff]", about["description"]), path
        assert set(about["tags"]) <= {tag["name"] for tag in described["tags"]}, path


def test_every_error_is_documented_with_its_codes(described: dict[str, Any]) -> None:
    for method, path, about in operations(described):
        refused = {int(s): r for s, r in about["responses"].items() if int(s) >= 400}
        if path.startswith("/v1/"):
            assert {401, 405, 413, 422, 500, 503} <= set(refused), path
            assert (403 in refused) == (method == "post"), path
        for status, response in refused.items():
            content = response["content"]["application/json"]
            assert content["schema"] == {"$ref": "#/components/schemas/ErrorDocument"}
            for name, example in content["examples"].items():
                # Not being ready is one status, whatever is lacking.
                assert KINDS[name].http == status or (path, status) == ("/readyz", 503), (path, name)
                assert example["value"]["error"]["code"] == name
                assert f"`{name}`" in response["description"]
                assert not re.search(r"[{}]", str(example["value"]["error"]["message"]["en"])), name


def test_every_route_gives_an_example_of_question_and_answer(described: dict[str, Any]) -> None:
    schemas = {"components": described["components"]}
    for _, path, about in operations(described):
        for parameter in about.get("parameters", ()):
            assert parameter["description"], path
            if parameter["in"] == "path":
                assert parameter["schema"]["examples"], path
        if "requestBody" in about:
            content = about["requestBody"]["content"]["application/json"]
            for example in content["examples"].values():
                jsonschema_rs.validator_for({**schemas, **content["schema"]}).validate(example["value"])
        good = {s: r for s, r in about["responses"].items() if int(s) < 400}
        assert good
        for response in good.values():
            content = response["content"]["application/json"]
            jsonschema_rs.validator_for({**schemas, **content["schema"]}).validate(content["example"])


def test_the_decision_of_the_examples_adds_up(described: dict[str, Any]) -> None:
    shown = described["paths"]["/v1/decisions"]["post"]["responses"]["201"]["content"]["application/json"]
    decision = shown["example"]
    told = decision["contributions"]
    assert told["base"] + sum(told["terms"].values()) == decision["margin"]
    assert {r["contribution"] for r in decision["reasons"] + decision["lowering"]} == set(
        told["terms"].values()
    )


def test_the_seal_is_documented_where_it_is_sent(described: dict[str, Any]) -> None:
    for path, method, status in (
        ("/v1/decisions", "post", "200"),
        ("/v1/decisions", "post", "201"),
        ("/v1/decisions/{decision}", "get", "200"),
    ):
        assert "Fangpin-SHA256" in described["paths"][path][method]["responses"][status]["headers"]
