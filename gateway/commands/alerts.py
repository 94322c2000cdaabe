"""`vigie alerts`: what is open, how it goes up the rota, who was told and who took it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import click
import sqlalchemy as sa
from rich.table import Table
from rich.text import Text

from gateway.alerts import spoken
from gateway.alerts.desk import pace_of, read_facts
from gateway.alerts.facts import Facts
from gateway.alerts.records import Acknowledgement, Alert
from gateway.alerts.service import close as close_alert
from gateway.alerts.service import escalate as escalate_alert
from gateway.commands.common import actor, say, services_here, settings_here
from gateway.commands.entering import show as show_table
from gateway.commands.entering import when
from gateway.commands.family import Family
from gateway.commands.voice import show_prompts
from gateway.duty.policy import By, Pace, load_policy
from gateway.outbox.drafts import ABOUT_ALERTS, CALL
from gateway.outbox.records import OutboundRecord
from gateway.people.records import Officer
from gateway.reports.codebook import load_codebook
from gateway.services import Services
from gateway.storage.database import table_of

ALERT, ANSWER, OFFICER = table_of(Alert), table_of(Acknowledgement), table_of(Officer)
OUT = table_of(OutboundRecord)
_SHOWN: Final = 50
_WAYS: Final = {By.SMS: "SMS", By.CALL: "call"}
_OPEN: Final = (
    sa.select(ALERT, OFFICER.c.name.label("officer"))
    .outerjoin(OFFICER, OFFICER.c.id == ALERT.c.acknowledged_by)
    .order_by(ALERT.c.raised_at.desc())
)


@click.group(cls=Family, invoke_without_command=True)
@click.pass_context
def alerts(context: click.Context) -> None:
    """Alerts that are not closed, the newest first."""
    if context.invoked_subcommand:
        return
    services = services_here()
    with services.engine.connect() as connection:
        rows = connection.execute(_OPEN.where(ALERT.c.state != "closed").limit(_SHOWN)).all()
    if not rows:
        say("No alert is open.")
        return
    headings = (
        "reference",
        "raised",
        "severity",
        "what",
        "where",
        "state",
        "taken by",
        "outcome",
        "pace",
        "next",
    )
    table = Table(*headings, box=None)
    for row in rows:
        facts = read_facts(services.cipher, row.facts)
        table.add_row(
            row.reference,
            _clock(services, row.raised_at),
            str(row.severity),
            _what(services, facts),
            facts.place or "?",
            row.state,
            _holder(row),
            _outcome(row),
            _pace(pace_of(services, facts)),
            _next(services, row),
        )
    show_table(table)


@alerts.command()
@click.argument("reference")
def show(reference: str) -> None:
    """One alert: how it stands, who was told when and how, who answered what."""
    services = services_here()
    with services.engine.connect() as connection:
        rows = connection.execute(_OPEN.where(ALERT.c.reference == reference).limit(1)).all()
        if not rows:
            raise click.UsageError(f"There is no alert with the reference {reference}.")
        (row,) = rows
        told = connection.execute(
            sa.select(OUT, OFFICER.c.name.label("officer"))
            .outerjoin(OFFICER, OFFICER.c.number_hash == OUT.c.recipient_hash)
            .where(OUT.c.subject == row.id, OUT.c.purpose.in_(ABOUT_ALERTS))
            .order_by(OUT.c.id)
        ).all()
        answers = connection.execute(
            sa.select(ANSWER, OFFICER.c.name.label("officer"))
            .join(OFFICER, OFFICER.c.id == ANSWER.c.officer_id)
            .where(ANSWER.c.alert_id == row.id)
            .order_by(ANSWER.c.at, ANSWER.c.id)
        ).all()
    facts = read_facts(services.cipher, row.facts)
    for name, value in {
        "alert": f"{reference}, severity {row.severity}, {_what(services, facts)}, {facts.place or '?'}",
        "raised": _clock(services, row.raised_at),
        "state": ", ".join(filter(None, (row.state, _holder(row), _outcome(row)))),
        **{name: _after(services, row, at) for name, at in _times(row).items() if at},
        "pace": _pace(pace_of(services, facts)),
        "next": _next(services, row),
    }.items():
        say(f"{name:8} {value}")
    table = Table("told", "officer", "by", "what", "state", "why", box=None)
    for one in told:
        by = _WAYS[By.CALL if one.purpose == CALL else By.SMS]
        who = one.officer or "(no officer any more)"
        table.add_row(_clock(services, one.created_at), who, by, one.purpose, one.state, one.error or "")
    show_table(table)
    table = Table("answered", "officer", "by", "what", "note", box=None)
    for one in answers:
        by = "text" if one.message_id else "key"
        note = services.cipher.decrypt(one.note) if one.note else ""
        table.add_row(_clock(services, one.at), one.officer, by, _words(one.answer), Text(note))
    show_table(table)


@alerts.command()
@click.argument("reference")
def escalate(reference: str) -> None:
    """Call the next step of the rota now, whoever has the alert."""
    if not escalate_alert(services_here(), reference, actor()):
        raise click.UsageError(f"No alert with the reference {reference} is open.")
    say(f"The next step is called for {reference}.")


@alerts.command()
def policy() -> None:
    """How officers are called: by which way, how fast, and whether all of a step must answer."""
    settings = settings_here()
    known = load_policy(settings.agency_dir)
    table = Table("of", "by", "next step", "repeat", "asked again", "all answer", box=None)
    paces = {f"severity {severity}": pace for severity, pace in known.severities.items()}
    for code in known.codes:
        paces |= {f"{code}, severity {severity}": known.pace(severity, code) for severity in known.severities}
    for name, pace in paces.items():
        waits = [f"{int(wait.total_seconds() // 60)} min" for wait in (pace.step, pace.repeat, pace.lasts)]
        table.add_row(name, _by(pace), *waits, "yes" if pace.all else "no")
    show_table(table)
    say("The last step rings, too, once it is repeated. Severity 3 and 4 call nobody.")


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


def _what(services: Services, facts: Facts) -> str:
    book = load_codebook(services.settings.agency_dir)
    return book.label(facts.code, "fr") if facts.code else "hotline" if facts.hotline else "?"


def _holder(row: sa.Row[Any]) -> str:
    """Who has it; an alert that is open again has nobody."""
    return row.officer or "" if row.state == "acknowledged" else ""


def _outcome(row: sa.Row[Any]) -> str:
    return _words(row.outcome or "")


def _words(name: str) -> str:
    return name.replace("_", " ")


def _times(row: sa.Row[Any]) -> Mapping[str, datetime | None]:
    return {"seen": row.seen_at, "taken": row.taken_at, "on site": row.on_site_at, "safe": row.safe_at}


def _after(services: Services, row: sa.Row[Any], at: datetime) -> str:
    minutes = (at - row.raised_at).total_seconds() / 60
    return f"{_clock(services, at)}, after {minutes:.0f} min"


def _by(pace: Pace) -> str:
    return "+".join(_WAYS[way] for way in pace.by)


def _pace(pace: Pace) -> str:
    every = f"{pace.step.total_seconds() / 60:g} min"
    return f"{_by(pace)}, {every}{', all' if pace.all else ''}"


def _next(services: Services, row: sa.Row[Any]) -> str:
    """What the clock does next, and when; what is settled waits for whoever closes it."""
    if row.due_at is None:
        return "" if row.state == "closed" else "to close"
    what = f"step {row.step}" if row.state == "open" else "asks again"
    return f"{what} at {_clock(services, row.due_at)}"


def _clock(services: Services, at: Any) -> str:
    return when(at, services.settings.zone)
