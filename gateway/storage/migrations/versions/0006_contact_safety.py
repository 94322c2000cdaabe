"""What is known of a hotline contact's safety, and who is to be called back"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("contacts", sa.Column("ordinal", sa.BigInteger(), sa.Identity(), nullable=False))
    op.add_column("contacts", sa.Column("language", sa.Text(), nullable=True))
    op.add_column("contacts", sa.Column("code_word_hash", sa.LargeBinary(), nullable=True))
    op.add_column("contacts", sa.Column("duress_word_hash", sa.LargeBinary(), nullable=True))
    op.add_column("contacts", sa.Column("word_asked_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("contacts", sa.Column("word_given", sa.Text(), nullable=True))
    op.add_column("contacts", sa.Column("word_given_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("contacts", sa.Column("calls", sa.Integer(), server_default="0", nullable=False))
    op.add_column("contacts", sa.Column("silent_calls", sa.Integer(), server_default="0", nullable=False))
    op.create_unique_constraint(op.f("uq_contacts_ordinal"), "contacts", ["ordinal"])
    op.create_check_constraint(
        op.f("ck_contacts_word_given"), "contacts", "word_given IN ('right', 'wrong', 'duress')"
    )
    op.create_table(
        "safety_marks",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("way", sa.Text(), nullable=True),
        sa.Column("days", sa.Text(), nullable=True),
        sa.Column("starts", sa.Time(), nullable=True),
        sa.Column("ends", sa.Time(), nullable=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("why", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('safe now', 'safe at hours', 'inbound only', 'never', 'unknown')",
            name=op.f("ck_safety_marks_state"),
        ),
        sa.CheckConstraint(
            "(way IS NOT NULL) = (state IN ('safe now', 'safe at hours'))", name=op.f("ck_safety_marks_way")
        ),
        sa.CheckConstraint(
            "(state = 'safe at hours') = (days IS NOT NULL AND starts IS NOT NULL AND ends IS NOT NULL)",
            name=op.f("ck_safety_marks_hours"),
        ),
        sa.CheckConstraint(
            "(until IS NULL) = (state IN ('never', 'unknown'))", name=op.f("ck_safety_marks_until")
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name=op.f("fk_safety_marks_contact_id_contacts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_safety_marks")),
    )
    op.create_index("ix_safety_marks_newest", "safety_marks", ["contact_id", "id"])
    op.create_table(
        "call_back_tasks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('open', 'done', 'withdrawn')", name=op.f("ck_call_back_tasks_state")),
        sa.CheckConstraint("(ended_at IS NULL) = (state = 'open')", name=op.f("ck_call_back_tasks_ended")),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name=op.f("fk_call_back_tasks_contact_id_contacts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_back_tasks")),
    )
    op.create_index(
        "uq_call_back_tasks_open",
        "call_back_tasks",
        ["contact_id"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )


def downgrade() -> None:
    op.drop_table("call_back_tasks")
    op.drop_table("safety_marks")
    op.drop_constraint(op.f("ck_contacts_word_given"), "contacts")
    op.drop_column("contacts", "silent_calls")
    op.drop_column("contacts", "calls")
    op.drop_column("contacts", "word_given_at")
    op.drop_column("contacts", "word_given")
    op.drop_column("contacts", "word_asked_until")
    op.drop_column("contacts", "duress_word_hash")
    op.drop_column("contacts", "code_word_hash")
    op.drop_column("contacts", "language")
    op.drop_column("contacts", "ordinal")
