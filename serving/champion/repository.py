"""Queries on bundles and promotions. They concern the whole home."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import func, insert, select

from models.record.canonical import canonical
from serving.champion.gate import told
from serving.champion.records import Known, Promotion
from serving.scope import Scope
from serving.store import Reading, Writing
from serving.store.tables import bundles, promotions

_MARK = select(func.max(promotions.c.seq))


@dataclass(frozen=True)
class ChampionRepository:
    """Reads which bundle is champion and which were before."""

    session: Reading

    def mark(self, scope: Scope) -> int:
        """Changes with every promotion: as they are only ever added, the same mark means the same champion."""
        return self.session.connection.execute(_MARK).scalar_one() or 0

    def succession(self, scope: Scope) -> list[str]:
        """The champions that a rollback can return to, the present one last.

        A promotion adds one, a rollback takes the last away.
        """
        query = (
            select(promotions.c.action, promotions.c.bundle)
            .where(promotions.c.gate != "failed")
            .order_by(promotions.c.seq)
        )
        line: list[str] = []
        for action, bundle in self.session.connection.execute(query):
            if action == "promote":
                line.append(bundle)
            else:
                line.pop()
        return line

    def known(self, scope: Scope, model_sha256: str) -> Known | None:
        query = select(bundles).where(bundles.c.model_sha256 == model_sha256)
        found = self.session.connection.execute(query).one_or_none()
        if found is None:
            return None
        return Known(
            found.model_sha256,
            found.folder,
            found.outcome,
            found.kind,
            found.horizons,
            found.tier_horizon,
            found.catalogue,
        )

    def champion(self, scope: Scope) -> Known | None:
        """The bundle that judges today."""
        line = self.succession(scope)
        return self.known(scope, line[-1]) if line else None

    def history(self, scope: Scope) -> list[dict[str, Any]]:
        """Every act on record, the newest first, with what the gate found wrong or wanted explained."""
        rows = self.session.connection.execute(select(promotions).order_by(promotions.c.seq.desc()))
        return [
            {
                "record": row.id,
                "action": row.action,
                "bundle": row.bundle,
                "previous": row.previous,
                "gate": row.gate,
                "findings": told(row.evidence.get("gate", ()), row.evidence.get("findings", ())),
                "by": row.promoted_by,
                "at": row.promoted_at,
                "reason": row.reason,
            }
            for row in rows
        ]

    def evidence(self, scope: Scope) -> dict[str, dict[str, Any]]:
        """The evidence of every act, by record."""
        rows = self.session.connection.execute(select(promotions.c.id, promotions.c.evidence))
        return {row.id: dict(row.evidence) for row in rows}

    def all_known(self, scope: Scope) -> Sequence[str]:
        """SHA-256 of every bundle that was ever examined."""
        return self.session.connection.execute(select(bundles.c.model_sha256)).scalars().all()


@dataclass(frozen=True)
class ChampionWriter:
    """Adds bundles and promotions."""

    session: Writing

    def register(self, scope: Scope, known: Known, by: str) -> None:
        """Add a bundle unless it is known."""
        query = select(bundles.c.model_sha256).where(bundles.c.model_sha256 == known.model_sha256)
        if self.session.connection.execute(query).one_or_none() is None:
            row = {
                **asdict(known),
                "horizons": list(known.horizons),
                "registered_at": self.session.now,
                "registered_by": by,
            }
            self.session.connection.execute(insert(bundles), row)

    def add(self, scope: Scope, promotion: Promotion, by: str) -> str:
        """Add an act to the record and return its id: SHA-256 of what it says, by whom, when, and after which act.

        Two alike within a second are two acts, told apart by what came before.
        """
        latest = select(promotions.c.id).order_by(promotions.c.seq.desc()).limit(1)
        after = self.session.connection.execute(latest).scalar_one_or_none()
        said = {**asdict(promotion), "by": by, "at": self.session.now.isoformat(), "after": after}
        record = sha256(canonical(said)).hexdigest()
        row = {
            **asdict(promotion),
            "id": record,
            "overruled": promotion.gate == "overruled",
            "promoted_at": self.session.now,
            "promoted_by": by,
        }
        self.session.connection.execute(insert(promotions), row)
        return record
