"""What officers answer to an alert, step by step, and when"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_TIMES = ("seen_at", "taken_at", "on_site_at", "safe_at", "expires_at")
_OFFICERS = "purpose IN ('alert', 'nobody', 'more', 'reminder', 'help', 'call', 'answer')"


def upgrade() -> None:
    for name in _TIMES:
        op.add_column("alerts", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.add_column("alerts", sa.Column("outcome", sa.Text(), nullable=True))
    op.add_column("alerts", sa.Column("help", sa.Text(), nullable=True))
    op.execute(
        "UPDATE alerts SET taken_at = coalesce("
        "(SELECT min(at) FROM acknowledgements WHERE alert_id = alerts.id), acknowledged_at)"
    )
    op.drop_constraint(op.f("ck_alerts_due"), "alerts", type_="check")
    op.create_check_constraint(
        op.f("ck_alerts_due"),
        "alerts",
        "CASE state WHEN 'open' THEN due_at IS NOT NULL WHEN 'closed' THEN due_at IS NULL ELSE true END",
    )
    op.create_check_constraint(
        op.f("ck_alerts_outcome"), "alerts", "outcome IN ('on_site', 'safe', 'handed_over', 'nothing_found')"
    )
    op.create_check_constraint(op.f("ck_alerts_help"), "alerts", "help IN ('wanted', 'called')")
    op.add_column("acknowledgements", sa.Column("note", sa.LargeBinary(), nullable=True))
    op.create_index(
        "ix_alerts_not_closed", "alerts", ["raised_at"], postgresql_where=sa.text("state <> 'closed'")
    )
    op.create_index(
        "ix_outbound_officer",
        "outbound_messages",
        ["recipient_hash", "created_at"],
        postgresql_where=sa.text(_OFFICERS),
    )


def downgrade() -> None:
    # What was settled had no time; before, whatever is not closed has one.
    op.execute("UPDATE alerts SET due_at = now() WHERE due_at IS NULL AND state <> 'closed'")
    op.drop_index("ix_outbound_officer", "outbound_messages")
    op.drop_index("ix_alerts_not_closed", "alerts")
    op.drop_column("acknowledgements", "note")
    for name in ("help", "outcome", "due"):
        op.drop_constraint(op.f(f"ck_alerts_{name}"), "alerts", type_="check")
    op.create_check_constraint(op.f("ck_alerts_due"), "alerts", "(due_at IS NULL) = (state = 'closed')")
    for name in ("help", "outcome", *reversed(_TIMES)):
        op.drop_column("alerts", name)
