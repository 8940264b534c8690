"""Queries on issued lists, their lines and score rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select

from serving.scope import Scope
from serving.store import Reading, Writing
from serving.store.tables import list_lines, lists, score_rows

PART = 1000


@dataclass(frozen=True)
class ListRepository:
    """Reads lists that touch the scope, and of them the lines that lie in it."""

    session: Reading

    def header(self, scope: Scope, list_: str) -> dict[str, Any] | None:
        """A list without its lines."""
        query = select(lists.c.document).where(lists.c.id == list_, scope.meets(lists.c.area))
        return _document(self.session.connection.execute(query).scalar_one_or_none())

    def latest(self, scope: Scope, *, of_area: bool = False) -> dict[str, Any] | None:
        """The list issued last, without its lines; ``of_area``: the last that holds the whole scope."""
        within = scope.held_by(lists.c.area) if of_area else scope.meets(lists.c.area)
        query = select(lists.c.document).where(within).order_by(lists.c.seq.desc()).limit(1)
        return _document(self.session.connection.execute(query).scalar_one_or_none())

    def lines(
        self,
        scope: Scope,
        list_: str,
        *,
        tier: str | None = None,
        start: int = 0,
        most: int | None = None,
    ) -> list[dict[str, Any]]:
        """The lines in the scope (and of ``tier``) from position ``start`` on, in order of the list."""
        query = (
            select(list_lines)
            .where(
                list_lines.c.list == list_,
                scope.covers(list_lines.c.area),
                list_lines.c.position >= start,
                *([] if tier is None else [list_lines.c.tier == tier]),
            )
            .order_by(list_lines.c.position)
            .limit(most)
        )
        return [
            {
                "rank": found.rank,
                "household": found.household,
                "area": found.area,
                "tier": found.tier,
                "raised_by": found.raised_by,
                "planned": found.planned,
                "probability": found.probability,
                "reasons": json.loads(found.reasons),
                "decision": found.decision,
            }
            for found in self.session.connection.execute(query)
        ]

    def position(self, scope: Scope, list_: str, household: str) -> int | None:
        """Where a household stands on a list; 0 is the first line."""
        query = select(list_lines.c.position).where(
            list_lines.c.list == list_,
            list_lines.c.household == household,
            scope.covers(list_lines.c.area),
        )
        return self.session.connection.execute(query).scalar_one_or_none()

    def judged_any(self, scope: Scope, list_: str) -> bool:
        """Was any household of the scope judged for this list, whether or not it stands on it?"""
        query = (
            select(score_rows.c.household)
            .where(score_rows.c.list == list_, scope.covers(score_rows.c.area))
            .limit(1)
        )
        return self.session.connection.execute(query).first() is not None

    def of_household(self, scope: Scope, household: str) -> Sequence[dict[str, Any]]:
        """On which lists a household stood, and its score on each list of its area, the latest first."""
        query = (
            select(
                score_rows.c.list,
                lists.c.period,
                lists.c.as_of,
                score_rows.c.tier,
                score_rows.c.probability,
                list_lines.c.rank,
                list_lines.c.planned,
                list_lines.c.raised_by,
            )
            .join(lists, lists.c.id == score_rows.c.list)
            .outerjoin(
                list_lines,
                (list_lines.c.list == score_rows.c.list) & (list_lines.c.household == score_rows.c.household),
            )
            .where(score_rows.c.household == household, scope.covers(score_rows.c.area))
            .order_by(lists.c.seq.desc())
        )
        return [dict(found) for found in self.session.connection.execute(query).mappings()]


def _document(body: bytes | None) -> dict[str, Any] | None:
    return None if body is None else json.loads(body)


@dataclass(frozen=True)
class ListWriter:
    """Adds lists; none is ever changed."""

    session: Writing

    def add(
        self,
        scope: Scope,
        header: dict[str, Any],
        lines: Sequence[dict[str, Any]],
        scores: Sequence[dict[str, Any]],
        by: str,
    ) -> None:
        """Add a list (a row of ``lists``), its lines and the score rows of every household of its area."""
        connection = self.session.connection
        connection.execute(insert(lists), {**header, "issued_at": self.session.now, "issued_by": by})
        for table, rows in ((list_lines, lines), (score_rows, scores)):
            for start in range(0, len(rows), PART):
                connection.execute(insert(table), list(rows[start : start + PART]))
