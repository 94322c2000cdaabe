"""What is done with each channel once in a while, by one process however many clocks ring.

``last`` is the column of `channel_states` that says when it was done.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from gateway.channels.records import ChannelState
from gateway.storage.database import any_of, table_of

STATE = table_of(ChannelState)


def due(
    connection: sa.Connection,
    channels: Sequence[str],
    last: "sa.Column[datetime]",
    every: timedelta,
    now: datetime,
) -> list[str]:
    """Those of the channels with which it was not done for so long."""
    recent = sa.select(STATE.c.channel).where(any_of(STATE.c.channel, channels), _is_recent(last, every, now))
    done = set(connection.execute(recent).scalars())
    return [name for name in channels if name not in done]


def claim(
    connection: sa.Connection,
    channel: str,
    last: "sa.Column[datetime]",
    every: timedelta,
    now: datetime,
    *,
    again_after: timedelta | None = None,
) -> bool:
    """Put down that it is done with the channel, unless it was lately. Returns whether it is ours to do.

    ``again_after``: until when nobody else tries, where it may fail; else it counts as done for ``every``.
    """
    at = now if again_after is None else now - every + again_after
    row = insert(STATE).values({"channel": channel, last.name: at})
    ours = row.on_conflict_do_update(
        index_elements=["channel"],
        set_={last.name: at},
        where=sa.not_(sa.func.coalesce(_is_recent(last, every, now), sa.false())),
    )
    return connection.execute(ours.returning(STATE.c.channel)).first() is not None


def _is_recent(last: "sa.Column[datetime]", every: timedelta, now: datetime) -> sa.ColumnElement[bool]:
    """What a clock that was ahead put down is not: it would stop everybody until then."""
    return (last > now - every) & (last <= now)
