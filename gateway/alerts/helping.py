"""Whoever holds an alert asks for help: the next step is called to it, and the holder keeps it.

Within the caller's transaction; returns the decisions that it must put on record.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from gateway.alerts import texts
from gateway.alerts.codes import codes_for
from gateway.alerts.desk import Desk, declined, pace_of, read_facts
from gateway.alerts.escalation import take_step, without
from gateway.alerts.records import Alert
from gateway.outbox import drafts
from gateway.outbox.drafts import Draft
from gateway.outbox.service import queue
from gateway.services import Services
from gateway.storage.audit import Decision
from gateway.storage.database import table_of

ALERT = table_of(Alert)


def call_help(
    connection: sa.Connection, services: Services, rows: Sequence[sa.Row[Any]], now: datetime
) -> list[Decision]:
    """Call the next step to alerts that are held, locked by the caller; with nobody there, every other officer.

    When the acknowledgement runs out stays as it was.
    """
    desk = Desk(connection, services)
    said_no = declined(connection, [row.id for row in rows])
    facts = {row.id: read_facts(services.cipher, row.facts) for row in rows}
    steps, told = {}, {}
    for row in rows:
        region, absent = facts[row.id].region, (facts[row.id].officer, row.acknowledged_by)
        duty = without(desk.on_duty(now, region), *absent, *said_no.get(row.id, ()))
        steps[row.id] = step = take_step(row.step, duty, now, pace_of(services, facts[row.id]))
        everybody = without({0: list(desk.officers)}, *absent)
        told[row.id] = everybody.get(0, []) if step.nobody else list(step.officers)
    codes = codes_for(connection, told, now)
    outgoing = []
    for row in rows:
        holder = desk.officers.get(row.acknowledged_by)
        for officer in (desk.officers[one] for one in told[row.id]):
            text = texts.help_wanted(
                desk.book,
                facts[row.id],
                officer.language,
                row.reference,
                codes[row.id, officer.id],
                holder.name if holder else None,
            )
            outgoing.append(
                Draft("help", drafts.SEVERITY_1, desk.channel, desk.line, officer.number, text, row.id)
            )
    queue(connection, services.cipher, outgoing, now)
    connection.execute(
        sa.update(ALERT)
        .where(ALERT.c.id == sa.bindparam("id_"))
        .values(help="called", step=sa.bindparam("step_"), due_at=sa.bindparam("due_")),
        [
            {
                "id_": row.id,
                "step_": steps[row.id].next_step,
                "due_": row.expires_at,
            }
            for row in rows
        ],
    )
    return [
        Decision("vigie", "help called", str(row.id), {"officers": [str(one) for one in told[row.id]]})
        for row in rows
    ]
