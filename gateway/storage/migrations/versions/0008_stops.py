"""From which line a contact is answered, and who told us to stop"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("contacts", sa.Column("line_hash", sa.LargeBinary(), nullable=True))
    for table in ("reporters", "officers"):
        op.add_column(table, sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    for table in ("officers", "reporters"):
        op.drop_column(table, "stopped_at")
    op.drop_column("contacts", "line_hash")
