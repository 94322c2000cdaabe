"""What the clock and the desk do with alerts: the next step, whether one that was taken goes on, the end."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from gateway.alerts import texts
from gateway.alerts.climbing import (
    Standing,
    alert_text,
    calls_to,
    facts_now,
    raise_alerts,
    runs_out_at,
    standing_of,
    take_steps,
)
from gateway.alerts.closing import close_alerts, close_incidents
from gateway.alerts.codes import ask_again, codes_for, unanswered
from gateway.alerts.desk import Desk, pace_of, who_is_asked
from gateway.alerts.escalation import step_after_reminder
from gateway.alerts.facts import NewAlert, stop_of
from gateway.alerts.helping import call_help
from gateway.alerts.locks import decide
from gateway.alerts.records import Alert, Incident
from gateway.alerts.verbs import LASTS, Help
from gateway.duty.policy import SEVERITIES, By, load_policy
from gateway.observability import get_logger, where
from gateway.outbox import drafts
from gateway.outbox.drafts import Draft
from gateway.outbox.service import queue
from gateway.people.records import Officer
from gateway.reports.records import next_references
from gateway.services import Services
from gateway.storage import audit
from gateway.storage.audit import Decision
from gateway.storage.database import DATABASE_TROUBLE, any_of, table_of

log = get_logger(__name__)

ALERT, INCIDENT, OFFICER = table_of(Alert), table_of(Incident), table_of(Officer)
_AT_ONCE = 500
_TROUBLE_WAITS = timedelta(minutes=5)


def tick(services: Services) -> int:
    """Whatever is due: the next step of open alerts, the question whether taken ones go on."""
    try:
        return _act(services)
    except DATABASE_TROUBLE:
        raise
    except Exception as error:  # noqa: BLE001 - one alert's trouble must not keep the others from their turn
        log.error("alerts_one_by_one", error=where(error))
    with services.engine.connect() as connection:
        due = list(
            connection.execute(sa.select(ALERT.c.id).where(_is_due(services, services.now()))).scalars()
        )
    for alert in due:
        try:
            _act(services, alert)
        except DATABASE_TROUBLE:
            raise
        except Exception as error:  # noqa: BLE001 - it is told, and tried again with the next step
            log.error("alert_stuck", alert=str(alert), error=where(error))
            with services.engine.begin() as connection:
                later = services.now() + _rests_for(services)
                connection.execute(sa.update(ALERT).where(ALERT.c.id == alert).values(retry_at=later))
    return len(due)


def _act(services: Services, alert: UUID | None = None) -> int:
    """Act on what is due, or on one alert of that; in one transaction."""
    now = services.now()
    due = (
        sa.select(ALERT, INCIDENT.c.reports, INCIDENT.c.people)
        .outerjoin(INCIDENT, INCIDENT.c.id == ALERT.c.incident_id)
        .where(_is_due(services, now))
        .order_by(ALERT.c.severity, ALERT.c.due_at)
        .limit(_AT_ONCE)
        .with_for_update(of=ALERT, skip_locked=True)
    )
    if alert:
        due = due.where(ALERT.c.id == alert)
    with services.engine.begin() as connection:
        rows = connection.execute(due).all()
        standing = [standing_of(services, row) for row in rows]
        opened = [one for one, row in zip(standing, rows, strict=True) if row.state == "open"]
        decisions = take_steps(connection, services, opened, now) if opened else []
        taken = [(one, row) for one, row in zip(standing, rows, strict=True) if row.state == "acknowledged"]
        expired = [row for _, row in taken if runs_out_at(row) <= now or row.due_at > now]
        decisions += _remind(connection, services, expired, now) if expired else []
        asked = [(one, row) for one, row in taken if row not in expired]
        decisions += _call_the_others(connection, services, asked, now) if asked else []
        audit.append(connection, services.cipher.derive("audit"), now, decisions)
    return len(rows)


def _is_due(services: Services, now: datetime) -> sa.ColumnElement[bool]:
    """Those that the clock failed at lately rest, though they are late.

    Also what is due later than any step could put it: the clock was set back, and nobody waits for that.
    """
    ahead = [
        sa.and_(
            sa.func.least(ALERT.c.severity, max(SEVERITIES)) == severity,
            ALERT.c.state == state,
            ALERT.c.due_at > now + longest,
        )
        for severity in SEVERITIES
        for state, longest in _longest(services, severity).items()
    ]
    rests = sa.and_(ALERT.c.retry_at > now, ALERT.c.retry_at <= now + _rests_for(services))
    return sa.and_(
        ALERT.c.due_at.is_not(None),
        sa.or_(ALERT.c.due_at <= now, *ahead),
        sa.or_(ALERT.c.retry_at.is_(None), ~rests),
    )


def _longest(services: Services, severity: int) -> dict[str, timedelta]:
    """By state, how long the clock lets an alert wait at most."""
    settings = services.settings
    pace = load_policy(settings.agency_dir).longest(severity).hurried(settings.pace)
    outcomes = (lasts / settings.pace for lasts in LASTS.values())
    return {"open": max(pace.step, pace.repeat, pace.nobody), "acknowledged": max(pace.lasts, *outcomes)}


def _rests_for(services: Services) -> timedelta:
    return _TROUBLE_WAITS / services.settings.pace


def _call_the_others(
    connection: sa.Connection,
    services: Services,
    alerts: Sequence[tuple[Standing, sa.Row[Any]]],
    now: datetime,
) -> list[Decision]:
    """Somebody took it: called again are whoever of the step must answer too and has not, and help that is wanted."""
    desk = Desk(connection, services)
    alone = [row for _, row in alerts if row.help == Help.WANTED]
    called, decisions = call_help(connection, services, desk, alone, now)
    silent = unanswered(connection, [one.id for one, _ in alerts if one.pace.all])
    awaited = {
        one.id: [officer for officer in silent[one.id] if officer in desk.officers] for one, _ in alerts
    }
    told = {
        id_: [one for one in several if id_ not in called or one not in called[id_].officers]
        for id_, several in awaited.items()
    }
    codes = codes_for(connection, told, now)
    outgoing = [
        alert_text(desk, one, officer, codes[one.id, officer], nobody=False)
        for one, _ in alerts
        for officer in told[one.id]
    ]
    for one, _ in alerts:
        if By.CALL in one.pace.by:
            outgoing += calls_to(desk, one.facts, one.id, told[one.id])
    queue(connection, services.cipher, outgoing, now)
    for one, row in alerts:
        looks = [runs_out_at(row)]
        looks += [now + one.pace.repeat] if awaited[one.id] else []
        looks += [called[one.id].look_at] if one.id in called else []
        connection.execute(sa.update(ALERT).where(ALERT.c.id == one.id).values(due_at=min(looks)))
    return decisions + [
        Decision(
            "vigie", "others called again", str(one.id), {"officers": [str(each) for each in told[one.id]]}
        )
        for one, _ in alerts
        if told[one.id]
    ]


def _remind(
    connection: sa.Connection, services: Services, rows: Sequence[sa.Row[Any]], now: datetime
) -> list[Decision]:
    """An acknowledgement has run out: ask whoever took it; without an answer it goes up the rota again.

    Where whoever took it is no officer any more, it does so at once.
    """
    desk = Desk(connection, services)
    facts = {row.id: facts_now(services, row) for row in rows}
    duties = who_is_asked(connection, desk, facts, now)
    told = {row.id: [row.acknowledged_by] for row in rows if row.acknowledged_by in desk.officers}
    codes = codes_for(connection, told, now)
    outgoing = []
    for row in rows:
        if row.id in told:
            officer = desk.officers[row.acknowledged_by]
            code = codes[row.id, officer.id]
            text = texts.reminder(desk.book, facts[row.id], officer.language, row.reference, code)
            outgoing.append(
                Draft("reminder", drafts.REMINDER, desk.channel, desk.line, officer.number, text, row.id)
            )
    queue(connection, services.cipher, outgoing, now)
    ask_again(connection, codes)
    connection.execute(
        sa.update(ALERT)
        .where(ALERT.c.id == sa.bindparam("id_"))
        .values(state="open", step=sa.bindparam("step_"), due_at=sa.bindparam("due_")),
        [
            {
                "id_": row.id,
                "step_": step_after_reminder(row.acknowledged_by, duties[row.id]),
                "due_": now + pace_of(services, facts[row.id]).step if row.id in told else now,
            }
            for row in rows
        ],
    )
    return [Decision("vigie", "acknowledgement expired", str(row.id)) for row in rows]


def tell_of_stops(services: Services) -> None:
    """Alert the others to officers whom a provider carries nothing to any more, because they told it to stop."""
    now = services.now()
    untold = sa.or_(OFFICER.c.stop_told_at.is_(None), OFFICER.c.stop_told_at < OFFICER.c.stopped_at)
    stopped = (
        sa.select(OFFICER.c.id, OFFICER.c.name)
        .where(OFFICER.c.active, OFFICER.c.stopped_at.is_not(None), untold)
        .order_by(OFFICER.c.id)
        .with_for_update(skip_locked=True)
    )
    with services.engine.begin() as connection:
        officers = connection.execute(stopped).all()
        if not officers:
            return
        connection.execute(
            sa.update(OFFICER)
            .where(any_of(OFFICER.c.id, [row.id for row in officers]))
            .values(stop_told_at=now)
        )
        references = next_references(connection, len(officers))
        new = [
            NewAlert(uuid7(), reference, stop_of(str(row.id), row.name), None, None)
            for row, reference in zip(officers, references, strict=True)
        ]
        decisions = raise_alerts(connection, services, new, now)
        audit.append(connection, services.cipher.derive("audit"), now, decisions)


def escalate(services: Services, reference: str, actor: str) -> bool:
    """Call the next step now, also of an alert that somebody has. Returns whether there was one to carry up."""
    now = services.now()
    with services.engine.begin() as connection:
        carried = connection.execute(
            sa.update(ALERT)
            .where(ALERT.c.reference == reference, ALERT.c.state != "closed")
            .values(state="open", due_at=now)
            .returning(ALERT.c.id)
        ).scalars()
        decisions = [Decision(actor, "next step asked for", str(alert)) for alert in carried]
        audit.append(connection, services.cipher.derive("audit"), now, decisions)
    return bool(decisions)


def close(services: Services, reference: str, actor: str) -> bool:
    """Close an alert for good, and its incident; its codes rest. Returns whether there was one to close."""
    now = services.now()
    with services.engine.begin() as connection:
        decide(connection)
        open_ones = sa.select(ALERT.c.id, ALERT.c.incident_id).where(
            ALERT.c.reference == reference, ALERT.c.state != "closed"
        )
        rows = connection.execute(open_ones).all()
        decisions = close_incidents(
            connection, [row.incident_id for row in rows if row.incident_id], actor, now
        )
        decisions += close_alerts(connection, [row.id for row in rows], actor, now)
        audit.append(connection, services.cipher.derive("audit"), now, decisions)
    return bool(rows)
