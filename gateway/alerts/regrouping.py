"""Incidents put right by hand: two that are one event, one that is two, one that is over.

Within the caller's transaction; each returns the decisions that it must put on record, and raises
RegroupingError with a sentence where it cannot be done.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from gateway.alerts import texts
from gateway.alerts.climbing import raise_alerts
from gateway.alerts.closing import close_alerts, close_incidents
from gateway.alerts.codes import CODE, codes_for
from gateway.alerts.desk import Desk
from gateway.alerts.facts import ALERTED_UP_TO, Facts, NewAlert
from gateway.alerts.incidents import ALERT, INCIDENT, REPORT, recount
from gateway.alerts.locks import decide, live_alerts
from gateway.alerts.updates import as_reported, said_of
from gateway.outbox import drafts
from gateway.outbox.drafts import Draft
from gateway.outbox.service import queue
from gateway.places.gazetteer import load_gazetteer
from gateway.services import Services
from gateway.storage.audit import Decision
from gateway.storage.database import any_of


class RegroupingError(ValueError):
    """It cannot be done; the message is one sentence that says why, and what to do."""


def merge(
    connection: sa.Connection, services: Services, reference: str, into: str, actor: str, now: datetime
) -> list[Decision]:
    """All reports of one incident become another's. Whoever held its alert is told once where it went."""
    decide(connection)
    source, target = _open(connection, reference, into)
    if source.id == target.id:
        raise RegroupingError(f"{reference} and {into} are one incident already.")
    held = live_alerts(connection, ALERT.c.incident_id, [source.id, target.id])
    for row in held.values():
        if row.contact_id is not None:
            raise RegroupingError(f"{row.reference} is a caller's: a caller's alert stays the caller's.")
    mine, theirs = held.get(source.id), held.get(target.id)
    decisions = [Decision(actor, "incident merged", str(source.id), {"into": str(target.id)})]
    closed = close_incidents(connection, [source.id], actor, now)
    connection.execute(sa.update(INCIDENT).where(INCIDENT.c.id == source.id).values(merged_into=target.id))
    kept = theirs or mine
    connection.execute(
        sa.update(REPORT).where(REPORT.c.incident_id == source.id).values(incident_id=target.id)
    )
    if kept:
        connection.execute(
            sa.update(REPORT).where(REPORT.c.incident_id == target.id).values(alert_id=kept.id)
        )
    if mine and theirs:
        _tell(connection, services, mine, theirs, now)
        decisions += close_alerts(connection, [mine.id], actor, now)
    elif mine:
        connection.execute(sa.update(ALERT).where(ALERT.c.id == mine.id).values(incident_id=target.id))
    recount(connection, [source.id, target.id])
    if kept:
        connection.execute(sa.update(INCIDENT).where(INCIDENT.c.id == target.id).values(update_due_at=now))
    return [*decisions, *closed]


def split(
    connection: sa.Connection,
    services: Services,
    reference: str,
    reports: Sequence[str],
    actor: str,
    now: datetime,
) -> tuple[str, list[Decision]]:
    """Some reports of an incident become one of their own, with an alert of its own where they call for one.

    Returns its reference.
    """
    decide(connection)
    (source,) = _open(connection, reference)
    rows = connection.execute(
        sa.select(REPORT)
        .where(REPORT.c.incident_id == source.id)
        .order_by(REPORT.c.received_at, REPORT.c.id)
        .with_for_update(key_share=True)
    ).all()
    moved = [row for row in rows if row.reference in reports]
    if strangers := sorted(set(reports) - {row.reference for row in moved}):
        raise RegroupingError(
            f"{strangers[0]} is no report of {reference}; `vigie incidents show` lists them."
        )
    if len(moved) == len(rows):
        raise RegroupingError(f"{reference} would have no report left: leave one in it.")
    held = live_alerts(connection, ALERT.c.incident_id, [source.id]).get(source.id)
    if held is not None and held.contact_id is not None:
        raise RegroupingError(f"{reference} is a caller's: what one caller says stays together.")
    first = moved[0]
    severity = min((row.severity for row in moved if row.severity is not None), default=source.severity)
    new = uuid7()
    connection.execute(
        sa.insert(INCIDENT).values(
            id=new, reference=first.reference, kind=source.kind, state="open", severity=severity,
            reports=len(moved), first_at=source.first_at, last_at=source.last_at, opened_at=now,
        )
    )  # fmt: skip
    ids = [row.id for row in moved]
    connection.execute(
        sa.update(REPORT).where(any_of(REPORT.c.id, ids)).values(incident_id=new, alert_id=None)
    )
    recount(connection, [source.id, new])
    detail = {"into": str(new), "reports": [str(id_) for id_ in ids]}
    decisions = [Decision(actor, "incident split", str(source.id), detail)]
    if severity <= ALERTED_UP_TO:
        decisions += _raise(connection, services, new, first, now)
    if held is not None:
        connection.execute(sa.update(INCIDENT).where(INCIDENT.c.id == source.id).values(update_due_at=now))
    return str(first.reference), decisions


def close(connection: sa.Connection, reference: str, actor: str, now: datetime) -> list[Decision]:
    """It is over, and so is its alert; a further report of the event begins another that follows it."""
    decide(connection)
    (incident,) = _open(connection, reference)
    decisions = close_incidents(connection, [incident.id], actor, now)
    held = live_alerts(connection, ALERT.c.incident_id, [incident.id])
    return decisions + close_alerts(connection, [row.id for row in held.values()], actor, now)


def _open(connection: sa.Connection, *references: str) -> list[sa.Row[Any]]:
    """The incidents of references, their own or reports', each in its place; all locked at once, by id."""
    ids = [_found(connection, reference) for reference in references]
    query = sa.select(INCIDENT).where(any_of(INCIDENT.c.id, ids)).order_by(INCIDENT.c.id)
    rows = {row.id: row for row in connection.execute(query.with_for_update())}
    for reference, id_ in zip(references, ids, strict=True):
        if rows[id_].state == "closed":
            raise RegroupingError(f"{reference} is closed: nothing of it can be changed any more.")
    return [rows[id_] for id_ in ids]


def _found(connection: sa.Connection, reference: str) -> UUID:
    reported = sa.select(REPORT.c.incident_id).where(REPORT.c.reference == reference)
    id_: UUID | None = connection.execute(
        sa.select(INCIDENT.c.id)
        .where(sa.or_(INCIDENT.c.reference == reference, INCIDENT.c.id.in_(reported)))
        .order_by((INCIDENT.c.reference == reference).desc(), INCIDENT.c.opened_at.desc())
        .limit(1)
    ).scalar_one_or_none()
    if id_ is None:
        raise RegroupingError(
            f"No incident has the reference {reference}; `vigie incidents` lists the open ones."
        )
    return id_


def _tell(
    connection: sa.Connection, services: Services, mine: sa.Row[Any], theirs: sa.Row[Any], now: datetime
) -> None:
    """Whoever holds the alert that ends is told which one goes on, with a code of their own for it."""
    desk = Desk(connection, services)
    holders = sa.select(CODE.c.officer_id).where(CODE.c.alert_id == mine.id, CODE.c.retired_at.is_(None))
    if mine.state == "acknowledged" and mine.acknowledged_by in desk.officers:
        holders = holders.where(CODE.c.officer_id == mine.acknowledged_by)
    told = [one for one in connection.execute(holders).scalars() if one in desk.officers]
    codes = codes_for(connection, {theirs.id: told}, now)
    taken_by = desk.officers.get(theirs.acknowledged_by) if theirs.state == "acknowledged" else None
    outgoing = []
    for one in told:
        officer = desk.officers[one]
        who = taken_by.name if taken_by and taken_by.id != one else None
        text = texts.merged(officer.language, mine.reference, theirs.reference, who, codes[theirs.id, one])
        outgoing.append(
            Draft("merged", drafts.SEVERITY_2, desk.channel, desk.line, officer.number, text, theirs.id)
        )
    queue(connection, services.cipher, outgoing, now)


def _raise(
    connection: sa.Connection, services: Services, incident: UUID, first: sa.Row[Any], now: datetime
) -> list[Decision]:
    counted = connection.execute(
        sa.select(INCIDENT, INCIDENT.c.severity.label("gravest")).where(INCIDENT.c.id == incident)
    ).one()
    gazetteer = load_gazetteer(services.settings.agency_dir)
    facts = as_reported(
        Facts(hotline=False, severity=counted.severity),
        counted,
        said_of(connection, gazetteer, [incident]).get(incident),
    )
    alert = NewAlert(uuid7(), first.reference, facts, None, first.reporter_id, incident)
    decisions = raise_alerts(connection, services, [alert], now)
    connection.execute(sa.update(REPORT).where(REPORT.c.incident_id == incident).values(alert_id=alert.id))
    return decisions
