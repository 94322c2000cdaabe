"""Parts of concatenated texts, and copies by another path"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TABLE = "inbound_messages"
STATES = "state IN ('received', 'read', 'ignored', 'dead')"
WITH_WAITING = "state IN ('received', 'waiting', 'read', 'ignored', 'dead')"


def upgrade() -> None:
    op.add_column(TABLE, sa.Column("part_reference", sa.Integer(), nullable=True))
    op.add_column(TABLE, sa.Column("part_number", sa.SmallInteger(), nullable=True))
    op.add_column(TABLE, sa.Column("part_total", sa.SmallInteger(), nullable=True))
    op.add_column(TABLE, sa.Column("device", sa.Text(), nullable=True))
    op.add_column(TABLE, sa.Column("belongs_to", sa.Uuid(), nullable=True))
    op.add_column(TABLE, sa.Column("whole", sa.LargeBinary(), nullable=True))
    op.drop_constraint(op.f("ck_inbound_messages_state"), TABLE)
    op.create_check_constraint(op.f("ck_inbound_messages_state"), TABLE, WITH_WAITING)
    for name, columns, where in (
        ("ix_inbound_waiting_part", ["lane", "received_at"], "state = 'waiting'"),
        ("ix_inbound_parts", ["sender_hash", "received_at"], "part_number IS NOT NULL"),
        ("ix_inbound_paths", ["sender_hash", "sent_at"], "device IS NOT NULL"),
    ):
        op.create_index(name, TABLE, columns, postgresql_where=sa.text(where))


def downgrade() -> None:
    op.execute("UPDATE inbound_messages SET state = 'received' WHERE state = 'waiting'")
    for name in ("ix_inbound_paths", "ix_inbound_parts", "ix_inbound_waiting_part"):
        op.drop_index(name, TABLE)
    op.drop_constraint(op.f("ck_inbound_messages_state"), TABLE)
    op.create_check_constraint(op.f("ck_inbound_messages_state"), TABLE, STATES)
    for column in ("whole", "belongs_to", "device", "part_total", "part_number", "part_reference"):
        op.drop_column(TABLE, column)
