"""Officers who are chiefs, of a region or the country, and where to write to them"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("officers", sa.Column("chief", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("officers", sa.Column("chief_region", sa.Text(), nullable=True))
    op.add_column("officers", sa.Column("email", sa.LargeBinary(), nullable=True))
    op.create_check_constraint(
        op.f("ck_officers_chief"), "officers", "chief OR (chief_region IS NULL AND email IS NULL)"
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_officers_chief"), "officers")
    op.drop_column("officers", "email")
    op.drop_column("officers", "chief_region")
    op.drop_column("officers", "chief")
