"""Incidents, their alerts, whom they were put before, and who took them."""

from datetime import datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from gateway.storage.database import Base

NOT_CLOSED: Final = "alerts.state <> 'closed'"
"""Said in a query as its index says it, so that PostgreSQL takes that."""


class Incident(Base):
    """An event, as one report or many tell of it.

    ``kind`` is the family of their codes, by which further reports find it; a caller's words have none.
    ``reports``, ``people``, ``severity``, ``first_at`` and ``last_at`` are of the reports that were not taken
    back; the last two are when it happened, as told. ``update_due_at`` is when those who hold its alert hear
    how many there are, ``updated_at`` when they last did. ``follows`` is the closed incident whose event this
    one's reports tell of.
    """

    __tablename__ = "incidents"
    __table_args__ = (
        sa.CheckConstraint("(closed_at IS NULL) = (state = 'open')", name="state"),
        sa.CheckConstraint("update_due_at IS NULL OR state = 'open'", name="update"),
        sa.Index("ix_incidents_found", "kind", "last_at", postgresql_where=sa.text("kind IS NOT NULL")),
        sa.Index("ix_incidents_open", "last_at", postgresql_where=sa.text("state = 'open'")),
        sa.Index(
            "ix_incidents_update", "update_due_at", postgresql_where=sa.text("update_due_at IS NOT NULL")
        ),
        sa.Index("ix_incidents_reference", "reference"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(sa.CHAR(6))
    kind: Mapped[str | None] = mapped_column(sa.Text)
    state: Mapped[str] = mapped_column(sa.Text)
    severity: Mapped[int] = mapped_column(sa.SmallInteger)
    reports: Mapped[int]
    people: Mapped[int | None]
    first_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    last_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    opened_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    closed_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    follows: Mapped[UUID | None] = mapped_column(sa.ForeignKey("incidents.id"))
    merged_into: Mapped[UUID | None] = mapped_column(sa.ForeignKey("incidents.id"))
    updated_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    update_due_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))


class Alert(Base):
    """Something that an officer must take. ``step`` is how many steps of the escalation were done.

    ``due_at`` is when the clock must act next: the next step while it is open, while it is taken
    ``expires_at`` at the latest, when its officer is asked whether it goes on. It is empty when the alert is
    closed, or settled by its outcome. Where the clock failed at it, it tries again at ``retry_at``, and
    ``due_at`` stays, so that the watchman sees that it is late.
    ``acknowledged_at`` is when whoever has it took it, ``taken_at`` when somebody first did; ``seen_at``,
    ``on_site_at`` and ``safe_at`` are first times too. ``help``: whoever has it wants somebody beside them;
    ``help_step`` is up to which step they were called to that.
    """

    __tablename__ = "alerts"
    __table_args__ = (
        sa.CheckConstraint("state IN ('open', 'acknowledged', 'closed')", name="state"),
        sa.CheckConstraint(
            "CASE state WHEN 'open' THEN due_at IS NOT NULL WHEN 'closed' THEN due_at IS NULL ELSE true END",
            name="due",
        ),
        sa.CheckConstraint("outcome IN ('on_site', 'safe', 'handed_over', 'nothing_found')", name="outcome"),
        sa.CheckConstraint("help IN ('wanted', 'promised')", name="help"),
        sa.CheckConstraint("(help IS NULL) = (help_step IS NULL)", name="help_step"),
        sa.Index("ix_alerts_due", "due_at", postgresql_where=sa.text("due_at IS NOT NULL")),
        sa.Index(
            "uq_alerts_contact",
            "contact_id",
            unique=True,
            postgresql_where=sa.text("contact_id IS NOT NULL AND state <> 'closed'"),
        ),
        sa.Index("ix_alerts_reference", "reference"),
        sa.Index("ix_alerts_raised", "raised_at"),
        sa.Index("ix_alerts_not_closed", "raised_at", postgresql_where=sa.text("state <> 'closed'")),
        sa.Index("ix_alerts_incident", "incident_id", postgresql_where=sa.text("incident_id IS NOT NULL")),
        sa.Index(
            "uq_alerts_incident",
            "incident_id",
            unique=True,
            postgresql_where=sa.text("incident_id IS NOT NULL AND state <> 'closed'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(sa.CHAR(6))
    incident_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("incidents.id"))
    contact_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("contacts.id"))
    reporter_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("reporters.id"))
    severity: Mapped[int] = mapped_column(sa.SmallInteger)
    facts: Mapped[bytes] = mapped_column(sa.LargeBinary)
    state: Mapped[str] = mapped_column(sa.Text)
    step: Mapped[int] = mapped_column(sa.SmallInteger)
    raised_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    due_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    retry_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    acknowledged_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    acknowledged_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("officers.id"))
    seen_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    taken_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    on_site_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    safe_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    expires_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    outcome: Mapped[str | None] = mapped_column(sa.Text)
    help: Mapped[str | None] = mapped_column(sa.Text)
    help_step: Mapped[int | None] = mapped_column(sa.SmallInteger)


class AlertCode(Base):
    """The four digits by which one officer answers one alert; live until the alert is closed.

    ``step`` is the one at which they were last told of it; empty where they stood at none, or others were told
    since. ``said`` is their latest verb since they were told or reminded.
    """

    __tablename__ = "alert_codes"
    __table_args__ = (
        sa.Index(
            "uq_alert_codes_live",
            "officer_id",
            "code",
            unique=True,
            postgresql_where=sa.text("retired_at IS NULL"),
        ),
        sa.Index("ix_alert_codes_officer", "officer_id", "retired_at"),
    )

    alert_id: Mapped[UUID] = mapped_column(sa.ForeignKey("alerts.id"), primary_key=True)
    officer_id: Mapped[UUID] = mapped_column(sa.ForeignKey("officers.id"), primary_key=True)
    code: Mapped[int] = mapped_column(sa.SmallInteger)
    step: Mapped[int | None] = mapped_column(sa.SmallInteger)
    said: Mapped[str | None] = mapped_column(sa.Text)
    created_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    retired_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))


class Acknowledgement(Base):
    """An officer's answer to an alert, as it came: a verb, or ``note`` where it is only words."""

    __tablename__ = "acknowledgements"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    alert_id: Mapped[UUID] = mapped_column(sa.ForeignKey("alerts.id"), index=True)
    officer_id: Mapped[UUID] = mapped_column(sa.ForeignKey("officers.id"))
    message_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("inbound_messages.id"))
    answer: Mapped[str] = mapped_column(sa.Text)
    note: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
