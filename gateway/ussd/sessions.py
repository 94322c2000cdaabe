"""USSD sessions as they are kept: what was typed, encrypted, for as long as it is needed."""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Self
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Mapped, mapped_column

from gateway.storage.cipher import CannotDecryptError, Cipher, UnknownKeyError
from gateway.storage.database import Base, table_of
from gateway.ussd.menu import AGENTS, Facts
from gateway.ussd.steps import Asked

RESUMED_WITHIN: Final = timedelta(minutes=10)
CALLERS_WAIT: Final = timedelta(seconds=90)
"""A caller's session is nobody's to go on with once the network has cut it, after 30 to 60 idle seconds."""
HANDED_WITHIN: Final = timedelta(seconds=10)
KEPT: Final = timedelta(minutes=30)


class SessionRecord(Base):
    """A session by its provider's id and the number that dialled.

    States: open; confirmed: its message is on the way to the inbox; filed there; over: there is nothing to
    file. ``path`` is what the session goes by and the answers so far. ``typed_length`` and ``typed_hash`` know the
    last request again without holding it: a PIN is in it. ``resumes`` is the session that was cut before.
    """

    __tablename__ = "ussd_sessions"
    __table_args__ = (
        sa.UniqueConstraint("channel", "session", "sender_hash"),
        sa.CheckConstraint("profile IN ('agents', 'hotline')", name="profile"),
        sa.CheckConstraint("state IN ('open', 'confirmed', 'filed', 'over')", name="state"),
        sa.Index("ix_ussd_sessions_open", "sender_hash", postgresql_where=sa.text("state = 'open'")),
        sa.Index("ix_ussd_sessions_last", "state", "last_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(sa.Text)
    session: Mapped[str] = mapped_column(sa.Text)
    sender: Mapped[bytes] = mapped_column(sa.LargeBinary)
    sender_hash: Mapped[bytes] = mapped_column(sa.LargeBinary)
    profile: Mapped[str] = mapped_column(sa.Text)
    path: Mapped[bytes] = mapped_column(sa.LargeBinary)
    state: Mapped[str] = mapped_column(sa.Text)
    resumes: Mapped[UUID | None]
    typed_length: Mapped[int] = mapped_column(sa.Integer)
    typed_hash: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    sequence: Mapped[int | None] = mapped_column(sa.Integer)
    last_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))


SESSION: Final = table_of(SessionRecord)
_LISTS: Final = ("kinds", "near", "partners", "alerts", "codes")
_CHANGES: Final = ("path", "state", "resumes", "typed_length", "typed_hash", "sequence", "last_at")

_FIND: Final = (
    sa.select(SESSION)
    .where(SESSION.c.channel == sa.bindparam("channel"), SESSION.c.session == sa.bindparam("session"))
    .with_for_update()
)
_FIND_OF: Final = _FIND.where(SESSION.c.sender_hash == sa.bindparam("sender_hash"))
_BY_ID: Final = sa.select(SESSION).where(SESSION.c.id == sa.bindparam("id")).with_for_update()
_CUT: Final = (
    sa.select(SESSION)
    .where(
        SESSION.c.sender_hash == sa.bindparam("sender_hash"),
        SESSION.c.state == "open",
        SESSION.c.profile == AGENTS,
        SESSION.c.last_at >= sa.bindparam("since"),
    )
    .order_by(SESSION.c.last_at.desc())
)
_INSERT: Final = postgresql.insert(SESSION).on_conflict_do_nothing(
    index_elements=["channel", "session", "sender_hash"]
)
_CHANGE: Final = (
    sa.update(SESSION)
    .where(SESSION.c.id == sa.bindparam("id_"))
    .values({name: sa.bindparam(f"{name}_") for name in _CHANGES})
)
_WAITED_TOO_LONG: Final = sa.or_(
    # From ahead: the clock was set back, and must not prolong the wait.
    sa.and_(SESSION.c.state.in_(("confirmed", "open")), SESSION.c.last_at > sa.bindparam("ahead")),
    sa.and_(SESSION.c.state == "confirmed", SESSION.c.last_at < sa.bindparam("handed")),
    sa.and_(
        SESSION.c.state == "open",
        SESSION.c.last_at
        < sa.case((SESSION.c.profile == AGENTS, sa.bindparam("agents")), else_=sa.bindparam("callers")),
    ),
)
_DUE: Final = (
    sa.select(SESSION)
    .where(_WAITED_TOO_LONG)
    .order_by(SESSION.c.last_at)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_FORGET: Final = sa.delete(SESSION).where(
    SESSION.c.state.in_(("filed", "over")), SESSION.c.last_at < sa.bindparam("before")
)


class UnreadableError(Exception):
    """A session was damaged, or kept by a version that wrote it otherwise. Carries its id."""


@dataclass(frozen=True, slots=True)
class Session:
    """A session, opened."""

    id: UUID
    channel: str
    session: str
    sender: str = field(repr=False)
    sender_hash: bytes
    facts: Facts
    typed: tuple[str, ...] = field(repr=False)
    last_at: datetime
    state: str = "open"
    resumes: UUID | None = None
    asked: Asked | None = None

    @classmethod
    def opened(cls, row: sa.Row[Any], cipher: Cipher) -> Self:
        """Raise UnreadableError; UnknownKeyError while its key has not come to this process yet."""
        try:
            return cls._opened(row, cipher)
        except UnknownKeyError:
            raise
        except (CannotDecryptError, ValueError, KeyError, TypeError) as error:
            raise UnreadableError(str(row.id)) from error

    @classmethod
    def _opened(cls, row: sa.Row[Any], cipher: Cipher) -> Self:
        path = json.loads(cipher.decrypt(row.path))
        facts = path["facts"]
        return cls(
            id=row.id,
            channel=row.channel,
            session=row.session,
            sender=cipher.decrypt(row.sender),
            sender_hash=bytes(row.sender_hash),
            facts=Facts(**facts | {name: tuple(facts.get(name, ())) for name in _LISTS}),
            typed=tuple(path["typed"]),
            last_at=row.last_at,
            state=row.state,
            resumes=row.resumes,
            asked=Asked(bytes(row.typed_hash), row.typed_length, row.sequence, row.last_at)
            if row.typed_hash is not None
            else None,
        )

    def sealed(self, cipher: Cipher) -> dict[str, Any]:
        """What of it changes from step to step."""
        path = {"facts": asdict(self.facts), "typed": self.typed}
        return {
            "path": cipher.encrypt(json.dumps(path)),
            "state": self.state,
            "resumes": self.resumes,
            "typed_length": self.asked.length if self.asked else 0,
            "typed_hash": self.asked.hash if self.asked else None,
            "sequence": self.asked.sequence if self.asked else None,
            "last_at": self.last_at,
        }


def find(
    connection: sa.Connection, cipher: Cipher, channel: str, session: str, sender_hash: bytes | None
) -> Session | None:
    """By its provider's id, locked: of two requests at once the second waits for the first.

    A provider that tells of an end need not tell whose: then it is nobody's where two numbers have the id.
    """
    key = {"channel": channel, "session": session}
    if sender_hash is None:
        rows = connection.execute(_FIND, key).all()
    else:
        rows = connection.execute(_FIND_OF, key | {"sender_hash": sender_hash}).all()
    return Session.opened(rows[0], cipher) if len(rows) == 1 else None


def is_open(connection: sa.Connection, channel: str, session: str) -> bool:
    """Whether there is one that waits for an answer."""
    known = sa.and_(SESSION.c.channel == channel, SESSION.c.session == session, SESSION.c.state == "open")
    return connection.execute(sa.select(sa.exists().where(known))).scalar_one()


def take(connection: sa.Connection, cipher: Cipher, id_: UUID) -> Session | None:
    """By our own id, locked."""
    row = connection.execute(_BY_ID, {"id": id_}).one_or_none()
    return None if row is None else Session.opened(row, cipher)


def lately(connection: sa.Connection, cipher: Cipher, sender_hash: bytes, now: datetime) -> Iterator[Session]:
    """Open sessions of a registered person that may still go on, the last one first."""
    for row in connection.execute(_CUT, {"sender_hash": sender_hash, "since": now - RESUMED_WITHIN}).all():
        with suppress(UnreadableError):
            yield Session.opened(row, cipher)


def add(connection: sa.Connection, cipher: Cipher, session: Session) -> None:
    """Nothing happens where another request of the same session was quicker."""
    row = {
        "id": session.id,
        "channel": session.channel,
        "session": session.session,
        "sender": cipher.encrypt(session.sender),
        "sender_hash": session.sender_hash,
        "profile": session.facts.profile,
        **session.sealed(cipher),
    }
    connection.execute(_INSERT, row)


def save(connection: sa.Connection, cipher: Cipher, session: Session) -> None:
    values = {f"{name}_": value for name, value in session.sealed(cipher).items()}
    connection.execute(_CHANGE, {"id_": session.id, **values})


def rename(connection: sa.Connection, session: Session) -> None:
    """Make room for another session of the same id."""
    name = f"{session.session} {session.id}"
    connection.execute(sa.update(SESSION).where(SESSION.c.id == session.id).values(session=name))


def ended(connection: sa.Connection, id_: UUID, state: str) -> None:
    connection.execute(sa.update(SESSION).where(SESSION.c.id == id_).values(state=state))


def due(connection: sa.Connection, now: datetime) -> sa.Row[Any] | None:
    """One that was cut long enough ago, or whose message may have been lost on its way to the inbox; locked."""
    times = {
        "handed": now - HANDED_WITHIN,
        "agents": now - RESUMED_WITHIN,
        "callers": now - CALLERS_WAIT,
        "ahead": now + RESUMED_WITHIN,
    }
    return connection.execute(_DUE, times).one_or_none()


def forget(connection: sa.Connection, now: datetime) -> int:
    """Delete what nobody needs any more. Returns how many."""
    return connection.execute(_FORGET, {"before": now - KEPT}).rowcount
