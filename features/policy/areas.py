"""Area paths: codes joined by ``/``, from the top; ``/`` alone is the whole home.

>>> covers("/", "99/9901")
True
>>> covers("99", "99/9901"), covers("99", "990/1")
(True, False)
"""

from __future__ import annotations

WHOLE = "/"


def parts(area: str) -> tuple[str, ...]:
    """The codes of a path from the top; none for the whole home."""
    return () if area == WHOLE else tuple(area.split("/"))


def valid(area: object) -> bool:
    """Whether `area` is a path: ``/``, or codes without blanks joined by single strokes."""
    if not isinstance(area, str):
        return False
    return area == WHOLE or all(part and part == part.strip() for part in area.split("/"))


def covers(outer: str, inner: str) -> bool:
    """Whether `inner` lies in `outer` or is it."""
    return outer == WHOLE or inner == outer or inner.startswith(outer + "/")


def depth(area: str) -> int:
    """How many codes the path has; 0 for the whole home."""
    return len(parts(area))


def at_depth(area: str, levels: int) -> str:
    """The path cut to its first `levels` codes.

    >>> at_depth("99/9901/990102", 2), at_depth("99", 3), at_depth("99", 0)
    ('99/9901', '99', '/')
    """
    return "/".join(parts(area)[:levels]) or WHOLE


def parent(area: str) -> str:
    """One level up; the whole home is its own parent."""
    return at_depth(area, max(depth(area) - 1, 0))


def own_code(area: str) -> str:
    """The last code of the path, that of the place itself."""
    return (parts(area) or (WHOLE,))[-1]
