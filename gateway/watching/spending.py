"""What crises cost: the operator hears of it when the day's texts are used up."""

from datetime import datetime
from typing import Final

import sqlalchemy as sa

from gateway.alerts.desk import Desk
from gateway.outbox import drafts
from gateway.outbox.drafts import CAP, Draft
from gateway.outbox.holding import crisis_texts, midnight
from gateway.outbox.records import OutboundRecord
from gateway.outbox.service import queue
from gateway.services import Services
from gateway.storage.audit import Decision
from gateway.storage.database import table_of
from gateway.text.render import count, render
from gateway.watching.operators import operators

OUT = table_of(OutboundRecord)
_TELLING: Final = 0x5649_4350


def tell(connection: sa.Connection, services: Services, now: datetime) -> list[Decision]:
    """Once a day, within the caller's transaction."""
    settings = services.settings
    spent = crisis_texts(connection, settings, now)
    if spent < max(1, settings.crisis_texts_a_day):
        return []
    if not connection.execute(sa.select(sa.func.pg_try_advisory_xact_lock(_TELLING))).scalar_one():
        return []  # another clock is at it
    # As the index says it.
    mine = sa.select(OUT.c.id).where(OUT.c.purpose == sa.literal_column(f"'{CAP}'"))
    if connection.execute(mine.where(OUT.c.created_at >= midnight(settings, now)).limit(1)).first():
        return []
    desk = Desk(connection, services)
    told = operators(connection, desk, now) if desk.line else []
    if not told:
        return []  # whoever is there at the next look hears of it
    outgoing = [
        Draft(
            CAP,
            drafts.ANSWER,
            desk.channel,
            desk.line,
            officer.number,
            render("cap", officer.language, texts=count(spent)),
        )
        for officer in told
    ]
    queue(connection, services.cipher, outgoing, now)
    detail = {"texts": spent, "officers": [str(officer.id) for officer in told]}
    return [Decision("vigie", "day's texts of crises used up", "outbox", detail)]
