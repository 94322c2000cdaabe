"""The codes that are out: four digits for each officer and alert, within the caller's transaction."""

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from gateway.alerts.records import Acknowledgement, AlertCode
from gateway.alerts.replies import draw_code
from gateway.alerts.verbs import Verb
from gateway.observability import get_logger
from gateway.storage.database import any_of, insert_many, table_of

log = get_logger(__name__)

CODE, ANSWER = table_of(AlertCode), table_of(Acknowledgement)
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


def note_steps(connection: sa.Connection, told: Iterable[tuple[UUID, UUID, int]]) -> None:
    """At which step officers were told of alerts, each as (alert, officer, step)."""
    rows = [{"alert_": alert, "officer_": officer, "step_": step} for alert, officer, step in told]
    if rows:
        connection.execute(
            sa.update(CODE)
            .where(CODE.c.alert_id == sa.bindparam("alert_"), CODE.c.officer_id == sa.bindparam("officer_"))
            .values(step=sa.bindparam("step_")),
            rows,
        )


def unanswered(connection: sa.Connection, alerts: Iterable[tuple[UUID, int]]) -> dict[UUID, list[UUID]]:
    """Of alerts, each with its last step, the officers who were told there and have answered nothing yet."""
    steps = dict(alerts)
    if not steps:
        return {}
    answered = sa.exists().where(
        ANSWER.c.alert_id == CODE.c.alert_id,
        ANSWER.c.officer_id == CODE.c.officer_id,
        ANSWER.c.answer.in_(list(Verb)),
    )
    rows = connection.execute(
        sa.select(CODE.c.alert_id, CODE.c.officer_id, CODE.c.step)
        .where(any_of(CODE.c.alert_id, steps), CODE.c.retired_at.is_(None), ~answered)
        .order_by(CODE.c.alert_id, CODE.c.created_at, CODE.c.officer_id)
    )
    found: dict[UUID, list[UUID]] = defaultdict(list)
    for row in rows:
        if row.step == steps[row.alert_id]:
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
