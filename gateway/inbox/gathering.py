"""What waits in a lane made into what is read: parts put together, copies set aside, lone parts left to wait.

In a transaction of its own, before anything is read. It decides anew each time from what is stored, so that
a reader that dies leaves nothing half done.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from gateway.inbox import parts
from gateway.inbox.clocks import trusted_sent_at
from gateway.inbox.copies import SENT_WITHIN, Sighting, copies
from gateway.inbox.parts import LongMessage, Piece, Whole
from gateway.inbox.records import InboundRecord
from gateway.messages import Part
from gateway.observability import IGNORED
from gateway.storage.cipher import Cipher
from gateway.storage.database import any_of, table_of

IN = table_of(InboundRecord)


@dataclass(frozen=True, slots=True)
class Gathered:
    """Rows to be read, in the order of receipt, with what some of them become together with others."""

    rows: Sequence[sa.Row[Any]]
    wholes: dict[UUID, Whole] = field(default_factory=dict)


def is_plain(rows: Sequence[sa.Row[Any]]) -> bool:
    """Whether there is nothing to put together or to tell apart, as for most."""
    return not rows[0].parts_wait and all(row.part_number is None and row.device is None for row in rows)


def gather(connection: sa.Connection, cipher: Cipher, rows: Sequence[sa.Row[Any]], now: datetime) -> Gathered:
    """For rows of one lane that are to be read now."""
    whole = [row for row in rows if row.part_number is None]
    found = _copies(connection, cipher, whole)
    whole = [row for row in whole if row.id not in found]
    stored = _parts(connection, rows, now)
    messages, copied = parts.put_together(_piece(row, cipher) for row in stored)
    unread = [message for message in messages if message.unread]
    last = {bytes(row.sender_hash): (row.received_at, row.id) for row in whole}
    now_read = parts.to_be_read(unread, last, now)
    _set_aside(connection, found | copied, now)
    _leave_waiting(connection, [message for message in unread if message not in now_read])
    _release(connection, now_read)
    by_id = {row.id: row for row in stored}
    chosen = whole + [by_id[message.unread[0].id] for message in now_read]
    return Gathered(
        sorted(chosen, key=lambda row: (row.received_at, row.id)),
        {message.unread[0].id: Whole.of(message) for message in now_read},
    )


def _copies(connection: sa.Connection, cipher: Cipher, rows: Sequence[sa.Row[Any]]) -> dict[UUID, UUID]:
    new = [row for row in rows if row.device is not None and _sent_at(row) is not None]
    if not new:
        return {}
    query = sa.select(IN).where(
        any_of(IN.c.sender_hash, {bytes(row.sender_hash) for row in new}),
        IN.c.sent_at >= min(row.sent_at for row in new) - SENT_WITHIN,
        IN.c.sent_at <= max(row.sent_at for row in new) + SENT_WITHIN,
        IN.c.device.is_not(None),
        IN.c.part_number.is_(None),
        sa.or_(IN.c.state == "read", IN.c.belongs_to.is_not(None)),
    )
    before = connection.execute(query).all()
    return copies(
        [_sighting(row, cipher) for row in new],
        [_sighting(row, cipher) for row in before if row.state == "read"],
        [(row.belongs_to, (row.channel, row.device)) for row in before if row.belongs_to],
    )


def _sighting(row: sa.Row[Any], cipher: Cipher) -> Sighting:
    return Sighting(
        row.id,
        bytes(row.sender_hash),
        bytes(row.recipient_hash),
        cipher.decrypt(row.text),
        row.sent_at,
        (row.channel, row.device),
    )


def _sent_at(row: sa.Row[Any]) -> datetime | None:
    """As stated, to compare it with another's; None when it cannot be true: two texts may share such a time."""
    stated: datetime | None = row.sent_at
    return stated if trusted_sent_at(stated, row.received_at) else None


def _parts(connection: sa.Connection, rows: Sequence[sa.Row[Any]], now: datetime) -> Sequence[sa.Row[Any]]:
    """Every part of these senders that is not read yet, and those read that it may complete."""
    theirs = sa.select(IN).where(
        any_of(IN.c.sender_hash, {bytes(row.sender_hash) for row in rows}), IN.c.part_number.is_not(None)
    )
    unread = connection.execute(theirs.where(IN.c.state.in_(("received", "waiting")))).all()
    if not unread:
        return []
    read = theirs.where(
        IN.c.part_reference.in_({row.part_reference for row in unread}),
        IN.c.state == "read",
        IN.c.received_at > now - 2 * parts.COMES_WITHIN,
    )
    return [*connection.execute(read), *unread]


def _piece(row: sa.Row[Any], cipher: Cipher) -> Piece:
    return Piece(
        row.id,
        bytes(row.sender_hash),
        bytes(row.recipient_hash),
        Part(row.part_reference, row.part_number, row.part_total),
        cipher.decrypt(row.text),
        row.urgent,
        _sent_at(row),
        row.received_at,
        (row.belongs_to or row.id) if row.state == "read" else None,
    )


def _set_aside(connection: sa.Connection, found: dict[UUID, UUID], now: datetime) -> None:
    if not found:
        return
    connection.execute(
        sa.update(IN)
        .where(IN.c.id == sa.bindparam("copy"))
        .values(state="ignored", belongs_to=sa.bindparam("original"), read_at=now),
        [{"copy": copy, "original": original} for copy, original in found.items()],
    )
    IGNORED.inc(len(found))


def _leave_waiting(connection: sa.Connection, messages: Iterable[LongMessage]) -> None:
    """An attempt was counted for each that is new; waiting is none."""
    ids = [piece.id for message in messages for piece in message.pieces]
    if ids:
        connection.execute(
            sa.update(IN)
            .where(any_of(IN.c.id, ids), IN.c.state == "received")
            .values(state="waiting", attempts=sa.func.greatest(IN.c.attempts - 1, 0))
        )


def _release(connection: sa.Connection, messages: Iterable[LongMessage]) -> None:
    """Back among what waits to be read: whoever dies of it must find it there."""
    ids = [piece.id for message in messages for piece in message.unread]
    if ids:
        connection.execute(
            sa.update(IN).where(any_of(IN.c.id, ids), IN.c.state == "waiting").values(state="received")
        )


def waited_long_enough(connection: sa.Connection, now: datetime) -> set[int]:
    """Let parts be read whose others did not come. Returns their lanes.

    Also parts from ahead: the clock was set back, and must not prolong their wait.
    """
    over = (
        sa.update(IN)
        .where(
            IN.c.state == "waiting",
            sa.or_(IN.c.received_at <= now - parts.WAITS_FOR, IN.c.received_at >= now + parts.WAITS_FOR),
        )
        .values(state="received")
        .returning(IN.c.lane)
    )
    return set(connection.execute(over).scalars())
