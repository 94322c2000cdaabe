"""Digests, the mails of situation reports, and reports and alerts by their time"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "digests",
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("until", name=op.f("pk_digests")),
    )
    op.create_table(
        "mails",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("address_hash", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('queued', 'sending', 'sent', 'failed')", name=op.f("ck_mails_state")),
        sa.CheckConstraint(
            "(claimed_until IS NOT NULL) = (state = 'sending')", name=op.f("ck_mails_claimed")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mails")),
        sa.UniqueConstraint(
            "until", "region", "address_hash", name=op.f("uq_mails_until_region_address_hash")
        ),
    )
    op.create_index(
        "ix_mails_due", "mails", ["due_at"], postgresql_where=sa.text("state IN ('queued', 'sending')")
    )
    op.create_index("ix_reports_received", "reports", ["received_at"])
    op.create_index("ix_alerts_raised", "alerts", ["raised_at"])


def downgrade() -> None:
    op.drop_index("ix_alerts_raised", "alerts")
    op.drop_index("ix_reports_received", "reports")
    op.drop_table("mails")
    op.drop_table("digests")
