"""`vigie outbox`: the texts that wait, until when and why."""

import click
import sqlalchemy as sa
from rich.table import Table

from gateway.alerts.records import Alert
from gateway.commands.common import say, services_here
from gateway.commands.entering import show, when
from gateway.outbox.holding import crisis_texts
from gateway.outbox.records import OutboundRecord
from gateway.people.records import Officer
from gateway.storage.database import table_of

OUT = table_of(OutboundRecord)
_SHOWN = 50


@click.command()
def outbox() -> None:
    """Texts that have not left yet, the next first, and how many the day's crises took."""
    services = services_here()
    now, zone = services.now(), services.settings.zone
    waiting = OUT.c.state.in_(("queued", "sending"))
    with services.engine.connect() as connection:
        number = connection.execute(sa.select(sa.func.count()).select_from(OUT).where(waiting)).scalar_one()
        rows = connection.execute(
            sa.select(OUT, Alert.reference, Officer.name)
            .outerjoin(Alert, Alert.id == OUT.c.subject)
            .outerjoin(Officer, Officer.number_hash == OUT.c.recipient_hash)
            .where(waiting)
            .order_by(OUT.c.due_at, OUT.c.rank, OUT.c.id)
            .limit(_SHOWN)
        ).all()
        spent = crisis_texts(connection, services.settings, now)
    if rows:
        table = Table("called for", "what", "about", "officer", "state", "not before", "why", box=None)
        for row in rows:
            table.add_row(
                when(row.created_at, zone),
                row.purpose,
                row.reference or "–",
                row.name or "–",
                "held" if row.held_since else row.state,
                when(row.due_at, zone) if row.due_at > now else "now",
                row.error or "",
            )
        show(table)
    waits = "1 text waits" if number == 1 else f"{number} texts wait"
    shown = f"; the first {_SHOWN} are shown" if number > _SHOWN else ""
    say(f"{waits}{shown}." if number else "No text waits.")
    say(f"Texts of crises today: {spent} of {services.settings.crisis_texts_a_day}.")
