"""What came in, exactly as it came."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from gateway.storage.database import Base

_WAITING = sa.text("state = 'received'")


class InboundRecord(Base):
    """A message that was made safe. States: received, then read, ignored or dead; a part may be waiting before.

    ``belongs_to`` is the message that a row is a copy of (ignored), or a further part of (read). That
    message's own text stays as it came; ``whole`` is what it became with its parts, gaps marked.
    """

    __tablename__ = "inbound_messages"
    __table_args__ = (
        sa.UniqueConstraint("channel", "provider_id"),
        sa.CheckConstraint("state IN ('received', 'waiting', 'read', 'ignored', 'dead')", name="state"),
        sa.CheckConstraint("kind IN ('text', 'call')", name="kind"),
        sa.Index("ix_inbound_waiting", "lane", "received_at", postgresql_where=_WAITING),
        sa.Index(
            "ix_inbound_waiting_urgent",
            "lane",
            "sender_hash",
            postgresql_where=sa.text("state = 'received' AND urgent"),
        ),
        sa.Index(
            "ix_inbound_waiting_part",
            "lane",
            "received_at",
            postgresql_where=sa.text("state = 'waiting'"),
        ),
        sa.Index(
            "ix_inbound_parts",
            "sender_hash",
            "received_at",
            postgresql_where=sa.text("part_number IS NOT NULL"),
        ),
        sa.Index(
            "ix_inbound_paths", "sender_hash", "sent_at", postgresql_where=sa.text("device IS NOT NULL")
        ),
        sa.Index("ix_inbound_dead", "received_at", postgresql_where=sa.text("state = 'dead'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.Text, server_default="text")
    channel: Mapped[str] = mapped_column(sa.Text)
    provider_id: Mapped[str] = mapped_column(sa.Text)
    sender: Mapped[bytes] = mapped_column(sa.LargeBinary)
    sender_hash: Mapped[bytes] = mapped_column(sa.LargeBinary)
    recipient: Mapped[bytes] = mapped_column(sa.LargeBinary)
    recipient_hash: Mapped[bytes] = mapped_column(sa.LargeBinary)
    text: Mapped[bytes] = mapped_column(sa.LargeBinary)
    segments: Mapped[int] = mapped_column(sa.SmallInteger)
    lane: Mapped[int] = mapped_column(sa.SmallInteger)
    urgent: Mapped[bool]
    state: Mapped[str] = mapped_column(sa.Text)
    attempts: Mapped[int] = mapped_column(sa.SmallInteger)
    error: Mapped[str | None] = mapped_column(sa.Text)
    sent_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    received_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    read_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    part_reference: Mapped[int | None]
    part_number: Mapped[int | None] = mapped_column(sa.SmallInteger)
    part_total: Mapped[int | None] = mapped_column(sa.SmallInteger)
    device: Mapped[str | None] = mapped_column(sa.Text)
    belongs_to: Mapped[UUID | None]
    whole: Mapped[bytes | None] = mapped_column(sa.LargeBinary)


WORDS = sa.func.coalesce(InboundRecord.whole, InboundRecord.text)
"""What a message was read from, encrypted."""
