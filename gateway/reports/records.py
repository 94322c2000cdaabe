"""Reports as they are kept."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gateway.reports.references import make, scattered
from gateway.storage.database import Base

# Whoever wrote on the agents' line and was neither a registered reporter nor an officer, then or since.
UNKNOWN_SENDER = sa.text("reports.line = 'agents' AND reports.reporter_id IS NULL AND NOT reports.verified")

# One hundred thousand five-digit stems: the sequence goes round, so a reference comes back only
# after all the others, which keeps it unique within 90 days up to 1,100 reports a day.
reference_sequence = sa.Sequence(
    "report_references", minvalue=0, maxvalue=99_999, start=0, cycle=True, metadata=Base.metadata
)


_NEXT = sa.select(sa.func.nextval(reference_sequence.name)).select_from(
    sa.func.generate_series(1, sa.bindparam("count"))
)


def next_references(connection: sa.Connection, count: int) -> list[str]:
    """So many that nobody else is given, whatever becomes of the transaction."""
    return [make(scattered(number)) for number in connection.execute(_NEXT, {"count": count}).scalars()]


class ReportRecord(Base):
    """One reading of one message. ``reading`` holds its fields, ``note`` (encrypted) the words left over.

    ``text_hash`` is the keyed hash of sender and words together, by which a repeat is found. ``about`` is the
    report that a correction, a cancellation or an addition speaks of. States: filed; asked while a question
    about it is open; cancelled; of a text about another report applied or refused.
    """

    __tablename__ = "reports"
    __table_args__ = (
        sa.Index("ix_reports_repeat", "text_hash", "received_at"),
        sa.Index("ix_reports_reference", "reference"),
        sa.Index("ix_reports_sender", "sender_hash", "received_at"),
        sa.Index("ix_reports_message", "message_id"),
        sa.Index("ix_reports_received", "received_at"),
        sa.Index(
            "ix_reports_unknown_sender",
            "read_at",
            postgresql_where=sa.text("line = 'agents' AND reporter_id IS NULL AND NOT verified"),
        ),
        sa.Index("ix_reports_alert", "alert_id", postgresql_where=sa.text("alert_id IS NOT NULL")),
        sa.Index(
            "ix_reports_incident",
            "incident_id",
            "received_at",
            postgresql_where=sa.text("incident_id IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    message_id: Mapped[UUID] = mapped_column(sa.ForeignKey("inbound_messages.id"))
    reference: Mapped[str] = mapped_column(sa.CHAR(6))
    line: Mapped[str] = mapped_column(sa.Text)
    kind: Mapped[str] = mapped_column(sa.Text)
    code: Mapped[str | None] = mapped_column(sa.Text)
    severity: Mapped[int | None] = mapped_column(sa.SmallInteger)
    state: Mapped[str] = mapped_column(sa.Text)
    drill: Mapped[bool]
    verified: Mapped[bool]
    reading: Mapped[dict[str, Any]] = mapped_column(JSONB)
    note: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    reporter_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("reporters.id"))
    contact_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("contacts.id"))
    alert_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("alerts.id"))
    incident_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("incidents.id"))
    sender_hash: Mapped[bytes] = mapped_column(sa.LargeBinary)
    text_hash: Mapped[bytes] = mapped_column(sa.LargeBinary)
    repeat_of: Mapped[UUID | None]
    about: Mapped[UUID | None]
    occurred_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    sent_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    received_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    read_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))


class QuestionRecord(Base):
    """A question that was put to a reporter about a report: open until it is answered, overtaken or expired.

    ``question`` holds the problem and the lettered choices; a sender has one open question at most.
    """

    __tablename__ = "questions"
    __table_args__ = (
        sa.CheckConstraint("state IN ('open', 'answered', 'overtaken', 'expired')", name="state"),
        sa.Index("ix_questions_open", "until", postgresql_where=sa.text("state = 'open'")),
        sa.Index("ix_questions_sender", "sender_hash", "asked_at"),
        sa.Index("ix_questions_report", "report_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    report_id: Mapped[UUID] = mapped_column(sa.ForeignKey("reports.id"))
    sender_hash: Mapped[bytes] = mapped_column(sa.LargeBinary)
    question: Mapped[dict[str, Any]] = mapped_column(JSONB)
    state: Mapped[str] = mapped_column(sa.Text)
    asked_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    until: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    message_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("inbound_messages.id"))


class ReportChange(Base):
    """What a report's field was and what it became, by whom and why.

    ``message_id`` is the text that changed it; the values of a note, being words, are encrypted in ``words``.
    """

    __tablename__ = "report_changes"
    __table_args__ = (sa.Index("ix_report_changes_report", "report_id", "at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    report_id: Mapped[UUID] = mapped_column(sa.ForeignKey("reports.id"))
    at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    actor: Mapped[str] = mapped_column(sa.Text)
    why: Mapped[str] = mapped_column(sa.Text)
    field: Mapped[str] = mapped_column(sa.Text)
    old: Mapped[Any] = mapped_column(JSONB)
    new: Mapped[Any] = mapped_column(JSONB)
    words: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    message_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("inbound_messages.id"))
