"""Queries for the page of a list."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from sys import intern
from typing import Any, TypeVar

from pydantic_core import from_json
from sqlalchemy import func, select

from serving.scope import Scope
from serving.sheets.records import Header, Line, Mark
from serving.store import Reading
from serving.store.tables import bundles, decisions, list_lines, lists, published_rows, score_rows

# A reason begins with its group, so the main reason's stands at the beginning of the text.
_BEGINNING, GROUP = '[{"group": "', 40


PART = 500


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
        # Named with the area, a part is found by the index on areas; without, the index on tiers holds it all.
        by = (list_lines.c.tier,) if scope.whole else (list_lines.c.area, list_lines.c.tier)
        query = (
            select(list_lines.c.tier, func.count())
            .where(list_lines.c.list == list_, scope.covers(list_lines.c.area))
            .group_by(*by)
        )
        found: Counter[str] = Counter()
        for tier, lines in self.session.connection.execute(query):
            found[tier] += lines
        return found

    def judged(self, scope: Scope, list_: str) -> int:
        """Households of the scope that were judged for the list."""
        query = select(func.count()).where(score_rows.c.list == list_, scope.covers(score_rows.c.area))
        return int(self.session.connection.execute(query).scalar_one())

    def marks(self, scope: Scope, list_: str) -> list[Mark]:
        """What the lines are chosen by, in order of the list."""
        beginning = func.substr(list_lines.c.reasons, len(_BEGINNING) + 1, GROUP)
        query = (
            select(
                list_lines.c.position,
                list_lines.c.area,
                list_lines.c.tier,
                list_lines.c.raised_by,
                list_lines.c.planned,
                beginning,
            )
            .where(list_lines.c.list == list_, scope.covers(list_lines.c.area))
            .order_by(list_lines.c.position)
        )
        # The same few words stand in thousands of lines: each is kept once.
        return [
            Mark(
                position, intern(area), intern(tier), intern(raised), planned, intern(rest.partition('"')[0])
            )
            for position, area, tier, raised, planned, rest in self.session.connection.execute(query)
        ]

    def lines(self, scope: Scope, list_: str, positions: Sequence[int]) -> list[Line]:
        """The lines at these positions, in order of the list."""
        query = select(
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
        ).where(list_lines.c.list == list_, scope.covers(list_lines.c.area))
        found = [
            Line(**{**line, "reasons": from_json(line["reasons"])})
            for part in _parts(positions)
            for line in self.session.connection.execute(
                query.where(list_lines.c.position.in_(part))
            ).mappings()
        ]
        return sorted(found, key=lambda line: line.position)

    def decisions(self, scope: Scope, ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        """Decision documents by id."""
        query = select(decisions.c.id, decisions.c.document).where(scope.covers(decisions.c.area))
        # A page holds dozens of long documents; this reads them in half the time.
        return {
            id_: from_json(body)
            for part in _parts(ids)
            for id_, body in self.session.connection.execute(query.where(decisions.c.id.in_(part)))
        }

    def values(
        self, scope: Scope, snapshot: str, columns: Sequence[str], households: Sequence[str]
    ) -> dict[str, dict[str, Any]]:
        """The values of households in a published snapshot, by column."""
        query = select(published_rows.c.household, published_rows.c["values"]).where(
            published_rows.c.snapshot == snapshot, scope.covers(published_rows.c.area)
        )
        return {
            household: dict(zip(columns, from_json(values), strict=True))
            for part in _parts(households)
            for household, values in self.session.connection.execute(
                query.where(published_rows.c.household.in_(part))
            )
        }


Value = TypeVar("Value")


def _parts(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    """The values in parts that one statement can name."""
    return (values[start : start + PART] for start in range(0, len(values), PART))
