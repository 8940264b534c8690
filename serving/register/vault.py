"""Encryption of single details: AES-256-GCM, bound to the very row and column where they stand."""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from features.errors import Refusal
from serving.register.keys import Keys
from serving.register.records import Place

TABLE = "details"
# 96 random bits: a county writes some 10⁵ details a key, far below the 2³² that random nonces bear.
NONCE = 12


class Vault:
    """Seals details and opens them again."""

    def __init__(self, keys: Keys) -> None:
        self.key_id = keys.current
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.sealing.items()}

    def seal(self, text: str, place: Place) -> bytes:
        """Nonce and ciphertext of ``text``, under the key `key_id`; it opens at this place alone."""
        nonce = os.urandom(NONCE)
        bound = _bound(place, self.key_id)
        return nonce + self._ciphers[self.key_id].encrypt(nonce, text.encode(), bound)

    def open(self, sealed: bytes, place: Place, key_id: str) -> str:
        """The text that was sealed here.

        Raises `Refusal` ``register_key_unknown`` where its key is not at hand, ``register_damaged`` where a
        byte was changed or it was taken from another place.
        """
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise Refusal("register_key_unknown", key=key_id)
        try:
            # Too short to hold nonce and tag: InvalidTag as well.
            return cipher.decrypt(sealed[:NONCE], sealed[NONCE:], _bound(place, key_id)).decode()
        except (InvalidTag, ValueError) as problem:
            raise Refusal("register_damaged") from problem


def _bound(place: Place, key_id: str) -> bytes:
    """What the ciphertext is bound to. No part can hold the separator: ids are hexadecimal, columns are ours."""
    return "|".join((TABLE, place.household, place.person, place.detail, key_id)).encode()
