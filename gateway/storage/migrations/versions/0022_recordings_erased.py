"""When a voice message was erased"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

NAME = "ck_recordings_audio"


def upgrade() -> None:
    op.add_column("recordings", sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_constraint(op.f(NAME), "recordings")
    op.create_check_constraint(
        op.f(NAME), "recordings", "(audio IS NOT NULL) = (state IN ('kept', 'done') AND erased_at IS NULL)"
    )


def downgrade() -> None:
    # What is erased cannot come back: the earlier schema knows it as not to be had.
    op.execute("UPDATE recordings SET state = 'lost', due_at = NULL WHERE erased_at IS NOT NULL")
    op.drop_constraint(op.f(NAME), "recordings")
    op.create_check_constraint(op.f(NAME), "recordings", "(audio IS NOT NULL) = (state IN ('kept', 'done'))")
    op.drop_column("recordings", "erased_at")
