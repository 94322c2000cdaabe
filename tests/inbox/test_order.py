"""What one sender texts is read in the order in which it came, whatever else is in a hurry."""

import pytest

from gateway import demo
from gateway.inbox.records import InboundRecord
from gateway.reports.records import ReportRecord
from gateway.services import Services
from gateway.storage.database import table_of
from tests.clock import Clock
from tests.conversations.phones import Agency

IN, REPORT = table_of(InboundRecord), table_of(ReportRecord)


@pytest.fixture
def agency(services: Services, clock: Clock) -> Agency:
    return Agency(services, clock)


def test_an_urgent_text_does_not_overtake_its_own_senders_earlier_ones(agency: Agency) -> None:
    for words in ("CVM ASM 12 DEST ARL", "ANNU", "SOS ASM"):
        agency.accept(agency.agent.number, words, demo.AGENTS_LINE, read=False)
        agency.clock.forward(seconds=1)
    agency.work()
    read = [report.code or report.kind for report in agency.rows(REPORT)]
    assert read == ["CVM", "cancel", "SOS"]


def test_every_text_of_a_crowd_is_read_once(agency: Agency) -> None:
    for number in demo.LOAD_TEST_NUMBERS[:60]:
        agency.accept(number, "FLX AGZ 40", demo.AGENTS_LINE, read=False)
    agency.drain()
    agency.drain()
    assert len(agency.rows(REPORT)) == 60
    assert {row.state for row in agency.rows(IN)} == {"read"}
