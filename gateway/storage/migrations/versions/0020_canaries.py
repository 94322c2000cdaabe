"""Texts sent from one of our lines to another, and how they come back"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "canaries",
        sa.Column("from_line", sa.SmallInteger(), nullable=False),
        sa.Column("to_line", sa.SmallInteger(), nullable=False),
        sa.Column("every", sa.SmallInteger(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("text_hash", sa.LargeBinary(), nullable=True),
        sa.Column("took", sa.Interval(), nullable=True),
        sa.Column("missed_since", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("from_line <> to_line", name=op.f("ck_canaries_two_lines")),
        sa.ForeignKeyConstraint(["from_line"], ["lines.id"], name=op.f("fk_canaries_from_line_lines")),
        sa.ForeignKeyConstraint(["to_line"], ["lines.id"], name=op.f("fk_canaries_to_line_lines")),
        sa.PrimaryKeyConstraint("from_line", "to_line", name=op.f("pk_canaries")),
    )


def downgrade() -> None:
    op.drop_table("canaries")
