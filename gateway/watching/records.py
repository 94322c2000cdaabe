"""What is kept of the channels' traffic, and of their outages."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from gateway.channels.records import Line
from gateway.storage.database import Base


class ChannelHour(Base):
    """How many texts came in by a channel in one hour."""

    __tablename__ = "channel_hours"

    channel: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    hour: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), primary_key=True)
    texts: Mapped[int] = mapped_column(sa.Integer)


class Phone(Base):
    """A phone with a SIM of ours, as it said last. ``battery`` is in percent.

    ``seen_at`` is by our clock, ``signed_at`` by the phone's own, which tells its words from copies of them.
    """

    __tablename__ = "phones"

    channel: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    device: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    battery: Mapped[int | None] = mapped_column(sa.SmallInteger)
    charging: Mapped[bool | None]
    seen_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    signed_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))


class CanaryRecord(Base):
    """A text sent from one of our lines to another every so many minutes, one row a pair.

    ``text_hash`` is of the text that is under way, empty once it is back; ``took`` is how long the last one
    did. ``missed_since`` is when the first of the rounds in a row was sent that was not back in time.
    """

    __tablename__ = "canaries"
    __table_args__ = (sa.CheckConstraint("from_line <> to_line", name="two_lines"),)

    from_line: Mapped[int] = mapped_column(sa.ForeignKey(Line.id), primary_key=True)
    to_line: Mapped[int] = mapped_column(sa.ForeignKey(Line.id), primary_key=True)
    every: Mapped[int] = mapped_column(sa.SmallInteger)
    due_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    sent_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    text_hash: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    took: Mapped[timedelta | None] = mapped_column(sa.Interval)
    missed_since: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))


class Outage(Base):
    """A channel in trouble. ``what`` is the gravest that the operator was told of, last ``told_at``.

    ``well_since`` is filled while nothing is the matter, and ``ended_at`` once that has lasted.
    """

    __tablename__ = "outages"
    __table_args__ = (
        sa.Index("uq_outages_open", "channel", unique=True, postgresql_where=sa.text("ended_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(sa.Text)
    what: Mapped[str] = mapped_column(sa.Text)
    since: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    told_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    well_since: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
