"""`vigie incidents`: what happened, by how many reports, and putting right which report belongs where."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import click
import sqlalchemy as sa
from rich.table import Table

from gateway.alerts import regrouping
from gateway.alerts.incidents import ALERT, HAPPENED_AT, INCIDENT, REPORT
from gateway.alerts.regrouping import RegroupingError
from gateway.alerts.updates import said_of
from gateway.commands.common import actor, counted, say, services_here
from gateway.commands.entering import change, when
from gateway.commands.entering import show as show_table
from gateway.commands.family import Family
from gateway.people.records import Officer, Reporter
from gateway.places.gazetteer import load_gazetteer
from gateway.reports.codebook import Codebook, load_codebook
from gateway.storage.audit import AuditEntry
from gateway.storage.database import any_of, table_of

AUDIT, OFFICER, REPORTER = table_of(AuditEntry), table_of(Officer), table_of(Reporter)
_SHOWN: Final = 50
_WITH_HOLDER: Final = (
    sa.select(INCIDENT, ALERT.c.state.label("alert"), OFFICER.c.name.label("officer"))
    .outerjoin(ALERT, sa.and_(ALERT.c.incident_id == INCIDENT.c.id, ALERT.c.state != "closed"))
    .outerjoin(OFFICER, sa.and_(OFFICER.c.id == ALERT.c.acknowledged_by, ALERT.c.state == "acknowledged"))
)


@click.group(cls=Family, invoke_without_command=True)
@click.pass_context
def incidents(context: click.Context) -> None:
    """Incidents that are not closed, the newest first."""
    if context.invoked_subcommand:
        return
    services = services_here()
    book, zone = load_codebook(services.settings.agency_dir), services.settings.zone
    with services.engine.connect() as connection:
        rows = connection.execute(
            _WITH_HOLDER.where(INCIDENT.c.state == "open").order_by(INCIDENT.c.id.desc()).limit(_SHOWN)
        ).all()
        said = said_of(connection, load_gazetteer(services.settings.agency_dir), [row.id for row in rows])
    if not rows:
        say("No incident is open.")
        return
    headings = (
        "reference",
        "what",
        "where",
        "reports",
        "people",
        "severity",
        "state",
        "taken by",
        "first",
        "last",
    )
    table = Table(*headings, box=None)
    for row in rows:
        one = said.get(row.id)
        table.add_row(
            row.reference,
            _what(book, one.code if one else None),
            (one and one.place) or "?",
            str(row.reports),
            _number(row.people),
            str(row.severity),
            _state(row),
            row.officer or "",
            when(row.first_at, zone),
            when(row.last_at, zone),
        )
    show_table(table)


@incidents.command()
@click.argument("reference")
def show(reference: str) -> None:
    """One incident: its reports, each as it was read, and what was decided about it."""
    services = services_here()
    book, zone = load_codebook(services.settings.agency_dir), services.settings.zone
    reported = sa.select(REPORT.c.incident_id).where(REPORT.c.reference == reference)
    with services.engine.connect() as connection:
        row = connection.execute(
            _WITH_HOLDER.where(sa.or_(INCIDENT.c.reference == reference, INCIDENT.c.id.in_(reported)))
            .order_by((INCIDENT.c.reference == reference).desc(), INCIDENT.c.opened_at.desc())
            .limit(1)
        ).one_or_none()
        if row is None:
            raise click.UsageError(
                f"No incident has the reference {reference}; `vigie incidents` lists the open ones."
            )
        reports = connection.execute(
            sa.select(REPORT, HAPPENED_AT.label("at"), REPORTER.c.name.label("who"))
            .outerjoin(REPORTER, REPORTER.c.id == REPORT.c.reporter_id)
            .where(REPORT.c.incident_id == row.id)
            .order_by(REPORT.c.received_at, REPORT.c.id)
        ).all()
        alerts = connection.execute(sa.select(ALERT.c.id).where(ALERT.c.incident_id == row.id)).scalars()
        about = [str(id_) for id_ in (row.id, *alerts)]
        decisions = connection.execute(
            sa.select(AUDIT).where(any_of(AUDIT.c.subject, about)).order_by(AUDIT.c.seq)
        ).all()
        linked = {
            name: connection.execute(sa.select(INCIDENT.c.reference).where(INCIDENT.c.id == id_)).scalar_one()
            for name, id_ in (("follows", row.follows), ("merged into", row.merged_into))
            if id_
        }
    lines = {
        "incident": f"{row.reference}, severity {row.severity}, {counted(row.reports, 'report')}, {_number(row.people)} people",
        "state": ", ".join(filter(None, (_state(row), row.officer))),
        "from": f"{when(row.first_at, zone)} to {when(row.last_at, zone)}",
        **linked,
    }
    for name, value in lines.items():
        say(f"{name:12}{value}")
    table = Table("report", "happened", "what", "where", "people", "severity", "by", "state", box=None)
    for one in reports:
        place = one.reading.get("place") or {}
        table.add_row(
            one.reference,
            when(one.at, zone),
            _what(book, one.code),
            place.get("name") or "?",
            _number(one.reading["people"].get("total")),
            _number(one.severity),
            one.who or ("a caller" if one.line == "hotline" else "unknown"),
            one.state,
        )
    show_table(table)
    table = Table("decided", "by", "what", box=None)
    for one in decisions:
        table.add_row(when(one.at, zone), one.actor, one.action)
    show_table(table)


@incidents.command()
@click.argument("reference")
@click.argument("into")
def merge(reference: str, into: str) -> None:
    """REFERENCE tells of the same event as INTO: its reports become INTO's."""
    services = services_here()
    with _sentence(), change(services) as (connection, decisions):
        decisions[:] = regrouping.merge(connection, services, reference, into, actor(), services.now())
    say(f"{reference} is part of {into} now.")


@incidents.command()
@click.argument("reference")
@click.argument("reports", nargs=-1, required=True)
def split(reference: str, reports: tuple[str, ...]) -> None:
    """REPORTS of REFERENCE tell of another event: they become an incident of their own."""
    services = services_here()
    with _sentence(), change(services) as (connection, decisions):
        new, decided = regrouping.split(connection, services, reference, reports, actor(), services.now())
        decisions[:] = decided
    say(f"{', '.join(reports)} {'is' if len(reports) == 1 else 'are'} incident {new} now.")


@incidents.command()
@click.argument("reference")
def close(reference: str) -> None:
    """It is over, and so is its alert. A further report of the event begins another incident."""
    services = services_here()
    with _sentence(), change(services) as (connection, decisions):
        decisions[:] = regrouping.close(connection, reference, actor(), services.now())
    say(f"{reference} is closed.")


@contextmanager
def _sentence() -> Iterator[None]:
    try:
        yield
    except RegroupingError as error:
        raise click.UsageError(str(error)) from None


def _what(book: Codebook, code: str | None) -> str:
    return book.label(code, "fr") if code else "?"


def _number(number: int | None) -> str:
    return "?" if number is None else str(number)


def _state(row: sa.Row[Any]) -> str:
    """Where nobody was called for it, it is noted; else as its alert stands."""
    if row.state == "closed":
        return "closed"
    return {None: "noted", "acknowledged": "taken"}.get(row.alert, "waits")
