"""Whose silence is watched."""

from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from gateway.storage.database import Base


class PostRhythm(Base):
    """How often a post, by its code, is to be heard. ``due_at`` is when to look next.

    ``told_at`` is when the officers were alerted to the silence that lasts, by ``alert_id``.
    """

    __tablename__ = "post_rhythms"
    __table_args__ = (sa.CheckConstraint("severity IN (1, 2)", name="severity"),)

    post: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    every: Mapped[timedelta] = mapped_column(sa.Interval)
    grace: Mapped[timedelta] = mapped_column(sa.Interval)
    severity: Mapped[int] = mapped_column(sa.SmallInteger)
    since: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    due_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    told_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    alert_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("alerts.id"))


class AgentWatch(Base):
    """A report of severity 1 whose alert is open. ``due_at`` is when its reporter must have been heard; empty once looked."""

    __tablename__ = "agent_watches"
    __table_args__ = (
        sa.Index("ix_agent_watches_due", "due_at", postgresql_where=sa.text("due_at IS NOT NULL")),
    )

    report_id: Mapped[UUID] = mapped_column(sa.ForeignKey("reports.id"), primary_key=True)
    due_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
