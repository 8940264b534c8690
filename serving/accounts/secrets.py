"""Passwords, tokens and cookies: made from the system's randomness, kept only as digests."""

from __future__ import annotations

import hmac
import secrets
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from features.home import Home

# argon2id with the least memory that OWASP recommends.
_MEMORY_KIB, _PASSES, _LANES = 19 * 1024, 2, 1
_hasher = PasswordHasher(time_cost=_PASSES, memory_cost=_MEMORY_KIB, parallelism=_LANES)
# One at a time, and always in the same thread: an allocator keeps what a thread freed for that thread, so that
# hashing in whatever thread a request came by would hold 19 MiB for each of them.
_turn = ThreadPoolExecutor(1, thread_name_prefix="argon2")

# No 0, O, 1, l, I: what is read aloud or written down arrives.
ALPHABET = "23456789abcdefghijkmnpqrstuvwxyz"
# Longer ones are not passwords but an attempt to keep the hash busy.
LONGEST = 256


def new_password() -> str:
    """Sixteen characters in groups of four: 80 bits."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(4))


def new_token() -> str:
    """A bearer token or cookie: 256 bits."""
    return secrets.token_urlsafe(32)


def digest_of(token: str) -> str:
    """What is kept of a token: as it is random and long, SHA-256 is enough."""
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def name_digest(home: Home, name: str) -> str:
    """What is kept of a name that nobody has: it may be a password typed into the wrong field."""
    return hmac.new(home.key, b"sign-in\0" + name.encode("utf-8", "surrogatepass"), sha256).hexdigest()[:32]


def hashed(password: str) -> str:
    """The argon2id hash of a password."""
    return _turn.submit(_hasher.hash, password).result()


def matches(password_hash: str | None, password: str) -> bool:
    """Is it the password of this hash? Without a hash (an unknown name) it takes as long, and is not."""
    if not password or len(password) > LONGEST:
        return False
    typed = password.encode("utf-8", "surrogatepass")
    try:
        verified = _turn.submit(_hasher.verify, password_hash or _NOBODY, typed).result()
    except (VerificationError, InvalidHashError):
        return False
    return verified and password_hash is not None


def needs_rehash(password_hash: str) -> bool:
    """Was it made with other costs than today's?"""
    return _hasher.check_needs_rehash(password_hash)


def _nobody() -> str:
    salt, digest = (b64encode(secrets.token_bytes(n)).decode().rstrip("=") for n in (16, 32))
    return f"$argon2id$v=19$m={_MEMORY_KIB},t={_PASSES},p={_LANES}${salt}${digest}"


# A hash of today's costs that no password gives.
_NOBODY = _nobody()
