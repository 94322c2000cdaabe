"""What goes out, and how far it has come."""

from datetime import datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from gateway.storage.database import Base

_QUEUED = sa.text("state = 'queued'")
# What went to officers unasked, and of that what was a crisis's. A query says it as its index does.
TO_OFFICERS: Final = sa.text(
    "sent_at IS NOT NULL AND purpose NOT IN ('receipt', 'taken', 'answer', 'hotline', 'canary')"
)
CRISIS: Final = sa.text("sent_at IS NOT NULL AND rank <= 10 AND purpose <> 'call'")
# Written out, so that PostgreSQL sees that the index holds what is asked for.
OF_AN_OFFICER = sa.text("purpose IN ('alert', 'nobody', 'more', 'reminder', 'help', 'call', 'answer')")


class OutboundRecord(Base):
    """An outgoing text, written in the transaction that calls for it.

    States: queued, sending, sent, then delivered; or failed, or withheld (``error`` says why).
    ``subject`` is what it is about (an alert's or a report's id), ``rank`` its place in the queue:
    the lowest goes first. ``channel`` and ``sender`` are the line that it was written for, then the one
    that it left by; ``tried`` are the lines that it was handed to, one entry a time. ``held_since`` is set as
    long as it waits because its officer got many lately; it goes at ``due_at`` at the earliest.
    """

    __tablename__ = "outbound_messages"
    __table_args__ = (
        sa.CheckConstraint(
            "state IN ('queued', 'sending', 'sent', 'delivered', 'failed', 'withheld')", name="state"
        ),
        sa.Index("ix_outbound_queued", "rank", "due_at", postgresql_where=_QUEUED),
        sa.Index("ix_outbound_sending", "recipient_hash", postgresql_where=sa.text("state = 'sending'")),
        sa.Index(
            "uq_outbound_provider",
            "channel",
            "provider_id",
            unique=True,
            postgresql_where=sa.text("provider_id IS NOT NULL"),
        ),
        sa.Index(
            "ix_outbound_unknown_senders",
            "created_at",
            postgresql_where=sa.text("purpose = 'unknown_senders'"),
        ),
        sa.Index("ix_outbound_subject", "subject", postgresql_where=_QUEUED),
        sa.Index(
            "ix_outbound_to_contact",
            "subject",
            "created_at",
            postgresql_where=sa.text("purpose = 'hotline'"),
        ),
        sa.Index("ix_outbound_to_officers", "recipient_hash", "sent_at", postgresql_where=TO_OFFICERS),
        sa.Index("ix_outbound_crisis", "sent_at", postgresql_where=CRISIS),
        sa.Index("ix_outbound_officer", "recipient_hash", "created_at", postgresql_where=OF_AN_OFFICER),
        sa.Index("ix_outbound_cap", "created_at", postgresql_where=sa.text("purpose = 'cap'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    purpose: Mapped[str] = mapped_column(sa.Text)
    rank: Mapped[int] = mapped_column(sa.SmallInteger)
    channel: Mapped[str] = mapped_column(sa.Text)
    sender: Mapped[bytes] = mapped_column(sa.LargeBinary)
    recipient: Mapped[bytes] = mapped_column(sa.LargeBinary)
    recipient_hash: Mapped[bytes] = mapped_column(sa.LargeBinary)
    text: Mapped[bytes] = mapped_column(sa.LargeBinary)
    segments: Mapped[int] = mapped_column(sa.SmallInteger)
    subject: Mapped[UUID | None]
    state: Mapped[str] = mapped_column(sa.Text)
    attempts: Mapped[int] = mapped_column(sa.SmallInteger)
    created_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    due_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    claimed_until: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    provider_id: Mapped[str | None] = mapped_column(sa.Text)
    sent_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    error: Mapped[str | None] = mapped_column(sa.Text)
    held_since: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    tried: Mapped[list[int]] = mapped_column(sa.ARRAY(sa.SmallInteger), server_default="{}")
