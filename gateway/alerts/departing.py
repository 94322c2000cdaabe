"""An officer goes, or has another phone: what was before them alone goes on to the next one.

Within the caller's transaction; returns the decisions that it must put on record.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from gateway.alerts.codes import CODE, unanswered
from gateway.alerts.records import Alert
from gateway.people.records import Officer, PinRecord
from gateway.storage.audit import Decision
from gateway.storage.cipher import Cipher
from gateway.storage.database import any_of, table_of

ALERT, OFFICER, PIN = table_of(Alert), table_of(Officer), table_of(PinRecord)
_NOBODYS = {
    "acknowledged_at": None,
    "acknowledged_by": None,
    "outcome": None,
    "help": None,
    "help_step": None,
}


def switch_off(
    connection: sa.Connection, number_hash: bytes, actor: str, now: datetime
) -> tuple[str | None, list[Decision]]:
    """No alert reaches this officer any more. Returns the officer's name, or None where nobody active has the number."""
    officer = _active(connection, number_hash)
    if officer is None:
        return None, []
    decisions = [Decision(actor, "officer switched off", f"officer {officer.id}")]
    decisions += _let_go(connection, officer.id, actor, now)
    connection.execute(sa.update(OFFICER).where(OFFICER.c.id == officer.id).values(active=False))
    return officer.name, decisions


def give_another_number(
    connection: sa.Connection, cipher: Cipher, number_hash: bytes, number: str, actor: str, now: datetime
) -> tuple[str | None, list[Decision]]:
    """The officer goes on at another number; the old one is nobody's, and neither is its PIN.

    Returns the officer's name, or None where nobody active has the old number.
    """
    officer = _active(connection, number_hash)
    if officer is None:
        return None, []
    decisions = [Decision(actor, "officer's number changed", f"officer {officer.id}")]
    decisions += _let_go(connection, officer.id, actor, now)
    anew = {"number": cipher.encrypt(number), "number_hash": cipher.digest(number)}
    heard_from = {"stopped_at": None, "stop_told_at": None}
    connection.execute(sa.update(OFFICER).where(OFFICER.c.id == officer.id).values(**anew, **heard_from))
    connection.execute(sa.delete(PIN).where(PIN.c.number_hash == number_hash))
    return officer.name, decisions


def _active(connection: sa.Connection, number_hash: bytes) -> Any:
    theirs = sa.select(OFFICER.c.id, OFFICER.c.name).where(OFFICER.c.number_hash == number_hash)
    return connection.execute(theirs.where(OFFICER.c.active)).one_or_none()


def _let_go(connection: sa.Connection, officer: UUID, actor: str, now: datetime) -> list[Decision]:
    """Alerts that this officer holds, or is alone asked about, are due now; what is settled stays so.

    They are locked before the officer's row is, as an answer does it.
    """
    told = sa.select(CODE.c.alert_id).where(CODE.c.officer_id == officer, CODE.c.retired_at.is_(None))
    rows = connection.execute(
        sa.select(ALERT.c.id, ALERT.c.acknowledged_by, ALERT.c.state)
        .where(ALERT.c.id.in_(told), ALERT.c.due_at.is_not(None))
        .order_by(ALERT.c.id)
        .with_for_update()
    ).all()
    # Of an acknowledgement that has run out, nobody else was asked whether it goes on.
    held = [row.id for row in rows if row.acknowledged_by == officer]
    active = set(connection.execute(sa.select(OFFICER.c.id).where(OFFICER.c.active)).scalars())
    silent = unanswered(connection, [row.id for row in rows if row.state == "open"])
    alone = [alert for alert, asked in silent.items() if active.intersection(asked) == {officer}]
    for alerts, values in ((held, _NOBODYS), (alone, {})):
        due = {"state": "open", "due_at": now}
        connection.execute(sa.update(ALERT).where(any_of(ALERT.c.id, alerts)).values(**due, **values))
    return [
        Decision(actor, "alert given to the next officer", str(alert)) for alert in sorted({*held, *alone})
    ]
