"""What was reported is put right, taken back, or said more of: whoever is asked about the alert hears of it.

Within the caller's transaction; returns the decisions that it must put on record.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from gateway.alerts import texts
from gateway.alerts.climbing import calls_to, runs_out_at
from gateway.alerts.codes import CODE, ask_again
from gateway.alerts.desk import Desk, pace_of, read_facts
from gateway.alerts.escalation import asked_again_at, hastened, step_elsewhere
from gateway.alerts.facts import Facts, NewAlert
from gateway.alerts.grouping import update_at
from gateway.alerts.records import Alert, Incident
from gateway.duty.policy import By
from gateway.outbox import drafts
from gateway.outbox.drafts import Draft
from gateway.outbox.service import queue
from gateway.services import Services
from gateway.storage.audit import Decision
from gateway.storage.database import any_of, table_of

ALERT, INCIDENT = table_of(Alert), table_of(Incident)


@dataclass(frozen=True, slots=True)
class Amendment:
    """What the report behind an alert says now; no facts when it was taken back."""

    alert: UUID
    facts: Facts | None


def join(
    connection: sa.Connection, services: Services, alert_id: UUID, facts: Facts, now: datetime
) -> list[Decision]:
    """A later text of the same contact: kept with the alert; whoever holds it hears what is new in it."""
    row = connection.execute(sa.select(ALERT).where(ALERT.c.id == alert_id).with_for_update()).one()
    before = read_facts(services.cipher, row.facts)
    decision = Decision("vigie", "text joined to alert", str(alert_id), {"severity": facts.severity})
    if not facts.says_more_than(before):
        return [decision]
    both = before.with_more(facts)
    rings = restate(connection, services, row, before, both, now)
    tell_holders(connection, services, row, both, texts.more, now, rings=rings)
    return [decision]


def hold(
    connection: sa.Connection, services: Services, amendments: Sequence[Amendment]
) -> tuple[list[Amendment], list[NewAlert], dict[UUID, UUID]]:
    """Lock the alerts that these speak of, which must be done before any code is drawn.

    Returns the amendments of alerts as they stand; those to raise because a report has grown graver after its
    own was closed, their incidents opened again; and by closed alert the one that is in its place.
    """
    if not amendments:
        return [], [], {}
    ids = {amendment.alert for amendment in amendments}
    incidents = connection.execute(sa.select(ALERT.c.incident_id).where(any_of(ALERT.c.id, ids))).scalars()
    theirs = any_of(ALERT.c.incident_id, {id_ for id_ in incidents if id_})
    rows = connection.execute(
        sa.select(ALERT)
        .where(sa.or_(any_of(ALERT.c.id, ids), sa.and_(theirs, ALERT.c.state != "closed")))
        .order_by(ALERT.c.id)
        .with_for_update()
    ).all()
    closed = {row.id: row for row in rows if row.state == "closed"}
    live = {row.incident_id: row.id for row in rows if row.state != "closed" and row.incident_id}
    instead = {row.id: live[row.incident_id] for row in closed.values() if row.incident_id in live}
    amendments = [replace(one, alert=instead.get(one.alert, one.alert)) for one in amendments]
    anew: dict[UUID, NewAlert] = {}
    for amendment in amendments:
        row = closed.get(amendment.alert)
        if row is None or amendment.facts is None:
            continue
        before = read_facts(services.cipher, row.facts)
        # Of a caller every word counts.
        if amendment.facts.hotline or amendment.facts.is_graver_than(before):
            key = row.incident_id or row.id
            if first := anew.get(key):  # several of its reports grew graver at once
                both = first.facts.with_more if amendment.facts.hotline else first.facts.with_report
                alert = replace(first, facts=both(amendment.facts))
            else:
                facts = before.put_right(amendment.facts)
                alert = NewAlert(
                    uuid7(), row.reference, facts, row.contact_id, row.reporter_id, row.incident_id
                )
            anew[key] = alert
            instead[row.id] = alert.id
    if anew:
        again = sa.update(INCIDENT).where(any_of(INCIDENT.c.id, anew))
        connection.execute(again.values(state="open", closed_at=None))
    return amendments, list(anew.values()), instead


def amend(
    connection: sa.Connection, services: Services, amendments: Sequence[Amendment], now: datetime
) -> list[Decision]:
    """Reports that were put right or taken back by their reporters: whoever holds their alerts hears of it."""
    decisions = []
    for amendment in sorted(amendments, key=lambda one: one.alert):
        row = connection.execute(
            sa.select(ALERT, INCIDENT.c.reports, INCIDENT.c.updated_at)
            .outerjoin(INCIDENT, INCIDENT.c.id == ALERT.c.incident_id)
            .where(ALERT.c.id == amendment.alert)
            .with_for_update(of=ALERT)
        ).one()
        before = read_facts(services.cipher, row.facts)
        after = before.put_right(amendment.facts) if amendment.facts else before.taken_back()
        if row.state == "closed" or after == before:
            continue
        if row.contact_id is None and (row.reports or 1) > 1:
            decisions.append(_count_again(connection, services, row, before, amendment, now))
            continue
        rings = restate(connection, services, row, before, after, now)
        wording = texts.changed if amendment.facts else texts.cancelled
        tell_holders(connection, services, row, after, wording, now, rings=rings)
        what = (
            "alert put right by its reporter"
            if amendment.facts
            else "alert's report cancelled by its reporter"
        )
        decisions.append(Decision("vigie", what, str(row.id), {"severity": after.severity}))
    return decisions


def restate(
    connection: sa.Connection,
    services: Services,
    row: sa.Row[Any],
    before: Facts,
    after: Facts,
    now: datetime,
) -> bool:
    """Keep what is known by now: an open alert goes on at the pace that this calls for, a taken one is asked about.

    Returns whether those who had texts alone so far are to be called, too.
    """
    slower, faster = pace_of(services, before), pace_of(services, after)
    values: dict[str, Any] = {"severity": after.severity, "facts": services.cipher.encrypt(after.to_json())}
    if row.state == "open":
        values["due_at"] = hastened(row.due_at, slower, faster, now)
        if after.region != before.region:
            values |= _elsewhere(connection, services, row, before, after, now)
    elif (graver := after.severity < before.severity) or row.due_at is None:
        asked_at = runs_out_at(row) if row.due_at else None
        until = asked_again_at(asked_at, faster, now, graver=graver)
        values |= {"expires_at": until, "due_at": min(until, row.due_at or until)}
        if graver:
            ask_again(connection, [(row.id, row.acknowledged_by)])
    connection.execute(sa.update(ALERT).where(ALERT.c.id == row.id).values(**values))
    return By.CALL in faster.by and By.CALL not in slower.by


def _elsewhere(
    connection: sa.Connection,
    services: Services,
    row: sa.Row[Any],
    before: Facts,
    after: Facts,
    now: datetime,
) -> dict[str, Any]:
    """Where and when an open alert goes on that is in another region than was thought."""
    desk = Desk(connection, services)
    step = step_elsewhere(row.step, desk.on_duty(now, before.region), desk.on_duty(now, after.region))
    return {"step": step, "due_at": now} if step < row.step else {}


def _count_again(
    connection: sa.Connection,
    services: Services,
    row: sa.Row[Any],
    before: Facts,
    amendment: Amendment,
    now: datetime,
) -> Decision:
    """One of several reports was put right or taken back: what they all say is counted in the next update."""
    graver = amendment.facts is not None and amendment.facts.severity < before.severity
    due = update_at(
        graver=graver, new=amendment.facts is not None,
        raised_at=row.raised_at, updated_at=row.updated_at, now=now, pace=services.settings.pace,
    )  # fmt: skip
    connection.execute(
        sa.update(INCIDENT)
        .where(INCIDENT.c.id == row.incident_id)
        .values(update_due_at=sa.func.least(due, INCIDENT.c.update_due_at))
    )
    return Decision(
        "vigie", "one report of an alert changed", str(row.id), {"cancelled": not amendment.facts}
    )


def tell_holders(
    connection: sa.Connection,
    services: Services,
    row: sa.Row[Any],
    facts: Facts,
    wording: texts.Wording,
    now: datetime,
    *,
    rings: bool,
) -> None:
    """A further text to whoever took the alert, or to everybody who was asked to, who are called if it ``rings``."""
    holders = sa.select(CODE).where(CODE.c.alert_id == row.id, CODE.c.retired_at.is_(None))
    desk = Desk(connection, services)
    if row.state == "acknowledged" and row.acknowledged_by in desk.officers:
        holders = holders.where(CODE.c.officer_id == row.acknowledged_by)
    elif row.state == "acknowledged":  # nobody has it any more
        connection.execute(sa.update(ALERT).where(ALERT.c.id == row.id).values(due_at=now, expires_at=now))
    held = [one for one in connection.execute(holders) if one.officer_id in desk.officers]
    outgoing = [
        Draft(
            purpose="more",
            rank=drafts.SEVERITY_1 if facts.cannot_wait else drafts.SEVERITY_2,
            channel=desk.channel,
            sender=desk.line,
            recipient=desk.officers[one.officer_id].number,
            text=wording(desk.book, facts, desk.officers[one.officer_id].language, row.reference, one.code),
            subject=row.id,
        )
        for one in held
    ]
    if rings:
        outgoing += calls_to(desk, facts, row.id, (one.officer_id for one in held))
    queue(connection, services.cipher, outgoing, now)
