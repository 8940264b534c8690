"""What a kind of error is made of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ErrorKind:
    """A kind of error: exit code of the command line, HTTP status, message and remedy (message ids)."""

    exit: int
    http: int
    message: str
    remedy: str
