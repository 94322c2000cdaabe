"""Hotline contacts who are to be called back."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from gateway.storage.database import Base


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
