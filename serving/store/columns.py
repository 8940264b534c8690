"""Column types that mean the same on SQLite and on PostgreSQL."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Dialect, Integer, String, Text
from sqlalchemy.types import TypeDecorator


class Moment(TypeDecorator[datetime]):
    """A moment in UTC. SQLite forgets the zone, so it is put back when read."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Json(TypeDecorator[object]):
    """A small document as canonical JSON text (sorted keys, no NaN)."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: object | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)

    def process_result_value(self, value: str | None, dialect: Dialect) -> object | None:
        return None if value is None else json.loads(value)


# An ordinal given out by the database, in the order of writing.
Ordinal = BigInteger().with_variant(Integer, "sqlite")
# Paths compare byte by byte everywhere, so that a range is a prefix.
AreaPath = String(200).with_variant(String(200, collation="C"), "postgresql")
Hash = String(64)
Name = String(120)


def act(verb: str, *, optional: bool = False) -> tuple[Column[datetime], Column[str], CheckConstraint]:
    """``<verb>_at`` and ``<verb>_by``: neither stands without the other, which the database checks."""
    return (
        Column(f"{verb}_at", Moment, nullable=optional),
        Column(f"{verb}_by", Name, nullable=optional),
        CheckConstraint(f"({verb}_at IS NULL) = ({verb}_by IS NULL)", name=f"{verb}_at_with_by"),
    )
