"""Reporters' words for duress"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("reporters", sa.Column("duress_word_hash", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("reporters", "duress_word_hash")
