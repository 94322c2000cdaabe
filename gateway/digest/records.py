"""Which digests were made, and the mails that carry situation reports."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from gateway.storage.database import Base

_QUEUED = sa.text("state IN ('queued', 'sending')")


class Digest(Base):
    """A digest that was made: it tells of [since, until). Its row and its texts are one commit."""

    __tablename__ = "digests"

    until: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), primary_key=True)
    since: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))


class Mail(Base):
    """A situation report of [since, until) to one address; ``region`` is '' for the whole country.

    States: queued, sending, then sent or failed (``error`` says why). One that may have been taken is not sent
    twice: a sender that dies leaves it *sending*, and after ``claimed_until`` it counts as failed.
    """

    __tablename__ = "mails"
    __table_args__ = (
        sa.CheckConstraint("state IN ('queued', 'sending', 'sent', 'failed')", name="state"),
        sa.CheckConstraint("(claimed_until IS NOT NULL) = (state = 'sending')", name="claimed"),
        sa.UniqueConstraint("until", "region", "address_hash"),
        sa.Index("ix_mails_due", "due_at", postgresql_where=_QUEUED),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    since: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    until: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    region: Mapped[str] = mapped_column(sa.Text)
    language: Mapped[str] = mapped_column(sa.Text)
    address: Mapped[bytes] = mapped_column(sa.LargeBinary)
    address_hash: Mapped[bytes] = mapped_column(sa.LargeBinary)
    state: Mapped[str] = mapped_column(sa.Text)
    attempts: Mapped[int] = mapped_column(sa.SmallInteger, server_default="0")
    created_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    due_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    claimed_until: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    error: Mapped[str | None] = mapped_column(sa.Text)
