"""Queries on published snapshots and the documents frozen with them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row as Found
from sqlalchemy import Table, and_, bindparam, func, insert, select

from models.record.decision import Row
from serving.scope import Scope
from serving.snapshots.records import Published
from serving.store import Reading, Writing
from serving.store.tables import catalogues, parameter_sets, publications, published_rows, published_snapshots

# Rows a statement; a bulk of thousands goes in by parts of this size.
PART = 2000

_SNAPSHOT = select(
    publications.c.snapshot,
    publications.c.as_of,
    publications.c.parameters,
    published_snapshots.c.catalogue,
    published_snapshots.c.households,
    published_snapshots.c.columns,
    published_snapshots.c.setting,
).join(published_snapshots, published_snapshots.c.id == publications.c.snapshot)

# On the path of every decision: written once, so that each run is little more than the look into the index.
_ROWS_OF = select(
    published_rows.c.household, published_rows.c.area, published_rows.c["values"], published_rows.c.sources
).where(
    published_rows.c.snapshot == bindparam("snapshot"),
    published_rows.c.household.in_(bindparam("households", expanding=True)),
)
_MARK = select(func.max(publications.c.seq))


def _published(found: Found[*tuple[Any, ...]] | None) -> Published | None:
    if found is None:
        return None
    return Published(
        snapshot=found.snapshot,
        as_of=found.as_of,
        catalogue=found.catalogue,
        parameters=found.parameters,
        households=found.households,
        columns=found.columns,
        setting=found.setting,
    )


@dataclass(frozen=True)
class SnapshotRepository:
    """Reads published snapshots. A snapshot belongs to the whole home; its rows are filtered by scope."""

    session: Reading

    def latest(self, scope: Scope, as_of: date | None = None) -> Published | None:
        """The publication that counts for ``as_of``, or for the latest published day."""
        wanted = _SNAPSHOT if as_of is None else _SNAPSHOT.where(publications.c.as_of == as_of)
        ordered = wanted.order_by(publications.c.as_of.desc(), publications.c.seq.desc()).limit(1)
        return _published(self.session.connection.execute(ordered).one_or_none())

    def mark(self, scope: Scope) -> int:
        """Changes with every publication: as they are only ever added, the same mark means the same answers."""
        return self.session.connection.execute(_MARK).scalar_one() or 0

    def of_snapshot(self, scope: Scope, snapshot: str, parameters: str | None = None) -> Published | None:
        """The latest publication of a snapshot, or the one with the given parameter set."""
        wanted = _SNAPSHOT.where(publications.c.snapshot == snapshot)
        if parameters is not None:
            wanted = wanted.where(publications.c.parameters == parameters)
        ordered = wanted.order_by(publications.c.seq.desc()).limit(1)
        return _published(self.session.connection.execute(ordered).one_or_none())

    def parameter_document(self, scope: Scope, hash_: str) -> dict[str, Any]:
        return self._frozen(parameter_sets, hash_)

    def catalogue_document(self, scope: Scope, hash_: str) -> dict[str, Any]:
        return self._frozen(catalogues, hash_)

    def _frozen(self, table: Table, hash_: str) -> dict[str, Any]:
        query = select(table.c.document).where(table.c.hash == hash_)
        document: dict[str, Any] = json.loads(self.session.connection.execute(query).scalar_one())
        return document

    def rows(self, scope: Scope, published: Published) -> Iterator[Row]:
        """The snapshot's households in the scope, in order of their ids."""
        query = (
            select(published_rows)
            .where(published_rows.c.snapshot == published.snapshot, scope.covers(published_rows.c.area))
            .order_by(published_rows.c.household)
        )
        for found in self.session.connection.execute(query):
            yield _row(found, published)

    def rows_of(self, scope: Scope, published: Published, households: Collection[str]) -> list[Row]:
        """The rows of those of ``households`` (at most 1,000 or so) that are in the snapshot and the scope."""
        if not households:
            return []
        query = _ROWS_OF if scope.whole else _ROWS_OF.where(scope.covers(published_rows.c.area))
        wanted = {"snapshot": published.snapshot, "households": list(households)}
        return [_row(found, published) for found in self.session.connection.execute(query, wanted)]

    def row(self, scope: Scope, published: Published, household: str) -> Row | None:
        query = select(published_rows).where(
            and_(
                published_rows.c.snapshot == published.snapshot,
                published_rows.c.household == household,
                scope.covers(published_rows.c.area),
            )
        )
        found = self.session.connection.execute(query).one_or_none()
        return None if found is None else _row(found, published)

    def households_in(self, scope: Scope, published: Published, area: str) -> int:
        """How many households of exactly this area (a village) the snapshot holds."""
        query = select(func.count()).where(
            published_rows.c.snapshot == published.snapshot,
            published_rows.c.area == area,
            scope.covers(published_rows.c.area),
        )
        return self.session.connection.execute(query).scalar_one()


def _row(found: Found[*tuple[Any, ...]], published: Published) -> Row:
    values = dict(zip(published.columns, json.loads(found.values), strict=True))
    return Row(found.household, found.area, values, [tuple(s) for s in json.loads(found.sources)])


@dataclass(frozen=True)
class SnapshotWriter:
    """Adds published snapshots; nothing of them is ever changed."""

    session: Writing

    def freeze_parameters(self, scope: Scope, hash_: str, document: bytes, by: str) -> None:
        self._freeze(parameter_sets, hash_, document, by)

    def freeze_catalogue(self, scope: Scope, hash_: str, document: bytes, by: str) -> None:
        self._freeze(catalogues, hash_, document, by)

    def _freeze(self, table: Table, hash_: str, document: bytes, by: str) -> None:
        connection = self.session.connection
        if connection.execute(select(table.c.hash).where(table.c.hash == hash_)).one_or_none() is None:
            row = {"hash": hash_, "document": document, "frozen_at": self.session.now, "frozen_by": by}
            connection.execute(insert(table), row)

    def add(self, scope: Scope, published: Published, rows: Iterable[dict[str, Any]], by: str) -> None:
        """Add a snapshot and its rows: ``household``, ``area``, ``values``, ``sources`` (JSON texts)."""
        connection = self.session.connection
        snapshot = {
            "id": published.snapshot,
            "as_of": published.as_of,
            "catalogue": published.catalogue,
            "households": published.households,
            "columns": list(published.columns),
            "setting": dict(published.setting),
            "published_at": self.session.now,
            "published_by": by,
        }
        connection.execute(insert(published_snapshots), snapshot)
        part: list[dict[str, Any]] = []
        for row in rows:
            part.append({"snapshot": published.snapshot, **row})
            if len(part) == PART:
                connection.execute(insert(published_rows), part)
                part = []
        if part:
            connection.execute(insert(published_rows), part)

    def apply_parameters(self, scope: Scope, published: Published, by: str) -> None:
        """From now on the snapshot is judged with the parameter set of ``published``."""
        row = {
            "snapshot": published.snapshot,
            "as_of": published.as_of,
            "parameters": published.parameters,
            "published_at": self.session.now,
            "published_by": by,
        }
        self.session.connection.execute(insert(publications), row)
