"""Whose silence is watched"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "post_rhythms",
        sa.Column("post", sa.Text(), nullable=False),
        sa.Column("every", sa.Interval(), nullable=False),
        sa.Column("grace", sa.Interval(), nullable=False),
        sa.Column("severity", sa.SmallInteger(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("alert_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("severity IN (1, 2)", name=op.f("ck_post_rhythms_severity")),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name=op.f("fk_post_rhythms_alert_id_alerts")),
        sa.PrimaryKeyConstraint("post", name=op.f("pk_post_rhythms")),
    )
    op.create_table(
        "agent_watches",
        sa.Column("alert_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name=op.f("fk_agent_watches_alert_id_alerts")),
        sa.PrimaryKeyConstraint("alert_id", name=op.f("pk_agent_watches")),
    )
    op.create_index(
        "ix_agent_watches_due",
        "agent_watches",
        ["due_at"],
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_table("agent_watches")
    op.drop_table("post_rhythms")
