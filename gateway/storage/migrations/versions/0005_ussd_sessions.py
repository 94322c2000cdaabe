"""USSD sessions, and the PINs that open what is somebody's own"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pins",
        sa.Column("number_hash", sa.LargeBinary(), nullable=False),
        sa.Column("pin_hash", sa.LargeBinary(), nullable=False),
        sa.Column("failures", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("number_hash", name=op.f("pk_pins")),
    )
    op.create_table(
        "ussd_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("sender", sa.LargeBinary(), nullable=False),
        sa.Column("sender_hash", sa.LargeBinary(), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("resumes", sa.Uuid(), nullable=True),
        sa.Column("typed_length", sa.Integer(), nullable=False),
        sa.Column("typed_hash", sa.LargeBinary(), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=True),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("profile IN ('agents', 'hotline')", name=op.f("ck_ussd_sessions_profile")),
        sa.CheckConstraint(
            "state IN ('open', 'confirmed', 'filed', 'over')", name=op.f("ck_ussd_sessions_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ussd_sessions")),
        sa.UniqueConstraint("channel", "session", name=op.f("uq_ussd_sessions_channel_session")),
    )
    op.create_index(
        "ix_ussd_sessions_open", "ussd_sessions", ["sender_hash"], postgresql_where=sa.text("state = 'open'")
    )
    op.create_index("ix_ussd_sessions_last", "ussd_sessions", ["state", "last_at"])


def downgrade() -> None:
    op.drop_table("ussd_sessions")
    op.drop_table("pins")
