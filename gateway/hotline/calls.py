"""Calls: each event of one put on file, and what it asks for done.

The functions work within the caller's transaction and return the decisions that it must put on record.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from uuid_utils.compat import uuid7

from gateway.hotline import service as hotline
from gateway.hotline import triage
from gateway.hotline.needs import TIMES
from gateway.hotline.records import Call, Recording
from gateway.hotline.triage import LATELY, UNCLEAR, Notice, Triage
from gateway.hotline.voice import CALL, NEVER, SPEAK, Event, What
from gateway.services import Services
from gateway.storage.audit import Decision
from gateway.storage.database import table_of

CALLS, RECORDING = table_of(Call), table_of(Recording)
_BY_VOICE: Final = "chosen in the voice menu"


@dataclass(frozen=True, slots=True)
class Rung:
    """An event of a call as it came in. ``contact`` is who called the hotline, None on the agents' line."""

    message_id: UUID
    channel: str
    call: str
    event: Event
    sender_hash: bytes
    contact: UUID | None
    reporter: bool
    reachable: bool
    """Whether the network tells the caller's number."""
    at: datetime


def take(
    connection: sa.Connection, services: Services, rung: Sequence[Rung], now: datetime
) -> tuple[dict[UUID, Triage], list[Decision]]:
    """Put events on file, in their order. Returns, by message, what an officer is to be told of, and the decisions."""
    told: dict[UUID, Triage] = {}
    decisions: list[Decision] = []
    for one in rung:
        found = _take(connection, services, one, decisions, now)
        if found is not None:
            told[one.message_id] = found
    return told, decisions


def _take(
    connection: sa.Connection, services: Services, one: Rung, decisions: list[Decision], now: datetime
) -> Triage | None:
    call, is_new = _on_file(connection, one)
    if one.contact is None:
        _change(connection, call, ended_at=one.at)
        return triage.of_reporters_call(_lately(connection, one)) if one.reporter and is_new else None
    event = one.event
    match event.what:
        case What.BEGAN:
            return None
        case What.ENDED:
            return _over(connection, services, one, call, decisions, now, missed=is_new)
        case What.CHOSE:
            _change(connection, call, chosen=event.detail, language=event.language)
            # What more is asked about is told when it is answered, or when the call ends without.
            return None if event.detail in {SPEAK, CALL} else Triage(UNCLEAR)
        case What.SPOKE:
            _change(connection, call, chosen=event.what, language=event.language)
            _wait_for_recording(connection, one, now)
            return Triage(UNCLEAR, Notice.VOICE_MESSAGE)
        case What.CALL_BACK:
            _change(connection, call, chosen=f"{CALL} {event.detail}", language=event.language)
            decisions += _wish(connection, services, one, one.contact, now)
            return Triage(UNCLEAR, Notice.STOP if event.detail == NEVER else None)


def _on_file(connection: sa.Connection, one: Rung) -> tuple[sa.Row[Any], bool]:
    """The event's call, and whether this is the first that is heard of it."""
    new = insert(CALLS).values(
        id=uuid7(),
        channel=one.channel,
        provider_id=one.call,
        message_id=one.message_id,
        sender_hash=one.sender_hash,
        contact_id=one.contact,
        began_at=one.at,
    )
    row = connection.execute(new.on_conflict_do_nothing().returning(CALLS)).one_or_none()
    if row is not None:
        return row, True
    known = sa.select(CALLS).where(CALLS.c.channel == one.channel, CALLS.c.provider_id == one.call)
    return connection.execute(known).one(), False


def _change(connection: sa.Connection, call: sa.Row[Any], **values: Any) -> None:
    connection.execute(sa.update(CALLS).where(CALLS.c.id == call.id).values(values))


def _over(
    connection: sa.Connection,
    services: Services,
    one: Rung,
    call: sa.Row[Any],
    decisions: list[Decision],
    now: datetime,
    *,
    missed: bool,
) -> Triage | None:
    if call.ended_at is not None or one.contact is None:
        return None
    _change(connection, call, ended_at=one.at, missed=missed)
    if call.chosen is not None:
        return triage.of_unfinished(call.chosen)
    tasks = hotline.rang(connection, services, one.contact, now, silent=not missed) if one.reachable else []
    decisions += tasks
    return triage.of_call(silent=not missed, lately=_lately(connection, one), to_be_called=bool(tasks))


def _lately(connection: sa.Connection, one: Rung) -> int:
    """Calls of the same person within the hour, with this one, that are over and in which nothing was chosen."""
    query = sa.select(sa.func.count()).where(
        CALLS.c.sender_hash == one.sender_hash,
        CALLS.c.began_at > one.at - LATELY,
        CALLS.c.ended_at.is_not(None),
        CALLS.c.chosen.is_(None),
        CALLS.c.contact_id.is_not_distinct_from(one.contact),
    )
    return connection.execute(query).scalar_one()


def _wish(
    connection: sa.Connection, services: Services, one: Rung, contact: UUID, now: datetime
) -> list[Decision]:
    when = one.event.detail
    if when == NEVER:
        return hotline.asks_for_silence(connection, services.cipher, contact, now, why=_BY_VOICE)
    if not one.reachable:
        return []
    return hotline.asks_to_be_called(
        connection, services, contact, now, hours=TIMES.get(when), language=one.event.language
    )


def _wait_for_recording(connection: sa.Connection, one: Rung, now: datetime) -> None:
    row = insert(RECORDING).values(
        id=uuid7(),
        message_id=one.message_id,
        channel=one.channel,
        provider_id=one.event.detail,
        state="waiting",
        due_at=now,
        made_at=one.at,
    )
    connection.execute(row.on_conflict_do_nothing())
