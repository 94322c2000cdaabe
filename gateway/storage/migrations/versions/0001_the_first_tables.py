"""The first tables"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        sa.schema.CreateSequence(
            sa.Sequence("report_references", minvalue=0, maxvalue=99_999, start=0, cycle=True)
        )
    )
    op.create_table(
        "audit",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit")),
    )
    op.create_table(
        "audit_head",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "channels",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("secrets", sa.LargeBinary(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_channels")),
    )
    op.create_table(
        "contacts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.LargeBinary(), nullable=False),
        sa.Column("number_hash", sa.LargeBinary(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts")),
        sa.UniqueConstraint("number_hash", name=op.f("uq_contacts_number_hash")),
    )
    op.create_table(
        "data_key_wraps",
        sa.Column("data_key", sa.SmallInteger(), nullable=False),
        sa.Column("secret_key", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("data_key", "secret_key", name=op.f("pk_data_key_wraps")),
    )
    op.create_table(
        "inbound_messages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("provider_id", sa.Text(), nullable=False),
        sa.Column("sender", sa.LargeBinary(), nullable=False),
        sa.Column("sender_hash", sa.LargeBinary(), nullable=False),
        sa.Column("recipient", sa.LargeBinary(), nullable=False),
        sa.Column("recipient_hash", sa.LargeBinary(), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.Column("segments", sa.SmallInteger(), nullable=False),
        sa.Column("lane", sa.SmallInteger(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('received', 'read', 'ignored', 'dead')", name=op.f("ck_inbound_messages_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_messages")),
        sa.UniqueConstraint("channel", "provider_id", name=op.f("uq_inbound_messages_channel_provider_id")),
    )
    op.create_index(
        "ix_inbound_dead",
        "inbound_messages",
        ["received_at"],
        unique=False,
        postgresql_where=sa.text("state = 'dead'"),
    )
    op.create_index(
        "ix_inbound_waiting",
        "inbound_messages",
        ["lane", "received_at"],
        unique=False,
        postgresql_where=sa.text("state = 'received'"),
    )
    op.create_index(
        "ix_inbound_waiting_urgent",
        "inbound_messages",
        ["lane", "sender_hash"],
        unique=False,
        postgresql_where=sa.text("state = 'received' AND urgent"),
    )
    op.create_table(
        "lines",
        sa.Column("id", sa.SmallInteger(), nullable=False),
        sa.Column("number", sa.LargeBinary(), nullable=False),
        sa.Column("number_hash", sa.LargeBinary(), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.CheckConstraint("profile IN ('agents', 'hotline')", name=op.f("ck_lines_profile")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lines")),
        sa.UniqueConstraint("number_hash", name=op.f("uq_lines_number_hash")),
    )
    op.create_table(
        "officers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("number", sa.LargeBinary(), nullable=False),
        sa.Column("number_hash", sa.LargeBinary(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_officers")),
        sa.UniqueConstraint("number_hash", name=op.f("uq_officers_number_hash")),
    )
    op.create_table(
        "organisations",
        sa.Column("id", sa.SmallInteger(), nullable=False),
        sa.Column("short_name", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisations")),
        sa.UniqueConstraint("short_name", name=op.f("uq_organisations_short_name")),
    )
    op.create_table(
        "outbound_messages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("rank", sa.SmallInteger(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("sender", sa.LargeBinary(), nullable=False),
        sa.Column("recipient", sa.LargeBinary(), nullable=False),
        sa.Column("recipient_hash", sa.LargeBinary(), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.Column("segments", sa.SmallInteger(), nullable=False),
        sa.Column("subject", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("provider_id", sa.Text(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('queued', 'sending', 'sent', 'delivered', 'failed', 'withheld')",
            name=op.f("ck_outbound_messages_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbound_messages")),
    )
    op.create_index(
        "ix_outbound_queued",
        "outbound_messages",
        ["rank", "due_at"],
        unique=False,
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.create_index(
        "ix_outbound_sending",
        "outbound_messages",
        ["recipient_hash"],
        unique=False,
        postgresql_where=sa.text("state = 'sending'"),
    )
    op.create_index(
        "ix_outbound_subject",
        "outbound_messages",
        ["subject"],
        unique=False,
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.create_index(
        "uq_outbound_provider",
        "outbound_messages",
        ["channel", "provider_id"],
        unique=True,
        postgresql_where=sa.text("provider_id IS NOT NULL"),
    )
    op.create_table(
        "reporters",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("number", sa.LargeBinary(), nullable=False),
        sa.Column("number_hash", sa.LargeBinary(), nullable=False),
        sa.Column("organisation_id", sa.SmallInteger(), nullable=True),
        sa.Column("post", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("discreet", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("listed", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_reporters_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reporters")),
        sa.UniqueConstraint("number_hash", name=op.f("uq_reporters_number_hash")),
    )
    op.create_table(
        "shifts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.SmallInteger(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["officer_id"], ["officers.id"], name=op.f("fk_shifts_officer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shifts")),
    )
    op.create_table(
        "alerts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.CHAR(length=6), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("reporter_id", sa.Uuid(), nullable=True),
        sa.Column("severity", sa.SmallInteger(), nullable=False),
        sa.Column("facts", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("step", sa.SmallInteger(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("(due_at IS NULL) = (state = 'closed')", name=op.f("ck_alerts_due")),
        sa.CheckConstraint("state IN ('open', 'acknowledged', 'closed')", name=op.f("ck_alerts_state")),
        sa.ForeignKeyConstraint(["acknowledged_by"], ["officers.id"], name=op.f("fk_alerts_acknowledged_by")),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_alerts_contact_id")),
        sa.ForeignKeyConstraint(["reporter_id"], ["reporters.id"], name=op.f("fk_alerts_reporter_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
    )
    op.create_index(
        "ix_alerts_due", "alerts", ["due_at"], unique=False, postgresql_where=sa.text("due_at IS NOT NULL")
    )
    op.create_index("ix_alerts_reference", "alerts", ["reference"], unique=False)
    op.create_index(
        "uq_alerts_contact",
        "alerts",
        ["contact_id"],
        unique=True,
        postgresql_where=sa.text("contact_id IS NOT NULL AND state <> 'closed'"),
    )
    op.create_table(
        "acknowledgements",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("alert_id", sa.Uuid(), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name=op.f("fk_acknowledgements_alert_id")),
        sa.ForeignKeyConstraint(
            ["message_id"], ["inbound_messages.id"], name=op.f("fk_acknowledgements_message_id")
        ),
        sa.ForeignKeyConstraint(["officer_id"], ["officers.id"], name=op.f("fk_acknowledgements_officer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acknowledgements")),
    )
    op.create_index(op.f("ix_acknowledgements_alert_id"), "acknowledgements", ["alert_id"], unique=False)
    op.create_table(
        "alert_codes",
        sa.Column("alert_id", sa.Uuid(), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name=op.f("fk_alert_codes_alert_id")),
        sa.ForeignKeyConstraint(["officer_id"], ["officers.id"], name=op.f("fk_alert_codes_officer_id")),
        sa.PrimaryKeyConstraint("alert_id", "officer_id", name=op.f("pk_alert_codes")),
    )
    op.create_index("ix_alert_codes_officer", "alert_codes", ["officer_id", "retired_at"], unique=False)
    op.create_index(
        "uq_alert_codes_live",
        "alert_codes",
        ["officer_id", "code"],
        unique=True,
        postgresql_where=sa.text("retired_at IS NULL"),
    )
    op.create_table(
        "reports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.CHAR(length=6), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("severity", sa.SmallInteger(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("drill", sa.Boolean(), nullable=False),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("reading", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("reporter_id", sa.Uuid(), nullable=True),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("alert_id", sa.Uuid(), nullable=True),
        sa.Column("sender_hash", sa.LargeBinary(), nullable=False),
        sa.Column("text_hash", sa.LargeBinary(), nullable=False),
        sa.Column("repeat_of", sa.Uuid(), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name=op.f("fk_reports_alert_id")),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_reports_contact_id")),
        sa.ForeignKeyConstraint(["message_id"], ["inbound_messages.id"], name=op.f("fk_reports_message_id")),
        sa.ForeignKeyConstraint(["reporter_id"], ["reporters.id"], name=op.f("fk_reports_reporter_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reports")),
    )
    op.create_index(
        "ix_reports_alert",
        "reports",
        ["alert_id"],
        unique=False,
        postgresql_where=sa.text("alert_id IS NOT NULL"),
    )
    op.create_index("ix_reports_message", "reports", ["message_id"], unique=False)
    op.create_index("ix_reports_reference", "reports", ["reference"], unique=False)
    op.create_index("ix_reports_repeat", "reports", ["text_hash", "received_at"], unique=False)
    op.execute("INSERT INTO audit_head (id, seq, mac) VALUES (1, 0, decode(repeat('00', 32), 'hex'))")


def downgrade() -> None:
    op.drop_index("ix_reports_repeat", table_name="reports")
    op.drop_index("ix_reports_reference", table_name="reports")
    op.drop_index("ix_reports_message", table_name="reports")
    op.drop_index("ix_reports_alert", table_name="reports", postgresql_where=sa.text("alert_id IS NOT NULL"))
    op.drop_table("reports")
    op.drop_index("ix_alert_codes_officer", table_name="alert_codes")
    op.drop_index(
        "uq_alert_codes_live", table_name="alert_codes", postgresql_where=sa.text("retired_at IS NULL")
    )
    op.drop_table("alert_codes")
    op.drop_index(op.f("ix_acknowledgements_alert_id"), table_name="acknowledgements")
    op.drop_table("acknowledgements")
    op.drop_index("ix_alerts_reference", table_name="alerts")
    op.drop_index(
        "uq_alerts_contact",
        table_name="alerts",
        postgresql_where=sa.text("contact_id IS NOT NULL AND state <> 'closed'"),
    )
    op.drop_index("ix_alerts_due", table_name="alerts", postgresql_where=sa.text("due_at IS NOT NULL"))
    op.drop_table("alerts")
    op.drop_table("shifts")
    op.drop_table("reporters")
    op.drop_index(
        "uq_outbound_provider",
        table_name="outbound_messages",
        postgresql_where=sa.text("provider_id IS NOT NULL"),
    )
    op.drop_index(
        "ix_outbound_subject", table_name="outbound_messages", postgresql_where=sa.text("state = 'queued'")
    )
    op.drop_index(
        "ix_outbound_sending", table_name="outbound_messages", postgresql_where=sa.text("state = 'sending'")
    )
    op.drop_index(
        "ix_outbound_queued", table_name="outbound_messages", postgresql_where=sa.text("state = 'queued'")
    )
    op.drop_table("outbound_messages")
    op.drop_table("organisations")
    op.drop_table("officers")
    op.drop_table("lines")
    op.drop_index(
        "ix_inbound_waiting_urgent",
        table_name="inbound_messages",
        postgresql_where=sa.text("state = 'received' AND urgent"),
    )
    op.drop_index(
        "ix_inbound_waiting", table_name="inbound_messages", postgresql_where=sa.text("state = 'received'")
    )
    op.drop_index(
        "ix_inbound_dead", table_name="inbound_messages", postgresql_where=sa.text("state = 'dead'")
    )
    op.drop_table("inbound_messages")
    op.drop_table("data_key_wraps")
    op.drop_table("contacts")
    op.drop_table("channels")
    op.drop_table("audit_head")
    op.drop_table("audit")
    op.execute(sa.schema.DropSequence(sa.Sequence("report_references")))
