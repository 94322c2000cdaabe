"""Alerts, whom they were put before, and who took them."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from gateway.storage.database import Base


class Alert(Base):
    """Something that an officer must take. ``step`` is how many steps of the escalation were done.

    ``due_at`` is when the clock must act next: the next step while it is open, the expiry of the
    acknowledgement while it is taken. It is empty only when the alert is closed.
    """

    __tablename__ = "alerts"
    __table_args__ = (
        sa.CheckConstraint("state IN ('open', 'acknowledged', 'closed')", name="state"),
        sa.CheckConstraint("(due_at IS NULL) = (state = 'closed')", name="due"),
        sa.Index("ix_alerts_due", "due_at", postgresql_where=sa.text("due_at IS NOT NULL")),
        sa.Index(
            "uq_alerts_contact",
            "contact_id",
            unique=True,
            postgresql_where=sa.text("contact_id IS NOT NULL AND state <> 'closed'"),
        ),
        sa.Index("ix_alerts_reference", "reference"),
        sa.Index("ix_alerts_raised", "raised_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(sa.CHAR(6))
    contact_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("contacts.id"))
    reporter_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("reporters.id"))
    severity: Mapped[int] = mapped_column(sa.SmallInteger)
    facts: Mapped[bytes] = mapped_column(sa.LargeBinary)
    state: Mapped[str] = mapped_column(sa.Text)
    step: Mapped[int] = mapped_column(sa.SmallInteger)
    raised_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    due_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    acknowledged_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    acknowledged_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("officers.id"))


class AlertCode(Base):
    """The four digits by which one officer answers one alert; live until the alert is closed.

    ``step`` is the one at which they were last told of it; empty where they stood at none.
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
    created_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    retired_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))


class Acknowledgement(Base):
    """An officer's answer to an alert, as it came."""

    __tablename__ = "acknowledgements"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    alert_id: Mapped[UUID] = mapped_column(sa.ForeignKey("alerts.id"), index=True)
    officer_id: Mapped[UUID] = mapped_column(sa.ForeignKey("officers.id"))
    message_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("inbound_messages.id"))
    answer: Mapped[str] = mapped_column(sa.Text)
    at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
