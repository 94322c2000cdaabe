"""`vigie reports`: what was filed, one report with all that belongs to it, and its history. No number is shown."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import click
import sqlalchemy as sa
from rich.table import Table

from gateway.alerts.records import Alert, Incident
from gateway.commands.common import counted, say, services_here
from gateway.commands.entering import moment, reveal, show, when
from gateway.commands.family import Family
from gateway.commands.fields import NOTHING, in_words
from gateway.inbox.intake import LATE
from gateway.inbox.records import WORDS, InboundRecord
from gateway.people.records import Officer, Organisation, Reporter
from gateway.places.gazetteer import load_gazetteer
from gateway.reports.dialogue import Question
from gateway.reports.records import QuestionRecord, ReportChange, ReportRecord
from gateway.services import Services
from gateway.storage.database import table_of

REPORT, REPORTER, IN = table_of(ReportRecord), table_of(Reporter), table_of(InboundRecord)
CHANGE, QUESTION, ALERT = table_of(ReportChange), table_of(QuestionRecord), table_of(Alert)
_STATES: Final = ("filed", "asked", "cancelled", "applied", "refused")
# Of the reading, what a person looks for; the rest follows only where there is something.
_FIRST: Final = ("place", "people")
_HIDDEN: Final = frozenset({"evidence", "code_from", "parser_version", "language", "replace", "reference"})
_WHO: Final = (
    sa.select(REPORT, REPORTER.c.name.label("who"), REPORTER.c.post, Organisation.short_name)
    .outerjoin(REPORTER, REPORTER.c.id == REPORT.c.reporter_id)
    .outerjoin(Organisation, Organisation.id == REPORTER.c.organisation_id)
)


@click.group(cls=Family)
def reports() -> None:
    """What was filed. Nobody's number is shown, and no words unless they are asked for."""


@reports.command("list")
@click.option("--since", metavar="ISO-TIME", help="received from then on")
@click.option("--state", type=click.Choice(_STATES))
@click.option("--post", metavar="CODE", help="from reporters of this post")
@click.option("--unverified", is_flag=True, help="only from senders whom we do not know")
@click.option("--drills", is_flag=True, help="with exercises, which are left out otherwise")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000), help="the newest")
@click.option("--json", "as_json", is_flag=True, help="one JSON object a line")
def list_(
    since: str | None,
    state: str | None,
    post: str | None,
    *,
    unverified: bool,
    drills: bool,
    limit: int,
    as_json: bool,
) -> None:
    """Reports, the newest first."""
    services = services_here()
    zone = services.settings.zone
    conditions: list[sa.ColumnElement[bool]] = [] if drills else [sa.not_(REPORT.c.drill)]
    if since:
        conditions.append(REPORT.c.received_at >= moment(since, zone))
    if state:
        conditions.append(REPORT.c.state == state)
    if post:
        if post.upper() not in load_gazetteer(services.settings.agency_dir).by_code:
            raise click.UsageError(f"{post!r} is none of the points that we know.")
        conditions.append(REPORTER.c.post == post.upper())
    if unverified:
        conditions += [REPORT.c.line == "agents", sa.not_(REPORT.c.verified)]
    query = _WHO.where(*conditions)
    with services.engine.connect() as connection:
        found = connection.execute(
            query.order_by(REPORT.c.received_at.desc(), REPORT.c.id.desc()).limit(limit)
        ).all()
        count = connection.execute(sa.select(sa.func.count()).select_from(query.subquery())).scalar_one()
    if as_json:
        for row in found:
            say(json.dumps(_plain(row), ensure_ascii=False))
        return
    if not found:
        say("There is no such report.")
        return
    _table(found, zone)
    say(f"{counted(count, 'report')}." if count <= limit else f"{limit:,} of {count:,} reports, the newest.")


def _table(rows: Sequence[sa.Row[Any]], zone: ZoneInfo) -> None:
    table = Table(
        "reference", "received", "from", "post", "what", "where", "people", "severity", "state", "", box=None
    )
    for row in rows:
        reading = row.reading
        table.add_row(
            row.reference,
            when(row.received_at, zone),
            _sender(row),
            row.post or NOTHING,
            row.code or row.kind,
            in_words(reading.get("place")),
            in_words(reading.get("people", {}).get("total")),
            in_words(row.severity),
            row.state,
            _remarks(row),
        )
    show(table)


def _sender(row: sa.Row[Any]) -> str:
    if row.who:
        return str(row.who)
    return "hotline" if row.line == "hotline" else "an officer" if row.verified else "unknown"


def _remarks(row: sa.Row[Any]) -> str:
    remarks = {
        "drill": row.drill,
        "unverified": row.line == "agents" and not row.verified,
        "repeat": row.repeat_of is not None,
        "late": _is_late(row),
        "urgent": row.reading.get("urgent"),
    }
    problems = [problem["code"] for problem in row.reading.get("problems", ())]
    return ", ".join([name for name, holds in remarks.items() if holds] + problems)


def _is_late(row: sa.Row[Any]) -> bool:
    return row.sent_at is not None and row.received_at - row.sent_at > LATE


@reports.command("show")
@click.argument("reference")
@click.option("--words", is_flag=True, help="with the text and its note; this goes on record")
@click.option("--json", "as_json", is_flag=True, help="as JSON")
def show_(reference: str, *, words: bool, as_json: bool) -> None:
    """One report as it stands, what belongs to it, and who changed what in it."""
    services = services_here()
    with services.engine.connect() as connection:
        row = connection.execute(
            _WHO.where(REPORT.c.reference == reference).order_by(REPORT.c.received_at.desc()).limit(1)
        ).one_or_none()
        if row is None:
            raise click.UsageError(
                f"No report has the reference {reference}; `vigie reports list` shows them."
            )
        whole = _plain(row) | _around(connection, row)
        if words:
            reveal(services, "words of a report shown", str(row.id))
            whole |= _words(connection, services, row, whole["history"])
    for change in whole["history"]:
        change.pop("sealed")
    if as_json:
        say(json.dumps(whole, ensure_ascii=False, indent=2))
        return
    _show(whole, services.settings.zone)


def _plain(row: sa.Row[Any]) -> dict[str, Any]:
    """A report as JSON has it, without a word of its text."""
    kept = {name: value for name, value in row.reading.items() if name not in _HIDDEN}
    return {
        "id": str(row.id),
        "reference": row.reference,
        "line": row.line,
        "kind": row.kind,
        "code": row.code,
        "severity": row.severity,
        "state": row.state,
        "drill": row.drill,
        "verified": row.verified,
        "from": _sender(row),
        "organisation": row.short_name,
        "post": row.post,
        **kept,
        "occurred_at": _utc(row.occurred_at),
        "sent_at": _utc(row.sent_at),
        "received_at": _utc(row.received_at),
        "late_minutes": int((row.received_at - row.sent_at).total_seconds() // 60) if _is_late(row) else None,
        "repeat": row.repeat_of is not None,
    }


def _around(connection: sa.Connection, row: sa.Row[Any]) -> dict[str, Any]:
    """The reports, the question, the incident and the alert that belong to it, and its history."""
    return {
        "repeat_of": _reference(connection, REPORT.c.id == row.repeat_of) if row.repeat_of else None,
        "repeated_by": _references(
            connection, REPORT.c.text_hash == row.text_hash, REPORT.c.repeat_of == row.id
        ),
        "about": _reference(connection, REPORT.c.id == row.about) if row.about else None,
        "spoken_of_by": _references(
            connection, REPORT.c.sender_hash == row.sender_hash, REPORT.c.about == row.id
        ),
        "question": _question(connection, row.id),
        "incident": _incident(connection, row.incident_id) if row.incident_id else None,
        "alert": _alert(connection, row.alert_id) if row.alert_id else None,
        "history": _history(connection, row.id),
    }


def _references(connection: sa.Connection, *which: sa.ColumnElement[bool]) -> list[str]:
    query = sa.select(REPORT.c.reference).where(*which).order_by(REPORT.c.received_at)
    return list(connection.execute(query).scalars())


def _reference(connection: sa.Connection, which: sa.ColumnElement[bool]) -> str | None:
    return next(iter(_references(connection, which)), None)


def _question(connection: sa.Connection, report: UUID) -> dict[str, Any] | None:
    row = connection.execute(
        sa.select(QUESTION).where(QUESTION.c.report_id == report, QUESTION.c.state == "open")
    ).first()
    if row is None:
        return None
    question = Question.from_dict(row.question)
    return {"problem": question.problem, "choices": question.lettered(), "until": _utc(row.until)}


def _incident(connection: sa.Connection, incident: UUID) -> str:
    reference: str = connection.execute(
        sa.select(Incident.reference).where(Incident.id == incident)
    ).scalar_one()
    return reference


def _alert(connection: sa.Connection, alert: UUID) -> dict[str, Any]:
    row = connection.execute(
        sa.select(ALERT.c.reference, ALERT.c.state, ALERT.c.severity, ALERT.c.raised_at, Officer.name)
        .outerjoin(Officer, Officer.id == ALERT.c.acknowledged_by)
        .where(ALERT.c.id == alert)
    ).one()
    return {
        "reference": row.reference,
        "state": row.state,
        "severity": row.severity,
        "raised_at": _utc(row.raised_at),
        "taken_by": row.name,
    }


def _history(connection: sa.Connection, report: UUID) -> list[dict[str, Any]]:
    rows = connection.execute(
        sa.select(CHANGE).where(CHANGE.c.report_id == report).order_by(CHANGE.c.at, CHANGE.c.id)
    ).all()
    named = [f"reporter {row.new}" for row in rows if row.field == "reporter"]
    names = _names(connection, [row.actor for row in rows] + named)
    return [
        {
            "at": _utc(row.at),
            "who": names.get(row.actor, row.actor),
            "why": row.why,
            "field": row.field,
            "old": row.old,
            "new": names.get(f"reporter {row.new}", row.new) if row.field == "reporter" else row.new,
            "sealed": row.words,
        }
        for row in rows
    ]


def _names(connection: sa.Connection, actors: Sequence[str]) -> dict[str, str]:
    """`reporter 0198…` by the name on file."""
    names = {}
    for actor in set(actors):
        sort, _, id_ = actor.partition(" ")
        table = {"reporter": REPORTER, "officer": table_of(Officer)}.get(sort)
        if table is not None:
            name = connection.execute(sa.select(table.c.name).where(table.c.id == UUID(id_))).scalar()
            names[actor] = name or actor
    return names


def _words(
    connection: sa.Connection, services: Services, row: sa.Row[Any], history: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    open_ = services.cipher.decrypt
    text = connection.execute(sa.select(WORDS).where(IN.c.id == row.message_id)).scalar_one()
    for change in history:
        if change["sealed"]:
            change["old"], change["new"] = json.loads(open_(change["sealed"]))
    return {"text": open_(text), "note": row.note and open_(row.note)}


_TOLD_APART: Final = frozenset({"reference", "id", "state", "history", "repeat", "verified", "late_minutes"})


def _show(whole: dict[str, Any], zone: ZoneInfo) -> None:
    say(f"{whole['reference']}  {whole['code'] or whole['kind']}  {whole['state']}")
    table = Table("", "", box=None, show_header=False)
    for name in [*_FIRST, *(name for name in whole if name not in _FIRST)]:
        if name not in _TOLD_APART and whole.get(name):
            table.add_row(name.replace("_", " "), _told(name, whole[name], zone))
    if whole["late_minutes"]:
        table.add_row("late", f"{whole['late_minutes']} minutes on its way")
    if whole["line"] == "agents" and not whole["verified"]:
        table.add_row("unverified", "its sender was not registered then")
    show(table)
    if whole["history"]:
        _show_history(whole["history"], zone)


def _told(name: str, value: Any, zone: ZoneInfo) -> str:
    if name.endswith("_at"):
        return _local(value, zone)
    if name == "question":
        return f"{value['problem']}: {value['choices'] or 'asked in the open'}, until {_local(value['until'], zone)}"
    if name == "alert":
        taken = f", taken by {value['taken_by']}" if value["taken_by"] else ""
        return f"{value['reference']}, {value['state']}, severity {value['severity']}{taken}"
    return in_words(value)


def _show_history(history: Sequence[dict[str, Any]], zone: ZoneInfo) -> None:
    table = Table("when", "who", "why", "field", "was", "became", box=None)
    for change in history:
        at = _local(change["at"], zone)
        was, became = in_words(change["old"]), in_words(change["new"])
        table.add_row(at, change["who"], change["why"], change["field"], was, became)
    show(table)


def _local(at: str, zone: ZoneInfo) -> str:
    return when(datetime.fromisoformat(at), zone)


def _utc(at: datetime | None) -> str | None:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else None
