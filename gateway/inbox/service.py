"""The inbox: waiting messages are claimed by lane, read, and filed with all that they call for.

A batch is one transaction. What a text does to its reader (an error, a time-out, a death) is
counted on the text; what happens to the database is not.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from gateway.hotline.voice import event_of
from gateway.inbox import gathering, strangers, threads
from gateway.inbox.accept import insert, to_row
from gateway.inbox.clocks import trusted_sent_at
from gateway.inbox.filing import Batch
from gateway.inbox.gathering import Gathered
from gateway.inbox.intake import Incoming
from gateway.inbox.parts import Whole
from gateway.inbox.people import Directory, look_up
from gateway.inbox.records import InboundRecord
from gateway.inbox.spool import Spool, Spooled
from gateway.inbox.timelimit import time_limit
from gateway.messages import Kind
from gateway.observability import DEAD, READ, get_logger, where
from gateway.reports.reader import Reader
from gateway.reports.reading import Parse
from gateway.services import Services
from gateway.storage import audit
from gateway.storage.audit import Decision
from gateway.storage.cipher import UnknownKeyError
from gateway.storage.database import DATABASE_TROUBLE, among, any_of, as_array, table_of

log = get_logger(__name__)

IN = table_of(InboundRecord)
# A text is retried alone from its second attempt on, and set aside after its fifth.
DEAD_AFTER = 5
SUSPECTS_AT_ONCE = 20
READING_TAKES_AT_MOST = 5.0
_LANES = 0x564C
_NO_WHOLES: Mapping[UUID, Whole] = {}


def _what_waits() -> sa.Select[Any]:
    """Waiting messages of a lane, each sender's in order of receipt.

    While there are urgent senders theirs alone: a small batch is committed sooner than a full one.
    """
    waiting = sa.select(IN).where(IN.c.lane == sa.bindparam("lane"), IN.c.state == "received")
    in_order = waiting.order_by(IN.c.received_at, IN.c.id).limit(sa.bindparam("limit"))
    hurried = waiting.with_only_columns(IN.c.sender_hash).where(IN.c.urgent)
    urgent = in_order.where(IN.c.sender_hash.in_(hurried)).cte("urgent")
    others = in_order.where(~sa.exists(sa.select(urgent.c.id))).subquery("others")
    both = sa.union_all(sa.select(urgent), sa.select(others)).subquery("both")
    parts = sa.select(IN.c.id).where(IN.c.lane == sa.bindparam("lane"), IN.c.state == "waiting")
    query = sa.select(both, sa.exists(parts).label("parts_wait"))
    return query.order_by(both.c.received_at, both.c.id)


_TAKE_LANE = sa.select(sa.func.pg_try_advisory_xact_lock(_LANES, sa.bindparam("lane")))
_SELECT = _what_waits()
_ATTEMPT = sa.update(IN).where(among(IN.c.id, "ids")).values(attempts=IN.c.attempts + 1)
_WAITING = sa.select(IN.c.id).where(IN.c.lane == sa.bindparam("lane"), IN.c.state == "received")
_IS_MORE = sa.select(sa.exists(_WAITING), sa.exists(_WAITING.where(IN.c.urgent)))


class Inbox:
    """Drains lanes. One a process: it remembers which attempts were the database's fault."""

    def __init__(self, services: Services, reader: Reader) -> None:
        self._services = services
        self._reader = reader
        self._blameless: list[UUID] = []
        # For single statements, which need no BEGIN and COMMIT around them.
        self._at_once = services.engine.execution_options(isolation_level="AUTOCOMMIT")

    def drain(self, lane: int) -> int:
        """Read one batch of a lane. Returns how many messages were settled; rings again for the rest.

        The lane's lock is held by a transaction of its own, so that it goes with this process.
        """
        self._services.doorbell.lane_answered(lane)
        with self._services.engine.connect() as guard, guard.begin():
            if not guard.execute(_TAKE_LANE, {"lane": lane}).scalar_one():
                return 0  # whoever holds it looks again after letting go
            settled = self._drain(lane, guard)
        with self._at_once.connect() as connection:
            waiting, urgent = connection.execute(_IS_MORE, {"lane": lane}).one()
        if waiting:
            self._services.doorbell.lanes([lane], urgent=[lane] if urgent else ())
        self._services.doorbell.outbox(alerts=settled > 0, others=settled > 0)
        return settled

    def _drain(self, lane: int, guard: sa.Connection) -> int:
        self._forgive()
        rows = guard.execute(_SELECT, {"lane": lane, "limit": self._services.settings.batch}).all()
        settled = self._bury([row for row in rows if row.attempts >= DEAD_AFTER])
        rows = [row for row in rows if row.attempts < DEAD_AFTER]
        suspects = [row for row in rows if row.attempts]
        behind = {bytes(row.sender_hash) for row in suspects}
        clean = [row for row in rows if bytes(row.sender_hash) not in behind]
        for batch in ([clean] if clean else []) + _alone(suspects):
            settled += self._settle(batch, guard)
        return settled

    def _forgive(self) -> None:
        """Take back attempts that ended because the database went away, or a key had not come yet."""
        if self._blameless:
            with self._services.engine.begin() as connection:
                connection.execute(
                    sa.update(IN)
                    .where(any_of(IN.c.id, self._blameless), IN.c.state == "received", IN.c.attempts > 0)
                    .values(attempts=IN.c.attempts - 1)
                )
            self._blameless = []

    def _bury(self, rows: Sequence[sa.Row[Any]]) -> int:
        if not rows:
            return 0
        now = self._services.now()
        with self._services.engine.begin() as connection:
            connection.execute(
                sa.update(IN)
                .where(any_of(IN.c.id, [row.id for row in rows]))
                .values(state="dead", error=sa.func.coalesce(IN.c.error, "its reader died"))
            )
            decisions = [Decision("vigie", "message set aside as dead", str(row.id)) for row in rows]
            audit.append(connection, self._services.cipher.derive("audit"), now, decisions)
        DEAD.inc(len(rows))
        for row in rows:
            log.error("message_dead", message=str(row.id), error=row.error or "its reader died")
        return len(rows)

    def _settle(self, rows: Sequence[sa.Row[Any]], guard: sa.Connection) -> int:
        """Count the attempt, read, file. Returns how many were settled."""
        ids = [row.id for row in rows]
        with self._at_once.connect() as connection:
            connection.execute(_ATTEMPT, {"ids": as_array(IN.c.id, ids)})
        try:
            gathered = self._gather(rows)
            directory = look_up(guard, self._services.cipher, gathered.rows)
            read = self.read(gathered.rows, directory, gathered.wholes)
            with self._services.engine.begin() as connection:
                self.batch(connection, directory).file(read)
        except (*DATABASE_TROUBLE, UnknownKeyError):
            self._blameless += ids
            raise
        except Exception as error:  # noqa: BLE001 - whatever a text does to us, it must not stop the others
            self._blame(ids, error)
            return 0
        READ.inc(len(read))
        return len(read)

    def _gather(self, rows: Sequence[sa.Row[Any]]) -> Gathered:
        if gathering.is_plain(rows):
            return Gathered(rows)
        with self._services.engine.begin() as connection:
            return gathering.gather(connection, self._services.cipher, rows, self._services.now())

    def batch(self, connection: sa.Connection, directory: Directory) -> Batch:
        """What files messages that were read, within a transaction of the caller's."""
        return Batch(connection, self._services, self._reader, directory, self._services.now())

    def read(
        self, rows: Sequence[sa.Row[Any]], directory: Directory, wholes: Mapping[UUID, Whole] = _NO_WHOLES
    ) -> list[tuple[Incoming, Parse]]:
        """Open and read; a text whose reading fails is left out and keeps its attempt."""
        read: list[tuple[Incoming, Parse]] = []
        failed: list[tuple[UUID, Exception]] = []
        held_back: set[bytes] = set()
        for row in rows:
            message = self._open(row, directory, wholes.get(row.id))
            if message.sender_hash in held_back:
                self._blameless.append(row.id)  # it waits behind its sender's faulty one
                continue
            try:
                with time_limit(READING_TAKES_AT_MOST):
                    parse = self._reader.read(
                        message.text,
                        line="hotline" if message.on_hotline else "agents",
                        at=message.read_as_of,
                        post=message.writer.post,
                    )
            except Exception as error:  # noqa: BLE001 - a poison text is not the batch's problem
                failed.append((row.id, error))
                held_back.add(message.sender_hash)
            else:
                read.append((message, parse.with_a_gap() if message.lacks_parts else parse))
        for id_, cause in failed:
            self._blame([id_], cause)
        return read

    def _open(self, row: sa.Row[Any], directory: Directory, whole: Whole | None) -> Incoming:
        cipher, sender_hash = self._services.cipher, bytes(row.sender_hash)
        return Incoming(
            id=row.id,
            channel=row.channel,
            sender=cipher.decrypt(row.sender),
            sender_hash=sender_hash,
            text=whole.text if whole else cipher.decrypt(row.text),
            line=directory.lines.get(bytes(row.recipient_hash)),
            writer=directory.writer(sender_hash),
            sent_at=trusted_sent_at(row.sent_at, row.received_at),
            received_at=row.received_at,
            whole=whole,
            call=event_of(row.provider_id) if row.kind == Kind.CALL else None,
        )

    def _blame(self, ids: Sequence[UUID], error: Exception) -> None:
        """Write down what a text did to its reader: class, file and line, never its words."""
        cause = where(error)
        log.error("message_not_read", messages=len(ids), error=cause)
        with self._services.engine.begin() as connection:
            connection.execute(sa.update(IN).where(any_of(IN.c.id, ids)).values(error=cause))

    def stale_lanes(self, older_than: timedelta) -> tuple[set[int], set[int]]:
        """Lanes with mail that has waited longer, and those of them with something urgent.

        Also mail from ahead: the clock was set back, and nobody can tell how long it has waited.
        """
        now = self._services.now()
        query = (
            sa.select(IN.c.lane, sa.func.bool_or(IN.c.urgent))
            .where(IN.c.state == "received", ~IN.c.received_at.between(now - older_than, now + older_than))
            .group_by(IN.c.lane)
        )
        with self._services.engine.connect() as connection:
            rows = connection.execute(query).all()
        return {lane for lane, _ in rows}, {lane for lane, urgent in rows if urgent}

    def take_in_spool(self, spool: Spool, hotlines: frozenset[bytes], at_most: int = 500) -> int:
        """Move spooled messages into the inbox, in order; a file goes only after its commit."""
        waiting = spool.waiting()[:at_most]
        if not waiting:
            return 0
        services = self._services
        opened = list(spool.read(waiting, services.cipher))
        rows = [to_row(message, services.cipher, services.settings.lanes, hotlines) for _, message in opened]
        try:
            with services.engine.begin() as connection:
                insert(connection, rows)
        except (sa.exc.DataError, sa.exc.IntegrityError):
            self._take_in_one_by_one(spool, [item for item, _ in opened], rows)
        else:
            spool.remove(item for item, _ in opened)
        spool.remove_empty_folders()
        services.doorbell.lanes(
            (row["lane"] for row in rows), urgent=(row["lane"] for row in rows if row["urgent"])
        )
        return len(opened)

    def _take_in_one_by_one(
        self, spool: Spool, items: Sequence[Spooled], rows: Sequence[dict[str, Any]]
    ) -> None:
        """One that PostgreSQL refuses is put aside, so that the rest gets in."""
        for item, row in zip(items, rows, strict=True):
            try:
                with self._services.engine.begin() as connection:
                    insert(connection, [row])
            except (sa.exc.DataError, sa.exc.IntegrityError) as error:
                log.error("spooled_message_refused", error=where(error))
                spool.put_aside(item)
            else:
                spool.remove([item])

    def end_waits(self) -> None:
        """Parts that waited for others long enough are read as they are."""
        with self._services.engine.begin() as connection:
            lanes = gathering.waited_long_enough(connection, self._services.now())
        self._services.doorbell.lanes(lanes)

    def expire_questions(self) -> None:
        """Reports whose question nobody answered in time are filed as they stand."""
        with self._services.engine.begin() as connection:
            threads.expire(connection, self._services.now())

    def tell_of_unknown_senders(self) -> None:
        """Once a day at most, whoever supervises hears that senders are waiting to be registered."""
        services = self._services
        with services.engine.begin() as connection:
            decisions = strangers.tell(connection, services, services.now())
            audit.append(connection, services.cipher.derive("audit"), services.now(), decisions)

    def replay_dead(self, actor: str) -> int:
        """Give every dead message another chance, once what killed it is mended."""
        services = self._services
        with services.engine.begin() as connection:
            rows = connection.execute(
                sa.update(IN)
                .where(IN.c.state == "dead")
                .values(state="received", attempts=0, error=None)
                .returning(IN.c.id, IN.c.lane)
            ).all()
            decisions = [Decision(actor, "dead message replayed", str(row.id)) for row in rows]
            audit.append(connection, services.cipher.derive("audit"), services.now(), decisions)
        services.doorbell.lanes(row.lane for row in rows)
        return len(rows)


def _alone(suspects: Sequence[sa.Row[Any]]) -> list[list[sa.Row[Any]]]:
    """Each sender's first suspect as a batch of its own, the least suspect first."""
    firsts = {bytes(row.sender_hash): row for row in reversed(suspects)}.values()
    return [[row] for row in sorted(firsts, key=lambda row: row.attempts)[:SUSPECTS_AT_ONCE]]
