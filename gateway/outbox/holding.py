"""Which texts of a batch wait, because their officers got many lately; within the caller's transaction."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from gateway.outbox.drafts import CALL, SEVERITY_1
from gateway.outbox.records import CRISIS, OF_AN_OFFICER, TO_OFFICERS, OutboundRecord
from gateway.outbox.throttle import A_MINUTE, REMEMBERS, Held, Kind, Sent, hold, is_crisis, is_late, kind_of
from gateway.settings import Settings
from gateway.storage.database import any_of, table_of

OUT = table_of(OutboundRecord)
HELD_FOR: Final = REMEMBERS + A_MINUTE.within
"""At most, before it is looked at again."""
LIKE_ANOTHER: Final = "another like it waits for this officer already"
OVERTAKEN: Final = "its officer got a later text about the same already"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A text that may not go before ``until``. Where it ``is_late`` by then, the next step is not to wait for it."""

    until: datetime
    reason: str
    is_late: bool


def held_back(
    connection: sa.Connection, rows: Iterable[sa.Row[Any]], settings: Settings, now: datetime
) -> Mapping[UUID, Waiting | str]:
    """Those of the rows that may not go now, by id; with a reason those that their officers need no more.

    Once the crises' number for the day is used up, a step of one still reaches one officer at once.
    """
    mine = [(row, kind) for row in rows if (kind := kind_of(row.purpose))]
    if not mine:
        return {}
    overtaken = _overtaken(connection, [row for row, _ in mine])
    mine = [(row, kind) for row, kind in mine if row.id not in overtaken]
    pace = settings.pace
    sent = _lately(connection, {row.recipient_hash for row, _ in mine}, now, pace)
    crises = any(is_crisis(kind, row.rank) for row, kind in mine)
    left = settings.crisis_texts_a_day - crisis_texts(connection, settings, now) if crises else 0
    held = _over(mine, sent, left, now, pace)
    told = {row.subject for row, kind in mine if kind is not Kind.UPDATE and row.id not in held}
    waiting = _waiting(connection, [row for row, _ in mine if row.id in held])
    found: dict[UUID, Waiting | str] = dict.fromkeys(overtaken, OVERTAKEN)
    for row, kind in mine:
        if row.id not in held:
            continue
        key = (row.purpose, row.subject, bytes(row.recipient_hash))
        if kind is not Kind.UPDATE and row.held_since is None and key in waiting:
            found[row.id] = LIKE_ANOTHER
            continue
        waiting.add(key)
        until = min(held[row.id].until, row.expires_at)
        was_late = row.held_since is not None and is_late(row.held_since, row.due_at, pace)
        late = is_late(row.held_since or now, until, pace) and not was_late and row.subject not in told
        found[row.id] = Waiting(until, held[row.id].reason, late)
    return found


def _overtaken(connection: sa.Connection, rows: Iterable[sa.Row[Any]]) -> list[UUID]:
    """Alerts that waited or were tried again, while what is newer about them went: their figures would come last."""
    waited = [row for row in rows if row.purpose == "alert" and (row.held_since or row.attempts)]
    if not waited:
        return []
    newer = sa.select(OUT.c.subject, OUT.c.recipient_hash, OUT.c.created_at).where(
        OF_AN_OFFICER,
        any_of(OUT.c.recipient_hash, {row.recipient_hash for row in waited}),
        OUT.c.created_at > min(row.created_at for row in waited),
        OUT.c.purpose == "more",
        OUT.c.state.in_(("sent", "delivered")),
    )
    latest: dict[tuple[UUID, bytes], datetime] = {}
    for subject, number, at in connection.execute(newer.order_by(OUT.c.created_at)):
        latest[subject, bytes(number)] = at
    return [
        row.id
        for row in waited
        if latest.get((row.subject, bytes(row.recipient_hash)), row.created_at) > row.created_at
    ]


def _over(
    mine: Sequence[tuple[sa.Row[Any], Kind]],
    sent: dict[bytes, list[Sent]],
    left: int,
    now: datetime,
    pace: float,
) -> dict[UUID, Held]:
    """What is over, where ``left`` texts of crises may still go however much was sent."""
    held, steps, behind = dict[UUID, Held](), set(), set()
    for row, kind in mine:
        crisis = is_crisis(kind, row.rank)
        verdict = None if crisis and left > 0 else hold(sent[row.recipient_hash], kind, now, pace)
        if verdict is None:
            sent[row.recipient_hash].append(Sent(kind, now))
            left -= crisis
            steps |= {_step(row)} if kind is Kind.ALERT else set()
            continue
        # One goes when it opens: those behind it see then, and their alerts need not wait for that.
        line = row.recipient_hash, kind is Kind.CALL
        later = A_MINUTE.within / pace if line in behind else timedelta(0)
        behind.add(line)
        held[row.id] = replace(verdict, until=verdict.until + later)
    for row, kind in mine:
        # One that waited before had another of its step go.
        first = row.id in held and row.held_since is None and _step(row) not in steps
        if first and kind is Kind.ALERT and is_crisis(kind, row.rank):
            del held[row.id]
            steps.add(_step(row))
    return held


def _step(row: sa.Row[Any]) -> tuple[UUID, datetime]:
    """What is called for together: the alert of one step."""
    return row.subject, row.created_at


def crisis_texts(connection: sa.Connection, settings: Settings, now: datetime) -> int:
    """How many went to officers since midnight because of crises, or may be going: what the day's number is for."""
    gone = sa.select(sa.func.count()).where(CRISIS, OUT.c.sent_at >= midnight(settings, now))
    going = sa.select(sa.func.count()).where(
        OUT.c.state == "sending", OUT.c.rank <= SEVERITY_1, OUT.c.purpose != CALL
    )
    return sum(connection.execute(query).scalar_one() for query in (gone, going))


def midnight(settings: Settings, now: datetime) -> datetime:
    """When the day of the number began, on the agency's clock."""
    return datetime.combine(now.astimezone(settings.zone), time(), settings.zone)


def _lately(
    connection: sa.Connection, numbers: Iterable[bytes], now: datetime, pace: float
) -> dict[bytes, list[Sent]]:
    """What went to each number, and what a sender holds, which may have gone."""
    theirs = any_of(OUT.c.recipient_hash, numbers)
    gone = sa.select(OUT.c.recipient_hash, OUT.c.purpose, OUT.c.sent_at).where(
        theirs, TO_OFFICERS, OUT.c.sent_at > now - REMEMBERS / pace
    )
    going = sa.select(OUT.c.recipient_hash, OUT.c.purpose, sa.literal(now)).where(
        theirs, OUT.c.state == "sending"
    )
    found: dict[bytes, list[Sent]] = defaultdict(list)
    for number, purpose, at in connection.execute(gone.union_all(going)):
        if kind := kind_of(purpose):
            found[number].append(Sent(kind, at))
    return found


def _waiting(connection: sa.Connection, rows: Sequence[sa.Row[Any]]) -> set[tuple[str, UUID, bytes]]:
    """What waits for an officer already, about the alerts of these, as (purpose, alert, number)."""
    subjects = {row.subject for row in rows if row.subject}
    if not subjects:
        return set()
    query = sa.select(OUT.c.purpose, OUT.c.subject, OUT.c.recipient_hash).where(
        OUT.c.state == "queued", OUT.c.held_since.is_not(None), any_of(OUT.c.subject, subjects)
    )
    return {(purpose, subject, bytes(number)) for purpose, subject, number in connection.execute(query)}
