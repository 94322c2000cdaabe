"""Who writes, who answers, and who must be left in peace."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from gateway.storage.database import Base


class Organisation(Base):
    __tablename__ = "organisations"

    id: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True)
    short_name: Mapped[str] = mapped_column(sa.Text, unique=True)
    name: Mapped[str] = mapped_column(sa.Text)


class Reporter(Base):
    """A registered field agent. A discreet one is sent references alone."""

    __tablename__ = "reporters"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.Text)
    number: Mapped[bytes] = mapped_column(sa.LargeBinary)
    number_hash: Mapped[bytes] = mapped_column(sa.LargeBinary, unique=True)
    organisation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organisations.id"))
    post: Mapped[str | None] = mapped_column(sa.Text)
    language: Mapped[str] = mapped_column(sa.Text)
    discreet: Mapped[bool] = mapped_column(server_default=sa.false())
    active: Mapped[bool] = mapped_column(server_default=sa.true())
    listed: Mapped[bool] = mapped_column(server_default=sa.true())


class Officer(Base):
    """Somebody who is on duty at times and answers alerts."""

    __tablename__ = "officers"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.Text)
    number: Mapped[bytes] = mapped_column(sa.LargeBinary)
    number_hash: Mapped[bytes] = mapped_column(sa.LargeBinary, unique=True)
    language: Mapped[str] = mapped_column(sa.Text)
    active: Mapped[bool] = mapped_column(server_default=sa.true())


class PinRecord(Base):
    """What a reporter or officer proves by that it is them on the phone: the keyed hash of number and PIN."""

    __tablename__ = "pins"

    number_hash: Mapped[bytes] = mapped_column(sa.LargeBinary, primary_key=True)
    pin_hash: Mapped[bytes] = mapped_column(sa.LargeBinary)
    failures: Mapped[int] = mapped_column(sa.SmallInteger, server_default="0")
    locked_until: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))


class Contact(Base):
    """Whoever once wrote to the hotline. Nothing is ever sent there unless marked safe."""

    __tablename__ = "contacts"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[bytes] = mapped_column(sa.LargeBinary)
    number_hash: Mapped[bytes] = mapped_column(sa.LargeBinary, unique=True)
    first_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    last_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
