"""Reports as they are kept."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gateway.storage.database import Base

# One hundred thousand five-digit stems: the sequence goes round, so a reference comes back only
# after all the others, which keeps it unique within 90 days up to 1,100 reports a day.
reference_sequence = sa.Sequence(
    "report_references", minvalue=0, maxvalue=99_999, start=0, cycle=True, metadata=Base.metadata
)


class ReportRecord(Base):
    """One reading of one message. ``reading`` holds its fields, ``note`` (encrypted) the words left over.

    ``text_hash`` is the keyed hash of sender and words together, by which a repeat is found.
    """

    __tablename__ = "reports"
    __table_args__ = (
        sa.Index("ix_reports_repeat", "text_hash", "received_at"),
        sa.Index("ix_reports_reference", "reference"),
        sa.Index("ix_reports_message", "message_id"),
        sa.Index("ix_reports_alert", "alert_id", postgresql_where=sa.text("alert_id IS NOT NULL")),
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
    sender_hash: Mapped[bytes] = mapped_column(sa.LargeBinary)
    text_hash: Mapped[bytes] = mapped_column(sa.LargeBinary)
    repeat_of: Mapped[UUID | None]
    occurred_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    sent_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    received_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    read_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
