"""Officers whom a provider carries nothing to any more, and whether the others know"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("officers", sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("officers", sa.Column("stop_told_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("officers", "stop_told_at")
    op.drop_column("officers", "stopped_at")
