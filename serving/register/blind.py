"""The blind index: what is equal can be found, what is stored tells nothing without the key.

HMAC-SHA256 under a key of its own, over the normalised text and what kind of text it is, so that a name and a
number never meet. The store keeps the first 128 bits.
"""

from __future__ import annotations

import hmac
import unicodedata

from serving.register.keys import Keys
from serving.register.records import Place

# Of 64 hexadecimal digits; 128 bits do not collide by chance.
DIGITS = 32
# The dots that are written between the parts of a name: 阿依·古丽 and 阿依‧古丽 are one person.
DOTS = frozenset("·•‧∙⋅・᛫⸱‐")


def normalised(text: str) -> str:
    """Width, case, blanks and middle dots aside.

    >>> normalised(" 阿依・古丽 "), normalised("9901011944010178９x")
    ('阿依古丽', '99010119440101789X')
    """
    # A second time where what was between two characters is gone and they have become one.
    while (once := _plain(text)) != text:
        text = once
    return text


def _plain(text: str) -> str:
    upper = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).upper())
    return "".join(
        each
        for each in upper
        if each not in DOTS and not each.isspace() and unicodedata.category(each) not in ("Cf", "Cc")
    )


class BlindIndex:
    """Keyed digests of details; the first key writes, all of them find."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys.indexing

    def lookup(self, detail: str, text: str) -> str:
        """What an equal text of the same kind is found by."""
        return _digest(self._keys[0], "lookup", detail, normalised(text))

    def lookups(self, detail: str, text: str) -> list[str]:
        """The same under every key that ever wrote."""
        return [_digest(key, "lookup", detail, normalised(text)) for key in self._keys]

    def sameness(self, place: Place, text: str) -> str:
        """Differs where a detail differs from before; equal details of two people have nothing in common."""
        return _digest(self._keys[0], "same", *place, text)

    def trace(self, q: str) -> str:
        """What the log keeps of a search: whoever has the key can ask whether it was for a given name."""
        return _digest(self._keys[0], "search", normalised(q))


def _digest(key: bytes, *parts: str) -> str:
    # Lengths part the parts, as texts may hold any character.
    message = b"".join(
        len(raw).to_bytes(4, "big") + raw for raw in (part.encode("utf-8", "surrogatepass") for part in parts)
    )
    return hmac.digest(key, message, "sha256").hex()[:DIGITS]
