"""Queries on the register. Where a household lives is said by the latest published snapshot alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, and_, bindparam, insert, select, update

from serving.register.records import NAME, Hit, Place, Sealed
from serving.scope import Scope
from serving.store import Reading, Writing
from serving.store.tables import details, publications, published_rows

# Households a statement names, and rows that go in at once.
NAMED, PART = 500, 2000

Each = TypeVar("Each")

_LATEST = (
    select(publications.c.snapshot)
    .order_by(publications.c.as_of.desc(), publications.c.seq.desc())
    .limit(1)
    .scalar_subquery()
)
_SEALED = (details.c.household, details.c.person, details.c.detail, details.c.sealed, details.c.key_id)
_LIVES = and_(published_rows.c.snapshot == _LATEST, published_rows.c.household == details.c.household)


@dataclass(frozen=True)
class RegisterRepository:
    """Reads details of people whose household lives in the scope."""

    session: Reading

    def names(self, scope: Scope, households: Sequence[str]) -> list[Sealed]:
        """The names that household forms give, in one query for each five hundred households."""
        found: list[Sealed] = []
        for part in _parts(households, NAMED):
            query = _within(scope).where(
                details.c.household.in_(part), details.c.person == "", details.c.detail == NAME
            )
            found += _read(self.session, query)
        return found

    def of_household(self, scope: Scope, household: str) -> list[Sealed]:
        """Everything that is kept of a household and its members."""
        query = _within(scope).where(details.c.household == household)
        return _read(self.session, query.order_by(details.c.person, details.c.detail))

    def area(self, scope: Scope, household: str) -> str | None:
        """Where a household of the latest published snapshot lives."""
        query = select(published_rows.c.area).where(
            published_rows.c.snapshot == _LATEST,
            published_rows.c.household == household,
            scope.covers(published_rows.c.area),
        )
        return self.session.connection.execute(query).scalar_one_or_none()

    def by_lookup(self, scope: Scope, lookups: Sequence[str]) -> list[Hit]:
        """Households with a detail that has one of these digests."""
        query = (
            select(details.c.household, published_rows.c.area, details.c.detail, details.c.person)
            .select_from(details)
            .select_from(details.join(published_rows, _LIVES))
            .where(details.c.lookup.in_(lookups), scope.covers(published_rows.c.area))
        )
        return [
            Hit(row.household, row.area, row.detail, bool(row.person))
            for row in self.session.connection.execute(query)
        ]

    def by_number(self, scope: Scope, pseudonyms: Sequence[str], beginning: str | None) -> list[Hit]:
        """Households by their pseudonym, or by the digits with which it begins."""
        household = published_rows.c.household
        asked: list[ColumnElement[bool]] = [household.in_(pseudonyms)]
        if beginning:
            # "g" is the character after the last hexadecimal digit.
            asked.append(and_(household >= beginning, household < beginning + "g"))
        hits: list[Hit] = []
        # One query each: together, by OR, they would read every row there is instead of the primary key's range.
        for condition in asked:
            query = select(household, published_rows.c.area).where(
                published_rows.c.snapshot == _LATEST, condition, scope.covers(published_rows.c.area)
            )
            found = self.session.connection.execute(query)
            hits += [Hit(row.household, row.area, "number", False) for row in found]
        return hits

    def kept(self, scope: Scope, households: Iterable[str]) -> dict[Place, tuple[str, str]]:
        """(sameness, key id) of every detail of the households."""
        scope.require_whole()
        found: dict[Place, tuple[str, str]] = {}
        columns = (
            details.c.household,
            details.c.person,
            details.c.detail,
            details.c.sameness,
            details.c.key_id,
        )
        for part in _parts(list(households), NAMED):
            query = select(*columns).where(details.c.household.in_(part))
            for row in self.session.connection.execute(query):
                found[Place(row.household, row.person, row.detail)] = (row.sameness, row.key_id)
        return found

    def key_ids(self, scope: Scope) -> set[str]:
        """Every key that a stored detail needs."""
        scope.require_whole()
        return set(self.session.connection.execute(select(details.c.key_id).distinct()).scalars())


@dataclass(frozen=True)
class RegisterWriter:
    """Keeps details: the latest word replaces the one before."""

    session: Writing

    def add(self, scope: Scope, rows: Sequence[dict[str, Any]]) -> None:
        """Details of places that hold none yet, by column."""
        scope.require_whole()
        for part in _parts(rows, PART):
            self.session.connection.execute(insert(details), part)

    def replace(self, scope: Scope, rows: Sequence[dict[str, Any]]) -> None:
        """Details of places that hold one already, by column."""
        scope.require_whole()
        place = and_(*(details.c[name] == bindparam(f"at_{name}") for name in Place._fields))
        for part in _parts(rows, PART):
            named = [{f"at_{k}" if k in Place._fields else k: v for k, v in row.items()} for row in part]
            self.session.connection.execute(update(details).where(place), named)


def _within(scope: Scope) -> Select[Any]:
    """Details in the scope. Of the whole home nothing is outside, not even who is in no snapshot (any more)."""
    query = select(*_SEALED)
    if scope.whole:
        return query
    return query.select_from(details.join(published_rows, _LIVES)).where(scope.covers(published_rows.c.area))


def _read(session: Reading, query: Select[Any]) -> list[Sealed]:
    return [
        Sealed(Place(row.household, row.person, row.detail), row.sealed, row.key_id)
        for row in session.connection.execute(query)
    ]


def _parts(items: Sequence[Each], size: int) -> Iterator[list[Each]]:
    return (list(items[start : start + size]) for start in range(0, len(items), size))
