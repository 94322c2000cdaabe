"""Finding what unregistered senders wrote on the agents' line, and when the supervisor was told of it"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_reports_unknown_sender",
        "reports",
        ["read_at"],
        postgresql_where=sa.text("line = 'agents' AND reporter_id IS NULL AND NOT verified"),
    )
    op.create_index(
        "ix_outbound_unknown_senders",
        "outbound_messages",
        ["created_at"],
        postgresql_where=sa.text("purpose = 'unknown_senders'"),
    )


def downgrade() -> None:
    op.drop_index("ix_outbound_unknown_senders", "outbound_messages")
    op.drop_index("ix_reports_unknown_sender", "reports")
