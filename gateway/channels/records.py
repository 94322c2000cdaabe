"""The channels and lines that the agency has configured, and how each channel does."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from gateway.storage.database import Base


class ChannelRecord(Base):
    """A configured provider; its secrets are one encrypted JSON object."""

    __tablename__ = "channels"

    name: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    kind: Mapped[str] = mapped_column(sa.Text)
    secrets: Mapped[bytes] = mapped_column(sa.LargeBinary)
    active: Mapped[bool] = mapped_column(server_default=sa.true())


class Line(Base):
    """A number of ours. ``profile`` is ``agents`` or ``hotline``; a hotline line never answers by itself.

    ``reach`` names the operators, countries or beginnings of numbers that it can text, ``*`` for all;
    ``cost`` is what a text costs, in whatever unit the agency compares its lines by.
    """

    __tablename__ = "lines"
    __table_args__ = (sa.CheckConstraint("profile IN ('agents', 'hotline')", name="profile"),)

    id: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True)
    number: Mapped[bytes] = mapped_column(sa.LargeBinary)
    number_hash: Mapped[bytes] = mapped_column(sa.LargeBinary, unique=True)
    profile: Mapped[str] = mapped_column(sa.Text)
    channel: Mapped[str] = mapped_column(sa.Text)
    reach: Mapped[list[str]] = mapped_column(sa.ARRAY(sa.Text), server_default="{*}")
    cost: Mapped[int] = mapped_column(sa.SmallInteger, server_default="0")


class ChannelState(Base):
    """How a channel does, as far as its traffic tells. Made when there is something to tell.

    ``failing_since`` is when the first of the ``failures`` in a row was; both go with the next success.
    ``listed_at`` is when its provider's list of texts was last compared with ours, ``credit_at`` when it was
    last asked what is left of our ``credit``, ``tidied_at`` when its old hours were last deleted.
    """

    __tablename__ = "channel_states"

    channel: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    last_in_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    last_out_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    failures: Mapped[int] = mapped_column(sa.Integer, server_default="0")
    failing_since: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    failed_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    reason: Mapped[str | None] = mapped_column(sa.Text)
    rate: Mapped[int | None] = mapped_column(sa.Integer)
    allowance: Mapped[float | None]
    allowance_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    listed_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    credit: Mapped[str | None] = mapped_column(sa.Text)
    credit_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    tidied_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
