"""`vigie audit`: the record of decisions, and whether it is whole."""

import sys
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click
import sqlalchemy as sa
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from gateway.bootstrap import ANCHORS
from gateway.commands.common import say, services_here
from gateway.commands.entering import show
from gateway.commands.family import Family
from gateway.services import Services
from gateway.storage import audit as chain
from gateway.storage.audit import AuditEntry
from gateway.storage.database import table_of

_EVERY = 1000
ENTRY = table_of(AuditEntry)


@click.group(cls=Family, invoke_without_command=True)
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 10_000), help="how many")
@click.pass_context
def audit(context: click.Context, limit: int) -> None:
    """The latest decisions: when, who, what, about what."""
    if context.invoked_subcommand is not None:
        return
    services = services_here()
    with services.engine.connect() as connection:
        rows = connection.execute(sa.select(ENTRY).order_by(ENTRY.c.seq.desc()).limit(limit)).all()
    table = Table("entry", "when", "who", "what", "about", "detail", box=None)
    for row in reversed(rows):
        when = _when(row.at, services.settings.zone)
        table.add_row(str(row.seq), when, row.actor, row.action, row.subject, _words(row.detail))
    show(table, "No decision is on record yet.")


def _words(detail: dict[str, Any]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in detail.items() if value not in (None, []))


@audit.command()
def verify() -> None:
    """Walk the whole record and tell each entry that was changed, is missing or was cut off."""
    services = services_here()
    path = services.settings.data_dir / ANCHORS
    anchors = chain.read_anchors(path)  # before the snapshot: no anchor may be newer than it
    with services.engine.connect() as connection:
        connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        entries = chain.length(connection)
        faults = _walk(connection, services, anchors, entries)
        until = connection.execute(sa.select(sa.func.max(ENTRY.c.at))).scalar_one()
    for sentence in faults:
        click.echo(sentence, err=True)
    if faults:
        sys.exit(1)
    ends = f", until {_when(until, services.settings.zone)}" if until else ""
    say(f"The record is whole: {entries:,} entries{ends}.")
    if entries and not anchors:
        say(f"There is no anchor in {path}, so entries cut off together with the head would not show.")


def _walk(
    connection: sa.Connection, services: Services, anchors: list[tuple[int, bytes]], entries: int
) -> list[str]:
    columns = (TextColumn("reading the record"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, transient=True, disable=entries < _EVERY) as progress:
        bar = progress.add_task("", total=entries)

        def on_entry(seq: int) -> None:
            if seq % _EVERY == 0:
                progress.advance(bar, _EVERY)

        return list(chain.faults(connection, services.cipher.derive("audit"), anchors, on_entry))


def _when(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}"
