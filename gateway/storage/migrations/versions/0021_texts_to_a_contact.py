"""What was last sent to a contact is found at once: what she writes then is an answer"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_outbound_to_contact",
        "outbound_messages",
        ["subject", "created_at"],
        postgresql_where=sa.text("purpose = 'hotline'"),
    )


def downgrade() -> None:
    op.drop_index("ix_outbound_to_contact", "outbound_messages")
