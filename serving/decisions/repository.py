"""Queries on stored decisions."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, func, insert, select

from serving.decisions.records import StoredDecision
from serving.scope import Scope
from serving.store import Reading, Writing
from serving.store.tables import decisions

PART = 500

# On the path of every decision: written once, so that each run is little more than the look into the index.
_BY_IDS = select(decisions.c.id, decisions.c.document).where(
    decisions.c.id.in_(bindparam("ids", expanding=True))
)
_ADD = insert(decisions)


@dataclass(frozen=True)
class DecisionRepository:
    """Reads decisions whose household lies in the scope."""

    session: Reading

    def by_id(self, scope: Scope, decision: str) -> StoredDecision | None:
        query = select(decisions.c.document).where(decisions.c.id == decision, scope.covers(decisions.c.area))
        body = self.session.connection.execute(query).scalar_one_or_none()
        return None if body is None else StoredDecision(body)

    def by_ids(self, scope: Scope, ids: Collection[str]) -> dict[str, StoredDecision]:
        """Those of ``ids`` (at most 1,000 or so) that are stored, by their ids."""
        if not ids:
            return {}
        query = _BY_IDS if scope.whole else _BY_IDS.where(scope.covers(decisions.c.area))
        found = self.session.connection.execute(query, {"ids": list(ids)})
        return {id_: StoredDecision(body) for id_, body in found}

    def of_judgement(self, scope: Scope, snapshot: str, bundle: str, parameters: str) -> set[str]:
        """Ids of the decisions already made with the three."""
        query = select(decisions.c.id).where(
            decisions.c.snapshot == snapshot,
            decisions.c.bundle == bundle,
            decisions.c.parameters == parameters,
            scope.covers(decisions.c.area),
        )
        return set(self.session.connection.execute(query).scalars())

    def of_household(self, scope: Scope, household: str) -> Sequence[dict[str, Any]]:
        """What was decided of a household, the latest first, without the documents."""
        query = (
            select(
                decisions.c.id,
                decisions.c.as_of,
                decisions.c.tier,
                decisions.c.snapshot,
                decisions.c.bundle,
                decisions.c.parameters,
                decisions.c.asked_at,
                decisions.c.asked_by,
            )
            .where(decisions.c.household == household, scope.covers(decisions.c.area))
            .order_by(decisions.c.as_of.desc(), decisions.c.seq.desc())
        )
        return [dict(found) for found in self.session.connection.execute(query).mappings()]

    def all_bodies(self, scope: Scope) -> Iterator[tuple[str, bytes]]:
        """Every decision in the scope, in the order in which they were stored."""
        query = (
            select(decisions.c.id, decisions.c.document)
            .where(scope.covers(decisions.c.area))
            .order_by(decisions.c.seq)
        )
        for found in self.session.connection.execution_options(yield_per=PART).execute(query):
            yield found.id, found.document

    def count(self, scope: Scope) -> int:
        query = select(func.count()).select_from(decisions).where(scope.covers(decisions.c.area))
        return int(self.session.connection.execute(query).scalar_one())


@dataclass(frozen=True)
class DecisionWriter:
    """Adds decisions; none is ever changed."""

    session: Writing

    def add(self, scope: Scope, rows: Sequence[dict[str, Any]], by: str) -> None:
        """Add rows made by `serving.decisions.records.decision_row`."""
        asked = {"asked_at": self.session.now, "asked_by": by}
        for start in range(0, len(rows), PART):
            part = [{**row, **asked} for row in rows[start : start + PART]]
            self.session.connection.execute(_ADD, part)
