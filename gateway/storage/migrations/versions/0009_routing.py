"""Lines say whom they reach at what cost, channels what they may take, texts by which lines they went"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("lines", sa.Column("reach", sa.ARRAY(sa.Text()), server_default="{*}", nullable=False))
    op.add_column("lines", sa.Column("cost", sa.SmallInteger(), server_default="0", nullable=False))
    op.add_column("channel_states", sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("channel_states", sa.Column("rate", sa.Integer(), nullable=True))
    op.add_column("channel_states", sa.Column("allowance", sa.Float(), nullable=True))
    op.add_column("channel_states", sa.Column("allowance_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "outbound_messages",
        sa.Column("tried", sa.ARRAY(sa.SmallInteger()), server_default="{}", nullable=False),
    )


def downgrade() -> None:
    op.drop_column("outbound_messages", "tried")
    for column in ("allowance_at", "allowance", "rate", "failed_at"):
        op.drop_column("channel_states", column)
    op.drop_column("lines", "cost")
    op.drop_column("lines", "reach")
