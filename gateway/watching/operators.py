"""Whoever looks after the machines, within the caller's transaction."""

from datetime import datetime

import sqlalchemy as sa

from gateway.alerts.desk import Desk, OfficerOnFile
from gateway.people.records import Officer
from gateway.storage.database import table_of

OFFICER = table_of(Officer)


def operators(connection: sa.Connection, desk: Desk, now: datetime) -> list[OfficerOnFile]:
    """Whoever looks after the machines; where nobody is named, the last step of the rota."""
    ids = set(connection.execute(sa.select(OFFICER.c.id).where(OFFICER.c.operator)).scalars())
    duty = desk.on_duty(now)
    last = duty[max(duty)] if duty else ()
    # The officers were read first: one who comes or goes between is left for the next look.
    named = [officer for id_, officer in desk.officers.items() if id_ in ids]
    return named or [officer for id_, officer in desk.officers.items() if id_ in last]
