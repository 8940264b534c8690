"""The blind index: equal exactly where the normalised texts are equal."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.register.blind import DOTS, BlindIndex, normalised
from serving.register.keys import Keys
from serving.register.records import INDEXED, Place

INDEX = BlindIndex(Keys({"k": bytes(32)}, (bytes(range(32)), bytes(range(1, 33)))))
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
# Texts that differ in little: the interesting neighbours.
alike = st.text("xX9０9 \u3000·・•王國国", max_size=5)


@settings(deadline=None)
@given(st.one_of(st.tuples(texts, texts), st.tuples(alike, alike)))
def test_equal_if_and_only_if_normalised_equal(pair: tuple[str, str]) -> None:
    one, other = pair
    same = normalised(one) == normalised(other)
    for detail in INDEXED:
        assert (INDEX.lookup(detail, one) == INDEX.lookup(detail, other)) is same


@settings(deadline=None)
@given(texts)
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalised(normalised(text)) == normalised(text)


@settings(deadline=None)
@given(texts, st.sampled_from(sorted(DOTS)), st.integers(0, 12))
def test_dots_blanks_width_and_case_make_no_difference(text: str, dot: str, at: int) -> None:
    assert normalised(f" {text[:at]}{dot} {text[at:]}\u200b") == normalised(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("99010119440101789x", "99010119440101789X"),
        ("９９０１０１", "990101"),
        ("阿依·古丽", "阿依•古丽"),
        ("阿依·古丽", "阿依 古丽"),
        ("李\u3000明", "李明"),
    ],
)
def test_what_people_type_is_found(one: str, other: str) -> None:
    assert INDEX.lookup("name", one) == INDEX.lookup("name", other)


def test_kinds_of_text_never_meet() -> None:
    """A name and a number that read alike, a search in the log, and an unchanged detail have nothing in common."""
    place = Place("a" * 64, "", "name")
    digests = [
        INDEX.lookup("name", "李明"),
        INDEX.lookup("identity", "李明"),
        INDEX.trace("李明"),
        INDEX.sameness(place, "李明"),
        INDEX.sameness(place._replace(household="b" * 64), "李明"),
    ]
    assert len(set(digests)) == len(digests)


def test_a_former_index_key_still_finds() -> None:
    before = BlindIndex(Keys({"k": bytes(32)}, (bytes(range(1, 33)),)))
    assert before.lookup("name", "李明") in INDEX.lookups("name", "李明")
    assert before.lookup("name", "李明") != INDEX.lookup("name", "李明")
