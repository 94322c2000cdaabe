"""Incidents and alerts are closed for good.

Within the caller's transaction; returns the decisions that it must put on record.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from gateway.alerts.codes import CODE
from gateway.alerts.records import Alert, Incident
from gateway.storage.audit import Decision
from gateway.storage.database import any_of, table_of

ALERT, INCIDENT = table_of(Alert), table_of(Incident)


def close_incidents(
    connection: sa.Connection, incidents: Sequence[UUID], actor: str, now: datetime
) -> list[Decision]:
    """Nobody hears of them any more; further reports of their events begin others. Their alerts come next."""
    lock = sa.select(INCIDENT.c.id).where(any_of(INCIDENT.c.id, incidents)).order_by(INCIDENT.c.id)
    ids = list(connection.execute(lock.with_for_update()).scalars())
    connection.execute(
        sa.update(INCIDENT)
        .where(any_of(INCIDENT.c.id, ids), INCIDENT.c.state == "open")
        .values(state="closed", closed_at=now, update_due_at=None)
    )
    return [Decision(actor, "incident closed", str(id_)) for id_ in ids]


def close_alerts(
    connection: sa.Connection, alerts: Sequence[UUID], actor: str, now: datetime
) -> list[Decision]:
    closed = connection.execute(
        sa.update(ALERT)
        .where(any_of(ALERT.c.id, alerts), ALERT.c.state != "closed")
        .values(state="closed", due_at=None)
        .returning(ALERT.c.id)
    ).scalars()
    ids = list(closed)
    connection.execute(
        sa.update(CODE)
        .where(any_of(CODE.c.alert_id, ids), CODE.c.retired_at.is_(None))
        .values(retired_at=now)
    )
    return [Decision(actor, "alert closed", str(alert)) for alert in ids]
