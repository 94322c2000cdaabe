"""From which of our lines a contact is answered"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("contacts", sa.Column("line_hash", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("contacts", "line_hash")
