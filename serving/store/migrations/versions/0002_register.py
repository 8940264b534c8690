"""The register: details of people, encrypted, with a keyed index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "details",
        sa.Column("household", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("detail", sa.String(length=20), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.String(length=40), nullable=False),
        sa.Column("sameness", sa.String(length=32), nullable=False),
        sa.Column("lookup", sa.String(length=32), nullable=True),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("delivery", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("household", "person", "detail", name=op.f("pk_details")),
    )
    op.create_index(op.f("ix_details_lookup"), "details", ["lookup"], unique=False)


def downgrade() -> None:
    op.drop_table("details")
