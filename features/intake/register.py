"""Who is behind a pseudonym: handed to a register, never to the facts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Register(Protocol):
    """Keeps whom the pseudonyms stand for, encrypted, apart from everything else. By default nobody does."""

    def remember(self, household: str, key: str, person: str | None, details: Mapping[str, str]) -> None:
        """Called for each household (and person) of a delivery once it is recorded.

        ``household`` and ``person`` are pseudonyms, ``key`` is the source key ("k1|k2|k3") and ``details``
        are the columns that the mapping lists under ``register``, as received.
        """
        ...
