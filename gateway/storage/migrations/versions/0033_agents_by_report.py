"""Agents are watched by their report: an alert may be several agents'"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _replace("report_id", "reports")


def downgrade() -> None:
    _replace("alert_id", "alerts")


def _replace(key: str, table: str) -> None:
    """Nothing is lost: the clock puts down again whoever is to be watched."""
    op.drop_table("agent_watches")
    op.create_table(
        "agent_watches",
        sa.Column(key, sa.Uuid(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint([key], [f"{table}.id"], name=op.f(f"fk_agent_watches_{key}_{table}")),
        sa.PrimaryKeyConstraint(key, name=op.f("pk_agent_watches")),
    )
    op.create_index(
        "ix_agent_watches_due",
        "agent_watches",
        ["due_at"],
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
