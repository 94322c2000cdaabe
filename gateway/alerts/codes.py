"""The codes that are out: four digits for each officer and alert, within the caller's transaction."""

import random
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from gateway.alerts.records import NOT_CLOSED, Alert, AlertCode
from gateway.alerts.replies import draw_code
from gateway.alerts.verbs import Verb
from gateway.observability import get_logger
from gateway.people.records import Officer
from gateway.storage.database import any_of, insert_many, table_of

log = get_logger(__name__)

ALERT, CODE, OFFICER = table_of(Alert), table_of(AlertCode), table_of(Officer)
# Codes are drawn one transaction at a time, so that no officer has the same four digits twice.
_DRAWING = 0x5649_4344
# A code that was answered late, or from an old text, must not take another alert.
CODE_RESTS = timedelta(hours=12)


def codes_for(
    connection: sa.Connection, told: Mapping[UUID, Iterable[UUID]], now: datetime
) -> dict[tuple[UUID, UUID], int]:
    """The code of each (alert, officer): the one that it has already, or a new one."""
    officers = {officer for several in told.values() for officer in several}
    if not officers:
        return {}
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_DRAWING)))
    resting = sa.or_(CODE.c.retired_at.is_(None), CODE.c.retired_at > now - CODE_RESTS)
    known = connection.execute(sa.select(CODE).where(any_of(CODE.c.officer_id, officers), resting)).all()
    codes = {(row.alert_id, row.officer_id): row.code for row in known if row.retired_at is None}
    taken: dict[UUID, set[int]] = defaultdict(set)
    for row in known:
        taken[row.officer_id].add(row.code)
    fresh = []
    for alert, several in told.items():
        for officer in several:
            if (alert, officer) not in codes:
                code = _draw(connection, officer, taken[officer], now)
                codes[alert, officer] = code
                taken[officer].add(code)
                fresh.append({"alert_id": alert, "officer_id": officer, "code": code, "created_at": now})
    # An alert that had to give up its code, and is still open, gets a new one in its place.
    given_up = any_of(CODE.c.alert_id, {row["alert_id"] for row in fresh})
    connection.execute(sa.delete(CODE).where(given_up, CODE.c.retired_at.is_not(None)))
    insert_many(connection, CODE, fresh)
    return codes


def note_steps(
    connection: sa.Connection, alerts: Collection[UUID], told: Iterable[tuple[UUID, UUID, int]]
) -> None:
    """These alerts took a step: who was told there, each as (alert, officer, step), has not answered since."""
    connection.execute(
        sa.update(CODE).where(any_of(CODE.c.alert_id, alerts), CODE.c.step.is_not(None)).values(step=None)
    )
    rows = [{"alert_": alert, "officer_": officer, "step_": step} for alert, officer, step in told]
    if rows:
        connection.execute(
            sa.update(CODE)
            .where(CODE.c.alert_id == sa.bindparam("alert_"), CODE.c.officer_id == sa.bindparam("officer_"))
            .values(step=sa.bindparam("step_"), said=None),
            rows,
        )


def ask_again(connection: sa.Connection, officers: Iterable[tuple[UUID, UUID]]) -> None:
    """These, each as (alert, officer), are asked for another answer than the one that they gave."""
    rows = [{"alert_": alert, "officer_": officer} for alert, officer in officers]
    if rows:
        connection.execute(
            sa.update(CODE)
            .where(CODE.c.alert_id == sa.bindparam("alert_"), CODE.c.officer_id == sa.bindparam("officer_"))
            .values(said=None),
            rows,
        )


def unanswered(connection: sa.Connection, alerts: Collection[UUID]) -> dict[UUID, list[UUID]]:
    """By alert, the officers who were told at its last step and have answered nothing since."""
    silent = (CODE.c.step.is_not(None), CODE.c.said.is_(None), CODE.c.retired_at.is_(None))
    return _officers(connection, alerts, *silent)


def holders_asked_again(connection: sa.Connection, alerts: Collection[UUID]) -> dict[UUID, list[UUID]]:
    """By taken alert, whoever has it, if it grew graver since they last said anything."""
    has = sa.exists().where(ALERT.c.id == CODE.c.alert_id, ALERT.c.acknowledged_by == CODE.c.officer_id)
    return _officers(connection, alerts, CODE.c.said.is_(None), has)


def declined(connection: sa.Connection, alerts: Collection[UUID]) -> dict[UUID, list[UUID]]:
    """By alert, the officers whose latest word is that they cannot."""
    return _officers(connection, alerts, CODE.c.said == Verb.CANNOT)


def told_to_nobody(connection: sa.Connection) -> str | None:
    """A sentence on an open alert that no active officer was told of: there is none but whom it is about."""
    told = (
        sa.exists()
        .where(CODE.c.alert_id == ALERT.c.id, CODE.c.retired_at.is_(None))
        .where(OFFICER.c.id == CODE.c.officer_id, OFFICER.c.active)
    )
    untold = sa.select(ALERT.c.reference).where(ALERT.c.state == "open", sa.text(NOT_CLOSED), ~told)
    first = connection.scalar(untold.order_by(ALERT.c.raised_at).limit(1))
    return first and f"Nobody could be told of alert {first}: call somebody, and `vigie officers add` them."


def _officers(
    connection: sa.Connection, alerts: Collection[UUID], *where: sa.ColumnElement[bool]
) -> dict[UUID, list[UUID]]:
    found: dict[UUID, list[UUID]] = defaultdict(list)
    if not alerts:
        return found
    rows = connection.execute(
        sa.select(CODE.c.alert_id, CODE.c.officer_id)
        .where(any_of(CODE.c.alert_id, alerts), *where)
        .order_by(CODE.c.alert_id, CODE.c.created_at, CODE.c.officer_id)
    )
    for row in rows:
        found[row.alert_id].append(row.officer_id)
    return found


def _draw(connection: sa.Connection, officer: UUID, taken: set[int], now: datetime) -> int:
    code = draw_code(taken, random.SystemRandom())
    if code is not None:
        return code
    # Nine thousand alerts are open before one officer: the oldest gives up its code, the new one counts.
    oldest = (
        sa.select(CODE.c.alert_id)
        .where(CODE.c.officer_id == officer, CODE.c.retired_at.is_(None))
        .order_by(CODE.c.created_at)
        .limit(1)
    ).scalar_subquery()
    log.error("codes_exhausted", officer=str(officer))
    freed: int = connection.execute(
        sa.update(CODE)
        .where(CODE.c.officer_id == officer, CODE.c.alert_id == oldest)
        .values(retired_at=now)
        .returning(CODE.c.code)
    ).scalar_one()
    return freed
