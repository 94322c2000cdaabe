"""The rota as it is kept: who stands at which step, for good, for a time or in turn, and who stands in."""

from datetime import date, datetime, time
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from gateway.storage.database import Base


class ShiftRecord(Base):
    """An officer on duty at an escalation step; an open end means for good."""

    __tablename__ = "shifts"

    id: Mapped[int] = mapped_column(primary_key=True)
    officer_id: Mapped[UUID] = mapped_column(sa.ForeignKey("officers.id"))
    step: Mapped[int] = mapped_column(sa.SmallInteger)
    region: Mapped[str | None] = mapped_column(sa.Text)
    starts_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    ends_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))


class RotationRecord(Base):
    """Officers in turn. ``opens`` and ``closes`` are hours of the clock in ``zone``; both the same: all day."""

    __tablename__ = "rotations"
    __table_args__ = (
        sa.CheckConstraint("unit IN ('hours', 'days', 'weeks')", name="unit"),
        sa.CheckConstraint("holidays IN ('also', 'never', 'only')", name="holidays"),
        sa.CheckConstraint("length > 0", name="length"),
        sa.CheckConstraint("cardinality(officers) > 0", name="officers"),
        sa.UniqueConstraint("name"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.Text)
    step: Mapped[int] = mapped_column(sa.SmallInteger)
    region: Mapped[str | None] = mapped_column(sa.Text)
    officers: Mapped[list[UUID]] = mapped_column(sa.ARRAY(sa.Uuid))
    """In the order of their turns; who is deleted or switched off leaves a gap that is shown."""
    starts_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    ends_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    zone: Mapped[str] = mapped_column(sa.Text)
    unit: Mapped[str] = mapped_column(sa.Text)
    length: Mapped[int] = mapped_column(sa.SmallInteger)
    weekdays: Mapped[list[int]] = mapped_column(sa.ARRAY(sa.SmallInteger))
    """Monday is 0."""
    opens: Mapped[time] = mapped_column(sa.Time)
    closes: Mapped[time] = mapped_column(sa.Time)
    holidays: Mapped[str] = mapped_column(sa.Text)


class OverrideRecord(Base):
    """For a time one officer steps back, another stands in, or both; those entered later count on top."""

    __tablename__ = "overrides"
    __table_args__ = (
        sa.CheckConstraint("starts_at < ends_at", name="lasts"),
        sa.CheckConstraint(
            "absent_id IS NOT NULL OR (instead_id IS NOT NULL AND step IS NOT NULL)", name="says"
        ),
        sa.Index("ix_overrides_ends", "ends_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    starts_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    ends_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    absent_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("officers.id"))
    instead_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("officers.id"))
    step: Mapped[int | None] = mapped_column(sa.SmallInteger)
    region: Mapped[str | None] = mapped_column(sa.Text)


class Holiday(Base):
    """A day on which rotations may hold otherwise. Those that follow the moon are entered once they are known."""

    __tablename__ = "holidays"

    day: Mapped[date] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.Text)


class Watch(Base):
    """Who was on duty when the clock last looked, by region ('' is the whole country) and step."""

    __tablename__ = "watches"

    region: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    step: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True)
    officers: Mapped[list[UUID]] = mapped_column(sa.ARRAY(sa.Uuid))
    since: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
