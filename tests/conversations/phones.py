"""The stage for plays: an agency on real servers, its phones, the air between them, and its clock.

A phone `texts(...)` and `expects(...)`. Whatever reaches a phone and was not expected fails the play,
also in the three minutes after its end; a caller's phone must never receive anything at all.
"""

import re
import threading
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from gateway import bootstrap, demo
from gateway.alerts import handover, updates
from gateway.alerts import service as alerts
from gateway.channels.base import EMPTY_ANSWER, WebhookRequest
from gateway.digest import service as digest
from gateway.hotline import recordings
from gateway.inbox.service import Inbox
from gateway.messages import (
    Accepted,
    Delivery,
    InboundMessage,
    OutboundMessage,
    Part,
    Receipt,
    Screen,
    SessionStep,
)
from gateway.outbox.records import OutboundRecord
from gateway.people.records import Officer, Reporter
from gateway.reports.reader import load_reader
from gateway.services import Services
from gateway.silence.service import Silence
from gateway.storage.database import table_of
from gateway.text.segments import segments
from gateway.watching import service as watching
from tests.clock import Clock

_reader = cache(load_reader)

OUT, OFFICER, REPORTER = table_of(OutboundRecord), table_of(Officer), table_of(Reporter)
UNKNOWN_LINE = "+22780000077"


@dataclass(frozen=True, slots=True)
class Text:
    """A text that reached a phone."""

    id: UUID
    words: str
    at: datetime

    @property
    def code(self) -> str:
        """The reply code: the only group of four digits."""
        (code,) = four_digits(self.words)
        return code

    @property
    def reference(self) -> str:
        found = re.search(r"(?<!\d)\d{6}(?!\d)", self.words)
        assert found, f"no reference in {self.words!r}"
        return found[0]


# Whoever comes on duty is named several alerts, each with its code.
_HANDED_OVER = re.compile(r"\d{6} (?:code|lamba) \d{4}")


def four_digits(words: str) -> list[str]:
    return re.findall(r"(?<!\d)\d{4}(?!\d)", words)


@dataclass
class Air:
    """A channel that hands texts to phones, and fails on order."""

    clock: Clock
    name: str = demo.SIMULATOR
    method: str = "POST"
    acknowledgement: tuple[bytes, str] = EMPTY_ANSWER
    tried: list[OutboundMessage] = field(default_factory=list)
    unread: dict[str, list[Text]] = field(default_factory=lambda: defaultdict(list))
    arrived: dict[str, list[Text]] = field(default_factory=lambda: defaultdict(list))
    faults: dict[str, list[BaseException]] = field(default_factory=lambda: defaultdict(list))
    hung: set[str] = field(default_factory=set)
    holds_one: threading.Event = field(default_factory=threading.Event)
    goes_on: threading.Event = field(default_factory=threading.Event)
    always_answers: str | None = None

    def fails(self, number: str, *errors: BaseException) -> None:
        """The next texts to this number meet these errors, one after the other."""
        self.faults[number] += errors

    def hangs(self, number: str) -> None:
        """Texts to this number are held until `goes_on` is set; `holds_one` tells when one is."""
        self.hung.add(number)

    def verify(self, request: WebhookRequest) -> None:
        raise NotImplementedError

    def parse_inbound(self, request: WebhookRequest) -> InboundMessage | None:
        raise NotImplementedError

    def parse_receipt(self, request: WebhookRequest) -> Receipt | None:
        raise NotImplementedError

    def send(self, message: OutboundMessage) -> Accepted:
        self.tried.append(message)
        if message.recipient in self.hung:
            self.holds_one.set()
            self.goes_on.wait(timeout=10)
        faults = self.faults[message.recipient]
        error = faults.pop(0) if faults else None
        if error is None or getattr(error, "arrives", False):
            text = Text(message.id, message.text, self.clock())
            self.arrived[message.recipient].append(text)
            self.unread[message.recipient].append(text)
        if error is not None:
            raise error
        return Accepted(self.always_answers or str(message.id), Delivery.SENT)

    def tries(self, number: str) -> int:
        return sum(message.recipient == number for message in self.tried)


class KilledError(BaseException):
    """Takes a sender down with it, as kill -9 does."""


class BrokenPromiseError(BaseException):
    """What no sender may hold for a channel's error, as it would an AssertionError."""


def although_it_arrives(error: BaseException) -> BaseException:
    """An error after which the text is on the phone all the same."""
    error.arrives = True  # type: ignore[attr-defined]
    return error


@dataclass(frozen=True)
class Phone:
    """Somebody's phone. A caller's is silent: nothing at all may reach it."""

    agency: "Agency"
    number: str
    silent: bool = False
    line: str = demo.AGENTS_LINE

    def texts(self, words: str, *, to: str | None = None, sent_at: datetime | None = None) -> InboundMessage:
        return self.agency.accept(self.number, words, to or self.line, sent_at)

    replies = texts

    def sends_part(
        self, number: int, total: int, words: str, *, ref: int = 7, sent_at: datetime | None = None
    ) -> InboundMessage:
        """One part of a long text comes in by itself."""
        part = Part(ref, number, total)
        return self.agency.accept(self.number, words, self.line, sent_at, part=part)

    def is_heard_by(self, device: str, words: str, *, sent_at: datetime, read: bool = True) -> InboundMessage:
        """A text as one of several devices takes it."""
        return self.agency.accept(self.number, words, self.line, sent_at, device=device, read=read)

    def dials(self, more: str = "") -> "Dialled":
        """Dial the service code, and more behind it."""
        return Dialled(self, more)

    def expects(self, *containing: str, without: str | None = None) -> Text:
        """The next text, which contains all of these words."""
        unread = self.agency.air.unread[self.number]
        assert unread, f"{self.number} expected {containing} and received nothing"
        text = unread.pop(0)
        for words in containing:
            assert words in text.words, f"{self.number} expected {words!r} and received {text.words!r}"
        assert without is None or without not in text.words, text.words
        return text

    def expects_exactly(self, words: str) -> Text:
        text = self.expects()
        assert text.words == words
        return text

    def expects_nothing(self) -> None:
        unread = self.agency.air.unread[self.number]
        assert not unread, f"{self.number} received {[text.words for text in unread]}"


class Dialled:
    """A USSD session on a phone, as a provider that sends the latest answer alone carries it."""

    def __init__(self, phone: Phone, more: str) -> None:
        self._phone, self.id = phone, str(uuid7())
        self.screen = self._asks(more, first=True)

    def types(self, *answers: str) -> str:
        """Answer screen after screen, a few seconds each. Returns what is shown then."""
        for answer in answers:
            assert self.screen.goes_on, f"the session ended with {self.screen.text!r}"
            self._phone.agency.clock.forward(seconds=5)
            self.screen = self._asks(answer)
        return self.screen.text

    def shows(self, *containing: str) -> None:
        for words in containing:
            assert words in self.screen.text, self.screen.text

    def asks_again(self, answer: str) -> Screen:
        """The provider repeats its last request."""
        return self._asks(answer)

    def hangs_up(self) -> None:
        """The provider says that the session is over."""
        assert self._asks("", over=True) == Screen("", goes_on=False)
        self._phone.agency.work()

    def _asks(self, text: str, *, first: bool = False, over: bool = False) -> Screen:
        agency = self._phone.agency
        step = SessionStep(
            demo.SIMULATOR, self.id, self._phone.number, "*384#", text, agency.clock(), first=first, over=over
        )
        screen = agency.ussd.step(step)
        assert screen.text.isascii(), screen.text
        assert len(screen.text) <= 182, screen.text
        agency.work()
        return screen


class Agency:
    """The demo agency, its workers and its clock, in one process and at the tests' time."""

    def __init__(self, services: Services, clock: Clock) -> None:
        with services.engine.begin() as connection:
            demo.seed(connection, services.cipher, services.settings)
        self.services = services
        self.clock = clock
        self.air = Air(clock)
        services.channels[demo.SIMULATOR] = self.air
        self.inbox = Inbox(services, _reader(services.settings.timezone))
        self.outbox = bootstrap.build_outbox(services)
        self.acceptor = bootstrap.build_acceptor(services, bootstrap.Watch(services, "stage"))
        self.spool = bootstrap.build_spool(services.settings)
        self.ussd = bootstrap.build_ussd(services, self.acceptor, bootstrap.Watch(services, "ussd"))
        self.silence = Silence(services)
        self.calls = bootstrap.build_calls(services, self.acceptor, bootstrap.Watch(services, "calls"))
        self._phones: dict[str, Phone] = {}
        reporters = [self.phone(reporter.number) for reporter in demo.REPORTERS]
        self.agent, self.gendarme, self.english, self.customs = reporters
        self.first, self.second, self.supervisor = (self.phone(number) for number, _ in demo.OFFICERS)

    def phone(self, number: str, *, silent: bool = False, line: str = demo.AGENTS_LINE) -> Phone:
        return self._phones.setdefault(number, Phone(self, number, silent, line))

    def caller(self, number: str = "+22790000501") -> Phone:
        """Somebody who writes to the hotline: nothing may ever come back."""
        return self.phone(number, silent=True, line=demo.HOTLINE)

    def stranger(self, number: str = "+22790000601") -> Phone:
        """Somebody whom we do not know, and therefore do not answer."""
        return self.phone(number, silent=True)

    def reporter(self, number: str, **columns: Any) -> Phone:
        """One more registered reporter."""
        values = {"id": uuid7(), "name": "Agent", "post": "AGZ", "language": "fr", **columns}
        self._insert(REPORTER, number, values)
        return self.phone(number)

    def officer(self, number: str, **columns: Any) -> Phone:
        """One more officer, who is on no rota."""
        self._insert(OFFICER, number, {"id": uuid7(), "name": "Officier", "language": "fr", **columns})
        return self.phone(number)

    def change(self, phone: Phone, **columns: Any) -> None:
        """Change what is on file about a reporter or an officer."""
        digest = self.services.cipher.digest(phone.number)
        with self.services.engine.begin() as connection:
            for table in (REPORTER, OFFICER):
                given = {name: value for name, value in columns.items() if name in table.c}
                if given:
                    connection.execute(sa.update(table).where(table.c.number_hash == digest).values(given))

    def accept(
        self,
        sender: str,
        words: str,
        to: str,
        sent_at: datetime | None = None,
        *,
        part: Part | None = None,
        device: str | None = None,
        read: bool = True,
    ) -> InboundMessage:
        """A text comes in over the air; with ``read`` the workers take it up at once."""
        id_ = uuid7()
        now = self.clock()
        message = InboundMessage(
            id_, demo.SIMULATOR, str(id_), sender, to, words, now, sent_at, part=part, device=device
        )
        self.acceptor.accept(message)
        if read:
            self.work()
        return message

    def work(self) -> None:
        """What the workers do while the bell rings."""
        self.drain()
        while any(self.outbox.due()) and (
            self.outbox.deliver(alerts=True) or self.outbox.deliver(alerts=False)
        ):
            pass

    def drain(self) -> None:
        while lanes := self.inbox.stale_lanes(timedelta(seconds=-1))[0]:
            for lane in lanes:
                self.inbox.drain(lane)

    def tick(self) -> None:
        """What the clock process does every second, and the work that it rings for."""
        self.inbox.take_in_spool(self.spool, frozenset())
        self.outbox.release_stranded()
        alerts.tell_of_stops(self.services)
        handover.hand_over(self.services)
        while alerts.tick(self.services):
            pass
        while updates.tell(self.services):
            pass
        updates.end_quiet_ones(self.services)
        self.inbox.end_waits()
        self.inbox.expire_questions()
        self.inbox.tell_of_unknown_senders()
        self.silence.look()
        self.ussd.tick()
        self.ussd.forget()
        self.calls.tick()
        recordings.forget(self.services)
        digest.tell(self.services)
        watching.tell_of_cap(self.services)
        self.work()

    def fast_forward(self, *, minutes: float = 0, seconds: float = 0) -> None:
        """Time passes, a minute at a stride at most."""
        left = timedelta(minutes=minutes, seconds=seconds)
        while left > timedelta(0):
            stride = min(left, timedelta(minutes=1))
            self.clock.forward(seconds=stride.total_seconds())
            left -= stride
            self.tick()

    def rows(self, table: sa.Table, *where: sa.ColumnElement[bool]) -> list[Any]:
        with self.services.engine.connect() as connection:
            return list(connection.execute(sa.select(table).where(*where).order_by(table.c.id)))

    def outgoing(self, phone: Phone) -> list[Any]:
        """Every text for a phone, as it stands in the outbox."""
        return self.rows(OUT, OUT.c.recipient_hash == self.services.cipher.digest(phone.number))

    def ends(self) -> None:
        """The curtain: nothing was left unexpected, and nothing comes in the next three minutes."""
        for _ in range(4):
            for number, texts in self.air.unread.items():
                assert not texts, f"nobody expected, at {number}: {[text.words for text in texts]}"
            self.fast_forward(minutes=1)
        for phone in self._phones.values():
            if phone.silent:
                assert not self.air.tries(phone.number), f"{phone.number} must never be texted"
        for texts in self.air.arrived.values():
            for text in texts:
                assert segments(text.words) == 1, text.words
                assert len(four_digits(_HANDED_OVER.sub("", text.words))) <= 1, text.words

    def _insert(self, table: sa.Table, number: str, values: dict[str, Any]) -> None:
        cipher = self.services.cipher
        sealed = {"number": cipher.encrypt(number), "number_hash": cipher.digest(number)}
        with self.services.engine.begin() as connection:
            connection.execute(sa.insert(table).values(**values, **sealed))
