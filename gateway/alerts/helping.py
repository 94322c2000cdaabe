"""Whoever holds an alert asks for help: the next step is called to it, and the holder keeps it.

It goes up steps of its own, as an alert does that nobody takes: until somebody says that they come. Within the
caller's transaction; returns the decisions that it must put on record.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from gateway.alerts import texts
from gateway.alerts.codes import codes_for
from gateway.alerts.desk import Desk, pace_of, read_facts, who_is_asked
from gateway.alerts.escalation import take_step, without
from gateway.alerts.records import Alert
from gateway.outbox import drafts
from gateway.outbox.drafts import Draft
from gateway.outbox.service import queue
from gateway.services import Services
from gateway.storage.audit import Decision
from gateway.storage.database import table_of

ALERT = table_of(Alert)


@dataclass(frozen=True, slots=True)
class Called:
    """Who was called to help, and when to look whether somebody comes."""

    officers: Sequence[UUID]
    look_at: datetime


def call_help(
    connection: sa.Connection, services: Services, desk: Desk, rows: Sequence[sa.Row[Any]], now: datetime
) -> tuple[Mapping[UUID, Called], list[Decision]]:
    """Call the next step to alerts that are held, locked by the caller; with nobody there, every other officer.

    Returns by alert who was called; it is for the caller to look again.
    """
    if not rows:
        return {}, []
    facts = {row.id: read_facts(services.cipher, row.facts) for row in rows}
    duties = who_is_asked(connection, desk, facts, now)
    steps, told = {}, {}
    for row in rows:
        duty = without(duties[row.id], row.acknowledged_by)
        steps[row.id] = step = take_step(row.help_step, duty, now, pace_of(services, facts[row.id]))
        everybody = without({0: list(desk.officers)}, row.acknowledged_by, facts[row.id].officer)
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
        sa.update(ALERT).where(ALERT.c.id == sa.bindparam("id_")).values(help_step=sa.bindparam("step_")),
        [{"id_": id_, "step_": step.next_step} for id_, step in steps.items()],
    )
    called = {id_: Called(told[id_], step.next_at) for id_, step in steps.items()}
    return called, [
        Decision("vigie", "help called", str(row.id), {"officers": [str(one) for one in told[row.id]]})
        for row in rows
    ]
