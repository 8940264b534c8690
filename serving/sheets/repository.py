"""Queries for the page of a list."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json
from sqlalchemy import ColumnElement, and_, func, not_, select

from serving.scope import Scope
from serving.sheets.records import Asked, Count, Header, Line
from serving.store import Reading
from serving.store.tables import bundles, decisions, list_lines, lists, published_rows, score_rows

# A reason begins with its group: what a list's first reason is, is the beginning of the text.
_BEGINNING = '[{{"group": "{group}",'


@dataclass(frozen=True)
class SheetRepository:
    """Reads one list, of it what lies in the scope."""

    session: Reading

    def header(self, scope: Scope, list_: str) -> Header | None:
        """A list by its number; ``latest``: the one issued last."""
        query = (
            select(
                lists.c.id,
                lists.c.seq,
                lists.c.area,
                lists.c.period,
                lists.c.as_of,
                lists.c.issued_at,
                lists.c.document,
                bundles.c.outcome,
                bundles.c.tier_horizon,
            )
            .select_from(lists.join(bundles, bundles.c.model_sha256 == lists.c.bundle))
            .where(scope.meets(lists.c.area))
            .order_by(lists.c.seq.desc())
            .limit(1)
        )
        if list_ != "latest":
            query = query.where(lists.c.id == list_)
        found = self.session.connection.execute(query).mappings().one_or_none()
        return None if found is None else Header(**{**found, "document": json.loads(found["document"])})

    def periods(self, scope: Scope, header: Header, most: int) -> dict[str, str]:
        """The last list of each period of the same area up to this list, by period, this one first."""
        query = (
            select(lists.c.period, lists.c.id)
            .where(lists.c.area == header.area, lists.c.seq <= header.seq, scope.meets(lists.c.area))
            .order_by(lists.c.seq.desc())
        )
        found: dict[str, str] = {}
        for period, id_ in self.session.connection.execute(query):
            found.setdefault(period, id_)
            if len(found) == most:
                break
        return found

    def tiers(self, scope: Scope, list_: str) -> Counter[str]:
        """How many lines of each tier a list has. A part of a list is reached by its areas, all of it by tier."""
        if not scope.whole:
            found: Counter[str] = Counter()
            for count in self.counts(scope, list_):
                found[count.tier] += count.lines
            return found
        query = select(list_lines.c.tier, func.count()).where(list_lines.c.list == list_)
        return Counter(dict(found for found in self.session.connection.execute(query.group_by(list_lines.c.tier))))

    def judged(self, scope: Scope, list_: str) -> int:
        """Households of the scope that were judged for the list."""
        query = select(func.count()).where(score_rows.c.list == list_, scope.covers(score_rows.c.area))
        return int(self.session.connection.execute(query).scalar_one())

    def counts(self, scope: Scope, list_: str, asked: Asked | None = None) -> list[Count]:
        """How many lines are alike, by area in order of the paths."""
        alike = (list_lines.c.area, list_lines.c.tier, list_lines.c.raised_by, list_lines.c.planned)
        query = (
            select(*alike, func.count())
            .where(list_lines.c.list == list_, scope.covers(list_lines.c.area))
            .group_by(*alike)
            .order_by(list_lines.c.area)
        )
        if asked is not None:
            query = query.where(*_filters(asked))
        return [Count(*found) for found in self.session.connection.execute(query)]

    def lines(self, scope: Scope, list_: str, asked: Asked, start: int, most: int) -> list[Line]:
        """The lines that the filters leave, in order of the list, from the ``start``-th on."""
        query = (
            select(
                list_lines.c.position,
                list_lines.c.rank,
                list_lines.c.household,
                list_lines.c.area,
                list_lines.c.tier,
                list_lines.c.raised_by,
                list_lines.c.planned,
                list_lines.c.probability,
                list_lines.c.reasons,
                list_lines.c.decision,
            )
            .where(list_lines.c.list == list_, scope.covers(list_lines.c.area), *_filters(asked))
            .order_by(list_lines.c.position)
            .offset(start)
            .limit(most)
        )
        if asked.folds_blue:
            folded = and_(
                list_lines.c.tier == "blue", list_lines.c.raised_by == "score", not_(list_lines.c.planned)
            )
            query = query.where(not_(folded))
        return [
            Line(**{**found, "reasons": json.loads(found["reasons"])})
            for found in self.session.connection.execute(query).mappings()
        ]

    def decisions(self, scope: Scope, ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        """Decision documents by id."""
        query = select(decisions.c.id, decisions.c.document).where(
            decisions.c.id.in_(ids), scope.covers(decisions.c.area)
        )
        # A page holds dozens of long documents; this reads them in half the time.
        return {id_: from_json(body) for id_, body in self.session.connection.execute(query)}

    def values(
        self, scope: Scope, snapshot: str, columns: Sequence[str], households: Sequence[str]
    ) -> dict[str, dict[str, Any]]:
        """The values of households in a published snapshot, by column."""
        query = select(published_rows.c.household, published_rows.c["values"]).where(
            published_rows.c.snapshot == snapshot,
            published_rows.c.household.in_(households),
            scope.covers(published_rows.c.area),
        )
        return {
            household: dict(zip(columns, json.loads(values), strict=True))
            for household, values in self.session.connection.execute(query)
        }


def _filters(asked: Asked) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if asked.by_tier:
        conditions.append(list_lines.c.tier.in_(sorted(asked.by_tier)))
    if asked.raised:
        conditions.append(list_lines.c.raised_by == asked.raised)
    if asked.planned:
        conditions.append(list_lines.c.planned.is_(asked.planned == "yes"))
    if asked.reason:
        beginning = _BEGINNING.format(group=asked.reason)
        conditions.append(func.substr(list_lines.c.reasons, 1, len(beginning)) == beginning)
    return conditions
