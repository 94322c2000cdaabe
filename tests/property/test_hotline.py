"""The hotline as a machine: nothing makes the outbox text a contact who is not marked safe at that moment, or twice."""

from collections import Counter
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from uuid import UUID

import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from uuid_utils.compat import uuid7

from gateway.channels.base import PermanentSendError, TemporarySendError, UncertainSendError
from gateway.channels.records import Line
from gateway.hotline import service as hotline
from gateway.hotline.records import CallBackTask
from gateway.hotline.service import ANSWERS, AnswerRefusedError, Caller, MarkRefusedError
from gateway.messages import Accepted, Delivery, OutboundMessage, Receipt
from gateway.outbox.drafts import RECEIPT, Draft
from gateway.outbox.records import OutboundRecord
from gateway.outbox.service import AboutAlert, Outbox, queue, record_receipt
from gateway.people.records import Contact, SafetyMark
from gateway.people.safety import LASTS, SAFE, Hours, State, Way, marked
from gateway.services import Services
from gateway.storage.database import table_of
from tests.clock import Clock
from tests.conversations.phones import Air, BrokenPromiseError, KilledError

OUT, CONTACT, MARK, TASK, LINE = (
    table_of(record) for record in (OutboundRecord, Contact, SafetyMark, CallBackTask, Line)
)
BY_SMS, BY_WHATSAPP = "+22780000002", "whatsapp:+22780000012"
NUMBERS = st.sampled_from(["+22790000501", "+22790000502"])
STATES = st.sampled_from([State.SAFE_NOW, State.SAFE_NOW, State.SAFE_AT, State.INBOUND_ONLY, State.NEVER])
WAYS = st.sampled_from([Way.SMS, Way.SMS, Way.WHATSAPP, Way.CALL])
HOURS = st.sampled_from([(13, 15), (14, 18), (18, 20), (22, 2)])
FAULTS = st.sampled_from([None, "temporary", "uncertain", "permanent", "broken", "killed"])


@dataclass(frozen=True)
class Told:
    """What somebody said of a contact, in the test's own words."""

    state: State
    way: Way | None
    hours: tuple[int, int] | None
    until: datetime | None

    def lets(self, way: Way, now: datetime) -> bool:
        if self.state not in SAFE or self.way is not way or self.until is None or now >= self.until:
            return False
        hour = (now.hour + 1) % 24  # Niamey is an hour ahead of UTC, all year
        begins, ends = self.hours or (0, 24)
        return hour in (range(begins, ends) if begins < ends else {*range(begins, 24), *range(ends)})


class World(Air):
    """The air, which fails on order, lets things happen in the middle of a sending, and watches the promise."""

    def __init__(self, services: Services, clock: Clock) -> None:
        super().__init__(clock, name="world")
        self.services = services
        self.told: dict[str, Told] = {}
        self.ordered: list[str] = []
        self.meanwhile: Callable[[], None] | None = None
        self.may_have_gone: Counter[UUID] = Counter()
        self.purposes: dict[UUID, str] = {}
        self.outbox = Outbox(services, self._all_wanted, self._nothing, self._nothing)

    def _all_wanted(self, _: sa.Connection, __: Collection[AboutAlert]) -> dict[AboutAlert, str]:
        return {}

    def _nothing(self, _: sa.Connection, __: Collection[UUID], ___: datetime) -> None:
        """No alert of this machine fails: it has none."""

    def send(self, message: OutboundMessage) -> Accepted:
        told = self.told.get(message.recipient)
        way = Way.WHATSAPP if message.sender.startswith("whatsapp:") else Way.SMS
        if told is not None and self.purpose(message.id) != "hotline":
            raise BrokenPromiseError("a contact gets hotline texts alone")
        if told is not None and not told.lets(way, self.clock()):
            raise BrokenPromiseError(f"texted though {told} at {self.clock()}")
        if self.meanwhile:
            happens, self.meanwhile = self.meanwhile, None
            happens()
        fault = self.ordered.pop() if self.ordered else None
        if fault == "temporary":
            raise TemporarySendError("no route")
        self.may_have_gone[message.id] += 1
        if fault == "uncertain":
            raise UncertainSendError("no answer in time")
        if fault == "permanent":
            raise PermanentSendError("no such number")
        if fault == "broken":
            raise ValueError("an adapter that breaks its word")
        if fault == "killed":
            raise KilledError
        return Accepted(str(message.id))

    def purpose(self, id_: UUID) -> str:
        if id_ not in self.purposes:
            with self.services.engine.connect() as connection:
                rows = connection.execute(sa.select(OUT.c.id, OUT.c.purpose))
                self.purposes |= {row.id: row.purpose for row in rows}
        return self.purposes[id_]


def machine(services: Services, clock: Clock) -> type[RuleBasedStateMachine]:  # noqa: C901 - one machine
    began = clock()
    # One text after the other, so that what happens in the middle happens before the next one.
    services = replace(services, settings=services.settings.model_copy(update={"send_slots": 1}))

    class Machine(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            clock.time = began
            self.world = World(services, clock)
            services.channels["world"] = self.world
            with services.engine.begin() as connection:
                for table in (OUT, TASK, MARK, CONTACT, LINE):
                    connection.execute(sa.delete(table))
                for number in (BY_SMS, BY_WHATSAPP):
                    values = {"profile": "hotline", "channel": "world", **sealed(number)}
                    connection.execute(sa.insert(LINE).values(values))

        @rule(number=NUMBERS)
        def comes(self, number: str) -> None:
            with services.engine.begin() as connection:
                self._met(connection, number)

        @rule(number=NUMBERS, state=STATES, way=WAYS, hours=HOURS, minutes=st.sampled_from([1, 5, 30]))
        def is_marked(
            self, number: str, state: State, way: Way, hours: tuple[int, int], minutes: int
        ) -> None:
            if number not in self.world.told:
                return
            at = hours if state is State.SAFE_AT else None
            until = clock() + timedelta(minutes=minutes) if state in LASTS else None
            told = Told(state, way if state in SAFE else None, at, until)
            try:
                self._mark(number, told, "officer")
            except MarkRefusedError:
                assert self.world.told[number].state is State.NEVER

        @rule(number=NUMBERS)
        def asks_for_silence(self, number: str) -> None:
            self._silence(number)

        @rule(
            number=NUMBERS,
            way=WAYS,
            minutes=st.sampled_from([1, 5, 30]),
            fault=FAULTS,
            middle=st.sampled_from([None, "silence", 1, 31]),
        )
        def comes_back_is_marked_safe_and_texted(
            self, number: str, way: Way, minutes: int, fault: str | None, middle: str | int | None
        ) -> None:
            clock.forward(seconds=1)
            self.comes(number)
            self.is_marked(number, State.SAFE_NOW, way, (0, 0), minutes)
            self.any_job_queues_texts(number, "hotline", BY_SMS, 2)
            if fault:
                self.world.ordered.append(fault)
            self.deliver(number, middle)
            clock.forward(seconds=6)  # a temporary fault is over by then, and its text due again
            self._deliver()

        @rule(number=NUMBERS)
        def asks_to_be_called(self, number: str) -> None:
            with services.engine.begin() as connection:
                contact, now = self._met(connection, number), clock()
                done = hotline.asks_to_be_called(
                    connection, services, contact, now, hours=None, language="fr"
                )
            if any(decision.action == "contact marked" for decision in done):
                until = now + LASTS[State.SAFE_NOW]
                self.world.told[number] = Told(State.SAFE_NOW, Way.CALL, None, until)

        @rule(number=NUMBERS, name=st.sampled_from(ANSWERS))
        def is_answered(self, number: str, name: str) -> None:
            if number not in self.world.told:
                return
            with services.engine.begin() as connection:
                contact = self._met(connection, number, comes=False)
                with suppress(AnswerRefusedError):
                    hotline.answer(connection, services, contact, name, by="officer", now=clock())

        @rule(
            number=NUMBERS,
            purpose=st.sampled_from(
                ["hotline", "hotline", "hotline", "receipt", "taken", "answer", "alert", "canary"]
            ),
            line=st.sampled_from([BY_SMS, BY_SMS, BY_WHATSAPP]),
            times=st.integers(1, 3),
        )
        def any_job_queues_texts(self, number: str, purpose: str, line: str, times: int) -> None:
            draft = Draft(purpose, RECEIPT, "world", line, number, "un texte", uuid7())
            with services.engine.begin() as connection:
                queue(connection, services.cipher, [draft] * times, clock())

        @rule(fault=FAULTS)
        def the_next_send_fails(self, fault: str | None) -> None:
            if fault:
                self.world.ordered.append(fault)

        @rule(number=NUMBERS, middle=st.sampled_from([None, "silence", "silence", 1, 31]))
        def deliver(self, number: str, middle: str | int | None) -> None:
            """Claim and send; something may happen while the first text is being sent."""
            if middle == "silence":
                self.world.meanwhile = lambda: self._silence(number)
            elif isinstance(middle, int):
                self.world.meanwhile = lambda: clock.forward(minutes=middle)
            self._deliver()

        @rule(minutes=st.sampled_from([0.1, 1, 6, 29, 31, 240]))
        def time_passes(self, minutes: float) -> None:
            clock.forward(minutes=minutes)

        @rule()
        def release_stranded(self) -> None:
            self.world.outbox.release_stranded()

        @rule(state=st.sampled_from([Delivery.SENT, Delivery.DELIVERED, Delivery.FAILED]), data=st.data())
        def a_receipt_comes(self, state: Delivery, data: st.DataObject) -> None:
            if gone := sorted(self.world.may_have_gone):
                id_ = data.draw(st.sampled_from(gone))
                receipt = Receipt("world", str(id_), state, message_id=id_)
                record_receipt(services, receipt, self.world._nothing, self.world._nothing)

        @invariant()
        def no_hotline_text_goes_twice(self) -> None:
            for id_, times in self.world.may_have_gone.items():
                assert times == 1 or self.world.purpose(id_) != "hotline"

        def teardown(self) -> None:
            self.world.ordered.clear()
            for _ in range(3):
                clock.forward(minutes=8)
                self.release_stranded()
                self._deliver()
            self.no_hotline_text_goes_twice()
            with services.engine.connect() as connection:
                states = connection.execute(sa.select(OUT.c.state)).scalars().all()
            assert not {"queued", "sending"} & set(states)

        def _deliver(self) -> None:
            for _ in range(3):
                with suppress(KilledError):
                    self.world.outbox.deliver(alerts=False)
            self.world.meanwhile = None

        def _met(self, connection: sa.Connection, number: str, *, comes: bool = True) -> UUID:
            digest = services.cipher.digest(number)
            if not comes:
                query = sa.select(CONTACT.c.id).where(CONTACT.c.number_hash == digest)
                found: UUID = connection.execute(query).scalar_one()
                return found
            self.world.told.setdefault(number, Told(State.UNKNOWN, None, None, None))
            return hotline.meet(connection, services.cipher, {digest: Caller(number, clock())})[digest]

        def _mark(self, number: str, told: Told, by: str) -> None:
            hours = Hours(time(told.hours[0]), time(told.hours[1])) if told.hours else None
            safety = marked(told.state, clock(), way=told.way, hours=hours, until=told.until)
            with services.engine.begin() as connection:
                contact = self._met(connection, number, comes=False)
                hotline.mark(connection, services.cipher, contact, safety, by=by, why="said so", now=clock())
            self.world.told[number] = told

        def _silence(self, number: str) -> None:
            with services.engine.begin() as connection:
                contact = self._met(connection, number)
                hotline.asks_for_silence(connection, services.cipher, contact, clock(), why="STOP")
            self.world.told[number] = Told(State.NEVER, None, None, None)

    def sealed(number: str) -> dict[str, bytes]:
        return {"number": services.cipher.encrypt(number), "number_hash": services.cipher.digest(number)}

    return Machine


def test_whatever_happens_no_contact_is_texted_who_is_not_marked_safe_and_none_twice(
    services: Services, clock: Clock
) -> None:
    run_state_machine_as_test(
        machine(services, clock),
        settings=settings(
            max_examples=50,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
        ),
    )
