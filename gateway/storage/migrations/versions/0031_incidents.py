"""Incidents: reports of one event belong together, with one alert that is not closed"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
# Until now each alert was an event of its own.
_FROM_ALERTS = """
INSERT INTO incidents (id, reference, state, severity, reports, first_at, last_at, opened_at, closed_at)
SELECT a.id, a.reference, CASE a.state WHEN 'closed' THEN 'closed' ELSE 'open' END, a.severity,
       count(r.id) FILTER (WHERE r.state <> 'cancelled'),
       coalesce(min(coalesce(r.occurred_at, r.sent_at, r.received_at)), a.raised_at),
       coalesce(max(coalesce(r.occurred_at, r.sent_at, r.received_at)), a.raised_at),
       a.raised_at, CASE a.state WHEN 'closed' THEN now() END
FROM alerts a LEFT JOIN reports r ON r.alert_id = a.id GROUP BY a.id
"""


def upgrade() -> None:
    op.create_table(
        "incidents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.CHAR(6), nullable=False),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("severity", sa.SmallInteger(), nullable=False),
        sa.Column("reports", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=True),
        sa.Column("first_at", _TIME, nullable=False),
        sa.Column("last_at", _TIME, nullable=False),
        sa.Column("opened_at", _TIME, nullable=False),
        sa.Column("closed_at", _TIME, nullable=True),
        sa.Column("follows", sa.Uuid(), nullable=True),
        sa.Column("merged_into", sa.Uuid(), nullable=True),
        sa.Column("updated_at", _TIME, nullable=True),
        sa.Column("update_due_at", _TIME, nullable=True),
        sa.CheckConstraint("(closed_at IS NULL) = (state = 'open')", name=op.f("ck_incidents_state")),
        sa.CheckConstraint("update_due_at IS NULL OR state = 'open'", name=op.f("ck_incidents_update")),
        sa.ForeignKeyConstraint(["follows"], ["incidents.id"], name=op.f("fk_incidents_follows")),
        sa.ForeignKeyConstraint(["merged_into"], ["incidents.id"], name=op.f("fk_incidents_merged_into")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incidents")),
    )
    for name, columns, where in (
        ("ix_incidents_found", ["kind", "last_at"], "kind IS NOT NULL"),
        ("ix_incidents_open", ["last_at"], "state = 'open'"),
        ("ix_incidents_update", ["update_due_at"], "update_due_at IS NOT NULL"),
    ):
        op.create_index(name, "incidents", columns, postgresql_where=sa.text(where))
    op.create_index("ix_incidents_reference", "incidents", ["reference"])
    for table in ("alerts", "reports"):
        op.add_column(table, sa.Column("incident_id", sa.Uuid(), nullable=True))
        op.create_foreign_key(op.f(f"fk_{table}_incident_id"), table, "incidents", ["incident_id"], ["id"])
    op.execute(_FROM_ALERTS)
    op.execute("UPDATE alerts SET incident_id = id")
    op.execute("UPDATE reports SET incident_id = alert_id WHERE alert_id IS NOT NULL")
    known = "incident_id IS NOT NULL"
    op.create_index("ix_alerts_incident", "alerts", ["incident_id"], postgresql_where=sa.text(known))
    op.create_index(
        "ix_reports_incident", "reports", ["incident_id", "received_at"], postgresql_where=sa.text(known)
    )
    op.create_index(
        "uq_alerts_incident",
        "alerts",
        ["incident_id"],
        unique=True,
        postgresql_where=sa.text(f"{known} AND state <> 'closed'"),
    )


def downgrade() -> None:
    for table, indexes in (
        ("alerts", ("ix_alerts_incident", "uq_alerts_incident")),
        ("reports", ("ix_reports_incident",)),
    ):
        for index in indexes:
            op.drop_index(index, table)
        op.drop_constraint(op.f(f"fk_{table}_incident_id"), table, type_="foreignkey")
        op.drop_column(table, "incident_id")
    op.drop_table("incidents")
