"""The tables of the operational store.

What is written stays: published snapshots, lists, score rows, decisions, promotions and events are
only ever added. Tables that bear witness (promotions, lists, decisions, events, access log) hold
hashes and names instead of foreign keys, so that the record never interferes with live data.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from serving.store.columns import AreaPath, Hash, Json, Moment, Name, Ordinal, act

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def _sealed() -> tuple[Column[bytes], Column[bytes], Column[str], Column[str]]:
    """A document with salt, key and digest = SHA-256(salt ‖ document), ready for encryption and proofs."""
    return (
        Column("document", LargeBinary, nullable=False),
        Column("salt", LargeBinary(16), nullable=False),
        Column("key_id", String(40), nullable=False),
        Column("digest", Hash, nullable=False),
    )


# --- what the service knows: frozen documents and the copies of snapshots

parameter_sets = Table(
    "parameter_sets",
    metadata,
    Column("hash", Hash, primary_key=True),
    Column("document", LargeBinary, nullable=False),
    *act("frozen"),
)

catalogues = Table(
    "catalogues",
    metadata,
    Column("hash", Hash, primary_key=True),
    Column("document", LargeBinary, nullable=False),
    *act("frozen"),
)

published_snapshots = Table(
    "published_snapshots",
    metadata,
    Column("id", Hash, primary_key=True),
    Column("as_of", Date, nullable=False, index=True),
    Column("catalogue", Hash, ForeignKey("catalogues.hash"), nullable=False),
    Column("households", Integer, nullable=False),
    Column("columns", Json, nullable=False),
    # Lines by area, clock, synthetic, level of the areas that plan visits: all a decision needs of the home.
    Column("setting", Json, nullable=False),
    *act("published"),
)

published_rows = Table(
    "published_rows",
    metadata,
    Column("snapshot", Hash, ForeignKey("published_snapshots.id"), primary_key=True),
    Column("household", Hash, primary_key=True),
    Column("area", AreaPath, nullable=False),
    # JSON arrays: values in the order of published_snapshots.columns; [kind, source, known_at] of each source.
    Column("values", Text, nullable=False),
    Column("sources", Text, nullable=False),
    Index(None, "snapshot", "area"),
)

# Which parameter set applies to a published snapshot; the latest row counts.
publications = Table(
    "publications",
    metadata,
    Column("seq", Ordinal, primary_key=True),
    Column("snapshot", Hash, ForeignKey("published_snapshots.id"), nullable=False, index=True),
    Column("as_of", Date, nullable=False, index=True),
    Column("parameters", Hash, ForeignKey("parameter_sets.hash"), nullable=False),
    *act("published"),
    sqlite_autoincrement=True,
)

# --- which model judges

bundles = Table(
    "bundles",
    metadata,
    Column("model_sha256", Hash, primary_key=True),
    Column("folder", String(200), nullable=False),
    Column("outcome", String(80), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("horizons", Json, nullable=False),
    Column("tier_horizon", Integer, nullable=False),
    Column("catalogue", Hash, nullable=False),
    *act("registered"),
)

promotions = Table(
    "promotions",
    metadata,
    Column("seq", Ordinal, primary_key=True),
    Column("id", Hash, nullable=False, unique=True),
    Column("action", String(10), nullable=False),
    Column("bundle", Hash, nullable=False),
    Column("previous", Hash),
    Column("gate", String(10), nullable=False),
    Column("overruled", Boolean, nullable=False),
    Column("evidence", Json, nullable=False),
    Column("reason", Text, nullable=False),
    *act("promoted"),
    CheckConstraint("action IN ('promote', 'rollback')", name="action"),
    CheckConstraint("gate IN ('passed', 'failed', 'overruled')", name="gate"),
    CheckConstraint("overruled = (gate = 'overruled')", name="overruled"),
    sqlite_autoincrement=True,
)

# --- judgements

lists = Table(
    "lists",
    metadata,
    Column("seq", Ordinal, primary_key=True),
    Column("id", Hash, nullable=False, unique=True),
    Column("area", AreaPath, nullable=False, index=True),
    Column("period", String(10), nullable=False),
    Column("as_of", Date, nullable=False),
    Column("snapshot", Hash, nullable=False),
    Column("bundle", Hash, nullable=False),
    Column("parameters", Hash, nullable=False),
    # The list without its lines; the digest is over the whole document, lines included.
    *_sealed(),
    *act("issued"),
    sqlite_autoincrement=True,
)

list_lines = Table(
    "list_lines",
    metadata,
    Column("list", Hash, ForeignKey("lists.id"), primary_key=True),
    Column("household", Hash, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("area", AreaPath, nullable=False),
    Column("tier", String(10), nullable=False),
    Column("raised_by", String(10), nullable=False),
    Column("planned", Boolean, nullable=False),
    Column("probability", Float(53)),
    Column("reasons", Text, nullable=False),
    Column("decision", Hash, nullable=False),
    UniqueConstraint("list", "position"),
    Index(None, "list", "area"),
    Index(None, "list", "tier"),
    Index(None, "household"),
)

score_rows = Table(
    "score_rows",
    metadata,
    Column("list", Hash, ForeignKey("lists.id"), primary_key=True),
    Column("household", Hash, primary_key=True),
    Column("area", AreaPath, nullable=False),
    Column("at_risk", Boolean, nullable=False),
    Column("margin", Float(53), nullable=False),
    Column("probability", Float(53)),
    Column("tier", String(10), nullable=False),
    Column("raised_by", String(10)),
    Index(None, "list", "area"),
    Index(None, "household"),
)

decisions = Table(
    "decisions",
    metadata,
    Column("seq", Ordinal, primary_key=True),
    Column("id", Hash, nullable=False, unique=True),
    Column("household", Hash, nullable=False, index=True),
    Column("area", AreaPath, nullable=False, index=True),
    Column("as_of", Date, nullable=False),
    Column("snapshot", Hash, nullable=False),
    Column("bundle", Hash, nullable=False),
    Column("parameters", Hash, nullable=False),
    Column("tier", String(10), nullable=False),
    *_sealed(),
    *act("asked"),
    sqlite_autoincrement=True,
)

# --- who is behind a pseudonym: one row a detail of a household (person empty) or of a member

details = Table(
    "details",
    metadata,
    Column("household", Hash, primary_key=True),
    Column("person", Hash, primary_key=True),
    Column("detail", String(20), primary_key=True),
    # Nonce and ciphertext, bound to this table, row, column and key.
    Column("sealed", LargeBinary, nullable=False),
    Column("key_id", String(40), nullable=False),
    # Keyed digests: whether a delivery says the same again, and what a search finds it by.
    Column("sameness", String(32), nullable=False),
    Column("lookup", String(32), index=True),
    # The delivery that said it.
    Column("source", String(80), nullable=False),
    Column("delivery", Integer, nullable=False),
)

# --- the record of acts, and people

events = Table(
    "events",
    metadata,
    Column("seq", Ordinal, primary_key=True),
    Column("kind", String(40), nullable=False, index=True),
    Column("subject", String(200), nullable=False, index=True),
    Column("area", AreaPath, nullable=False),
    Column("detail", Json, nullable=False),
    *act("happened"),
    sqlite_autoincrement=True,
)

access_log = Table(
    "access_log",
    metadata,
    Column("seq", Ordinal, primary_key=True),
    Column("action", String(40), nullable=False),
    Column("subject", String(200), nullable=False, index=True),
    Column("area", AreaPath, nullable=False, index=True),
    Column("detail", Json, nullable=False),
    *act("accessed"),
    sqlite_autoincrement=True,
)

accounts = Table(
    "accounts",
    metadata,
    Column("id", Ordinal, primary_key=True),
    Column("name", Name, nullable=False, unique=True),
    Column("password_hash", String(200), nullable=False),
    Column("role", String(40), nullable=False),
    Column("area", AreaPath, nullable=False),
    Column("lang", String(2), nullable=False, server_default="zh"),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("locked_until", Moment),
    *act("created"),
    *act("disabled", optional=True),
    sqlite_autoincrement=True,
)

# Cookies and tokens are kept as SHA-256 digests: a stolen copy of the store opens nothing.
sessions = Table(
    "sessions",
    metadata,
    Column("digest", Hash, primary_key=True),
    Column("account", Ordinal, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("csrf", Hash, nullable=False),
    Column("opened", Moment, nullable=False),
    Column("last_used", Moment, nullable=False),
    Column("expires", Moment, nullable=False, index=True),
)

tokens = Table(
    "tokens",
    metadata,
    Column("digest", Hash, primary_key=True),
    Column("account", Ordinal, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("label", Name, nullable=False),
    Column("last_used", Moment),
    Column("expires", Moment, nullable=False),
    *act("issued"),
    *act("revoked", optional=True),
)
