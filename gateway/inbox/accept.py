"""Making a message safe: group commit into PostgreSQL, or the spool, or not at all.

Requests that wait at the same moment share one insert and one commit. A request waits at most two
seconds for its commit; then it spools its own message, and if the commit comes through after all the
unique key makes the two one.
"""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from gateway.inbox.clocks import possible
from gateway.inbox.lanes import lane_of
from gateway.inbox.records import InboundRecord
from gateway.inbox.spool import Spool
from gateway.messages import InboundMessage
from gateway.observability import DUPLICATES, RECEIVED, SPOOLED, get_logger
from gateway.queueing import Doorbell
from gateway.reports.urgency import cheaply_urgent
from gateway.storage.cipher import Cipher
from gateway.storage.database import insert_many, is_connection_error, table_of
from gateway.text.segments import segments

log = get_logger(__name__)

COMMIT_WITHIN = 2.0
_GROUP = 200
_UNIQUE = ("channel", "provider_id")


class NotStoredError(Exception):
    """Neither the database nor the spool took the message: the provider must try again."""


class _BehindSpoolError(Exception):
    """Earlier messages of the sender are in the spool: this one goes there too."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    message: InboundMessage
    done: Future[None]


_Ready = tuple[_Waiting, dict[str, Any]]


def to_row(message: InboundMessage, cipher: Cipher, lanes: int, hotlines: frozenset[bytes]) -> dict[str, Any]:
    """A message as a row of the inbox. ``hotlines`` are the hashes of the hotline's numbers."""
    sender_hash = cipher.digest(message.sender)
    recipient_hash = cipher.digest(message.recipient)
    part = message.part
    return {
        "id": message.id,
        "kind": message.kind.value,
        "channel": message.channel,
        "provider_id": message.provider_id,
        "sender": cipher.encrypt(message.sender),
        "sender_hash": sender_hash,
        "recipient": cipher.encrypt(message.recipient),
        "recipient_hash": recipient_hash,
        "text": cipher.encrypt(message.text),
        "segments": min(segments(message.text), 32_000),
        "lane": lane_of(sender_hash, lanes),
        "urgent": recipient_hash in hotlines or cheaply_urgent(message.text),
        "state": "received",
        "attempts": 0,
        "sent_at": possible(message.sent_at),
        "received_at": message.received_at,
        "part_reference": part.reference if part else None,
        "part_number": part.number if part else None,
        "part_total": part.total if part else None,
        "device": message.device,
    }


def insert(connection: sa.Connection, rows: Sequence[dict[str, Any]]) -> int:
    """Insert in the order of the unique key, so that two groups never deadlock. Returns the new ones."""
    ordered = sorted(rows, key=lambda row: (row["channel"], row["provider_id"]))
    return insert_many(connection, table_of(InboundRecord), ordered, unless_exists=_UNIQUE)


class Acceptor:
    """One a web process: many requests, one committing thread."""

    def __init__(
        self,
        engine: sa.Engine,
        spool: Spool,
        cipher: Cipher,
        doorbell: Doorbell,
        lanes: int,
        hotlines: Callable[[], frozenset[bytes]],
    ) -> None:
        # One statement is a transaction of its own: no BEGIN and COMMIT to wait for.
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._spool = spool
        self._cipher = cipher
        self._doorbell = doorbell
        self._lanes = lanes
        self._hotlines = hotlines
        self._waiting: list[_Waiting] = []
        self._arrived = threading.Condition()
        self._commit_began: float | None = None
        self._thread: threading.Thread | None = None

    def accept(self, message: InboundMessage) -> None:
        """Return once the message is safe; raise NotStoredError when it cannot be."""
        RECEIVED.labels(message.channel).inc()
        if self.database_overdue():
            self._to_spool(message)
            return
        waiting = _Waiting(message, Future())
        with self._arrived:
            self._start()
            self._waiting.append(waiting)
            self._arrived.notify()
        try:
            waiting.done.result(timeout=COMMIT_WITHIN)
        except Exception:  # noqa: BLE001 - whatever keeps it from being committed, the spool takes it
            # Not to be committed later: an earlier one of its sender may be in the spool by now.
            waiting.done.cancel()
            self._to_spool(message)

    def database_overdue(self) -> bool:
        """Whether a commit has been waited for longer than a message may wait."""
        began = self._commit_began
        return began is not None and time.monotonic() - began > COMMIT_WITHIN

    def _to_spool(self, message: InboundMessage) -> None:
        try:
            self._spool.put(message, self._cipher)
        except OSError as error:
            log.error("message_not_stored", channel=message.channel, reason=error.strerror)
            raise NotStoredError from error
        SPOOLED.inc()

    def _start(self) -> None:
        # Started with the first message, so that a fork before it leaves no dead thread behind.
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._commit_forever, name="group-commit", daemon=True)
            self._thread.start()

    def _commit_forever(self) -> None:
        while True:
            with self._arrived:
                self._arrived.wait_for(lambda: bool(self._waiting))
                group, self._waiting = self._waiting[:_GROUP], self._waiting[_GROUP:]
            wanted = [waiting for waiting in group if waiting.done.set_running_or_notify_cancel()]
            self._commit_began = time.monotonic()
            try:
                self._commit(self._with_rows(wanted))
            finally:
                self._commit_began = None

    def _with_rows(self, group: list[_Waiting]) -> list[_Ready]:
        """Hash and encrypt here, in one thread: it costs half of what it costs in each request's own."""
        ready = []
        for waiting in group:
            try:
                ready.append((waiting, self._row_of(waiting.message)))
            except Exception as error:  # noqa: BLE001 - one message must not cost its group the commit
                waiting.done.set_exception(error)
        return ready

    def _row_of(self, message: InboundMessage) -> dict[str, Any]:
        row = to_row(message, self._cipher, self._lanes, self._hotlines())
        if self._spool.holds(row["sender_hash"]):
            raise _BehindSpoolError
        return row

    def _commit(self, group: list[_Ready]) -> None:
        if not group:
            return
        try:
            new = self._insert([row for _, row in group])
        except sa.exc.DBAPIError as error:
            if is_connection_error(error) or len(group) == 1:
                _fail(group, error)
            else:
                for one in group:
                    self._commit([one])
            return
        except sa.exc.SQLAlchemyError as error:
            _fail(group, error)
            return
        for waiting, _ in group:
            waiting.done.set_result(None)
        if new < len(group):
            DUPLICATES.labels(group[0][0].message.channel).inc(len(group) - new)
        self._doorbell.lanes(
            (row["lane"] for _, row in group), urgent=(row["lane"] for _, row in group if row["urgent"])
        )

    def _insert(self, rows: list[dict[str, Any]]) -> int:
        for attempt in (1, 2):
            try:
                with self._engine.connect() as connection:
                    return insert(connection, rows)
            except sa.exc.OperationalError as error:
                # A pooled connection from before a restart fails once; a deadlock is worth another try.
                if attempt == 2:
                    log.warning("group_commit_failed", error=type(error.orig).__name__, rows=len(rows))
                    raise
        raise AssertionError("unreachable")


def _fail(group: list[_Ready], error: sa.exc.SQLAlchemyError) -> None:
    for waiting, _ in group:
        waiting.done.set_exception(error)
