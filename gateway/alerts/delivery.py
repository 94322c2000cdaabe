"""What the outbox asks of alerts, and tells them: is a text still wanted, did it arrive, can it arrive at all."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from gateway.alerts.codes import holders_asked_again, unanswered
from gateway.alerts.desk import pace_of, read_facts
from gateway.alerts.escalation import LAST_STEP
from gateway.alerts.records import Alert
from gateway.alerts.verbs import Help
from gateway.observability import SEEN_SECONDS, get_logger, where
from gateway.outbox import drafts
from gateway.outbox.service import AboutAlert
from gateway.people.records import Officer
from gateway.services import Services
from gateway.storage.cipher import CannotDecryptError
from gateway.storage.database import any_of, table_of

log = get_logger(__name__)

ALERT, OFFICER = table_of(Alert), table_of(Officer)


def no_longer_wanted(
    connection: sa.Connection, services: Services, texts: Collection[AboutAlert]
) -> dict[AboutAlert, str]:
    """Of these texts those that nobody need read any more, and why.

    An alert that was taken calls nobody else, but those who must answer all the same, whoever has it if it grew
    graver since, and help as long as that is wanted; what is new of it is for them and for whoever has it.
    """
    if not texts:
        return {}
    rows = connection.execute(
        sa.select(ALERT).where(any_of(ALERT.c.id, {alert for _, alert, _ in texts}), ALERT.c.state != "open")
    ).all()
    states = {row.id: row.state for row in rows}
    taken = [row for row in rows if row.state == "acknowledged"]
    awaited = _numbers(
        connection, unanswered(connection, [row.id for row in taken if _all_must(services, row)])
    ) | _numbers(connection, holders_asked_again(connection, [row.id for row in taken]))
    holders = _numbers(connection, {row.id: [row.acknowledged_by] for row in taken})
    in_hand = {alert for alert, _ in holders}
    helped = {row.id for row in taken if row.help == Help.WANTED}

    def is_wanted(purpose: str, alert: UUID, number: bytes) -> bool:
        if states[alert] == "closed":
            return False
        match purpose:
            case "help":
                return alert in helped
            case "merged":
                return True
            case "more":
                return alert not in in_hand or (alert, number) in holders | awaited
            case _:
                return purpose in drafts.CALLING and (alert, number) in awaited

    return {
        about: f"the alert is already {states[about[1]]}"
        for about in texts
        if about[1] in states and not is_wanted(*about)
    }


def _numbers(connection: sa.Connection, officers: Mapping[UUID, Collection[UUID]]) -> set[tuple[UUID, bytes]]:
    """By alert the officers, as (alert, hash of the number); those alone who are active."""
    ids = {officer for several in officers.values() for officer in several}
    if not ids:
        return set()
    rows = connection.execute(
        sa.select(OFFICER.c.id, OFFICER.c.number_hash).where(any_of(OFFICER.c.id, ids), OFFICER.c.active)
    )
    numbers = {row.id: bytes(row.number_hash) for row in rows}
    return {
        (alert, numbers[officer])
        for alert, several in officers.items()
        for officer in several
        if officer in numbers
    }


def _all_must(services: Services, row: sa.Row[Any]) -> bool:
    """Whether everybody on its step must answer; of one that cannot be read nobody knows, and everybody does."""
    try:
        return row.due_at is not None and pace_of(services, read_facts(services.cipher, row.facts)).all
    except (CannotDecryptError, ValueError, TypeError) as error:  # it must not keep the others' texts back
        log.error("alert_unreadable", alert=str(row.id), error=where(error))
        return True


def hurry(connection: sa.Connection, alerts: Sequence[UUID], now: datetime) -> None:
    """A text of these alerts will reach nobody: the next step is due now, not in five minutes."""
    connection.execute(
        sa.update(ALERT)
        .where(
            any_of(ALERT.c.id, alerts),
            ALERT.c.state == "open",
            ALERT.c.step <= LAST_STEP,
            ALERT.c.due_at > now,
        )
        .values(due_at=now)
    )


def seen(connection: sa.Connection, alerts: Sequence[UUID], now: datetime) -> None:
    """A text of these alerts is on an officer's phone."""
    first = (
        sa.update(ALERT)
        .where(any_of(ALERT.c.id, alerts), ALERT.c.seen_at.is_(None))
        .values(seen_at=now)
        .returning(ALERT.c.raised_at)
    )
    for raised_at in connection.execute(first).scalars():
        SEEN_SECONDS.observe((now - raised_at).total_seconds())
