"""`vigie hotline`: who came to it, how safe each is to reach, what goes back. Contacts go by a pseudonym."""

import re
from datetime import datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

import click
import sqlalchemy as sa
from rich.table import Table

from gateway.commands.common import actor, say, services_here
from gateway.commands.entering import BadNameError, change, moment, plain, reveal, show, when
from gateway.commands.family import Family
from gateway.commands.voice import calls, prompts, recording, recordings_
from gateway.hotline import service as contacts
from gateway.hotline.pseudonyms import ordinal, pseudonym
from gateway.hotline.service import ANSWERS, TASK, AnswerRefusedError, BadWordError, MarkRefusedError
from gateway.people.marks import CONTACT, MARK, newest_mark, safety_of
from gateway.people.safety import (
    EVERY_DAY,
    BadMarkError,
    Hours,
    Safety,
    State,
    Way,
    marked,
    why_not_reached,
)
from gateway.reports.records import ReportRecord
from gateway.storage.database import table_of

REPORT = table_of(ReportRecord)
LANGUAGES: Final = ("fr", "en", "ha", "ar")
_STATES: Final = {state.replace(" ", "-"): state for state in State}
_WINDOW: Final = re.compile(r"(\d{1,2}:\d\d)-(\d{1,2}:\d\d)")
_LONGEST_REASON: Final = 200


@click.group(cls=Family)
def hotline() -> None:
    """Who came to the hotline. Nothing goes to anybody who is not marked safe at that moment."""


for _command in (calls, recordings_, recording, prompts):
    hotline.add_command(_command)


@hotline.command("list")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000), help="the latest")
def list_(limit: int) -> None:
    """Contacts, whoever came last first."""
    services = services_here()
    zone, now = services.settings.zone, services.now()
    mark_ = newest_mark()
    texts = sa.select(sa.func.count(REPORT.c.message_id.distinct())).where(
        REPORT.c.contact_id == CONTACT.c.id
    )
    query = sa.select(CONTACT, mark_, texts.scalar_subquery().label("texts"), TASK.c.due_at)
    query = query.select_from(
        CONTACT.outerjoin(mark_, sa.true()).outerjoin(
            TASK, sa.and_(TASK.c.contact_id == CONTACT.c.id, TASK.c.state == "open")
        )
    )
    with services.engine.connect() as connection:
        rows = connection.execute(query.order_by(CONTACT.c.last_at.desc()).limit(limit)).all()
    if not rows:
        say("Nobody has come to the hotline yet.")
        return
    table = Table(
        "contact", "last came", "texts", "calls", "silent", "safety", "word", "to call back", box=None
    )
    for row in rows:
        table.add_row(
            pseudonym(row.ordinal),
            when(row.last_at, zone),
            str(row.texts),
            str(row.calls),
            str(row.silent_calls),
            _told(safety_of(row), now, zone),
            row.word_given or "–",
            when(row.due_at, zone),
        )
    show(table)


@hotline.command("show")
@click.argument("contact", metavar="REF")
def show_(contact: str) -> None:
    """One contact: the marks with their reasons, and the reports. REF is C-… or a report's reference."""
    services = services_here()
    zone, now = services.settings.zone, services.now()
    with services.engine.connect() as connection:
        row = _found(connection, contact)
        marks = connection.execute(
            sa.select(MARK).where(MARK.c.contact_id == row.id).order_by(MARK.c.id.desc())
        ).all()
        reports = connection.execute(
            sa.select(REPORT).where(REPORT.c.contact_id == row.id).order_by(REPORT.c.received_at.desc())
        ).all()
    name = pseudonym(row.ordinal)
    reveal(services, "contact shown", f"contact {row.id}")
    say(f"{name}, came first {when(row.first_at, zone)}, last {when(row.last_at, zone)}.")
    say(f"Calls that nobody took: {row.calls}, of them silent: {row.silent_calls}.")
    agreed = "agreed upon" if row.code_word_hash else "none"
    given = f", last given: {row.word_given}, {when(row.word_given_at, zone)}" if row.word_given else ""
    say(f"Language: {row.language or 'not known'}. Words: {agreed}{given}.")
    history = Table("marked", "safety", "by", "why", box=None)
    for mark_ in marks:
        why = services.cipher.decrypt(mark_.why)
        history.add_row(when(mark_.at, zone), _told(safety_of(mark_), now, zone), mark_.set_by, why)
    show(history) if marks else say("Nothing is known of their safety: nothing goes there.")
    filed = Table("reference", "received", "severity", "what", box=None)
    for one in reports:
        filed.add_row(
            one.reference, when(one.received_at, zone), str(one.severity or "–"), one.code or one.kind
        )
    if reports:
        show(filed)


@hotline.command()
@click.argument("contact", metavar="REF")
@click.argument("state", type=click.Choice(list(_STATES)))
@click.option("--by", "way", type=click.Choice([str(way) for way in Way]), help="the way that is safe")
@click.option("--hours", metavar="18:00-20:00", help="when it is safe, with safe-at-hours")
@click.option("--days", metavar="1234567", help="on which days with --hours, else on all; 1 is Monday")
@click.option(
    "--until", metavar="ISO-TIME", help="when the mark ends; else soon for safe-now, later for others"
)
@click.option("--why", required=True, help="what was said and how; kept encrypted with the mark")
def mark(
    contact: str,
    state: str,
    way: str | None,
    hours: str | None,
    days: str | None,
    until: str | None,
    why: str,
) -> None:
    """Say how safe it is to reach a contact. Only what she said herself makes her safe."""
    services = services_here()
    zone, now = services.settings.zone, services.now()
    if not why.strip() or len(why) > _LONGEST_REASON:
        raise click.UsageError(f"--why is empty or longer than {_LONGEST_REASON} letters.")
    if days is not None and hours is None:
        raise click.UsageError("--days belongs to --hours: say from when until when it is safe on them.")
    try:
        why = plain(why)
        safety = marked(
            _STATES[state],
            now,
            way=Way(way) if way else None,
            hours=_hours(hours, days) if hours else None,
            until=moment(until, zone) if until else None,
        )
        with change(services) as (connection, decisions):
            row = _found(connection, contact)
            decisions.extend(
                contacts.mark(connection, services.cipher, row.id, safety, by=actor(), why=why, now=now)
            )
    except BadNameError as error:
        raise click.UsageError(f"--why {error}.") from None
    except (BadMarkError, MarkRefusedError) as error:
        raise click.UsageError(str(error)) from None
    say(f"{pseudonym(row.ordinal)}: {_told(safety, now, zone)}.")


@hotline.command()
@click.argument("contact", metavar="REF")
def words(contact: str) -> None:
    """Keep the two words agreed upon with a contact: one that all is well, one that somebody forces her."""
    services = services_here()
    code = click.prompt("Word that all is well", hide_input=True, err=True)
    duress = click.prompt("Word that somebody forces her", hide_input=True, err=True)
    try:
        with change(services) as (connection, decisions):
            row = _found(connection, contact)
            decisions.extend(
                contacts.agree_on_words(
                    connection, services.cipher, row.id, code=code, duress=duress, by=actor()
                )
            )
    except BadWordError as error:
        raise click.UsageError(str(error)) from None
    say(f"{pseudonym(row.ordinal)}: both words are kept, and cannot be shown again.")


@hotline.command()
@click.argument("contact", metavar="REF")
@click.argument("text", type=click.Choice(ANSWERS))
@click.option("--language", type=click.Choice(LANGUAGES), help="else the contact's, else French")
def answer(contact: str, text: str, language: str | None) -> None:
    """Send one of the neutral texts, if the contact is marked safe now and still is when it leaves."""
    services = services_here()
    try:
        with change(services) as (connection, decisions):
            row = _found(connection, contact)
            decisions.extend(
                contacts.answer(
                    connection, services, row.id, text, by=actor(), now=services.now(), language=language
                )
            )
    except AnswerRefusedError as error:
        raise click.ClickException(str(error)) from None
    services.doorbell.outbox(alerts=False, others=True)
    say(f"{pseudonym(row.ordinal)}: on its way.")


@hotline.command()
def tasks() -> None:
    """Whom to call back, the most urgent first, and whether it is safe at this moment."""
    services = services_here()
    zone, now = services.settings.zone, services.now()
    mark_ = newest_mark()
    query = sa.select(
        CONTACT.c.ordinal, CONTACT.c.word_given, mark_, TASK.c.reason, TASK.c.due_at
    ).select_from(CONTACT.join(TASK, TASK.c.contact_id == CONTACT.c.id).outerjoin(mark_, sa.true()))
    query = query.where(TASK.c.state == "open")
    with services.engine.connect() as connection:
        rows = connection.execute(query.order_by(TASK.c.due_at)).all()
    if not rows:
        say("Nobody is to be called back.")
        return
    table = Table("contact", "from", "because", "now", box=None)
    for row in rows:
        refusal = why_not_reached(safety_of(row), Way.CALL, now, zone)
        if row.word_given == "duress":
            refusal = "she said the word for duress: somebody else may take the call"
        say_now = "may be called" if refusal is None else f"do not call ({refusal})"
        table.add_row(pseudonym(row.ordinal), when(row.due_at, zone), row.reason, say_now)
    show(table)


@hotline.command()
@click.argument("contact", metavar="REF")
def done(contact: str) -> None:
    """A contact was called back."""
    services = services_here()
    with change(services) as (connection, decisions):
        row = _found(connection, contact)
        ended = contacts.call_done(connection, row.id, actor(), services.now())
        decisions.extend(ended)
    if not ended:
        raise click.UsageError("This contact is not to be called back; `vigie hotline tasks` shows who is.")
    say(f"{pseudonym(row.ordinal)}: done.")


@hotline.command()
@click.argument("contact", metavar="REF")
def number(contact: str) -> None:
    """Show the number of a contact who may be called at this moment. This goes on record."""
    services = services_here()
    mark_ = newest_mark()
    with services.engine.connect() as connection:
        row = _found(connection, contact)
        query = sa.select(mark_).select_from(CONTACT.outerjoin(mark_, sa.true()))
        safety = safety_of(connection.execute(query.where(CONTACT.c.id == row.id)).one())
    refusal = why_not_reached(safety, Way.CALL, services.now(), services.settings.zone)
    if refusal is not None:
        raise click.ClickException(f"The number is not shown ({refusal}): nobody may call it now.")
    reveal(services, "number revealed", f"contact {row.id}")
    say(services.cipher.decrypt(row.number))


def _found(connection: sa.Connection, text: str) -> sa.Row[Any]:
    """The contact of a pseudonym or of a report's reference. Raise UsageError."""
    number_ = ordinal(text)
    query = sa.select(CONTACT).where(CONTACT.c.ordinal == number_)
    if re.fullmatch(r"\d{6}", text.strip()):
        newest = sa.select(REPORT.c.contact_id).where(REPORT.c.reference == text.strip())
        newest = newest.order_by(REPORT.c.received_at.desc()).limit(1)
        query = sa.select(CONTACT).where(CONTACT.c.id == newest.scalar_subquery())
    row = connection.execute(query).one_or_none()
    if row is None:
        raise click.UsageError(f"No contact is {text!r}; `vigie hotline list` shows them.")
    return row


def _hours(window: str, days: str | None) -> Hours:
    """Raise UsageError."""
    found = _WINDOW.fullmatch(window)
    try:
        starts, ends = (
            (time.fromisoformat(part.zfill(5)) for part in found.groups()) if found else (None, None)
        )
    except ValueError:
        starts = ends = None
    if starts is None or ends is None:
        raise click.UsageError("--hours must be like 18:00-20:00; past midnight is understood.")
    if days is None:
        return Hours(starts, ends)
    if not days or not set(days) <= {str(day) for day in EVERY_DAY}:
        raise click.UsageError("--days must be digits of 1 (Monday) to 7, such as 12345.")
    return Hours(starts, ends, frozenset(map(int, days)))


def _told(safety: Safety, now: datetime, zone: ZoneInfo) -> str:
    if not safety.holds(now):
        return f"unknown ({safety.state} ran out {when(safety.until, zone)})"
    words_ = [str(safety.state)]
    if safety.way:
        words_.append(f"by {safety.way}")
    if safety.hours:
        days = "" if safety.hours.days == EVERY_DAY else " on " + "".join(map(str, sorted(safety.hours.days)))
        words_.append(f"{safety.hours.starts:%H:%M}-{safety.hours.ends:%H:%M}{days}")
    if safety.until:
        words_.append(f"until {when(safety.until, zone)}")
    return " ".join(words_)
