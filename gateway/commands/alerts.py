"""`vigie alerts`: what is open, who took it, and closing it."""

import click
import sqlalchemy as sa
from rich.console import Console
from rich.table import Table

from gateway.alerts import spoken
from gateway.alerts.facts import Facts
from gateway.alerts.records import Alert
from gateway.alerts.service import close as close_alert
from gateway.commands.common import actor, say, services_here
from gateway.commands.voice import show_prompts
from gateway.people.records import Officer
from gateway.reports.codebook import load_codebook
from gateway.services import Services
from gateway.storage.database import table_of

_SHOWN = 50


@click.group(invoke_without_command=True)
@click.pass_context
def alerts(context: click.Context) -> None:
    """Alerts that are not closed, the newest first."""
    if context.invoked_subcommand:
        return
    services = services_here()
    with services.engine.connect() as connection:
        rows = connection.execute(
            sa.select(table_of(Alert), Officer.name.label("officer"))
            .outerjoin(Officer, Officer.id == Alert.acknowledged_by)
            .where(Alert.state != "closed")
            .order_by(Alert.raised_at.desc())
            .limit(_SHOWN)
        ).all()
    if not rows:
        say("No alert is open.")
        return
    table = Table("reference", "raised", "severity", "what", "where", "state", "taken by", box=None)
    book = load_codebook(services.settings.agency_dir)
    for row in rows:
        facts = Facts.from_json(services.cipher.decrypt(row.facts))
        what = book.label(facts.code, "fr") if facts.code else "hotline" if facts.hotline else "?"
        table.add_row(
            row.reference,
            _local(services, row),
            str(row.severity),
            what,
            facts.place or "?",
            row.state,
            row.officer or "",
        )
    Console().print(table)


@alerts.command()
@click.argument("reference")
def close(reference: str) -> None:
    """Close the alert of a report for good: nobody is asked about it any more."""
    if not close_alert(services_here(), reference, actor()):
        raise click.UsageError(f"No alert with the reference {reference} is open.")
    say(f"{reference} is closed.")


@alerts.command()
def prompts() -> None:
    """What officers hear who are called, to be recorded as <data dir>/prompts/<language>/<name>.mp3 or .wav."""
    if lacking := show_prompts(spoken.sentences()):
        say(f"Officers hear French instead of Hausa until its {len(lacking)} missing sentences are recorded.")


def _local(services: Services, row: "sa.Row[tuple[object, ...]]") -> str:
    return f"{row.raised_at.astimezone(services.settings.zone):%d/%m %H:%M}"
