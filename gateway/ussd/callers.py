"""Who dials, and what is theirs: looked up for a menu."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from gateway.alerts.desk import read_facts
from gateway.alerts.facts import Facts
from gateway.alerts.records import Alert, AlertCode
from gateway.duty.roster import on_duty
from gateway.duty.service import read_rota
from gateway.people.records import Officer, Reporter
from gateway.reports.records import ReportRecord
from gateway.storage.cipher import Cipher
from gateway.storage.database import table_of

REPORTER, OFFICER, REPORT = table_of(Reporter), table_of(Officer), table_of(ReportRecord)
ALERT, CODE = table_of(Alert), table_of(AlertCode)
_SHOWN = 5

_WHO = sa.union_all(
    sa.select(
        REPORTER.c.id, sa.false().label("officer"), REPORTER.c.language, REPORTER.c.post, REPORTER.c.discreet
    ).where(REPORTER.c.number_hash == sa.bindparam("number_hash"), REPORTER.c.active),
    sa.select(OFFICER.c.id, sa.true(), OFFICER.c.language, sa.null(), sa.false()).where(
        OFFICER.c.number_hash == sa.bindparam("number_hash"), OFFICER.c.active
    ),
)
_LAST_REPORTS = (
    sa.select(REPORT.c.reference, REPORT.c.code, REPORT.c.received_at)
    .where(REPORT.c.sender_hash == sa.bindparam("number_hash"), REPORT.c.kind == "report")
    .order_by(REPORT.c.received_at.desc())
    .limit(_SHOWN)
)

_HOLDS = sa.and_(ALERT.c.state == "acknowledged", ALERT.c.acknowledged_by == OFFICER.c.id)
# What the officer has, and what he was told of and nobody has; what is only left for the desk to close comes last.
_ALERTS = (
    sa.select(ALERT.c.reference, ALERT.c.facts, CODE.c.code)
    .select_from(CODE)
    .join(ALERT, ALERT.c.id == CODE.c.alert_id)
    .join(OFFICER, OFFICER.c.id == CODE.c.officer_id)
    .where(
        OFFICER.c.number_hash == sa.bindparam("number_hash"),
        OFFICER.c.active,
        CODE.c.retired_at.is_(None),
        sa.or_(ALERT.c.state == "open", _HOLDS, ALERT.c.help.is_not(None)),
    )
    .order_by(ALERT.c.due_at.is_(None), _HOLDS.desc(), ALERT.c.severity, ALERT.c.raised_at.desc())
    .limit(sa.bindparam("most"))
)


@dataclass(frozen=True, slots=True)
class Caller:
    """A registered person who dials, as reporter, officer or both."""

    id: UUID
    language: str
    post: str | None
    discreet: bool
    officer: bool


def registered(connection: sa.Connection, number_hash: bytes) -> Caller | None:
    """A reporter as a reporter, even one who is an officer too."""
    rows = connection.execute(_WHO, {"number_hash": number_hash}).all()
    if not rows:
        return None
    row = min(rows, key=lambda row: row.officer)
    return Caller(row.id, row.language, row.post, row.discreet, any(row.officer for row in rows))


def last_reports(connection: sa.Connection, number_hash: bytes, zone: ZoneInfo) -> list[str]:
    """A line for each: reference, code, when."""
    rows = connection.execute(_LAST_REPORTS, {"number_hash": number_hash})
    return [
        f"{row.reference} {row.code or '?'} {row.received_at.astimezone(zone):%d/%m %H:%M}" for row in rows
    ]


def duty_now(connection: sa.Connection, now: datetime) -> list[str]:
    """A line for each officer on duty, in the order in which they are alerted."""
    duty = on_duty(read_rota(connection, now), now)
    names = {row.id: row.name for row in connection.execute(sa.select(OFFICER.c.id, OFFICER.c.name))}
    order: Sequence[UUID] = [officer for step in sorted(duty) for officer in duty[step]]
    return [f"{place} {names[officer]}" for place, officer in enumerate(dict.fromkeys(order), start=1)]


def alerts_of(
    connection: sa.Connection, cipher: Cipher, number_hash: bytes, most: int
) -> list[tuple[str, str]]:
    """The alerts that an officer may answer, as (code, line): reference, what and where."""
    rows = connection.execute(_ALERTS, {"number_hash": number_hash, "most": most})
    return [(str(row.code), _line(row.reference, read_facts(cipher, row.facts))) for row in rows]


def _line(reference: str, facts: Facts) -> str:
    return " ".join(filter(None, (reference, facts.code, facts.place)))
