"""Who is behind a pseudonym: handed to a register, never to the facts."""

from __future__ import annotations

from typing import Protocol


class Register(Protocol):
    """Keeps the source keys of households, encrypted, apart from everything else. The default keeps none."""

    def remember(self, household: str, key: str) -> None:
        """``household`` is the pseudonym, ``key`` the source key ("k1|k2|k3")."""
        ...
