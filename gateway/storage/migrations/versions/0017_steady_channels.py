"""An outage is over when the channel has been well for a while"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outages", sa.Column("well_since", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("outages", "well_since")
