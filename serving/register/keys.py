"""Keys of the register: what encrypts the details of people, and what makes its index.

They lie in the folder of the home's keys, never in the home. ``register.key`` encrypts and ``index.key`` makes
the index. Former keys stay beside them as ``register-….key`` and ``index-….key``: what they wrote is read and
found until a later delivery writes it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from features.errors import Refusal
from features.home import Home

SEALING, INDEXING = "register.key", "index.key"
LENGTH = 32
# Published on purpose, like the pseudonyms' test key: nobody in a simulated home exists.
TEST_KEYS = {
    name: sha256(f"fangpin published test {name}: simulated homes only".encode()).digest()
    for name in (SEALING, INDEXING)
}


@dataclass(frozen=True)
class Keys:
    """32-byte keys; those that write stand first. ``sealing`` is by key id, which tells nothing of the key."""

    sealing: Mapping[str, bytes] = field(repr=False)
    indexing: tuple[bytes, ...] = field(repr=False)

    @classmethod
    def of(cls, home: Home) -> Keys:
        """The keys of a home; a simulated one without key files uses published test keys.

        Raises `Refusal` ``key_missing`` or ``key_damaged``.
        """
        return cls({key_id(key): key for key in _read(home, SEALING)}, tuple(_read(home, INDEXING)))

    @property
    def current(self) -> str:
        """Id of the key that encrypts from now on."""
        return next(iter(self.sealing))


def key_id(key: bytes) -> str:
    return sha256(b"fangpin key id|" + key).hexdigest()[:16]


def _read(home: Home, name: str) -> list[bytes]:
    """The key that writes, then the former ones, the latest name first."""
    current = home.keys / name
    stem = name.removesuffix(".key")
    former = sorted(home.keys.glob(f"{stem}-*.key"), reverse=True)
    if current.exists():
        return [_key(path) for path in (current, *former)]
    if home.clock != "simulated":
        raise Refusal("key_missing", file=name)
    return [TEST_KEYS[name], *map(_key, former)]


def _key(path: Path) -> bytes:
    key = path.read_bytes()
    if len(key) != LENGTH:
        raise Refusal("key_damaged", file=path.name, length=LENGTH)
    return key
