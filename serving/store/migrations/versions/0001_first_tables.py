"""The first tables: published snapshots, champion, lists, decisions, the record of acts, and people."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "access_log",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column(
            "area",
            sa.String(length=200).with_variant(sa.String(length=200, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("accessed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accessed_by", sa.String(length=120), nullable=False),
        sa.CheckConstraint(
            "(accessed_at IS NULL) = (accessed_by IS NULL)", name=op.f("ck_access_log_accessed_at_with_by")
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_access_log")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_access_log_area"), "access_log", ["area"], unique=False)
    op.create_index(op.f("ix_access_log_subject"), "access_log", ["subject"], unique=False)
    op.create_table(
        "accounts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column(
            "area",
            sa.String(length=200).with_variant(sa.String(length=200, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("lang", sa.String(length=2), server_default="zh", nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disabled_by", sa.String(length=120), nullable=True),
        sa.CheckConstraint(
            "(created_at IS NULL) = (created_by IS NULL)", name=op.f("ck_accounts_created_at_with_by")
        ),
        sa.CheckConstraint(
            "(disabled_at IS NULL) = (disabled_by IS NULL)", name=op.f("ck_accounts_disabled_at_with_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("name", name=op.f("uq_accounts_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "bundles",
        sa.Column("model_sha256", sa.String(length=64), nullable=False),
        sa.Column("folder", sa.String(length=200), nullable=False),
        sa.Column("outcome", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("horizons", sa.Text(), nullable=False),
        sa.Column("tier_horizon", sa.Integer(), nullable=False),
        sa.Column("catalogue", sa.String(length=64), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("registered_by", sa.String(length=120), nullable=False),
        sa.CheckConstraint(
            "(registered_at IS NULL) = (registered_by IS NULL)", name=op.f("ck_bundles_registered_at_with_by")
        ),
        sa.PrimaryKeyConstraint("model_sha256", name=op.f("pk_bundles")),
    )
    op.create_table(
        "catalogues",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("frozen_by", sa.String(length=120), nullable=False),
        sa.CheckConstraint(
            "(frozen_at IS NULL) = (frozen_by IS NULL)", name=op.f("ck_catalogues_frozen_at_with_by")
        ),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_catalogues")),
    )
    op.create_table(
        "decisions",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("household", sa.String(length=64), nullable=False),
        sa.Column(
            "area",
            sa.String(length=200).with_variant(sa.String(length=200, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("snapshot", sa.String(length=64), nullable=False),
        sa.Column("bundle", sa.String(length=64), nullable=False),
        sa.Column("parameters", sa.String(length=64), nullable=False),
        sa.Column("tier", sa.String(length=10), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("salt", sa.LargeBinary(length=16), nullable=False),
        sa.Column("key_id", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.String(length=120), nullable=False),
        sa.CheckConstraint(
            "(asked_at IS NULL) = (asked_by IS NULL)", name=op.f("ck_decisions_asked_at_with_by")
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_decisions")),
        sa.UniqueConstraint("id", name=op.f("uq_decisions_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_decisions_area"), "decisions", ["area"], unique=False)
    op.create_index(op.f("ix_decisions_household"), "decisions", ["household"], unique=False)
    op.create_table(
        "events",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column(
            "area",
            sa.String(length=200).with_variant(sa.String(length=200, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("happened_by", sa.String(length=120), nullable=False),
        sa.CheckConstraint(
            "(happened_at IS NULL) = (happened_by IS NULL)", name=op.f("ck_events_happened_at_with_by")
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_events")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_events_kind"), "events", ["kind"], unique=False)
    op.create_index(op.f("ix_events_subject"), "events", ["subject"], unique=False)
    op.create_table(
        "lists",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column(
            "area",
            sa.String(length=200).with_variant(sa.String(length=200, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("snapshot", sa.String(length=64), nullable=False),
        sa.Column("bundle", sa.String(length=64), nullable=False),
        sa.Column("parameters", sa.String(length=64), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("salt", sa.LargeBinary(length=16), nullable=False),
        sa.Column("key_id", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_by", sa.String(length=120), nullable=False),
        sa.CheckConstraint(
            "(issued_at IS NULL) = (issued_by IS NULL)", name=op.f("ck_lists_issued_at_with_by")
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_lists")),
        sa.UniqueConstraint("id", name=op.f("uq_lists_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_lists_area"), "lists", ["area"], unique=False)
    op.create_table(
        "parameter_sets",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("frozen_by", sa.String(length=120), nullable=False),
        sa.CheckConstraint(
            "(frozen_at IS NULL) = (frozen_by IS NULL)", name=op.f("ck_parameter_sets_frozen_at_with_by")
        ),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_parameter_sets")),
    )
    op.create_table(
        "promotions",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=10), nullable=False),
        sa.Column("bundle", sa.String(length=64), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=True),
        sa.Column("gate", sa.String(length=10), nullable=False),
        sa.Column("overruled", sa.Boolean(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("promoted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("promoted_by", sa.String(length=120), nullable=False),
        sa.CheckConstraint("action IN ('promote', 'rollback')", name=op.f("ck_promotions_action")),
        sa.CheckConstraint("gate IN ('passed', 'failed', 'overruled')", name=op.f("ck_promotions_gate")),
        sa.CheckConstraint("overruled = (gate = 'overruled')", name=op.f("ck_promotions_overruled")),
        sa.CheckConstraint(
            "(promoted_at IS NULL) = (promoted_by IS NULL)", name=op.f("ck_promotions_promoted_at_with_by")
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_promotions")),
        sa.UniqueConstraint("id", name=op.f("uq_promotions_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "list_lines",
        sa.Column("list", sa.String(length=64), nullable=False),
        sa.Column("household", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column(
            "area",
            sa.String(length=200).with_variant(sa.String(length=200, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("tier", sa.String(length=10), nullable=False),
        sa.Column("raised_by", sa.String(length=10), nullable=False),
        sa.Column("planned", sa.Boolean(), nullable=False),
        sa.Column("probability", sa.Float(precision=53), nullable=True),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("decision", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["list"], ["lists.id"], name=op.f("fk_list_lines_list")),
        sa.PrimaryKeyConstraint("list", "household", name=op.f("pk_list_lines")),
        sa.UniqueConstraint("list", "position", name=op.f("uq_list_lines_list")),
    )
    op.create_index(op.f("ix_list_lines_household"), "list_lines", ["household"], unique=False)
    op.create_index(op.f("ix_list_lines_list_area"), "list_lines", ["list", "area"], unique=False)
    op.create_index(op.f("ix_list_lines_list_tier"), "list_lines", ["list", "tier"], unique=False)
    op.create_table(
        "published_snapshots",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("catalogue", sa.String(length=64), nullable=False),
        sa.Column("households", sa.Integer(), nullable=False),
        sa.Column("columns", sa.Text(), nullable=False),
        sa.Column("setting", sa.Text(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.String(length=120), nullable=False),
        sa.CheckConstraint(
            "(published_at IS NULL) = (published_by IS NULL)",
            name=op.f("ck_published_snapshots_published_at_with_by"),
        ),
        sa.ForeignKeyConstraint(
            ["catalogue"], ["catalogues.hash"], name=op.f("fk_published_snapshots_catalogue")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_published_snapshots")),
    )
    op.create_index(op.f("ix_published_snapshots_as_of"), "published_snapshots", ["as_of"], unique=False)
    op.create_table(
        "score_rows",
        sa.Column("list", sa.String(length=64), nullable=False),
        sa.Column("household", sa.String(length=64), nullable=False),
        sa.Column(
            "area",
            sa.String(length=200).with_variant(sa.String(length=200, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("at_risk", sa.Boolean(), nullable=False),
        sa.Column("margin", sa.Float(precision=53), nullable=False),
        sa.Column("probability", sa.Float(precision=53), nullable=True),
        sa.Column("tier", sa.String(length=10), nullable=False),
        sa.Column("raised_by", sa.String(length=10), nullable=True),
        sa.ForeignKeyConstraint(["list"], ["lists.id"], name=op.f("fk_score_rows_list")),
        sa.PrimaryKeyConstraint("list", "household", name=op.f("pk_score_rows")),
    )
    op.create_index(op.f("ix_score_rows_household"), "score_rows", ["household"], unique=False)
    op.create_index(op.f("ix_score_rows_list_area"), "score_rows", ["list", "area"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("account", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("csrf", sa.String(length=64), nullable=False),
        sa.Column("opened", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name=op.f("fk_sessions_account")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_sessions")),
    )
    op.create_index(op.f("ix_sessions_account"), "sessions", ["account"], unique=False)
    op.create_index(op.f("ix_sessions_expires"), "sessions", ["expires"], unique=False)
    op.create_table(
        "tokens",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("account", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("label", sa.String(length=120), nullable=False),
        sa.Column("last_used", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_by", sa.String(length=120), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.String(length=120), nullable=True),
        sa.CheckConstraint(
            "(issued_at IS NULL) = (issued_by IS NULL)", name=op.f("ck_tokens_issued_at_with_by")
        ),
        sa.CheckConstraint(
            "(revoked_at IS NULL) = (revoked_by IS NULL)", name=op.f("ck_tokens_revoked_at_with_by")
        ),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name=op.f("fk_tokens_account")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_tokens")),
    )
    op.create_index(op.f("ix_tokens_account"), "tokens", ["account"], unique=False)
    op.create_table(
        "publications",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("snapshot", sa.String(length=64), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("parameters", sa.String(length=64), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.String(length=120), nullable=False),
        sa.CheckConstraint(
            "(published_at IS NULL) = (published_by IS NULL)",
            name=op.f("ck_publications_published_at_with_by"),
        ),
        sa.ForeignKeyConstraint(
            ["parameters"], ["parameter_sets.hash"], name=op.f("fk_publications_parameters")
        ),
        sa.ForeignKeyConstraint(
            ["snapshot"], ["published_snapshots.id"], name=op.f("fk_publications_snapshot")
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_publications")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_publications_as_of"), "publications", ["as_of"], unique=False)
    op.create_index(op.f("ix_publications_snapshot"), "publications", ["snapshot"], unique=False)
    op.create_table(
        "published_rows",
        sa.Column("snapshot", sa.String(length=64), nullable=False),
        sa.Column("household", sa.String(length=64), nullable=False),
        sa.Column(
            "area",
            sa.String(length=200).with_variant(sa.String(length=200, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("values", sa.Text(), nullable=False),
        sa.Column("sources", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["snapshot"], ["published_snapshots.id"], name=op.f("fk_published_rows_snapshot")
        ),
        sa.PrimaryKeyConstraint("snapshot", "household", name=op.f("pk_published_rows")),
    )
    op.create_index(
        op.f("ix_published_rows_snapshot_area"), "published_rows", ["snapshot", "area"], unique=False
    )


def downgrade() -> None:
    # In the reverse order of what refers to what.
    for table in (
        "tokens", "sessions", "accounts", "access_log", "events", "decisions", "score_rows", "list_lines", "lists",
        "promotions", "bundles", "publications", "published_rows", "published_snapshots", "catalogues",
        "parameter_sets",
    ):  # fmt: skip
        op.drop_table(table)
