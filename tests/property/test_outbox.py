"""The outbox as a machine: whatever the order of queueing, sending, failing, dying and receipts."""

from collections import Counter
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from uuid_utils.compat import uuid7

from gateway.channels.base import PermanentSendError, TemporarySendError, UncertainSendError
from gateway.messages import Accepted, Delivery, OutboundMessage, Receipt
from gateway.outbox.drafts import ABOUT_ALERTS, ANSWER, RECEIPT, SEVERITY_1, TO_OFFICERS, Draft
from gateway.outbox.records import OutboundRecord
from gateway.outbox.service import AboutAlert, Outbox, queue, record_receipt
from gateway.people.records import Contact, Officer
from gateway.services import Services
from gateway.storage.database import table_of
from tests.clock import Clock
from tests.conversations.phones import Air, BrokenPromiseError, KilledError

OUT, OFFICER, CONTACT = table_of(OutboundRecord), table_of(Officer), table_of(Contact)
LINE, OFFICERS, REPORTERS = "+22780000001", ("+22790000901", "+22790000902"), ("+22790000101", "+22790000102")
NUMBERS = st.sampled_from(OFFICERS + REPORTERS)
FAULTS = st.sampled_from(["temporary", "uncertain", "permanent", "broken", "killed", "overtaken"])
RANKS = dict.fromkeys(ABOUT_ALERTS, SEVERITY_1) | {"answer": ANSWER}
FINAL = {"delivered", "failed", "withheld"}


class World(Air):
    """The air, which fails once on order, lets a second sender in meanwhile, and watches the promises."""

    def __init__(self, services: Services, clock: Clock) -> None:
        super().__init__(clock, name="world")
        self.services = services
        self.ordered: list[str] = []
        self.purposes: dict[UUID, str] = {}
        self.contacts: set[str] = set()
        self.may_have_gone: Counter[UUID] = Counter()
        self.lost: set[UUID] = set()
        self.delivered: set[UUID] = set()
        self.taken: set[UUID] = set()
        self.in_flight: set[str] = set()
        self.others_at_work = False
        self.outbox = Outbox(services, self.no_longer_wanted, self.on_alert_failed, self.on_alert_delivered)

    def no_longer_wanted(self, _: sa.Connection, texts: Collection[AboutAlert]) -> dict[AboutAlert, str]:
        return {text: "taken" for text in texts if text[1] in self.taken}

    def on_alert_delivered(self, _: sa.Connection, alerts: Collection[UUID], __: datetime) -> None:
        pass

    def on_alert_failed(self, _: sa.Connection, alerts: Collection[UUID], __: datetime) -> None:
        assert all(alerts)

    def send(self, message: OutboundMessage) -> Accepted:
        number, purpose = message.recipient, self.purposes[message.id]
        if number in self.contacts and not (number in OFFICERS and purpose in TO_OFFICERS):
            raise BrokenPromiseError("a text to a contact")
        if number in self.in_flight:
            raise BrokenPromiseError("two texts to one number at the same moment")
        self.in_flight.add(number)
        try:
            if not self.others_at_work:
                self.others_at_work = True
                self.queue(number, "alert" if number in OFFICERS else "receipt")
                self.outbox.deliver(alerts=True)
                self.outbox.deliver(alerts=False)
            return self._answer(message)
        finally:
            self.in_flight.discard(number)

    def queue(self, number: str, purpose: str) -> None:
        draft = Draft(purpose, RANKS.get(purpose, RECEIPT), "world", LINE, number, "un texte", uuid7())
        with self.services.engine.begin() as connection:
            (id_,) = queue(connection, self.services.cipher, [draft], self.clock())
        self.purposes[id_] = purpose

    def _answer(self, message: OutboundMessage) -> Accepted:
        fault = self.ordered.pop() if self.ordered else None
        if fault == "temporary":
            raise TemporarySendError("no route")
        self.may_have_gone[message.id] += 1
        if fault == "uncertain":
            raise UncertainSendError("no answer in time")
        if fault == "permanent":
            self.lost.add(message.id)
            raise PermanentSendError("no such number")
        if fault == "broken":
            raise ValueError("an adapter that breaks its word")
        if fault == "killed":
            raise KilledError
        if fault == "overtaken":
            self.delivered.add(message.id)
            receipt = Receipt("world", str(message.id), Delivery.DELIVERED, message_id=message.id)
            record_receipt(self.services, receipt, self.on_alert_failed, self.on_alert_delivered)
        return Accepted(str(message.id))


def machine(services: Services, clock: Clock) -> type[RuleBasedStateMachine]:  # noqa: C901 - one machine
    class Machine(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.world = World(services, clock)
            services.channels["world"] = self.world
            self.seen: dict[UUID, str] = {}
            with services.engine.begin() as connection:
                for table in (OUT, CONTACT, OFFICER):
                    connection.execute(sa.delete(table))
                for number in OFFICERS:
                    values = {"id": uuid7(), "name": "Officier", "language": "fr", **sealed(number)}
                    connection.execute(sa.insert(OFFICER).values(values))

        @rule(number=NUMBERS, purpose=st.sampled_from(["receipt", "taken"]))
        def queue_for_anybody(self, number: str, purpose: str) -> None:
            self.world.queue(number, purpose)

        @rule(
            number=st.sampled_from(OFFICERS),
            purpose=st.sampled_from(["alert", "alert", "reminder", "answer"]),
        )
        def queue_for_officer(self, number: str, purpose: str) -> None:
            self.world.queue(number, purpose)

        @rule(number=NUMBERS)
        def writes_to_the_hotline(self, number: str) -> None:
            if number not in self.world.contacts:
                self.world.contacts.add(number)
                values = {"id": uuid7(), "first_at": clock(), "last_at": clock(), **sealed(number)}
                with services.engine.begin() as connection:
                    connection.execute(sa.insert(CONTACT).values(values))

        @rule(fault=FAULTS)
        def the_next_send_fails(self, fault: str) -> None:
            self.world.ordered.append(fault)

        @rule(alerts=st.booleans())
        def deliver(self, alerts: bool) -> None:
            self.world.others_at_work = False
            try:
                self.world.outbox.deliver(alerts=alerts)
            except KilledError:
                self.world.in_flight.clear()

        @rule(seconds=st.sampled_from([1, 5, 31, 300]))
        def time_passes(self, seconds: int) -> None:
            clock.forward(seconds=seconds)

        @rule()
        def release_stranded(self) -> None:
            self.world.outbox.release_stranded()

        @rule(state=st.sampled_from([Delivery.SENT, Delivery.DELIVERED, Delivery.FAILED]), data=st.data())
        def a_receipt_comes(self, state: Delivery, data: st.DataObject) -> None:
            if gone := sorted(self.world.may_have_gone):
                id_ = data.draw(st.sampled_from(gone))
                if state is Delivery.FAILED:
                    self.world.lost.add(id_)
                receipt = Receipt("world", str(id_), state, message_id=id_)
                record_receipt(services, receipt, self.world.on_alert_failed, self.world.on_alert_delivered)

        @rule(data=st.data())
        def somebody_takes_an_alert(self, data: st.DataObject) -> None:
            if open_ones := [row.subject for row in self.rows() if row.subject not in self.world.taken]:
                self.world.taken.add(data.draw(st.sampled_from(open_ones)))

        @invariant()
        def nothing_goes_backwards(self) -> None:
            for row in self.rows():
                before = self.seen.get(row.id, "queued")
                assert before not in FINAL or row.state in {before, "delivered"}
                assert before != "withheld" or row.state == "withheld"
                assert row.id not in self.world.delivered or row.state in FINAL
                assert before != "sent" or row.state in {"sent", "delivered", "failed"}
                assert row.state != "failed" or row.error is not None
                self.seen[row.id] = row.state

        @invariant()
        def what_may_have_gone_is_not_repeated(self) -> None:
            for id_, times in self.world.may_have_gone.items():
                assert times == 1 or self.world.purposes[id_] in ABOUT_ALERTS

        def teardown(self) -> None:
            """The faults end: whatever is still wanted arrives."""
            self.world.ordered.clear()
            for _ in range(4):
                clock.forward(minutes=8)
                self.release_stranded()
                self.deliver(alerts=True)
                while self.world.outbox.deliver(alerts=False):
                    pass
            self.nothing_goes_backwards()
            self.what_may_have_gone_is_not_repeated()
            for row in self.rows():
                assert row.state not in {"queued", "sending"}
                if row.purpose in ABOUT_ALERTS and row.id not in self.world.lost:
                    assert row.state in {"sent", "delivered"} or row.subject in self.world.taken

        def rows(self) -> list[sa.Row[tuple[object, ...]]]:
            with services.engine.connect() as connection:
                return list(connection.execute(sa.select(OUT).order_by(OUT.c.id)))

    def sealed(number: str) -> dict[str, bytes]:
        return {"number": services.cipher.encrypt(number), "number_hash": services.cipher.digest(number)}

    return Machine


def test_the_outbox_keeps_its_promises_in_any_order(services: Services, clock: Clock) -> None:
    run_state_machine_as_test(
        machine(services, clock),
        settings=settings(
            max_examples=50,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
        ),
    )
