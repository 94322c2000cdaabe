"""One text, from accept to the officer's acknowledgement, without the edges."""

from uuid import UUID

import pytest
import sqlalchemy as sa
from uuid_utils.compat import uuid7

from gateway import bootstrap, demo
from gateway.inbox.accept import Acceptor
from gateway.inbox.service import Inbox
from gateway.messages import InboundMessage
from gateway.outbox.records import OutboundRecord
from gateway.outbox.service import Outbox
from gateway.reports.records import ReportRecord
from gateway.services import Services
from tests.clock import Clock


@pytest.fixture
def agency(services: Services) -> "Agency":
    with services.engine.begin() as connection:
        demo.seed(connection, services.cipher, services.settings)
    return Agency(services)


class Agency:
    def __init__(self, services: Services) -> None:
        self.services = services
        self.watch = bootstrap.Watch(services, "test")
        self.acceptor: Acceptor = bootstrap.build_acceptor(services, self.watch)
        self.inbox: Inbox = bootstrap.build_inbox(services)
        self.outbox: Outbox = bootstrap.build_outbox(services)

    def text(self, sender: str, text: str, to: str = demo.AGENTS_LINE) -> UUID:
        id_ = uuid7()
        self.acceptor.accept(
            InboundMessage(id_, "simulator", str(id_), sender, to, text, self.services.now())
        )
        for lane in range(self.services.settings.lanes):
            self.inbox.drain(lane)
        while self.outbox.deliver(alerts=False):
            pass
        return id_

    def received(self, number: str) -> list[str]:
        query = (
            sa.select(OutboundRecord.text)
            .where(
                OutboundRecord.recipient_hash == self.services.cipher.digest(number),
                OutboundRecord.state.in_(("sent", "delivered")),
            )
            .order_by(OutboundRecord.sent_at, OutboundRecord.id)
        )
        with self.services.engine.connect() as connection:
            return [self.services.cipher.decrypt(text) for text in connection.execute(query).scalars()]


def test_a_report_is_receipted_alerted_taken_and_its_reporter_told(agency: Agency, clock: Clock) -> None:
    agency.text("+22790000101", "RPZ ASM 647 H590 F32")
    (receipt,) = agency.received("+22790000101")
    assert receipt.endswith("RPZ Assamaka 647 pers.")
    reference = receipt.split()[1]
    (alert,) = agency.received("+22790000901")
    print(alert)
    code = alert.split()[-1].strip(".")
    clock.forward(minutes=2)
    agency.text("+22790000901", f"ok {code}")
    assert agency.received("+22790000101")[1] == f"{reference} pris en charge 14:02"
    print(agency.received("+22790000901"))
    with agency.services.engine.connect() as connection:
        print(connection.execute(sa.select(ReportRecord.__table__)).mappings().all())
