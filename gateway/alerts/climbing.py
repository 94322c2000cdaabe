"""Alerts are raised, and carried up the rota: who is told at each step, by text and by call.

Within the caller's transaction; returns the decisions that it must put on record.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from gateway.alerts import spoken, texts
from gateway.alerts.codes import codes_for, note_steps
from gateway.alerts.desk import Desk, pace_of, read_facts, who_is_asked
from gateway.alerts.escalation import take_step
from gateway.alerts.facts import Facts, NewAlert
from gateway.alerts.records import Alert
from gateway.duty.policy import By, Pace
from gateway.hotline.prompts import SYNTHESISED
from gateway.outbox import drafts
from gateway.outbox.drafts import Draft
from gateway.outbox.service import queue
from gateway.services import Services
from gateway.storage.audit import Decision
from gateway.storage.database import insert_many, table_of

ALERT = table_of(Alert)


def raise_alerts(
    connection: sa.Connection, services: Services, alerts: Sequence[NewAlert], now: datetime
) -> list[Decision]:
    """Store new alerts and put each before whoever is on duty now."""
    if not alerts:
        return []
    insert_many(
        connection,
        ALERT,
        [
            {
                "id": alert.id,
                "reference": alert.reference,
                "incident_id": alert.incident_id,
                "contact_id": alert.contact_id,
                "reporter_id": alert.reporter_id,
                "severity": alert.facts.severity,
                "facts": services.cipher.encrypt(alert.facts.to_json()),
                "state": "open",
                "step": 0,
                "raised_at": now,
                "due_at": now,
            }
            for alert in alerts
        ],
    )
    decisions = [
        Decision("vigie", "alert raised", str(alert.id), {"severity": alert.facts.severity})
        for alert in alerts
    ]
    raised = [
        Standing(alert.id, alert.reference, 0, alert.facts, pace_of(services, alert.facts))
        for alert in alerts
    ]
    return decisions + take_steps(connection, services, raised, now)


@dataclass(frozen=True, slots=True)
class Standing:
    """An alert as it stands on the escalation."""

    id: UUID
    reference: str
    step: int
    facts: Facts
    pace: Pace


def facts_now(services: Services, row: sa.Row[Any]) -> Facts:
    """What an alert says, with how many reports of it there are by now, also those not yet told of."""
    facts = read_facts(services.cipher, row.facts)
    if row.contact_id is not None or (row.reports or 1) <= 1:
        return facts
    return replace(facts, reports=row.reports, people=row.people)


def runs_out_at(row: sa.Row[Any]) -> datetime:
    """When whoever has a taken alert is asked whether it goes on."""
    at: datetime = row.expires_at or row.due_at  # the second of one that an earlier version saw taken
    return at


def standing_of(services: Services, row: sa.Row[Any]) -> Standing:
    facts = facts_now(services, row)
    return Standing(row.id, row.reference, row.step, facts, pace_of(services, facts))


def take_steps(
    connection: sa.Connection, services: Services, alerts: Sequence[Standing], now: datetime
) -> list[Decision]:
    """Carry alerts one step up: texts to the officers of the step, and when to look again."""
    desk = Desk(connection, services)
    duties = who_is_asked(connection, desk, {alert.id: alert.facts for alert in alerts}, now)
    steps = {alert.id: take_step(alert.step, duties[alert.id], now, alert.pace) for alert in alerts}
    told = {
        alert.id: [officer for officer in desk.officers if str(officer) != alert.facts.officer]
        if steps[alert.id].nobody
        else steps[alert.id].officers
        for alert in alerts
    }
    codes = codes_for(connection, told, now)
    outgoing = [
        alert_text(desk, alert, officer, codes[alert.id, officer], nobody=steps[alert.id].nobody)
        for alert in alerts
        for officer in told[alert.id]
    ]
    for alert in alerts:
        if By.CALL in steps[alert.id].by:
            outgoing += calls_to(desk, alert.facts, alert.id, told[alert.id])
    queue(connection, services.cipher, outgoing, now)
    note_steps(
        connection,
        steps,
        ((id_, officer, step.next_step - 1) for id_, step in steps.items() for officer in step.officers),
    )
    connection.execute(
        sa.update(ALERT)
        .where(ALERT.c.id == sa.bindparam("id_"))
        .values(step=sa.bindparam("step_"), due_at=sa.bindparam("due_")),
        [{"id_": id_, "step_": step.next_step, "due_": step.next_at} for id_, step in steps.items()],
    )
    return [
        Decision(
            "vigie",
            "nobody on duty" if steps[alert.id].nobody else "alert put before officers",
            str(alert.id),
            {"step": alert.step, "officers": [str(officer) for officer in told[alert.id]]},
        )
        for alert in alerts
    ]


def alert_text(desk: Desk, alert: Standing, officer_id: UUID, code: int, *, nobody: bool) -> Draft:
    officer = desk.officers[officer_id]
    wording = texts.nobody if nobody else texts.alert
    rank = drafts.SEVERITY_1 if alert.facts.severity == 1 else drafts.SEVERITY_2
    return Draft(
        purpose="nobody" if nobody else "alert",
        rank=drafts.NOBODY if nobody else rank,
        channel=desk.channel,
        sender=desk.line,
        recipient=officer.number,
        text=wording(desk.book, alert.facts, officer.language, alert.reference, code),
        subject=alert.id,
    )


def calls_to(desk: Desk, facts: Facts, alert: UUID, officers: Iterable[UUID]) -> Iterator[Draft]:
    """Calls besides the texts; none where no channel can call."""
    if desk.voice is None:
        return
    line, channel = desk.voice
    rank = drafts.SEVERITY_1 if facts.severity == 1 else drafts.SEVERITY_2
    for officer in map(desk.officers.__getitem__, officers):
        said = spoken.words(spoken.alert(desk.book, facts, officer.language, SYNTHESISED))
        yield Draft(drafts.CALL, rank, channel, line, officer.number, said, subject=alert)
