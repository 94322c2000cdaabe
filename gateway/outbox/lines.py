"""Our lines and their channels as the outbox finds them, and what it learns of them by sending."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from gateway.channels.numbers import on_whatsapp
from gateway.channels.records import ChannelState, Line
from gateway.outbox.operators import prefixes_of
from gateway.outbox.routing import Ration, Route, is_troubled, ration
from gateway.storage.cipher import CannotDecryptError, Cipher
from gateway.storage.database import table_of

LINE, STATE = table_of(Line), table_of(ChannelState)
_LINES = (
    sa.select(LINE, STATE.c.failed_at, STATE.c.rate, STATE.c.allowance, STATE.c.allowance_at)
    .join(STATE, STATE.c.channel == LINE.c.channel, isouter=True)
    .order_by(LINE.c.id)
)


@dataclass(frozen=True, slots=True)
class Lines:
    """Our lines by their number, and what is left of the rate of each channel that has one."""

    routes: Mapping[str, Route]
    rations: Mapping[str, Ration]


def look_up(connection: sa.Connection, cipher: Cipher, now: datetime) -> Lines:
    routes, rations = {}, {}
    for row in connection.execute(_LINES):
        try:
            number = cipher.decrypt(row.number)
        except CannotDecryptError:
            continue  # one line that cannot be read stops no other
        routes[number] = Route(
            line=row.id,
            number=number,
            channel=row.channel,
            profile=row.profile,
            prefixes=prefixes_of(row.reach),
            cost=row.cost,
            troubled=is_troubled(row.failed_at, now),
            thread_only=on_whatsapp(number),
        )
        if row.rate and row.channel not in rations:
            rations[row.channel] = ration(row.rate, row.allowance, row.allowance_at, now)
    return Lines(routes, rations)


def save_rations(connection: sa.Connection, rations: Mapping[str, Ration], now: datetime) -> None:
    """What is left of each channel's rate at this moment."""
    for channel in sorted(rations):
        connection.execute(
            sa.update(STATE)
            .where(STATE.c.channel == channel)
            .values(allowance=rations[channel].left, allowance_at=now)
        )


@dataclass(frozen=True, slots=True)
class Heard:
    """How one sending went: ``trouble`` is what the channel suffers from, None when it took the text."""

    channel: str
    trouble: str | None


def save_heard(connection: sa.Connection, heard: Iterable[Heard], now: datetime) -> None:
    """How the channels do; of several sendings by one channel the last one tells."""
    by_channel: dict[str, list[str | None]] = {}
    for one in heard:
        by_channel.setdefault(one.channel, []).append(one.trouble)
    for channel in sorted(by_channel):  # in one order, so that two senders never deadlock
        connection.execute(_saying(channel, by_channel[channel], now))


def _saying(channel: str, told: list[str | None], now: datetime) -> sa.Executable:
    *_, last = told
    values: dict[str, Any] = {"last_out_at": now} if None in told else {}
    if last is None:
        values |= {"failures": 0, "failing_since": None, "failed_at": None, "reason": None}
        statement = insert(STATE).values(channel=channel, **values)
        return statement.on_conflict_do_update(index_elements=["channel"], set_=values)
    row = insert(STATE).values(
        channel=channel, failures=len(told), failing_since=now, failed_at=now, reason=last, **values
    )
    values |= {
        "failures": STATE.c.failures + row.excluded.failures,
        "failing_since": sa.func.least(STATE.c.failing_since, row.excluded.failing_since),
        "failed_at": now,
        "reason": last,
    }
    return row.on_conflict_do_update(index_elements=["channel"], set_=values)
