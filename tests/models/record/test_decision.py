"""The document's bytes, its identity, and how a difference is named."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.record.canonical import canonical, digest
from models.record.decision import difference, identity

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)
documents = st.dictionaries(st.text("abcid", min_size=1, max_size=3), values, max_size=5)


@given(documents)
def test_bytes_come_back_as_they_were(document: dict[str, object]) -> None:
    body = canonical(document)
    assert canonical(json.loads(body)) == body
    assert difference(body, body) is None


@given(documents, documents)
def test_different_documents_have_a_named_difference(a: dict[str, object], b: dict[str, object]) -> None:
    old, new = canonical(a), canonical(b)
    assert (difference(old, new) is None) == (old == new)


def test_keys_are_sorted_text_is_utf8_and_what_is_no_number_is_refused() -> None:
    assert canonical({"b": 1.0, "a": "因病"}) == '{"a":"因病","b":1.0}'.encode()
    with pytest.raises(ValueError, match="JSON"):
        canonical({"a": float("nan")})


def test_the_identity_is_of_the_four_names() -> None:
    expected = sha256(b'{"bundle":"b","household":"h","parameters":"p","snapshot":"s"}').hexdigest()
    assert identity("h", "s", "b", "p") == expected
    assert (
        len(
            {identity(*names) for names in (("h", "s", "b", "p"), ("s", "h", "b", "p"), ("h", "s", "p", "b"))}
        )
        == 3
    )


def test_the_digest_is_salted() -> None:
    assert digest(b"salt", b"document") == sha256(b"saltdocument").hexdigest()


@pytest.mark.parametrize(
    ("a", "b", "field"),
    [
        ({"margin": 1.0}, {"margin": 1.5}, "margin"),
        (
            {"contributions": {"terms": {"x": 1}}},
            {"contributions": {"terms": {"x": 2}}},
            "contributions.terms.x",
        ),
        (
            {"horizons": [{"probability": 0.1}]},
            {"horizons": [{"probability": 0.2}]},
            "horizons[0].probability",
        ),
        ({"rules": []}, {"rules": [1]}, "rules"),
        ({"a": 1}, {}, "a"),
        ({"a": 1}, {"a": 1.0}, "a"),
        ({"a": None}, {}, "a"),
        ({"bundle": "x", "id": "1", "margin": 1}, {"bundle": "y", "id": "2", "margin": 2}, "margin"),
        ({"bundle": "x", "id": "1", "margin": 1}, {"bundle": "y", "id": "2", "margin": 1}, "bundle"),
    ],
)
def test_a_difference_names_what_was_found_before_what_it_is_called(a: object, b: object, field: str) -> None:
    found = difference(canonical(a), canonical(b))
    assert found is not None
    assert found["field"] == field
