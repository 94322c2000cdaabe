"""Rotations, overrides, holidays, and who was on duty last"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("officers", sa.Column("feed", sa.SmallInteger(), server_default="0", nullable=False))
    op.add_column("shifts", sa.Column("region", sa.Text(), nullable=True))
    op.create_table(
        "rotations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("step", sa.SmallInteger(), nullable=False),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("officers", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("length", sa.SmallInteger(), nullable=False),
        sa.Column("weekdays", sa.ARRAY(sa.SmallInteger()), nullable=False),
        sa.Column("opens", sa.Time(), nullable=False),
        sa.Column("closes", sa.Time(), nullable=False),
        sa.Column("holidays", sa.Text(), nullable=False),
        sa.CheckConstraint("unit IN ('hours', 'days', 'weeks')", name=op.f("ck_rotations_unit")),
        sa.CheckConstraint("holidays IN ('also', 'never', 'only')", name=op.f("ck_rotations_holidays")),
        sa.CheckConstraint("length > 0", name=op.f("ck_rotations_length")),
        sa.CheckConstraint("cardinality(officers) > 0", name=op.f("ck_rotations_officers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rotations")),
        sa.UniqueConstraint("name", name=op.f("uq_rotations_name")),
    )
    op.create_table(
        "overrides",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("absent_id", sa.Uuid(), nullable=True),
        sa.Column("instead_id", sa.Uuid(), nullable=True),
        sa.Column("step", sa.SmallInteger(), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_overrides_lasts")),
        sa.CheckConstraint(
            "absent_id IS NOT NULL OR (instead_id IS NOT NULL AND step IS NOT NULL)",
            name=op.f("ck_overrides_says"),
        ),
        sa.ForeignKeyConstraint(["absent_id"], ["officers.id"], name=op.f("fk_overrides_absent_id")),
        sa.ForeignKeyConstraint(["instead_id"], ["officers.id"], name=op.f("fk_overrides_instead_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_overrides")),
    )
    op.create_index("ix_overrides_ends", "overrides", ["ends_at"])
    op.create_table(
        "holidays",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_holidays")),
    )
    op.create_table(
        "watches",
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("step", sa.SmallInteger(), nullable=False),
        sa.Column("officers", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("region", "step", name=op.f("pk_watches")),
    )


def downgrade() -> None:
    op.drop_table("watches")
    op.drop_table("holidays")
    op.drop_table("overrides")
    op.drop_table("rotations")
    op.drop_column("shifts", "region")
    op.drop_column("officers", "feed")
