"""Who writes, who answers, and who must be left in peace."""

from datetime import datetime, time
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
    """A registered field agent. A discreet one is sent references alone.

    The word that says that somebody forces them is kept as a keyed hash.
    """

    __tablename__ = "reporters"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.Text)
    number: Mapped[bytes] = mapped_column(sa.LargeBinary)
    number_hash: Mapped[bytes] = mapped_column(sa.LargeBinary, unique=True)
    organisation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organisations.id"))
    post: Mapped[str | None] = mapped_column(sa.Text)
    language: Mapped[str] = mapped_column(sa.Text)
    discreet: Mapped[bool] = mapped_column(server_default=sa.false())
    duress_word_hash: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    active: Mapped[bool] = mapped_column(server_default=sa.true())
    listed: Mapped[bool] = mapped_column(server_default=sa.true())


class Officer(Base):
    """Somebody who is on duty at times and answers alerts; an ``operator`` looks after the machines.

    A ``chief`` is told how things stand in ``chief_region``, or in the whole country, by text and, where there is
    an ``email`` (encrypted), by mail. ``stopped_at`` is when a provider last said that this person wants no texts of ours any more,
    ``stop_told_at`` when the others were alerted to it.
    """

    __tablename__ = "officers"
    __table_args__ = (sa.CheckConstraint("chief OR (chief_region IS NULL AND email IS NULL)", name="chief"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.Text)
    number: Mapped[bytes] = mapped_column(sa.LargeBinary)
    number_hash: Mapped[bytes] = mapped_column(sa.LargeBinary, unique=True)
    language: Mapped[str] = mapped_column(sa.Text)
    active: Mapped[bool] = mapped_column(server_default=sa.true())
    operator: Mapped[bool] = mapped_column(server_default=sa.false())
    chief: Mapped[bool] = mapped_column(server_default=sa.false())
    chief_region: Mapped[str | None] = mapped_column(sa.Text)
    email: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    stopped_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    stop_told_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    feed: Mapped[int] = mapped_column(sa.SmallInteger, server_default="0")
    """How often the address of the officer's calendar was renewed."""


class PinRecord(Base):
    """What a reporter or officer proves by that it is them on the phone: the keyed hash of number and PIN."""

    __tablename__ = "pins"

    number_hash: Mapped[bytes] = mapped_column(sa.LargeBinary, primary_key=True)
    pin_hash: Mapped[bytes] = mapped_column(sa.LargeBinary)
    failures: Mapped[int] = mapped_column(sa.SmallInteger, server_default="0")
    locked_until: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))


class Contact(Base):
    """Whoever once came to the hotline. Nothing is ever sent there unless marked safe.

    ``ordinal`` gives the pseudonym. The words that were agreed upon are kept as keyed hashes;
    ``word_asked_until`` is set while an answer to the question for the word is waited for.
    ``line_hash`` is our line that was last written to or called: what goes back comes from there.
    ``calls`` counts those that nobody took, ``silent_calls`` those in which nobody spoke.
    """

    __tablename__ = "contacts"
    __table_args__ = (sa.CheckConstraint("word_given IN ('right', 'wrong', 'duress')", name="word_given"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    ordinal: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), unique=True)
    number: Mapped[bytes] = mapped_column(sa.LargeBinary)
    number_hash: Mapped[bytes] = mapped_column(sa.LargeBinary, unique=True)
    language: Mapped[str | None] = mapped_column(sa.Text)
    line_hash: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    code_word_hash: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    duress_word_hash: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    word_asked_until: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    word_given: Mapped[str | None] = mapped_column(sa.Text)
    word_given_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    calls: Mapped[int] = mapped_column(server_default="0")
    silent_calls: Mapped[int] = mapped_column(server_default="0")
    first_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    last_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))


class SafetyMark(Base):
    """One mark of a contact's safety. Rows are only added: the newest counts, the rest is its history.

    ``days`` is the days of the week as digits, 1 is Monday. ``set_by`` is an operator, an officer, or
    ``contact``; ``why`` (encrypted) is in their words.
    """

    __tablename__ = "safety_marks"
    __table_args__ = (
        sa.CheckConstraint(
            "state IN ('safe now', 'safe at hours', 'inbound only', 'never', 'unknown')", name="state"
        ),
        sa.CheckConstraint("(way IS NOT NULL) = (state IN ('safe now', 'safe at hours'))", name="way"),
        sa.CheckConstraint(
            "(state = 'safe at hours') = (days IS NOT NULL AND starts IS NOT NULL AND ends IS NOT NULL)",
            name="hours",
        ),
        sa.CheckConstraint("(until IS NULL) = (state IN ('never', 'unknown'))", name="until"),
        sa.Index("ix_safety_marks_newest", "contact_id", "id"),
    )

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    contact_id: Mapped[UUID] = mapped_column(sa.ForeignKey("contacts.id"))
    state: Mapped[str] = mapped_column(sa.Text)
    way: Mapped[str | None] = mapped_column(sa.Text)
    days: Mapped[str | None] = mapped_column(sa.Text)
    starts: Mapped[time | None] = mapped_column(sa.Time)
    ends: Mapped[time | None] = mapped_column(sa.Time)
    until: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    set_by: Mapped[str] = mapped_column(sa.Text)
    why: Mapped[bytes] = mapped_column(sa.LargeBinary)
    at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
