"""The outbox: texts are queued in the transaction that calls for them, and delivered from here."""

import random
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from gateway.channels.base import (
    CallingChannel,
    NoRouteSendError,
    OptedOutSendError,
    SendError,
    TemporarySendError,
    TextChannel,
    UncertainSendError,
)
from gateway.channels.records import Line
from gateway.messages import Accepted, Delivery, OutboundCall, OutboundMessage, Receipt
from gateway.observability import FAILED, SENT, WITHHELD, get_logger, where
from gateway.outbox.drafts import ABOUT_ALERTS, ALERT_SLOT, CALL, CANARY, TO_OFFICERS, Draft, audience_of
from gateway.outbox.holding import HELD_FOR, Waiting, held_back
from gateway.outbox.leaving import Leaving, routed
from gateway.outbox.lines import Heard, look_up, save_heard, save_rations
from gateway.outbox.records import OF_AN_OFFICER, OutboundRecord
from gateway.outbox.retries import LONGEST_PAUSE, GiveUp, after_failure
from gateway.outbox.routing import Ration, has_fresh
from gateway.people.marks import safety_by_number
from gateway.people.records import Officer
from gateway.people.safety import Addressee, Audience, why_withheld
from gateway.services import Services
from gateway.storage import audit
from gateway.storage.audit import Decision
from gateway.storage.cipher import Cipher
from gateway.storage.database import DATABASE_TROUBLE, any_of, insert_many, table_of
from gateway.text.segments import segments

log = get_logger(__name__)

OUT, OFFICER, LINE = table_of(OutboundRecord), table_of(Officer), table_of(Line)
# Claims are serialised, so that two senders never hold texts for one number at the same moment.
_CLAIMING = 0x5649_4F55
# A sender works at most 10 s on its claim and a last call takes some 5 s more; a slow name look-up adds to it.
WORKS_FOR = 10.0
LEASE = timedelta(seconds=30)
# An alert waits for an earlier text to its number as long as a call takes: whoever holds it may be dead.
ALERTS_WAIT = timedelta(seconds=6)
# A number is free for its next text this soon, however long the others of the batch hang.
RECORDED_WITHIN = 0.5
# Every text to an officer who stopped is refused: that is told once in so long.
STOPS_AGAIN = timedelta(hours=24)
_RANKS = {
    Delivery.QUEUED: 0,
    Delivery.SENDING: 1,
    Delivery.SENT: 2,
    Delivery.FAILED: 3,  # so we thought: a phone that has it knows better
    Delivery.DELIVERED: 4,
    Delivery.WITHHELD: 4,
}
_EXPIRED = "expired before it could be sent"
# Where no line of ours serves its readers any more; an alert is tried all the same.
_NO_LINE = {
    Audience.CONTACT: "hotline contact: no hotline line goes this way any more",
    Audience.REPORTER: "no agents' line is left that it may leave by",
    Audience.OUR_LINES: "the line that it would prove is ours no more",
}
_OF_ONE_SENDING = frozenset(
    {"id", "state", "attempts", "created_at", "due_at", "claimed_until", "provider_id", "sent_at", "error"}
    | {"held_since"}
)

# Asked with texts about alerts as (purpose, alert, hash of the number); answers which are no longer wanted, and why.
AboutAlert = tuple[str, UUID, bytes]
NoLongerWanted = Callable[[sa.Connection, Collection[AboutAlert]], Mapping[AboutAlert, str]]
# Told of the alerts whose text will reach nobody, or has reached a phone, in the transaction that records it.
OnAlertText = Callable[[sa.Connection, Sequence[UUID], datetime], None]


def queue(connection: sa.Connection, cipher: Cipher, drafts: Sequence[Draft], now: datetime) -> list[UUID]:
    """Write drafts into the outbox, within the caller's transaction. Returns their ids."""
    rows = [_to_row(draft, cipher, now) for draft in drafts]
    insert_many(connection, OUT, rows)
    return [row["id"] for row in rows]


def last_told(
    connection: sa.Connection, cipher: Cipher, officer: str, most: int
) -> list[tuple[str, UUID | None]]:
    """The last texts to an officer's number about alerts and in answer, as (purpose, subject)."""
    query = (
        sa.select(OUT.c.purpose, OUT.c.subject)
        .where(OUT.c.recipient_hash == cipher.digest(officer), OF_AN_OFFICER)
        .order_by(OUT.c.created_at.desc(), OUT.c.id.desc())
        .limit(most)
    )
    return [(row.purpose, row.subject) for row in connection.execute(query)]


def _to_row(draft: Draft, cipher: Cipher, now: datetime) -> dict[str, Any]:
    return {
        "id": uuid7(),
        "purpose": draft.purpose,
        "rank": draft.rank,
        "channel": draft.channel,
        "sender": cipher.encrypt(draft.sender),
        "recipient": cipher.encrypt(draft.recipient),
        "recipient_hash": cipher.digest(draft.recipient),
        "text": cipher.encrypt(draft.text),
        "segments": 0 if draft.purpose == CALL else segments(draft.text),
        "subject": draft.subject,
        "state": "queued",
        "attempts": 0,
        "created_at": now,
        "due_at": now,
        "expires_at": now + draft.valid_for,
    }


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What becomes of a claimed text, as the columns to be written."""

    row: sa.Row[Any]
    state: Delivery
    error: str | None = None
    due_at: datetime | None = None
    provider_id: str | None = None
    sent_at: datetime | None = None
    attempted: bool = True
    tried: Sequence[int] | None = None
    heard: Heard | None = None
    opted_out: bool = False
    decision: Decision | None = None
    held_since: datetime | None = None
    unheard: bool = False
    """It reaches nobody, or too late: its alert does not wait for it."""

    def values(self) -> dict[str, Any]:
        return {
            "id_": self.row.id,
            "state_": self.state.value,
            "error_": self.error,
            "due_at_": self.due_at or self.row.due_at,
            "provider_id_": self.provider_id,
            "sent_at_": self.sent_at,
            "attempts_": self.row.attempts + self.attempted,
            "tried_": self.row.tried if self.tried is None else list(self.tried),
            "held_since_": self.held_since,
        }


# A receipt may have overtaken us: then the row is no longer queued or sending, and stays as it is.
_RECORD = (
    sa.update(OUT)
    .where(OUT.c.id == sa.bindparam("id_"), sa.or_(OUT.c.state == "queued", OUT.c.state == "sending"))
    .values(
        state=sa.bindparam("state_"),
        error=sa.bindparam("error_"),
        due_at=sa.bindparam("due_at_"),
        provider_id=sa.bindparam("provider_id_"),
        sent_at=sa.bindparam("sent_at_"),
        attempts=sa.bindparam("attempts_"),
        tried=sa.bindparam("tried_"),
        held_since=sa.bindparam("held_since_"),
        claimed_until=None,
    )
)


_MOVE = (
    sa.update(OUT)
    .where(OUT.c.id == sa.bindparam("id_"))
    .values(channel=sa.bindparam("channel_"), sender=sa.bindparam("sender_"))
)


class Outbox:
    """Delivers. Sending happens outside every transaction."""

    def __init__(
        self,
        services: Services,
        no_longer_wanted: NoLongerWanted,
        on_alert_failed: OnAlertText,
        on_alert_delivered: OnAlertText,
    ) -> None:
        self._services = services
        self._no_longer_wanted = no_longer_wanted
        self._on_alert_failed = on_alert_failed
        self._on_alert_delivered = on_alert_delivered
        self._chance = random.Random()  # noqa: S311 - it only spreads retries

    def deliver(self, *, alerts: bool) -> int:
        """Claim what is due, send it, record it. Returns how many texts were handled.

        ``alerts`` is the slot that only alerts may use; the other takes whatever comes.
        """
        claimed, settled = self._claim(alerts=alerts)
        if not claimed:
            return settled
        began = time.monotonic()
        numbers = [list(texts) for _, texts in groupby(claimed, key=lambda text: text.row.recipient_hash)]
        with ThreadPoolExecutor(self._services.settings.send_slots) as slots:
            under_way = {slots.submit(self._send_in_turn, texts, began) for texts in numbers}
            while under_way:
                done, under_way = wait(under_way, timeout=RECORDED_WITHIN)
                self._record_until_done([outcome for part in done for outcome in part.result()])
        return len(claimed) + settled

    def _claim(self, *, alerts: bool) -> tuple[list[Leaving], int]:
        """Mark texts as being sent, those to one number together; settle those that may not go, counted."""
        now = self._services.now()
        in_flight = sa.select(OUT.c.recipient_hash).where(OUT.c.state == "sending")
        if alerts:
            in_flight = in_flight.where(OUT.c.claimed_until > now + LEASE - ALERTS_WAIT)
        due = (
            sa.select(OUT)
            .where(_is_due(now, self._services.settings.pace), OUT.c.recipient_hash.not_in(in_flight))
            .order_by(OUT.c.rank, OUT.c.due_at, OUT.c.id)
            .limit(self._services.settings.send_slots * 8)
            .with_for_update(skip_locked=True)  # a receipt may be settling one at this moment
        )
        if alerts:
            due = due.where(OUT.c.rank < ALERT_SLOT)
        with self._services.engine.begin() as connection:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_CLAIMING)))
            rows = connection.execute(due).all()
            if not rows:
                return [], 0
            lines = look_up(connection, self._services.cipher, now)
            texts = [self._callable(routed(row, lines, self._services.cipher)) for row in rows]
            settled = self._refusals(connection, texts, now)
            settled |= self._held([text for text in texts if text.row.id not in settled], connection, now)
            wanted, rationed = _rationed(
                [text for text in texts if text.row.id not in settled], lines.rations, now
            )
            settled |= rationed
            self._mark(connection, wanted, now)
            self._write(connection, list(settled.values()), now, lines.rations)
        order = {text.row.recipient_hash: place for place, text in reversed(list(enumerate(wanted)))}
        return sorted(wanted, key=lambda text: order[text.row.recipient_hash]), len(settled)

    def _held(
        self, texts: Sequence[Leaving], connection: sa.Connection, now: datetime
    ) -> dict[UUID, _Outcome]:
        """Those that wait, because their officers got many lately."""
        rows = {text.row.id: text.row for text in texts}
        waiting = held_back(connection, rows.values(), self._services.settings, now)
        return {id_: _waits(rows[id_], it, now) for id_, it in waiting.items()}

    def _callable(self, text: Leaving) -> Leaving:
        """A call leaves by the lines whose channel can call."""
        if text.row.purpose != CALL:
            return text
        return replace(text, routes=[route for route in text.routes if self._can_call(route.channel)])

    def _can_call(self, channel: str) -> bool:
        return isinstance(self._services.channels.get(channel), CallingChannel)

    def _mark(self, connection: sa.Connection, texts: Sequence[Leaving], now: datetime) -> None:
        """As being sent, by the line that each leaves by."""
        connection.execute(
            sa.update(OUT)
            .where(any_of(OUT.c.id, [text.row.id for text in texts]))
            .values(state="sending", claimed_until=now + LEASE)
        )
        encrypt = self._services.cipher.encrypt
        moved = [
            {"id_": text.row.id, "channel_": text.channel, "sender_": encrypt(text.line)}
            for text in texts
            if text.routes and (text.line, text.channel) != (text.written_for, text.row.channel)
        ]
        if moved:
            connection.execute(_MOVE, moved)

    def _refusals(
        self, connection: sa.Connection, texts: Sequence[Leaving], now: datetime
    ) -> dict[UUID, _Outcome]:
        """Ask again just before sending whether it may go, whether it is still wanted, and not too old."""
        if not texts:
            return {}
        hashes = [text.row.recipient_hash for text in texts]
        contacts = safety_by_number(connection, hashes)
        officers = _active_officers(connection, hashes)
        our_lines = _our_lines(connection, texts)
        about = {_key(text.row) for text in texts if text.is_alert and text.row.subject}
        unwanted = self._no_longer_wanted(connection, about)
        refused = {}
        for text in texts:
            row = text.row
            addressee = Addressee(
                contacts.get(row.recipient_hash),
                row.recipient_hash in officers,
                row.recipient_hash in our_lines,
            )
            zone = self._services.settings.zone
            audience = audience_of(row.purpose)
            reason = why_withheld(audience, addressee, text.way, now, zone)
            if not text.routes:
                reason = reason or _NO_LINE.get(audience)
            reason = reason or unwanted.get(_key(row))
            if reason is not None:
                refused[row.id] = _withheld(row, reason)
            elif row.expires_at <= now:
                refused[row.id] = _failed(row, "; ".join(filter(None, (row.error, _EXPIRED))))
        return refused

    def _send_in_turn(self, texts: list[Leaving], began: float) -> list[_Outcome]:
        """Texts to one number, one after the other; after a failure the rest wait their turn again."""
        outcomes: list[_Outcome] = []
        for text in texts:
            troubled = bool(outcomes) and outcomes[-1].state is Delivery.QUEUED
            if troubled or time.monotonic() - began > WORKS_FOR:
                outcomes.append(_released(text.row))
            else:
                outcomes.append(self._send(text))
        return outcomes

    def _send(self, text: Leaving) -> _Outcome:
        row = text.row
        if row.purpose not in TO_OFFICERS and (refusal := self._refused_by_now(text)):
            return refusal
        try:
            accepted = self._handed_over(text)
        except SendError as error:
            return self._not_sent(text, error)
        except Exception as error:  # noqa: BLE001 - an adapter broke its word: no other text may suffer
            return self._not_sent(text, UncertainSendError(f"the channel failed: {where(error)}"))
        return self._sent(text, accepted)

    def _handed_over(self, text: Leaving) -> Accepted:
        """Raise a SendError."""
        row, cipher = text.row, self._services.cipher
        channel = self._services.channels.get(text.channel)
        sender, recipient = text.line or cipher.decrypt(row.sender), cipher.decrypt(row.recipient)
        if row.purpose == CALL:
            if not isinstance(channel, CallingChannel):
                raise TemporarySendError(f"channel {text.channel} cannot call")
            return channel.call(OutboundCall(row.id, sender, recipient))
        if not isinstance(channel, TextChannel):
            raise TemporarySendError(f"channel {text.channel} is not configured")
        return channel.send(OutboundMessage(row.id, sender, recipient, cipher.decrypt(row.text)))

    def _refused_by_now(self, text: Leaving) -> _Outcome | None:
        """Seconds may have gone by since it was claimed: what counts is who may be texted when it is sent."""
        try:
            with self._services.engine.connect() as connection:
                return self._refusals(connection, [text], self._services.now()).get(text.row.id)
        except DATABASE_TROUBLE:
            return _released(text.row)

    def _sent(self, text: Leaving, accepted: Accepted) -> _Outcome:
        row = text.row
        SENT.labels(row.purpose).inc()
        return _Outcome(
            row,
            accepted.state,
            provider_id=accepted.provider_id,
            sent_at=self._services.now(),
            tried=text.tried,
            heard=_heard(text, None),
            decision=Decision("outbox", "text sent", str(row.id), {**_about(row), "channel": text.channel}),
        )

    def _not_sent(self, text: Leaving, error: SendError) -> _Outcome:
        row, now = text.row, self._services.now()
        no_route, stopped = isinstance(error, NoRouteSendError), isinstance(error, OptedOutSendError)
        fresh = has_fresh(text.routes, row.tried, other_channel=error.retry)
        # An alert goes round again: what the other line suffered from may have passed.
        elsewhere = no_route and (fresh or (text.is_alert and len(text.routes) > 1))
        # It was that provider that an officer told to stop, and not us.
        elsewhere = elsewhere or (stopped and text.is_alert and fresh)
        verdict = after_failure(
            row.purpose,
            retry=error.retry or elsewhere,
            uncertain=isinstance(error, UncertainSendError),
            fresh_line=fresh,
            reason=error.reason,
            attempts=row.attempts + 1,
            tries=text.tries,
            now=now,
            expires_at=row.expires_at,
            jitter=self._chance.random(),
        )
        log.warning("text_not_sent", message=str(row.id), purpose=row.purpose, reason=error.reason)
        heard = _heard(text, error.reason) if error.trouble else None
        if isinstance(verdict, GiveUp):
            return replace(_failed(row, verdict.reason), tried=text.tried, heard=heard, opted_out=stopped)
        return _Outcome(
            row,
            Delivery.QUEUED,
            error=error.reason,
            due_at=verdict.at,
            tried=text.tried,
            heard=heard,
            opted_out=stopped,
            unheard=no_route and not fresh,
        )

    def _record_until_done(self, outcomes: Sequence[_Outcome]) -> None:
        """The texts have gone: what became of them must be written, however long the database is away."""
        while outcomes:
            try:
                with self._services.engine.begin() as connection:
                    self._write(connection, outcomes, self._services.now())
            except sa.exc.IntegrityError:
                if not any(outcome.provider_id for outcome in outcomes):
                    raise
                # A provider gave an id twice: that the texts went matters more than how it calls them.
                outcomes = [replace(outcome, provider_id=None) for outcome in outcomes]
            except DATABASE_TROUBLE:
                log.warning("outcomes_wait_for_database", texts=len(outcomes))
                time.sleep(0.5)
            else:
                return

    def _write(
        self,
        connection: sa.Connection,
        outcomes: Sequence[_Outcome],
        now: datetime,
        rations: Mapping[str, Ration] | None = None,
    ) -> None:
        if outcomes:
            connection.execute(_RECORD, [outcome.values() for outcome in outcomes])
        lost = [
            outcome.row.subject
            for outcome in outcomes
            if outcome.unheard and outcome.row.purpose == "alert" and outcome.row.subject
        ]
        if lost:
            self._on_alert_failed(connection, lost, now)
        there = [_alert_of(one.row) for one in outcomes if one.state is Delivery.DELIVERED]
        if alerts := [alert for alert in there if alert]:
            self._on_alert_delivered(connection, alerts, now)
        _note_stops(connection, [outcome.row for outcome in outcomes if outcome.opted_out], now)
        save_rations(connection, rations or {}, now)
        save_heard(connection, [outcome.heard for outcome in outcomes if outcome.heard], now)
        decisions = [outcome.decision for outcome in outcomes if outcome.decision]
        audit.append(connection, self._services.cipher.derive("audit"), now, decisions)

    def release_stranded(self) -> int:
        """Texts whose sender died: alerts go out again, the rest may have gone and are not repeated.

        Also a claim from ahead: the clock was set back, and it would keep its number from its next text.
        """
        now = self._services.now()
        claimed = OUT.c.claimed_until.between(now, now + LEASE)
        stranded = sa.select(OUT).where(OUT.c.state == "sending", ~claimed)
        with self._services.engine.begin() as connection:
            rows = connection.execute(stranded.with_for_update(skip_locked=True)).all()
            outcomes = [
                _released(row)
                if row.purpose in ABOUT_ALERTS
                else _failed(row, "its sender died; it may have been taken, so it is not repeated")
                for row in rows
            ]
            self._write(connection, outcomes, now)
        return len(rows)

    def due(self) -> tuple[bool, bool]:
        """Whether alerts wait to be sent, and whether anything else does."""
        query = sa.select(
            sa.func.coalesce(sa.func.bool_or(OUT.c.rank < ALERT_SLOT), sa.false()),
            sa.func.coalesce(sa.func.bool_or(OUT.c.rank >= ALERT_SLOT), sa.false()),
        ).where(_is_due(self._services.now(), self._services.settings.pace))
        with self._services.engine.connect() as connection:
            alerts, others = connection.execute(query).one()
        return bool(alerts), bool(others)


def _is_due(now: datetime, pace: float) -> sa.ColumnElement[bool]:
    """Also what is due later than any wait could put it: the clock was set back, and nobody waits for that."""
    longest = sa.case((OUT.c.held_since.is_(None), LONGEST_PAUSE), else_=HELD_FOR / pace)
    ahead = OUT.c.due_at > now + longest
    return sa.and_(OUT.c.state == "queued", sa.or_(OUT.c.due_at <= now, ahead))


def record_receipt(
    services: Services,
    receipt: Receipt,
    on_alert_failed: OnAlertText,
    on_alert_delivered: OnAlertText,
) -> None:
    """A provider's later word; it never takes a text backwards.

    One on an earlier try counts if the text arrived. That it did not says nothing: it was tried again, or will be.
    """
    now = services.now()
    error = receipt.error or (
        "the provider could not deliver it" if receipt.state is Delivery.FAILED else None
    )
    found = sa.select(OUT).with_for_update()
    found = (
        found.where(OUT.c.id == receipt.message_id)
        if receipt.message_id
        else found.where(OUT.c.channel == receipt.channel, OUT.c.provider_id == receipt.provider_id)
    )
    with services.engine.begin() as connection:
        row = connection.execute(found).one_or_none()
        went_otherwise = row is not None and row.channel != receipt.channel
        if row is None or (went_otherwise and not _was_tried_by(connection, receipt.channel, row)):
            log.info("receipt_of_unknown_text", channel=receipt.channel)
            return
        of_earlier_try = (
            went_otherwise
            or row.state == "queued"  # to be tried again
            or row.provider_id not in {None, str(row.id), receipt.provider_id}  # ours tell none from another
        )
        says_nothing = {
            Delivery.SENT: went_otherwise,
            Delivery.FAILED: of_earlier_try,
            Delivery.DELIVERED: False,
        }
        if says_nothing[receipt.state]:
            log.info("receipt_of_earlier_try", channel=receipt.channel, message=str(row.id))
            return
        if _RANKS[receipt.state] <= _RANKS[Delivery(row.state)]:
            return
        connection.execute(
            sa.update(OUT)
            .where(OUT.c.id == row.id)
            .values(
                state=receipt.state.value,
                provider_id=row.provider_id if went_otherwise else receipt.provider_id,
                error=error,
                claimed_until=None,
                sent_at=row.sent_at if receipt.state is Delivery.FAILED else row.sent_at or now,
            )
        )
        if receipt.state is Delivery.DELIVERED and (alert := _alert_of(row)):
            on_alert_delivered(connection, [alert], now)
        if receipt.state is Delivery.FAILED:
            FAILED.labels(row.purpose).inc()
            again = row.purpose in ABOUT_ALERTS - {CALL} and _send_otherwise(
                connection, services.cipher, row, now
            )
            if row.purpose == "alert" and row.subject and not again:
                on_alert_failed(connection, [row.subject], now)
            _note_stops(connection, [row] if receipt.opted_out else [], now)
            decision = Decision(row.channel, "text failed", str(row.id), {"reason": error})
            audit.append(connection, services.cipher.derive("audit"), now, [decision])


def _was_tried_by(connection: sa.Connection, channel: str, row: sa.Row[Any]) -> bool:
    lines = sa.select(LINE.c.id).where(LINE.c.channel == channel, LINE.c.id.in_(row.tried))
    return connection.execute(lines.limit(1)).first() is not None


def _note_stops(connection: sa.Connection, rows: Sequence[sa.Row[Any]], now: datetime) -> None:
    """Officers who told a provider to stop, once a day: the clock alerts the others to it."""
    if rows:
        connection.execute(
            sa.update(OFFICER)
            .where(
                any_of(OFFICER.c.number_hash, [row.recipient_hash for row in rows]),
                OFFICER.c.active,
                sa.or_(OFFICER.c.stopped_at.is_(None), OFFICER.c.stopped_at < now - STOPS_AGAIN),
            )
            .values(stopped_at=now)
        )


def _send_otherwise(connection: sa.Connection, cipher: Cipher, row: sa.Row[Any], now: datetime) -> bool:
    """Queue a text about an alert once more where another line is left to try. Returns whether it was."""
    text = routed(row, look_up(connection, cipher, now), cipher)
    if not text.routes or text.routes[0].line in row.tried or row.expires_at <= now:
        return False
    again = {column.name: getattr(row, column.name) for column in OUT.c if column.name not in _OF_ONE_SENDING}
    connection.execute(
        sa.insert(OUT).values(**again, id=uuid7(), state="queued", attempts=0, created_at=now, due_at=now)
    )
    return True


def _active_officers(connection: sa.Connection, hashes: Iterable[bytes]) -> set[bytes]:
    query = sa.select(OFFICER.c.number_hash).where(any_of(OFFICER.c.number_hash, hashes), OFFICER.c.active)
    return {bytes(number_hash) for number_hash in connection.execute(query).scalars()}


def _our_lines(connection: sa.Connection, texts: Iterable[Leaving]) -> set[bytes]:
    """Of the numbers that texts to our own lines go to, those that are lines of ours."""
    hashes = {text.row.recipient_hash for text in texts if text.row.purpose == CANARY}
    if not hashes:
        return set()
    query = sa.select(LINE.c.number_hash).where(any_of(LINE.c.number_hash, hashes))
    return {bytes(number_hash) for number_hash in connection.execute(query).scalars()}


def _rationed(
    texts: Sequence[Leaving], rations: Mapping[str, Ration], now: datetime
) -> tuple[list[Leaving], dict[UUID, _Outcome]]:
    """Those that may go now; and those that their channel may not take yet: they keep nobody else waiting."""
    going, held = [], {}
    for one in texts:
        text = one.where_there_is_room(rations) if one.is_alert and one.row.purpose != CALL else one
        limit = rations.get(text.channel) if text.row.purpose != CALL else None
        pause = limit.take(alert=text.row.rank < ALERT_SLOT) if limit else None
        if limit is None or pause is None:
            going.append(text)
        else:
            reason = f"{text.channel} takes {limit.rate} texts a minute"
            at = now + min(pause, LONGEST_PAUSE)
            held[text.row.id] = replace(_released(text.row), error=reason, due_at=at)
    return going, held


def _heard(text: Leaving, trouble: str | None) -> Heard | None:
    """Of a call nothing is learnt about the channel's texts."""
    return None if text.row.purpose == CALL else Heard(text.channel, trouble)


def _key(row: sa.Row[Any]) -> AboutAlert:
    return row.purpose, row.subject, bytes(row.recipient_hash)


def _alert_of(row: sa.Row[Any]) -> UUID | None:
    """The alert that a text to an officer is about."""
    return row.subject if row.purpose in ABOUT_ALERTS else None


def _about(row: sa.Row[Any]) -> dict[str, Any]:
    return {"purpose": row.purpose, "subject": str(row.subject) if row.subject else None}


def _withheld(row: sa.Row[Any], reason: str) -> _Outcome:
    WITHHELD.labels(row.purpose).inc()
    decision = Decision("outbox", "text withheld", str(row.id), {**_about(row), "reason": reason})
    return _Outcome(row, Delivery.WITHHELD, error=reason, attempted=False, decision=decision, unheard=True)


def _failed(row: sa.Row[Any], reason: str) -> _Outcome:
    FAILED.labels(row.purpose).inc()
    decision = Decision("outbox", "text failed", str(row.id), {**_about(row), "reason": reason})
    return _Outcome(row, Delivery.FAILED, error=reason, decision=decision, unheard=True)


def _released(row: sa.Row[Any]) -> _Outcome:
    """Back into the queue as it was: it was claimed, but not tried."""
    return _Outcome(row, Delivery.QUEUED, error=row.error, attempted=False, held_since=row.held_since)


def _waits(row: sa.Row[Any], waiting: Waiting | str, now: datetime) -> _Outcome:
    """In the queue until its officer may get it; withheld for a reason where that officer needs it no more."""
    if isinstance(waiting, str):
        return replace(_withheld(row, waiting), unheard=False)
    return replace(
        _released(row),
        error=waiting.reason,
        due_at=waiting.until,
        held_since=row.held_since or now,
        unheard=waiting.is_late,
    )
