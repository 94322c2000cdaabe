"""Filing what was read: once, and under references that do not come back soon."""

from collections.abc import Sequence

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from gateway import bootstrap, demo
from gateway.inbox.accept import insert, to_row
from gateway.inbox.people import look_up
from gateway.inbox.records import InboundRecord
from gateway.messages import InboundMessage
from gateway.reports.records import ReportRecord
from gateway.reports.references import make, scattered, valid
from gateway.services import Services
from gateway.storage.database import table_of


def waiting(services: Services, texts: Sequence[str]) -> None:
    with services.engine.begin() as connection:
        demo.seed(connection, services.cipher, services.settings)
        rows = []
        for text in texts:
            message = InboundMessage(
                uuid7(), "simulator", str(uuid7()), "+22790000101", demo.AGENTS_LINE, text, services.now()
            )
            rows.append(to_row(message, services.cipher, services.settings.lanes, frozenset()))
        insert(connection, rows)


def test_a_reader_that_slept_through_its_lane_being_read_by_another_files_nothing_again(
    services: Services,
) -> None:
    waiting(services, ["RPZ ASM 12", "RAS ASM"])
    inbox = bootstrap.build_inbox(services)
    with services.engine.begin() as connection:
        rows = connection.execute(sa.select(table_of(InboundRecord))).all()
        directory = look_up(connection, services.cipher, rows)
    asleep = inbox.read(rows, directory)
    for lane in range(services.settings.lanes):
        inbox.drain(lane)
    with services.engine.begin() as connection:
        inbox.batch(connection, directory).file(asleep)
        assert connection.execute(sa.select(sa.func.count(ReportRecord.id))).scalar_one() == 2


def test_neighbouring_reports_have_references_that_no_slip_of_a_digit_confuses(services: Services) -> None:
    waiting(services, [f"RAS ASM {number} calme" for number in range(50)])
    inbox = bootstrap.build_inbox(services)
    for lane in range(services.settings.lanes):
        inbox.drain(lane)
    with services.engine.connect() as connection:
        references = list(connection.execute(sa.select(ReportRecord.reference)).scalars())
    assert len(set(references)) == 50
    assert all(valid(reference) for reference in references)
    assert min(_distance(a, b) for a in references for b in references if a != b) >= 2


@pytest.mark.parametrize("first", [0, 99_990])
def test_a_reference_comes_back_only_after_a_hundred_thousand_others(first: int) -> None:
    numbers = [scattered((first + step) % 100_000) for step in range(100_000)]
    assert len(set(numbers)) == 100_000


@given(st.integers(0, 99_999))
def test_every_reference_has_six_digits_of_which_the_last_checks_the_others(number: int) -> None:
    reference = make(scattered(number))
    assert len(reference) == 6
    assert valid(reference)


def _distance(one: str, other: str) -> int:
    return sum(a != b for a, b in zip(one, other, strict=True))
