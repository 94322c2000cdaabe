"""Calls that came in, what was said in them, and who is to be called back."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from gateway.storage.database import Base


class Call(Base):
    """A call to one of our lines. ``chosen`` is what was last chosen in the menu; once over, one without is silent.

    ``message_id`` is the first that was heard of it; ``missed`` if that was its end.
    """

    __tablename__ = "calls"
    __table_args__ = (
        sa.UniqueConstraint("channel", "provider_id"),
        sa.Index("ix_calls_sender", "sender_hash", "began_at"),
        sa.Index("ix_calls_going_on", "began_at", postgresql_where=sa.text("ended_at IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(sa.Text)
    provider_id: Mapped[str] = mapped_column(sa.Text)
    message_id: Mapped[UUID] = mapped_column(sa.ForeignKey("inbound_messages.id"))
    sender_hash: Mapped[bytes] = mapped_column(sa.LargeBinary)
    contact_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("contacts.id"))
    began_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    language: Mapped[str | None] = mapped_column(sa.Text)
    chosen: Mapped[str | None] = mapped_column(sa.Text)
    missed: Mapped[bool] = mapped_column(server_default=sa.false())


class Recording(Base):
    """What a caller said. ``audio`` is MP3, in base64 and then encrypted; its report is its message's.

    States: waiting at the provider; kept here, to be deleted there; done; or lost, because it was not to be had.
    ``erased_at`` is when its time here was over.
    """

    __tablename__ = "recordings"
    __table_args__ = (
        sa.UniqueConstraint("channel", "provider_id"),
        sa.CheckConstraint("state IN ('waiting', 'kept', 'done', 'lost')", name="state"),
        sa.CheckConstraint(
            "(audio IS NOT NULL) = (state IN ('kept', 'done') AND erased_at IS NULL)", name="audio"
        ),
        sa.CheckConstraint("(due_at IS NOT NULL) = (state IN ('waiting', 'kept'))", name="due"),
        sa.Index("ix_recordings_due", "due_at", postgresql_where=sa.text("due_at IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    message_id: Mapped[UUID] = mapped_column(sa.ForeignKey("inbound_messages.id"), unique=True)
    channel: Mapped[str] = mapped_column(sa.Text)
    provider_id: Mapped[str] = mapped_column(sa.Text)
    state: Mapped[str] = mapped_column(sa.Text)
    attempts: Mapped[int] = mapped_column(sa.SmallInteger, server_default="0")
    due_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    audio: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    erased_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    made_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))


class CallBackTask(Base):
    """Somebody is to call a contact, not before ``due_at``; made only for one who is marked safe to be called.

    States: open, then done, or withdrawn when a later mark says that she must not be called any more.
    """

    __tablename__ = "call_back_tasks"
    __table_args__ = (
        sa.CheckConstraint("state IN ('open', 'done', 'withdrawn')", name="state"),
        sa.CheckConstraint("(ended_at IS NULL) = (state = 'open')", name="ended"),
        sa.Index(
            "uq_call_back_tasks_open", "contact_id", unique=True, postgresql_where=sa.text("state = 'open'")
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    contact_id: Mapped[UUID] = mapped_column(sa.ForeignKey("contacts.id"))
    reason: Mapped[str] = mapped_column(sa.Text)
    state: Mapped[str] = mapped_column(sa.Text)
    made_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    due_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    ended_by: Mapped[str | None] = mapped_column(sa.Text)
