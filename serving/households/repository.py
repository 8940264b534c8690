"""Queries on one household: its decisions, its standing on lists, and its neighbours there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import func, select

from serving.households.records import Place, Standing
from serving.scope import Scope
from serving.store import Reading
from serving.store.tables import bundles, decisions, list_lines, lists, score_rows


@dataclass(frozen=True)
class HouseholdRepository:
    """Reads what was written of one household that lies in the scope."""

    session: Reading

    def decisions(self, scope: Scope, household: str) -> list[dict[str, Any]]:
        """The documents of its decisions, those of the latest day first."""
        query = (
            select(decisions.c.document)
            .where(decisions.c.household == household, scope.covers(decisions.c.area))
            .order_by(decisions.c.as_of.desc(), decisions.c.seq.desc())
        )
        return [json.loads(body) for body in self.session.connection.execute(query).scalars()]

    def standings(self, scope: Scope, household: str) -> list[Standing]:
        """Its score row, and its line if it has one, of each list of its area; the latest list first."""
        query = (
            select(
                lists.c.id.label("list"),
                lists.c.period,
                lists.c.as_of,
                lists.c.bundle,
                lists.c.parameters,
                bundles.c.outcome,
                bundles.c.tier_horizon,
                score_rows.c.at_risk,
                score_rows.c.probability,
                score_rows.c.tier,
                list_lines.c.rank,
                list_lines.c.planned,
                list_lines.c.tier.label("line_tier"),
                list_lines.c.raised_by.label("line_raised_by"),
            )
            .join(lists, lists.c.id == score_rows.c.list)
            .join(bundles, bundles.c.model_sha256 == lists.c.bundle)
            .outerjoin(
                list_lines,
                (list_lines.c.list == score_rows.c.list) & (list_lines.c.household == score_rows.c.household),
            )
            .where(score_rows.c.household == household, scope.covers(score_rows.c.area))
            .order_by(lists.c.as_of.desc(), lists.c.seq.desc())
        )
        found = [Standing(**row) for row in self.session.connection.execute(query).mappings()]
        floors = self._floors(scope, [standing.list for standing in found])
        return [replace(standing, floors=floors.get(standing.list)) for standing in found]

    def _floors(self, scope: Scope, of: Sequence[str]) -> dict[str, dict[str, float]]:
        """The tier floors of lists, as any decision of each tells them: they are one for the whole county."""
        one = (
            select(list_lines.c.list, func.min(list_lines.c.position).label("position"))
            .where(list_lines.c.list.in_(of), scope.covers(list_lines.c.area))
            .group_by(list_lines.c.list)
            .subquery()
        )
        query = (
            select(list_lines.c.list, decisions.c.document)
            .join(one, (one.c.list == list_lines.c.list) & (one.c.position == list_lines.c.position))
            .join(decisions, decisions.c.id == list_lines.c.decision)
            .where(scope.covers(decisions.c.area))
        )
        return {
            found.list: json.loads(found.document)["floors"]
            for found in self.session.connection.execute(query)
        }

    def place(self, scope: Scope, list_: str, household: str) -> Place | None:
        """Its place on a list among the lines in the scope; None where it does not stand there."""
        line = select(list_lines.c.position, lists.c.period).join(lists, lists.c.id == list_lines.c.list)
        line = line.where(
            list_lines.c.list == list_,
            list_lines.c.household == household,
            scope.covers(list_lines.c.area),
        )
        here = self.session.connection.execute(line).one_or_none()
        if here is None:
            return None
        within = (list_lines.c.list == list_, scope.covers(list_lines.c.area))
        count, before = self.session.connection.execute(
            select(
                func.count(),
                func.count().filter(list_lines.c.position < here.position),
            ).where(*within)
        ).one()
        beside = select(list_lines.c.household).where(*within).limit(1)
        previous = beside.where(list_lines.c.position < here.position).order_by(list_lines.c.position.desc())
        following = beside.where(list_lines.c.position > here.position).order_by(list_lines.c.position)
        return Place(
            list=list_,
            period=here.period,
            position=before + 1,
            count=count,
            previous=self.session.connection.execute(previous).scalar_one_or_none(),
            next=self.session.connection.execute(following).scalar_one_or_none(),
        )
