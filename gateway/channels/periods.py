"""What is done with each channel once in a while, by one process however many clocks ring.

``last`` is the column of `channel_states` that says when it was done.
"""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from gateway.channels.records import ChannelState
from gateway.storage.database import any_of, table_of

STATE = table_of(ChannelState)


def due(
    connection: sa.Connection, channels: Sequence[str], last: "sa.Column[datetime]", since: datetime
) -> list[str]:
    """Those of the channels with which it was not done after ``since``."""
    recent = sa.select(STATE.c.channel).where(any_of(STATE.c.channel, channels), last > since)
    done = set(connection.execute(recent).scalars())
    return [name for name in channels if name not in done]


def claim(
    connection: sa.Connection, channel: str, last: "sa.Column[datetime]", since: datetime, at: datetime
) -> bool:
    """Put down ``at`` for the channel, unless it was done after ``since``. Returns whether it is ours to do."""
    row = insert(STATE).values({"channel": channel, last.name: at})
    ours = row.on_conflict_do_update(
        index_elements=["channel"], set_={last.name: at}, where=sa.func.coalesce(last, since) <= since
    )
    return connection.execute(ours.returning(STATE.c.channel)).first() is not None
