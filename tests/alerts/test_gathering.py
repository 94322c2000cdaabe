"""Two readers at once, any order of arrival, a hundred thousand reports on file: one event is one incident."""

import threading
import time
from collections.abc import Sequence
from itertools import permutations
from uuid import UUID

import pytest
import sqlalchemy as sa
from uuid_utils.compat import uuid7

from gateway import bootstrap, demo
from gateway.alerts.records import Alert, Incident
from gateway.inbox.accept import insert, to_row
from gateway.inbox.people import look_up
from gateway.inbox.records import InboundRecord
from gateway.inbox.service import Inbox
from gateway.messages import InboundMessage
from gateway.reports.records import ReportRecord
from gateway.services import Services
from gateway.storage.database import table_of

ALERT, IN, INCIDENT, REPORT = map(table_of, (Alert, InboundRecord, Incident, ReportRecord))
ONE, OTHER = "+22790000101", "+22790000104"


@pytest.fixture
def inbox(services: Services) -> Inbox:
    with services.engine.begin() as connection:
        demo.seed(connection, services.cipher, services.settings)
    return bootstrap.build_inbox(services)


def accept(services: Services, sender: str, words: str) -> UUID:
    message = InboundMessage(
        uuid7(), "simulator", str(uuid7()), sender, demo.AGENTS_LINE, words, services.now()
    )
    with services.engine.begin() as connection:
        insert(connection, [to_row(message, services.cipher, services.settings.lanes, frozenset())])
    return message.id


def file(services: Services, inbox: Inbox, connection: sa.Connection, message: UUID) -> None:
    rows = connection.execute(sa.select(IN).where(IN.c.id == message)).all()
    directory = look_up(connection, services.cipher, rows)
    inbox.batch(connection, directory).file(inbox.read(rows, directory))


def counted(services: Services) -> list[int]:
    with services.engine.connect() as connection:
        return sorted(connection.execute(sa.select(INCIDENT.c.reports)).scalars())


def someone_waits(services: Services) -> bool:
    waiting = sa.text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    with services.engine.connect() as connection:
        return bool(connection.execute(waiting).scalar_one())


def test_two_readers_that_file_two_reports_of_one_event_at_once_make_one_incident(
    services: Services, inbox: Inbox
) -> None:
    first, second = accept(services, ONE, "RPZ ASM 80"), accept(services, OTHER, "RPZ ASM 82")

    def file_second() -> None:
        with services.engine.begin() as connection:
            file(services, inbox, connection, second)

    other = threading.Thread(target=file_second)
    with services.engine.begin() as connection:
        file(services, inbox, connection, first)
        other.start()
        deadline = time.monotonic() + 20
        while not someone_waits(services) and other.is_alive() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert other.is_alive(), "the second reader did not wait for the first"
    other.join(timeout=20)
    assert counted(services) == [2]
    with services.engine.connect() as connection:
        assert len(connection.execute(sa.select(ALERT)).all()) == 1
        assert len(set(connection.execute(sa.select(REPORT.c.incident_id)).scalars())) == 1


EVENTS = ("RPZ ASM 80", "RPZ ASM 84", "RPZ ASM 300", "SOS AGZ 80")


@pytest.mark.parametrize("order", list(permutations(EVENTS))[::5], ids=" / ".join)
def test_the_order_in_which_reports_come_makes_no_other_incidents(
    services: Services, inbox: Inbox, order: Sequence[str]
) -> None:
    for words in order:
        accept(services, ONE if words.endswith("0") else OTHER, words)
    for lane in 2 * list(range(services.settings.lanes)):  # what is urgent comes first, and alone
        inbox.drain(lane)
    assert counted(services) == [1, 1, 2]
    with services.engine.connect() as connection:
        kept = connection.execute(sa.select(REPORT.c.incident_id)).scalars().all()
    assert len(kept) == 4
    assert None not in kept


def test_the_incidents_that_a_report_may_belong_to_are_found_by_an_index(services: Services) -> None:
    with services.engine.begin() as connection:
        connection.execute(sa.text("SET LOCAL enable_seqscan = off"))
        plan = connection.execute(
            sa.text(
                "EXPLAIN SELECT * FROM incidents WHERE kind = 'movement' AND last_at >= now() - interval '3 h' "
                "AND first_at <= now() AND merged_into IS NULL ORDER BY last_at DESC LIMIT 500"
            )
        )
        assert "ix_incidents_found" in "\n".join(plan.scalars())
