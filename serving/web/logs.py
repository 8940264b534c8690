"""What the running service writes to its log: no query string, no name, no value that somebody sent.

A line names the route (``/households/{id}``), not the address that was asked for; a trace names the kinds of
errors and where they happened, not what they say, since libraries quote values in their messages.
"""

from __future__ import annotations

import logging
import sys
import traceback
from types import TracebackType
from typing import Any

log = logging.getLogger("fangpin")
Trace = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class Plain(logging.Formatter):
    """One line an event; traces without messages."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s", "%Y-%m-%dT%H:%M:%S%z")

    def formatException(self, ei: Trace | Any) -> str:
        return trace_of(ei[1]) if ei[1] is not None else ""


def trace_of(error: BaseException) -> str:
    """Where an error and its causes happened, the first cause first."""
    chain, seen = [error], {id(error)}
    while True:
        last = chain[-1]
        cause = last.__cause__ or (None if last.__suppress_context__ else last.__context__)
        if cause is None or id(cause) in seen:
            break
        seen.add(id(cause))
        chain.append(cause)
    lines = []
    for each in reversed(chain):
        kind = type(each)
        lines.append(f"{kind.__module__}.{kind.__qualname__}")
        frames = traceback.extract_tb(each.__traceback__)
        lines += [f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    return "\n".join(lines)


def to_stderr() -> None:
    """Send what is logged, also by libraries, to standard error in this form."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Plain())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    log.setLevel(logging.INFO)
