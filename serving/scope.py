"""Who may see which part of the county: a value that only one helper makes.

Every repository method takes a `Scope` and filters by it inside the query, so that nothing can be
counted, listed or fetched beyond it by mistake.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, or_, true

from features.errors import Refusal

_KEY = object()


class Scope:
    """An area and everything below it. Made by `scope_of` alone."""

    __slots__ = ("_area",)

    def __init__(self, area: str, key: object) -> None:
        if key is not _KEY:
            raise TypeError("a Scope is made by scope_of()")
        self._area = area

    @property
    def area(self) -> str:
        """The area's path as people write it; "/" is the whole home."""
        return self._area or "/"

    @property
    def whole(self) -> bool:
        return not self._area

    def holds(self, area: str) -> bool:
        """Does ``area`` lie inside this scope?"""
        path = area_path(area)
        return self.whole or path == self._area or path.startswith(self._area + "/")

    def covers(self, column: ColumnElement[str]) -> ColumnElement[bool]:
        """The rows whose area lies in this scope, as a condition of a query."""
        if self.whole:
            return true()
        # "0" is the character after "/": the range is the prefix "area/", and an index serves it.
        return or_(column == self._area, and_(column >= self._area + "/", column < self._area + "0"))

    def held_by(self, column: ColumnElement[str]) -> ColumnElement[bool]:
        """The rows whose area is this scope's or holds it (a county's list, seen from a township)."""
        steps = self._area.split("/") if self._area else []
        return column.in_(["", *("/".join(steps[:n]) for n in range(1, len(steps) + 1))])

    def meets(self, column: ColumnElement[str]) -> ColumnElement[bool]:
        """The rows whose area lies in this scope or holds it."""
        return true() if self.whole else or_(self.covers(column), self.held_by(column))

    def require_whole(self) -> None:
        """Refuse (``out_of_scope``) unless the scope is the whole home."""
        if not self.whole:
            raise Refusal("out_of_scope", area=self.area)

    def __repr__(self) -> str:
        return f"Scope({self.area!r})"


def area_path(area: str) -> str:
    """An area as it is stored: codes joined by "/", empty for the whole home.

    >>> area_path("/"), area_path("4201/03/")
    ('', '4201/03')
    """
    path = area.strip("/")
    if path and (any(not step.strip() for step in path.split("/")) or not path.isprintable()):
        raise Refusal("bad_area", area=area)
    return path


def scope_of(area: str, *, within: Scope | None = None) -> Scope:
    """The scope of ``area``, which must lie in ``within`` where that is given (else ``out_of_scope``)."""
    path = area_path(area)
    if within is not None and not within.holds(path):
        raise Refusal("out_of_scope", area=area)
    return Scope(path, _KEY)
