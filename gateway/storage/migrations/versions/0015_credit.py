"""What is left of our credit with each provider that tells"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("channel_states", sa.Column("credit", sa.Text(), nullable=True))
    op.add_column("channel_states", sa.Column("credit_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("channel_states", "credit_at")
    op.drop_column("channel_states", "credit")
