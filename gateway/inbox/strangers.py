"""Senders on the agents' line whom nobody has registered: who they are, telling the supervisor, and taking them in.

Their texts are read, stored and alerted as anybody's, but not answered; so somebody must look at them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by

from gateway.alerts.desk import Desk
from gateway.inbox import history
from gateway.inbox.records import InboundRecord
from gateway.outbox import drafts
from gateway.outbox.drafts import Draft
from gateway.outbox.records import OutboundRecord
from gateway.outbox.service import queue
from gateway.people.records import Reporter
from gateway.reports.records import UNKNOWN_SENDER, ReportChange, ReportRecord
from gateway.reports.revision import Change
from gateway.services import Services
from gateway.storage.audit import Decision
from gateway.storage.cipher import Cipher
from gateway.storage.database import any_of, insert_many, table_of
from gateway.text.render import count, render

IN, OUT, REPORT = table_of(InboundRecord), table_of(OutboundRecord), table_of(ReportRecord)
REPORTER, CHANGE = table_of(Reporter), table_of(ReportChange)
PURPOSE: Final = "unknown_senders"
# Several in one text, once a day, and by day: what is grave has been alerted long before.
GATHERED_FOR: Final = timedelta(hours=1)
NOT_AGAIN_FOR: Final = timedelta(hours=24)
BY_DAY: Final = range(7, 20)
_TELLING: Final = 0x5649_554E
_ID_LETTERS: Final = 8


@dataclass(frozen=True, slots=True)
class Stranger:
    """An unknown sender, and what came from that number. ``id`` tells nothing of it."""

    id: str
    number: str
    number_hash: bytes
    texts: int
    first_at: datetime
    last_at: datetime
    gravest: int | None
    codes: Sequence[str]


def strangers(connection: sa.Connection, cipher: Cipher) -> list[Stranger]:
    """All unknown senders, whoever wrote last first. Drills are texts, but nothing grave."""
    real = sa.not_(REPORT.c.drill)
    newest = sa.func.array_agg(aggregate_order_by(REPORT.c.message_id, REPORT.c.received_at.desc()))
    found = (
        sa.select(
            REPORT.c.sender_hash,
            sa.func.count(REPORT.c.message_id.distinct()).label("texts"),
            sa.func.min(REPORT.c.received_at).label("first_at"),
            sa.func.max(REPORT.c.received_at).label("last_at"),
            sa.func.min(REPORT.c.severity).filter(real).label("gravest"),
            sa.func.array_agg(REPORT.c.code.distinct())
            .filter(real, REPORT.c.code.is_not(None))
            .label("codes"),
            sa.type_coerce(newest, sa.ARRAY(sa.Uuid))[1].label("newest"),
        )
        .where(UNKNOWN_SENDER)
        .group_by(REPORT.c.sender_hash)
        .subquery()
    )
    rows = connection.execute(
        sa.select(found, IN.c.sender).join(IN, IN.c.id == found.c.newest).order_by(found.c.last_at.desc())
    )
    return [
        Stranger(
            bytes(row.sender_hash).hex()[:_ID_LETTERS],
            cipher.decrypt(row.sender),
            bytes(row.sender_hash),
            row.texts,
            row.first_at,
            row.last_at,
            row.gravest,
            row.codes or (),
        )
        for row in rows
    ]


def take_in(
    connection: sa.Connection, cipher: Cipher, numbers: Iterable[bytes], actor: str, now: datetime
) -> list[Decision]:
    """What registered reporters sent as strangers becomes theirs; that nobody knew them then stays marked."""
    rows = connection.execute(
        sa.update(REPORT)
        .where(
            UNKNOWN_SENDER,
            any_of(REPORT.c.sender_hash, numbers),
            REPORTER.c.number_hash == REPORT.c.sender_hash,
        )
        .values(reporter_id=REPORTER.c.id)
        .returning(REPORT.c.id, REPORT.c.reporter_id)
    ).all()
    entries = [
        history.entry(
            row.id,
            Change("reporter", None, str(row.reporter_id)),
            cipher,
            at=now,
            actor=actor,
            why="registered",
        )
        for row in rows
    ]
    insert_many(connection, CHANGE, entries)
    theirs: dict[UUID, int] = {}
    for row in rows:
        theirs[row.reporter_id] = theirs.get(row.reporter_id, 0) + 1
    return [
        Decision(actor, "earlier reports linked", f"reporter {reporter}", {"reports": reports})
        for reporter, reports in theirs.items()
    ]


def is_due(last: datetime | None, first: datetime | None, now: datetime, zone: ZoneInfo, pace: float) -> bool:
    """Whether to tell of unknown senders now: the ``last`` telling, and the ``first`` text that it lacks."""
    if first is None or (now - first) * pace < GATHERED_FOR:
        return False
    if last is not None and (now - last) * pace < NOT_AGAIN_FOR:
        return False
    return now.astimezone(zone).hour in BY_DAY


def tell(connection: sa.Connection, services: Services, now: datetime) -> list[Decision]:
    """Tell whoever stands at the last step of the rota of senders that are new since the last telling."""
    if not connection.execute(sa.select(sa.func.pg_try_advisory_xact_lock(_TELLING))).scalar_one():
        return []  # another clock is at it
    last = connection.execute(
        sa.select(sa.func.max(OUT.c.created_at)).where(OUT.c.purpose == PURPOSE)
    ).scalar_one()
    new = connection.execute(
        sa.select(
            sa.func.count(REPORT.c.sender_hash.distinct()).label("senders"),
            sa.func.count(REPORT.c.message_id.distinct()).label("texts"),
            sa.func.min(REPORT.c.read_at).label("first"),
        ).where(UNKNOWN_SENDER, REPORT.c.read_at > (last or datetime.min.replace(tzinfo=UTC)))
    ).one()
    if not is_due(last, new.first, now, services.settings.zone, services.settings.pace):
        return []
    outgoing, officers = _texts(Desk(connection, services), new, now)
    queue(connection, services.cipher, outgoing, now)
    detail = {"senders": new.senders, "texts": new.texts, "officers": [str(officer) for officer in officers]}
    return [Decision("vigie", "told of unknown senders", "agents' line", detail)] if outgoing else []


def _texts(desk: Desk, new: sa.Row[Any], now: datetime) -> tuple[list[Draft], list[UUID]]:
    duty = desk.on_duty(now)
    officers = duty[max(duty)] if duty and desk.line else []
    outgoing = [
        Draft(
            purpose=PURPOSE,
            rank=drafts.RECEIPT,
            channel=desk.channel,
            sender=desk.line,
            recipient=desk.officers[officer].number,
            text=render(
                PURPOSE,
                desk.officers[officer].language,
                senders=count(new.senders),
                texts=count(new.texts),
            ),
        )
        for officer in officers
    ]
    return outgoing, officers
