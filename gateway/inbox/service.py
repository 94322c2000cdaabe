"""The inbox: waiting messages are claimed by lane, read, and filed with all that they call for.

A batch is one transaction. What a text does to its reader (an error, a time-out, a death) is
counted on the text; what happens to the database is not.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from gateway.alerts import replies
from gateway.alerts import service as alerts
from gateway.alerts.facts import Facts, NewAlert
from gateway.inbox import intake
from gateway.inbox.accept import insert, to_row
from gateway.inbox.clocks import trusted_sent_at
from gateway.inbox.intake import Filed, Incoming
from gateway.inbox.people import Directory, look_up, remember_contacts
from gateway.inbox.records import InboundRecord
from gateway.inbox.spool import Spool
from gateway.inbox.timelimit import time_limit
from gateway.observability import DEAD, IGNORED, READ, get_logger, where
from gateway.outbox.service import queue
from gateway.reports.reader import Reader
from gateway.reports.reading import Parse
from gateway.reports.records import ReportRecord, reference_sequence
from gateway.reports.references import make
from gateway.services import Services
from gateway.storage import audit
from gateway.storage.audit import Decision
from gateway.storage.cipher import UnknownKeyError
from gateway.storage.database import any_of, insert_many, table_of
from gateway.text.folding import fold_for_matching

log = get_logger(__name__)

IN = table_of(InboundRecord)
REPORT = table_of(ReportRecord)
# A text is retried alone from its second attempt on, and set aside after its fifth.
DEAD_AFTER = 5
SUSPECTS_AT_ONCE = 20
READING_TAKES_AT_MOST = 5.0
REPEATS_WITHIN = timedelta(hours=24)
_LANES = 0x564C
_REFERENCE_STEP, _REFERENCE_START = 61_803, 48_213


class Inbox:
    """Drains lanes. One a process: it remembers which attempts were the database's fault."""

    def __init__(self, services: Services, reader: Reader) -> None:
        self._services = services
        self._reader = reader
        self._blameless: list[UUID] = []

    def drain(self, lane: int) -> int:
        """Read one batch of a lane. Returns how many messages were settled; rings again for the rest.

        The lane's lock is held by a transaction of its own, so that it goes with this process.
        """
        self._services.doorbell.lane_answered(lane)
        with self._services.engine.connect() as guard, guard.begin():
            if not guard.execute(sa.select(sa.func.pg_try_advisory_xact_lock(_LANES, lane))).scalar_one():
                return 0  # whoever holds it looks again after letting go
            settled = self._drain(lane)
        with self._services.engine.connect() as connection:
            waiting, urgent = _waiting(connection, lane)
        if waiting:
            self._services.doorbell.lanes([lane], urgent=[lane] if urgent else ())
        self._services.doorbell.outbox(alerts=settled > 0, others=settled > 0)
        return settled

    def _drain(self, lane: int) -> int:
        self._forgive()
        with self._services.engine.connect() as connection:
            rows = _select(connection, lane, self._services.settings.batch)
        settled = self._bury([row for row in rows if row.attempts >= DEAD_AFTER])
        rows = [row for row in rows if row.attempts < DEAD_AFTER]
        suspects = [row for row in rows if row.attempts]
        behind = {bytes(row.sender_hash) for row in suspects}
        clean = [row for row in rows if bytes(row.sender_hash) not in behind]
        for batch in ([clean] if clean else []) + _alone(suspects):
            settled += self._settle(batch)
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

    def _settle(self, rows: Sequence[sa.Row[Any]]) -> int:
        """Count the attempt, read, file. Returns how many were settled."""
        ids = [row.id for row in rows]
        with self._services.engine.begin() as connection:
            connection.execute(sa.update(IN).where(any_of(IN.c.id, ids)).values(attempts=IN.c.attempts + 1))
            directory = look_up(connection, self._services.cipher, (bytes(row.sender_hash) for row in rows))
        try:
            read = self.read(rows, directory)
            with self._services.engine.begin() as connection:
                Batch(connection, self._services, directory, self._services.now()).file(read)
        except (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError, UnknownKeyError):
            self._blameless += ids
            raise
        except Exception as error:  # noqa: BLE001 - whatever a text does to us, it must not stop the others
            self._blame(ids, error)
            return 0
        READ.inc(len(read))
        return len(read)

    def read(self, rows: Sequence[sa.Row[Any]], directory: Directory) -> list[tuple[Incoming, Parse]]:
        """Open and read; a text whose reading fails is left out and keeps its attempt."""
        read: list[tuple[Incoming, Parse]] = []
        failed: list[tuple[UUID, Exception]] = []
        held_back: set[bytes] = set()
        for row in rows:
            message = self._open(row, directory)
            if message.sender_hash in held_back:
                self._blameless.append(row.id)  # it waits behind its sender's faulty one
                continue
            try:
                with time_limit(READING_TAKES_AT_MOST):
                    parse = self._reader.read(
                        message.text,
                        line="hotline" if message.on_hotline else "agents",
                        at=message.sent_at or message.received_at,
                        post=message.writer.post,
                    )
            except Exception as error:  # noqa: BLE001 - a poison text is not the batch's problem
                failed.append((row.id, error))
                held_back.add(message.sender_hash)
            else:
                read.append((message, parse))
        for id_, cause in failed:
            self._blame([id_], cause)
        return read

    def _open(self, row: sa.Row[Any], directory: Directory) -> Incoming:
        cipher, sender_hash = self._services.cipher, bytes(row.sender_hash)
        return Incoming(
            id=row.id,
            sender=cipher.decrypt(row.sender),
            sender_hash=sender_hash,
            text=cipher.decrypt(row.text),
            line=directory.lines.get(bytes(row.recipient_hash)),
            writer=directory.writer(sender_hash),
            sent_at=trusted_sent_at(row.sent_at, row.received_at),
            received_at=row.received_at,
        )

    def _blame(self, ids: Sequence[UUID], error: Exception) -> None:
        """Write down what a text did to its reader: class, file and line, never its words."""
        cause = where(error)
        log.error("message_not_read", messages=len(ids), error=cause)
        with self._services.engine.begin() as connection:
            connection.execute(sa.update(IN).where(any_of(IN.c.id, ids)).values(error=cause))

    def stale_lanes(self, older_than: timedelta) -> tuple[set[int], set[int]]:
        """Lanes with mail that has waited longer, and those of them with something urgent."""
        since = self._services.now() - older_than
        query = (
            sa.select(IN.c.lane, sa.func.bool_or(IN.c.urgent))
            .where(IN.c.state == "received", IN.c.received_at < since)
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
        with services.engine.begin() as connection:
            insert(connection, rows)
        spool.remove(item for item, _ in opened)
        spool.remove_empty_folders()
        services.doorbell.lanes(
            (row["lane"] for row in rows), urgent=(row["lane"] for row in rows if row["urgent"])
        )
        return len(opened)

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


@dataclass(slots=True)
class Batch:
    """Files a batch that was read, within one transaction."""

    connection: sa.Connection
    services: Services
    directory: Directory
    now: datetime

    def file(self, read: Sequence[tuple[Incoming, Parse]]) -> None:
        read = self._unsettled(read)
        ours = set(self.directory.lines)
        looped = [message for message, _ in read if message.sender_hash in ours]
        answers, texts = self._sort([pair for pair in read if pair[0].sender_hash not in ours])
        contacts = self._contacts([message for message, _ in texts])
        filed = self._filed(texts, contacts)
        decisions = self._alerts(filed, contacts)
        self._store(filed)
        for message, answer in answers:
            officer = self.directory.officers[message.sender_hash].officer_id
            if officer:
                decisions += alerts.acknowledge(
                    self.connection, self.services, officer, answer, message.id, self.now
                )
        self._mark([message.id for message, _ in (*answers, *texts)], "read")
        self._mark([message.id for message in looped], "ignored")
        IGNORED.inc(len(looped))
        audit.append(self.connection, self.services.cipher.derive("audit"), self.now, decisions)

    def _unsettled(self, read: Sequence[tuple[Incoming, Parse]]) -> list[tuple[Incoming, Parse]]:
        """Without those that another reader filed: this one may have slept so long that it lost the lane."""
        waiting = (
            sa.select(IN.c.id)
            .where(any_of(IN.c.id, [message.id for message, _ in read]), IN.c.state == "received")
            .with_for_update()
        )
        ids = set(self.connection.execute(waiting).scalars())
        return [pair for pair in read if pair[0].id in ids]

    def _sort(
        self, read: Sequence[tuple[Incoming, Parse]]
    ) -> tuple[list[tuple[Incoming, replies.Answer]], list[tuple[Incoming, Parse]]]:
        """Officers' answers to alerts, and everything else."""
        answers, texts = [], []
        for message, parse in read:
            officer = message.sender_hash in self.directory.officers
            answer = replies.parse(message.text) if officer else None
            if answer:
                answers.append((message, answer))
            else:
                texts.append((message, parse))
        return answers, texts

    def _contacts(self, messages: Sequence[Incoming]) -> dict[bytes, UUID]:
        """The contact behind each hotline text, made when it is the first."""
        hotline = [message for message in messages if message.on_hotline]
        known = dict(self.directory.contacts)
        new: dict[bytes, tuple[UUID, bytes]] = {}
        for message in hotline:
            if message.sender_hash not in known:
                known[message.sender_hash] = uuid7()
                number = self.services.cipher.encrypt(message.sender)
                new[message.sender_hash] = (known[message.sender_hash], number)
        here = {message.sender_hash for message in hotline}
        seen = [self.directory.contacts[sender] for sender in here if sender in self.directory.contacts]
        remember_contacts(self.connection, new, seen, self.now)
        return {sender: known[sender] for sender in here}

    def _filed(
        self, texts: Sequence[tuple[Incoming, Parse]], contacts: dict[bytes, UUID]
    ) -> list[tuple[Incoming, Filed]]:
        references = self._references(sum(len(parse.readings) for _, parse in texts))
        cipher = self.services.cipher
        hashes = [
            cipher.digest(f"{message.sender}\n{fold_for_matching(message.text)}") for message, _ in texts
        ]
        repeats = self._repeats(hashes, texts)
        filed: list[tuple[Incoming, Filed]] = []
        for (message, parse), text_hash in zip(texts, hashes, strict=True):
            contact = contacts.get(message.sender_hash) if message.on_hotline else None
            several = intake.file(
                message,
                parse,
                references,
                contact,
                repeats.get(text_hash),
                text_hash,
                self.now,
                self.services.settings.zone,
            )
            repeats[text_hash] = several[0].row["id"]
            filed += [(message, one) for one in several]
        return filed

    def _references(self, count: int) -> Iterator[str]:
        numbers = self.connection.execute(
            sa.select(sa.func.nextval(reference_sequence.name)).select_from(sa.func.generate_series(1, count))
        ).scalars()
        return iter([make(scattered(number)) for number in numbers])

    def _repeats(self, hashes: Sequence[bytes], texts: Sequence[tuple[Incoming, Parse]]) -> dict[bytes, UUID]:
        """The latest report of the same words by the same person, as {hash of both: report}."""
        if not texts:
            return {}
        oldest = min(message.received_at for message, _ in texts) - REPEATS_WITHIN
        rows = self.connection.execute(
            sa.select(REPORT.c.text_hash, REPORT.c.id)
            .where(
                any_of(REPORT.c.text_hash, hashes),
                REPORT.c.received_at > oldest,
            )
            .order_by(REPORT.c.received_at)
        )
        return {bytes(row.text_hash): row.id for row in rows}

    def _alerts(self, filed: Sequence[tuple[Incoming, Filed]], contacts: dict[bytes, UUID]) -> list[Decision]:
        """Raise what is new; a hotline contact has one open alert, which later texts join."""
        open_ones = alerts.open_alerts_of(self.connection, contacts.values())
        raised: dict[UUID, NewAlert] = {}
        joining: list[tuple[UUID, Facts]] = []
        by_contact: dict[UUID, UUID] = {}
        for _, one in filed:
            alert = one.alert
            if alert is None:
                continue
            contact = alert.contact_id
            if contact in open_ones:
                joining.append((open_ones[contact], alert.facts))
                one.row["alert_id"] = open_ones[contact]
            elif contact in by_contact:
                first = raised[by_contact[contact]]
                raised[first.id] = intake.graver(first, alert.facts)
                one.row["alert_id"] = first.id
            else:
                raised[alert.id] = alert
                one.row["alert_id"] = alert.id
                if contact:
                    by_contact[contact] = alert.id
        decisions = alerts.raise_alerts(self.connection, self.services, list(raised.values()), self.now)
        for alert_id, facts in sorted(joining, key=lambda pair: pair[0]):
            decisions += alerts.join(self.connection, self.services, alert_id, facts, self.now)
        return decisions

    def _store(self, filed: Sequence[tuple[Incoming, Filed]]) -> None:
        encrypt = self.services.cipher.encrypt
        rows = [
            {**one.row, "note": encrypt(one.row["note"]) if one.row["note"] else None} for _, one in filed
        ]
        insert_many(self.connection, REPORT, rows)
        receipts = [one.receipt for _, one in filed if one.receipt]
        queue(self.connection, self.services.cipher, receipts, self.now)

    def _mark(self, ids: Sequence[UUID], state: str) -> None:
        if ids:
            self.connection.execute(
                sa.update(IN).where(any_of(IN.c.id, ids)).values(state=state, read_at=self.now, error=None)
            )


def scattered(number: int) -> int:
    """The number-th reference's five digits: a step that is prime to the range, so that neighbours differ."""
    return (number * _REFERENCE_STEP + _REFERENCE_START) % 100_000


def _alone(suspects: Sequence[sa.Row[Any]]) -> list[list[sa.Row[Any]]]:
    """Each sender's first suspect as a batch of its own, the least suspect first."""
    firsts = {bytes(row.sender_hash): row for row in reversed(suspects)}.values()
    return [[row] for row in sorted(firsts, key=lambda row: row.attempts)[:SUSPECTS_AT_ONCE]]


def _select(connection: sa.Connection, lane: int, limit: int) -> list[sa.Row[Any]]:
    """Waiting messages of a lane, each sender's in order of receipt.

    While there are urgent senders theirs alone: a small batch is committed sooner than a full one.
    """
    waiting = sa.select(IN).where(IN.c.lane == lane, IN.c.state == "received")
    waiting = waiting.order_by(IN.c.received_at, IN.c.id).limit(limit)
    hurried = sa.select(IN.c.sender_hash).where(IN.c.lane == lane, IN.c.state == "received", IN.c.urgent)
    urgent = connection.execute(waiting.where(IN.c.sender_hash.in_(hurried))).all()
    return list(urgent or connection.execute(waiting).all())


def _waiting(connection: sa.Connection, lane: int) -> tuple[bool, bool]:
    waiting = sa.select(IN.c.id).where(IN.c.lane == lane, IN.c.state == "received")
    query = sa.select(sa.exists(waiting), sa.exists(waiting.where(IN.c.urgent)))
    anything, urgent = connection.execute(query).one()
    return bool(anything), bool(urgent)
