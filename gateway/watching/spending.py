"""What crises cost: the operator hears of it when the day's texts are used up."""

from typing import Final

import sqlalchemy as sa

from gateway.alerts.desk import Desk
from gateway.outbox import drafts
from gateway.outbox.drafts import CAP, Draft
from gateway.outbox.holding import crisis_texts, midnight
from gateway.outbox.records import OutboundRecord
from gateway.outbox.service import queue
from gateway.services import Services
from gateway.storage import audit
from gateway.storage.audit import Decision
from gateway.storage.database import table_of
from gateway.text.render import count, render
from gateway.watching.service import operators

OUT = table_of(OutboundRecord)
_TELLING: Final = 0x5649_4350


def tell_of_cap(services: Services) -> None:
    """Once a day, in one transaction with the texts that say so."""
    now, settings = services.now(), services.settings
    with services.engine.begin() as connection:
        if not connection.execute(sa.select(sa.func.pg_try_advisory_xact_lock(_TELLING))).scalar_one():
            return  # another clock is at it
        spent = crisis_texts(connection, settings, now)
        if spent < max(1, settings.crisis_texts_a_day):
            return
        # As the index says it.
        mine = sa.select(OUT.c.id).where(OUT.c.purpose == sa.literal_column(f"'{CAP}'"))
        if connection.execute(mine.where(OUT.c.created_at >= midnight(settings, now)).limit(1)).first():
            return
        desk = Desk(connection, services)
        told = operators(connection, desk, now) if desk.line else []
        if not told:
            return  # whoever is there at the next look hears of it
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
        decision = Decision("vigie", "day's texts of crises used up", "outbox", detail)
        audit.append(connection, services.cipher.derive("audit"), now, [decision])
