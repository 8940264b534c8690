"""Garbage in every parameter of every route: an error document each time, and never a fault of ours."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.error_kinds import KINDS

# What people and machines have put into fields before.
NASTY = [
    "",
    " ",
    "\x00",
    "a\x00b",
    "\ud800",
    "\udfff\ud800",
    "\ufeff\u202e\u200f",
    "عشوائي ‏עברית",
    "壮" * 5000,
    "9" * 5000,
    "1e999",
    "NaN",
    "' OR '1'='1' --",
    '"; DROP TABLE decisions; --',
    "../../../../etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "%00",
    "%",
    "{{7*7}}${7*7}",
    "<script>alert(1)</script>",
    "\r\nSet-Cookie: a=b",
    "|||",
    "/" * 300,
]
TEXT = st.sampled_from(NASTY) | st.text(max_size=80)
SCALAR = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
JSON = st.recursive(
    SCALAR,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
# Bytes that may stand in a header.
HEADER = st.binary(max_size=60).map(lambda b: bytes(c for c in b if c >= 32 and c != 127).strip())
NAMES = ["household", "key", "as_of", "households", "q", "area", "tier", "cursor", "csrf", "extra"]
BODY = JSON | st.dictionaries(st.sampled_from(NAMES), JSON, max_size=4)
TAME = settings(
    max_examples=60,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=True,
)
POSTED = ["/v1/decisions", "/v1/decisions/batch", "/v1/households/search"]
ASKED = [
    "/v1/decisions/{}",
    "/v1/decisions/{}/replay",
    "/v1/lists/{}",
    "/v1/households/{}/decisions",
    "/v1/{}",
    "/{}",
]


def is_clear(answer: httpx.Response) -> None:
    """A good answer, or an error document whose code and status belong together."""
    assert answer.status_code < 500, answer.text
    assert "Traceback" not in answer.text
    if answer.status_code >= 400:
        error = answer.json()["error"]
        assert KINDS[error["code"]].http == answer.status_code
        assert error["message"]["zh"]
        assert error["remedy"]["en"]


@pytest.mark.parametrize("path", POSTED)
def test_any_body(client: httpx.Client, path: str) -> None:
    @TAME
    @given(body=BODY)
    def ask(body: Any) -> None:
        # Half a surrogate pair travels as an escape, as JSON allows.
        content = json.dumps(body, ensure_ascii=True).encode()
        is_clear(client.post(path, content=content, headers={"Content-Type": "application/json"}))

    ask()


@pytest.mark.parametrize("path", POSTED)
def test_any_bytes(client: httpx.Client, path: str) -> None:
    @TAME
    @given(
        content=st.binary(max_size=200)
        | st.sampled_from(
            [b"[" * 50_000, b'{"key":' * 50_000, b"1" * 10_000, b'{"key":"\xff"}', b"\xef\xbb\xbf{}"]
        ),
        kind=st.sampled_from(
            [
                "application/json",
                "text/plain",
                "application/x-www-form-urlencoded",
                "multipart/form-data",
                "",
                "%",
            ]
        ),
    )
    def ask(content: bytes, kind: str) -> None:
        answer = client.post(path, content=content, headers={"Content-Type": kind})
        is_clear(answer)
        assert answer.status_code == 422

    ask()


@pytest.mark.parametrize("path", ASKED)
def test_any_address(client: httpx.Client, path: str) -> None:
    @TAME
    @given(part=TEXT, method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]))
    def ask(part: str, method: str) -> None:
        written = quote(part.encode("utf-8", "surrogatepass")[:2000], safe="/.")
        is_clear(client.request(method, f"{str(client.base_url).rstrip('/')}{path.format(written)}"))

    ask()


def test_any_question_about_a_list(client: httpx.Client) -> None:
    @TAME
    @given(asked=st.dictionaries(st.sampled_from(NAMES) | TEXT, TEXT, max_size=4))
    def ask(asked: dict[str, str]) -> None:
        written = "&".join(
            "=".join(quote(part.encode("utf-8", "surrogatepass")[:1000], safe="") for part in pair)
            for pair in asked.items()
        )
        is_clear(client.get(f"/v1/lists/latest?{written}"))
        is_clear(client.get(f"/v1/lists/{'0' * 64}?{written}"))

    ask()


def test_any_header(client: httpx.Client) -> None:
    @settings(TAME, max_examples=25)
    @given(value=HEADER)
    def ask(value: bytes) -> None:
        for name in ("Authorization", "Cookie", "Accept", "Accept-Language", "X-CSRF-Token", "Content-Type"):
            answer = client.request("GET", "/v1/lists/latest", headers={name: value})  # type: ignore[dict-item]
            # Bytes that no header may hold are refused before any of our code sees them.
            if answer.headers.get("content-type", "").startswith("application/json"):
                is_clear(answer)
            else:
                assert answer.status_code == 400

    ask()
