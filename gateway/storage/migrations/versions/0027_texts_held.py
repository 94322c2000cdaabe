"""Texts that wait because their officer got many lately"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbound_messages", sa.Column("held_since", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_outbound_to_officers",
        "outbound_messages",
        ["recipient_hash", "sent_at"],
        postgresql_where=sa.text(
            "sent_at IS NOT NULL AND purpose NOT IN ('receipt', 'taken', 'answer', 'hotline', 'canary')"
        ),
    )
    op.create_index(
        "ix_outbound_crisis",
        "outbound_messages",
        ["sent_at"],
        postgresql_where=sa.text("sent_at IS NOT NULL AND rank <= 10 AND purpose <> 'call'"),
    )
    op.create_index(
        "ix_outbound_cap",
        "outbound_messages",
        ["created_at"],
        postgresql_where=sa.text("purpose = 'cap'"),
    )


def downgrade() -> None:
    op.drop_index("ix_outbound_cap", "outbound_messages")
    op.drop_index("ix_outbound_crisis", "outbound_messages")
    op.drop_index("ix_outbound_to_officers", "outbound_messages")
    op.drop_column("outbound_messages", "held_since")
