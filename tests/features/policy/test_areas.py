"""Area paths."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.policy.areas import at_depth, covers, depth, own_code, parent, parts, valid

PATHS = st.lists(st.sampled_from(["1", "12", "2", "x"]), max_size=4).map(lambda codes: "/".join(codes) or "/")


@given(PATHS, PATHS)
def test_covers_is_a_prefix_of_codes(outer: str, inner: str) -> None:
    assert covers(outer, inner) == (parts(inner)[: depth(outer)] == parts(outer))


@given(PATHS)
def test_up_and_down(area: str) -> None:
    assert valid(area)
    assert covers(parent(area), area)
    assert at_depth(area, depth(area)) == area
    assert depth(parent(area)) == max(depth(area) - 1, 0)
    assert own_code(area) in ("/", *parts(area))


@pytest.mark.parametrize("area", ["", "/1", "1/", "1//2", " 1", None, 52])
def test_what_is_no_path(area: object) -> None:
    assert not valid(area)
