"""The rounds of the canaries as they stand in the database, within the caller's transaction."""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from gateway.channels.records import Line
from gateway.outbox import drafts
from gateway.outbox.drafts import CANARY, Draft
from gateway.outbox.service import queue
from gateway.storage.cipher import Cipher
from gateway.storage.database import any_of, table_of
from gateway.watching.canary import HALF, LETTERS, Canary, word
from gateway.watching.records import CanaryRecord

ROUND, LINE = table_of(CanaryRecord), table_of(Line)
_FROM, _TO = LINE.alias("from_line"), LINE.alias("to_line")
_PAIRS = (
    sa.select(
        ROUND,
        _FROM.c.channel,
        _FROM.c.number.label("from_number"),
        _TO.c.number.label("to_number"),
    )
    .join(_FROM, _FROM.c.id == ROUND.c.from_line)
    .join(_TO, _TO.c.id == ROUND.c.to_line)
    .order_by(ROUND.c.from_line, ROUND.c.to_line)
)


def canaries(connection: sa.Connection) -> dict[str, list[Canary]]:
    """Every pair, by the channel that it proves."""
    found: dict[str, list[Canary]] = {}
    for row in connection.execute(_PAIRS):
        found.setdefault(row.channel, []).append(_canary(row))
    return found


def begin(connection: sa.Connection, cipher: Cipher, now: datetime) -> None:
    """Begin the rounds that are due: each with its text, in one commit, so that no round has two."""
    due = _PAIRS.where(ROUND.c.due_at <= now).with_for_update(of=ROUND, skip_locked=True)
    for row in connection.execute(due).all():
        it = _canary(row)
        text = word("".join(secrets.choice(LETTERS) for _ in range(HALF)), cipher.digest)
        numbers = cipher.decrypt(row.from_number), cipher.decrypt(row.to_number)
        queue(connection, cipher, [Draft(CANARY, drafts.ANSWER, row.channel, *numbers, text)], now)
        _write(
            connection,
            it,
            sent_at=now,
            due_at=now + it.every,
            text_hash=cipher.digest(text),
            missed_since=it.late_since(now),
        )


def end(connection: sa.Connection, cipher: Cipher, arrived: Iterable[tuple[str, datetime]]) -> None:
    """Texts of canaries came in, as (text, when); those of earlier rounds are late, and change nothing."""
    first: dict[bytes, datetime] = {}
    for text, at in arrived:
        text_hash = cipher.digest(text.strip().lower())
        first[text_hash] = min(at, first.get(text_hash, at))
    under_way = sa.select(ROUND).where(any_of(ROUND.c.text_hash, first))
    # In one order, so that two readers never deadlock.
    rows = connection.execute(under_way.order_by(ROUND.c.from_line, ROUND.c.to_line).with_for_update())
    for row in rows.all():
        it, took = _canary(row), first[bytes(row.text_hash)] - row.sent_at
        _write(connection, it, text_hash=None, took=took, missed_since=it.missed_after(took))


def _canary(row: sa.Row[Any]) -> Canary:
    return Canary(
        row.from_line,
        row.to_line,
        timedelta(minutes=row.every),
        row.sent_at,
        row.text_hash is not None,
        row.took,
        row.missed_since,
    )


def _write(connection: sa.Connection, it: Canary, **columns: Any) -> None:
    of_pair = sa.and_(ROUND.c.from_line == it.from_line, ROUND.c.to_line == it.to_line)
    connection.execute(sa.update(ROUND).where(of_pair).values(columns))
