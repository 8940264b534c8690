"""What was sealed opens at its own place with its own key, and nowhere else."""

from __future__ import annotations

import secrets

from hypothesis import given, settings
from hypothesis import strategies as st

from serving.register.keys import Keys, key_id
from serving.register.records import DETAILS, Place
from serving.register.vault import NONCE, Vault
from tests.serving.register.refusing import refuses

KEY, FORMER = bytes(range(32)), bytes(range(1, 33))
VAULT = Vault(Keys({key_id(KEY): KEY, key_id(FORMER): FORMER}, (KEY,)))
hexes = st.text("0123456789abcdef", min_size=64, max_size=64)
places = st.builds(Place, hexes, st.one_of(st.just(""), hexes), st.sampled_from(DETAILS))
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@settings(deadline=None)
@given(texts, places)
def test_what_was_sealed_opens(text: str, place: Place) -> None:
    sealed = VAULT.seal(text, place)
    assert VAULT.open(sealed, place, VAULT.key_id) == text
    assert len(text) < 4 or text.encode() not in sealed


@settings(deadline=None)
@given(texts, places, st.data())
def test_any_changed_bit_is_refused(text: str, place: Place, data: st.DataObject) -> None:
    sealed = bytearray(VAULT.seal(text, place))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    with refuses("register_damaged"):
        VAULT.open(bytes(sealed), place, VAULT.key_id)


@settings(deadline=None)
@given(texts, places, st.data())
def test_a_piece_of_it_is_refused(text: str, place: Place, data: st.DataObject) -> None:
    sealed = VAULT.seal(text, place)
    cut = data.draw(st.integers(0, len(sealed) - 1))
    with refuses("register_damaged"):
        VAULT.open(sealed[:cut], place, VAULT.key_id)


@settings(deadline=None)
@given(texts, places, places)
def test_another_place_is_refused(text: str, place: Place, other: Place) -> None:
    sealed = VAULT.seal(text, place)
    if other == place:
        other = place._replace(detail=next(d for d in DETAILS if d != place.detail))
    with refuses("register_damaged"):
        VAULT.open(sealed, other, VAULT.key_id)


def test_the_key_id_is_bound_too() -> None:
    """A ciphertext under one key cannot be passed off as one under another, even by whoever renames keys."""
    place = Place("a" * 64, "", "name")
    sealed = VAULT.seal("王建国", place)
    with refuses("register_damaged"):
        VAULT.open(sealed, place, key_id(FORMER))
    with refuses("register_key_unknown"):
        VAULT.open(sealed, place, "0" * 16)


def test_the_same_name_is_never_the_same_bytes() -> None:
    place = Place("a" * 64, "", "name")
    sealed = {VAULT.seal("王建国", place) for _ in range(200)}
    assert len({each[:NONCE] for each in sealed}) == 200


def test_former_keys_open_and_do_not_seal() -> None:
    place = Place("b" * 64, "", "name")
    before = Vault(Keys({key_id(FORMER): FORMER}, (FORMER,)))
    assert VAULT.open(before.seal("覃芳", place), place, before.key_id) == "覃芳"
    assert VAULT.key_id == key_id(KEY)


def test_keys_are_not_printed() -> None:
    key = secrets.token_bytes(32)
    assert key.hex() not in repr(Keys({key_id(key): key}, (key,)))
    assert repr(key) not in repr(Keys({key_id(key): key}, (key,)))
