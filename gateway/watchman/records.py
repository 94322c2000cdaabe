"""What the watchman noticed, and of which days the chiefs were told that all is well."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from gateway.storage.database import Base


class Lapse(Base):
    """Steps that were not done in time; one at a time, which ends once all were in time for a while.

    ``late_at`` is when something was last late, ``told_at`` when the operator was told, by whom
    ``claimed_until`` is held.
    """

    __tablename__ = "lapses"
    __table_args__ = (sa.Index("ix_lapses_open", "id", postgresql_where=sa.text("ended_at IS NULL")),)

    id: Mapped[int] = mapped_column(primary_key=True)
    step: Mapped[str] = mapped_column(sa.Text)
    since: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    late_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    claimed_until: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    told_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))


class AllWell(Base):
    """A day on which the chiefs were told how things stand. Its row and the texts are one commit."""

    __tablename__ = "all_well_days"

    day: Mapped[date] = mapped_column(sa.Date, primary_key=True)
    told_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
