"""Whoever changes reports, incidents or alerts holds the others off, always in one order.

First `decide`, then reports, incidents, alerts and codes, each of them by id: so nobody waits for whoever waits
for them. Within the caller's transaction.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from gateway.alerts.records import Alert
from gateway.storage.database import any_of, table_of

ALERT = table_of(Alert)
_DECIDING = 0x5649_494E


def decide(connection: sa.Connection) -> None:
    """From here to the end of the transaction nobody else decides which reports belong to which incident."""
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_DECIDING)))


def live_alerts(
    connection: sa.Connection, about: sa.Column[Any], ids: Iterable[UUID]
) -> dict[UUID, sa.Row[Any]]:
    """The alert that is not closed of each contact or incident, by that column; nobody closes it meanwhile."""
    wanted = list(ids)
    if not wanted:
        return {}
    rows = connection.execute(
        sa.select(ALERT)
        .where(any_of(about, wanted), ALERT.c.state != "closed")
        .order_by(ALERT.c.id)
        .with_for_update()
    )
    return {getattr(row, about.name): row for row in rows}
