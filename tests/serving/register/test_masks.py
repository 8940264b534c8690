"""A masked name tells its first and last character at most, and not how long it is."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from serving.register.masks import HIDDEN, masked_name

# Without the asterisk itself, which could not be told from the mask.
names = st.text(st.characters(exclude_characters=HIDDEN, exclude_categories=["Cs"]), max_size=12)


@settings(deadline=None)
@given(names)
def test_a_mask_tells_no_more_than_the_ends(name: str) -> None:
    shown, letters = masked_name(name), "".join(name.split())
    assert len(shown) <= 3
    assert HIDDEN in shown
    assert [c for c in shown if c != HIDDEN] == (
        [] if len(letters) < 2 else [letters[0]] if len(letters) == 2 else [letters[0], letters[-1]]
    )


@settings(deadline=None)
@given(names, names)
def test_equal_ends_give_equal_masks(one: str, other: str) -> None:
    """Whatever stands between first and last character, and however much of it, makes no difference."""
    ends = ("王", "国")
    assert masked_name(f"{ends[0]}{one}建{ends[1]}") == masked_name(f"{ends[0]}{other}民{ends[1]}") == "王*国"
