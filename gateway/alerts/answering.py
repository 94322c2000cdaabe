"""An officer answers: the alert is taken, and everybody learns how it stands.

Within the caller's transaction; returns the decisions that it must put on record.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from gateway.alerts.codes import CODE
from gateway.alerts.desk import Desk, OfficerOnFile, pace_of
from gateway.alerts.facts import Facts
from gateway.alerts.records import Acknowledgement, Alert
from gateway.alerts.replies import Answer
from gateway.duty.policy import Pace
from gateway.observability import ACKNOWLEDGE_SECONDS
from gateway.outbox import drafts
from gateway.outbox.drafts import Draft
from gateway.outbox.service import queue
from gateway.people.records import Reporter
from gateway.services import Services
from gateway.storage.audit import Decision
from gateway.storage.database import table_of
from gateway.text.render import render

ALERT = table_of(Alert)


def acknowledge(
    connection: sa.Connection,
    services: Services,
    officer_id: UUID,
    answer: Answer,
    message_id: UUID | None,
    now: datetime,
) -> list[Decision]:
    """An officer answers a code: first come, first served; everybody is told how it stands."""
    desk = Desk(connection, services)
    officer = desk.officers[officer_id]
    row = connection.execute(
        sa.select(ALERT)
        .join(CODE, CODE.c.alert_id == ALERT.c.id)
        .where(CODE.c.officer_id == officer_id, CODE.c.code == answer.code, CODE.c.retired_at.is_(None))
        .where(ALERT.c.state != "closed")  # asked again once the lock is ours: it may be closed by then
        .with_for_update(of=ALERT)
    ).one_or_none()
    if row is None:
        _answer(connection, services, desk, officer, render("answer_unknown", officer.language), now)
        return []
    pace = pace_of(services, Facts.from_json(services.cipher.decrypt(row.facts)))
    if row.state == "acknowledged" and row.acknowledged_by != officer_id:
        if pace.all:
            _record(connection, row, officer_id, message_id, now)
        text = render(
            "answer_already",
            officer.language,
            reference=row.reference,
            who=desk.officers[row.acknowledged_by].name if row.acknowledged_by in desk.officers else None,
            time=_clock(services, row.acknowledged_at),
        )
        _answer(connection, services, desk, officer, text, now)
        return []
    _take(connection, row, officer_id, pace, now)
    _record(connection, row, officer_id, message_id, now)
    text = render("answer_taken", officer.language, reference=row.reference)
    _answer(connection, services, desk, officer, text, now)
    if row.state == "open" and row.acknowledged_at is None:
        ACKNOWLEDGE_SECONDS.observe((now - row.raised_at).total_seconds())
        _tell_reporter(connection, services, desk, row, now)
    return [Decision(f"officer {officer_id}", "alert acknowledged", str(row.id))]


def _take(connection: sa.Connection, row: sa.Row[Any], officer_id: UUID, pace: Pace, now: datetime) -> None:
    """The next steps are left alone; where all must answer, the others of this one are called again."""
    connection.execute(
        sa.update(ALERT)
        .where(ALERT.c.id == row.id)
        .values(
            state="acknowledged",
            acknowledged_at=now,
            acknowledged_by=officer_id,
            due_at=now + (min(pace.repeat, pace.lasts) if pace.all else pace.lasts),
        )
    )


def _record(
    connection: sa.Connection, row: sa.Row[Any], officer_id: UUID, message_id: UUID | None, now: datetime
) -> None:
    connection.execute(
        sa.insert(Acknowledgement).values(
            id=uuid7(), alert_id=row.id, officer_id=officer_id, message_id=message_id, answer="taken", at=now
        )
    )


def _answer(
    connection: sa.Connection,
    services: Services,
    desk: Desk,
    officer: OfficerOnFile,
    text: str,
    now: datetime,
) -> None:
    draft = Draft("answer", drafts.ANSWER, desk.channel, desk.line, officer.number, text)
    queue(connection, services.cipher, [draft], now)


def _tell_reporter(
    connection: sa.Connection, services: Services, desk: Desk, row: sa.Row[Any], now: datetime
) -> None:
    """The reporter learns that somebody took it. A hotline contact is told nothing."""
    if row.reporter_id is None:
        return
    reporter = connection.execute(
        sa.select(table_of(Reporter)).where(Reporter.id == row.reporter_id, Reporter.active)
    ).one_or_none()
    if reporter is None:
        return
    text = (
        render("receipt_discreet", reporter.language, reference=row.reference)
        if reporter.discreet
        else render("taken", reporter.language, reference=row.reference, time=_clock(services, now))
    )
    number = services.cipher.decrypt(reporter.number)
    draft = Draft("taken", drafts.TAKEN, desk.channel, desk.line, number, text, subject=row.id)
    queue(connection, services.cipher, [draft], now)


def _clock(services: Services, moment: datetime) -> str:
    return f"{moment.astimezone(services.settings.zone):%H:%M}"
