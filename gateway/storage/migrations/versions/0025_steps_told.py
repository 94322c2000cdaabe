"""The step at which each officer was last told of an alert"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("alert_codes", sa.Column("step", sa.SmallInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("alert_codes", "step")
