"""The hotline's contacts: met, marked as safe or not, and called back.

The functions that take a connection work within the caller's transaction and return the decisions
that it must put on record.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from uuid_utils.compat import uuid7

from gateway.hotline.records import CallBackTask
from gateway.people.marks import CONTACT, MARK, newest_mark, safety_of
from gateway.people.safety import Hours, Safety, State, Way, marked, reached_at
from gateway.services import Services
from gateway.storage.audit import Decision
from gateway.storage.cipher import Cipher
from gateway.storage.database import any_of, table_of

TASK = table_of(CallBackTask)
# Who set a mark that the contact set herself.
CONTACT_HERSELF: Final = "contact"
DURESS: Final = "duress"
_SILENCED: Final = frozenset({State.INBOUND_ONLY, State.NEVER})
_BY_USSD: Final = "chosen in the USSD menu"


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who came to the hotline, by text, call or USSD."""

    number: str = field(repr=False)
    at: datetime


class MarkRefusedError(ValueError):
    """A contact who said "never" may not be marked otherwise; the words say so in one sentence."""


def meet(connection: sa.Connection, cipher: Cipher, callers: Mapping[bytes, Caller]) -> dict[bytes, UUID]:
    """The contact behind each caller, both by the hash of the number; made when it is the first time."""
    known = any_of(CONTACT.c.number_hash, callers)
    rows = connection.execute(sa.select(CONTACT.c.number_hash, CONTACT.c.id).where(known)).all()
    met = {bytes(row.number_hash): row.id for row in rows}
    for number_hash in sorted(callers):
        at = callers[number_hash].at
        again = {"last_at": sa.func.greatest(CONTACT.c.last_at, at)}
        if number_hash in met:
            connection.execute(sa.update(CONTACT).where(CONTACT.c.id == met[number_hash]).values(again))
            continue
        new = insert(CONTACT).values(
            id=uuid7(),
            number=cipher.encrypt(callers[number_hash].number),
            number_hash=number_hash,
            first_at=at,
            last_at=at,
        )
        # She may be met at this moment by another way: by text and by USSD at once.
        either = new.on_conflict_do_update(index_elements=["number_hash"], set_=again)
        met[number_hash] = connection.execute(either.returning(CONTACT.c.id)).scalar_one()
    return met


def mark(
    connection: sa.Connection,
    cipher: Cipher,
    contact: UUID,
    safety: Safety,
    *,
    by: str,
    why: str,
    now: datetime,
) -> list[Decision]:
    """Mark a contact, whose earlier mark ends with this one. Raise MarkRefusedError."""
    before = _locked(connection, contact)
    if (
        by != CONTACT_HERSELF
        and before.set_by == CONTACT_HERSELF
        and before.state == State.NEVER
        and before.last_at <= before.at
    ):
        raise MarkRefusedError(
            "This contact said not to be written to or called any more, and has not come back since: "
            "only a text or call of theirs can change that."
        )
    hours = safety.hours
    connection.execute(
        sa.insert(MARK).values(
            contact_id=contact,
            state=safety.state,
            way=safety.way,
            days="".join(map(str, sorted(hours.days))) if hours else None,
            starts=hours.starts if hours else None,
            ends=hours.ends if hours else None,
            until=safety.until,
            set_by=by,
            why=cipher.encrypt(why),
            at=now,
        )
    )
    detail = {
        "from": before.state or State.UNKNOWN,
        "to": safety.state,
        "way": safety.way,
        "until": safety.until.isoformat() if safety.until else None,
    }
    decisions = [Decision(by, "contact marked", f"contact {contact}", detail)]
    if safety.way is not Way.CALL:
        decisions += _end_task(connection, contact, "withdrawn", by, now)
    return decisions


def rang(
    connection: sa.Connection, services: Services, contact: UUID, now: datetime, *, silent: bool = False
) -> list[Decision]:
    """A call that nobody took, or in which nobody spoke: counted; to be called back only if marked safe."""
    row = _locked(connection, contact)
    connection.execute(
        sa.update(CONTACT)
        .where(CONTACT.c.id == contact)
        .values(calls=CONTACT.c.calls + 1, silent_calls=CONTACT.c.silent_calls + int(silent))
    )
    due = reached_at(safety_of(row), Way.CALL, now, services.settings.zone)
    if due is None or row.word_given == DURESS:
        return []
    return _task(connection, contact, "missed call", due, now)


def asks_to_be_called(
    connection: sa.Connection,
    services: Services,
    contact: UUID,
    now: datetime,
    *,
    hours: Hours | None,
    language: str,
) -> list[Decision]:
    """She says that she may be called, now (``hours`` None) or at these hours: marked so, and to be called.

    Not where an officer knows better, or her last word was the one for duress: somebody else may hold the phone.
    """
    row = _locked(connection, contact)
    connection.execute(sa.update(CONTACT).where(CONTACT.c.id == contact).values(language=language))
    silenced = row.state in _SILENCED and row.set_by != CONTACT_HERSELF and safety_of(row).holds(now)
    if silenced or row.word_given == DURESS:
        return [Decision("vigie", "call-back wish left to an officer", f"contact {contact}")]
    safety = marked(State.SAFE_AT if hours else State.SAFE_NOW, now, way=Way.CALL, hours=hours)
    decisions = mark(connection, services.cipher, contact, safety, by=CONTACT_HERSELF, why=_BY_USSD, now=now)
    due = reached_at(safety, Way.CALL, now, services.settings.zone)
    return decisions + (_task(connection, contact, "asked to be called", due, now) if due else [])


def asks_for_silence(
    connection: sa.Connection, cipher: Cipher, contact: UUID, now: datetime, *, why: str
) -> list[Decision]:
    """She said herself that nothing may come: never, until she comes back and an officer marks her otherwise."""
    return mark(connection, cipher, contact, marked(State.NEVER, now), by=CONTACT_HERSELF, why=why, now=now)


def _locked(connection: sa.Connection, contact: UUID) -> sa.Row[Any]:
    """The contact with the mark that counts; nobody else marks or calls meanwhile."""
    connection.execute(sa.select(CONTACT.c.id).where(CONTACT.c.id == contact).with_for_update())
    newest = newest_mark()
    return connection.execute(
        sa.select(CONTACT.c.last_at, CONTACT.c.word_given, newest)
        .join(newest, sa.true(), isouter=True)
        .where(CONTACT.c.id == contact)
    ).one()


def _task(
    connection: sa.Connection, contact: UUID, reason: str, due: datetime, now: datetime
) -> list[Decision]:
    """One open task a contact: a second wish changes when it is due."""
    task = insert(TASK).values(
        id=uuid7(), contact_id=contact, reason=reason, state="open", made_at=now, due_at=due
    )
    connection.execute(
        task.on_conflict_do_update(
            index_elements=["contact_id"],
            index_where=TASK.c.state == "open",
            set_={"reason": reason, "due_at": due},
        )
    )
    detail = {"reason": reason, "due": due.isoformat()}
    return [Decision("vigie", "call-back asked for", f"contact {contact}", detail)]


def _end_task(connection: sa.Connection, contact: UUID, state: str, by: str, now: datetime) -> list[Decision]:
    ended = connection.execute(
        sa.update(TASK)
        .where(TASK.c.contact_id == contact, TASK.c.state == "open")
        .values(state=state, ended_at=now, ended_by=by)
    )
    return [Decision(by, f"call-back {state}", f"contact {contact}")] if ended.rowcount else []
