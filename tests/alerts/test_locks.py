"""Whoever works on the same alerts at the same moment waits for the other, and neither is stopped by PostgreSQL."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from gateway import bootstrap
from gateway.alerts import handover, regrouping
from gateway.alerts.records import Acknowledgement, Alert, Incident
from gateway.alerts.regrouping import RegroupingError
from gateway.duty.records import ShiftRecord
from gateway.inbox import rereading
from gateway.inbox.rereading import Wanted
from gateway.people.records import Officer
from gateway.reports.records import QuestionRecord, ReportRecord
from gateway.services import Services
from gateway.storage.database import table_of
from tests.clock import Clock
from tests.conversations.phones import Agency, Phone

INCIDENT, ALERT, REPORT = table_of(Incident), table_of(Alert), table_of(ReportRecord)
ANSWER, QUESTION = table_of(Acknowledgement), table_of(QuestionRecord)
OFFICER, SHIFT = table_of(Officer), table_of(ShiftRecord)

NUMBERS = [f"+22790000{number}" for number in range(500, 600)]


@pytest.fixture
def agency(services: Services, clock: Clock) -> Agency:
    return Agency(services, clock)


def side_by_side(agency: Agency, held: sa.Executable, *works: Callable[[], object]) -> None:
    """Each begins when the one before it waits or is done; what they wait for is held until all have begun."""
    with ThreadPoolExecutor(len(works)) as pool:
        begun: list[Future[object]] = []
        with agency.services.engine.begin() as holder:
            holder.execute(held)
            for work in works:
                begun.append(pool.submit(work))
                _until_each_waits(agency, begun)
        for one in begun:
            one.result(timeout=20)


def _until_each_waits(agency: Agency, begun: list[Future[object]]) -> None:
    waits = sa.text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    for _ in range(1000):
        with agency.services.engine.connect() as connection:
            if connection.execute(waits).scalar_one() >= sum(not one.done() for one in begun):
                return
        time.sleep(0.01)
    pytest.fail("somebody neither waited nor came to an end")


def wholly(table: sa.Table) -> sa.Executable:
    """Nobody else writes into the table or locks a row of it."""
    return sa.text(f"LOCK TABLE {table.name} IN EXCLUSIVE MODE")


def of(incident: UUID) -> sa.Executable:
    return sa.select(INCIDENT.c.id).where(INCIDENT.c.id == incident).with_for_update()


def text(agency: Agency, phone: Phone, *texts: str) -> int:
    """Texts that wait to be read. Returns their lane."""
    for words in texts:
        agency.accept(phone.number, words, phone.line, read=False)
        agency.clock.forward(seconds=1)
    return lane(agency, phone)


def lane(agency: Agency, phone: Phone) -> int:
    digest = agency.services.cipher.digest(phone.number)
    return int.from_bytes(digest[:4], "big") % agency.services.settings.lanes


def merge(agency: Agency, source: str, into: str) -> Callable[[], object]:
    def work() -> None:
        services = agency.services
        with services.engine.begin() as connection:
            regrouping.merge(connection, services, source, into, "test", services.now())

    return work


def two_incidents(agency: Agency, first: str) -> tuple[sa.Row[tuple[UUID, str]], sa.Row[tuple[UUID, str]]]:
    agency.agent.texts(first)
    agency.clock.forward(minutes=1)
    agency.customs.texts("SOS DNS 21")
    one, other = agency.rows(INCIDENT)
    return one, other


def test_two_officers_who_answer_two_alerts_in_another_order(agency: Agency) -> None:
    cipher = agency.services.cipher
    second = next(
        phone for phone in map(agency.phone, NUMBERS) if lane(agency, phone) != lane(agency, agency.first)
    )
    number = {"number": cipher.encrypt(second.number), "number_hash": cipher.digest(second.number)}
    agency.change(agency.second, **number)
    two_incidents(agency, "RPZ ASM 647")
    agency.fast_forward(minutes=6)
    lanes = []
    for phone, order in ((agency.first, 1), (second, -1)):
        codes = [one.code for one in agency.air.arrived[phone.number] if "ALERTE" in one.words]
        lanes.append(text(agency, phone, *[f"{code} 1" for code in dict.fromkeys(codes)][::order]))
    side_by_side(agency, wholly(ANSWER), *(lambda it=it: agency.inbox.drain(it) for it in lanes))
    assert len(agency.rows(ANSWER)) == 4
    assert {alert.state for alert in agency.rows(ALERT)} == {"acknowledged"}


def test_a_correction_comes_while_its_incident_is_merged_by_hand(agency: Agency) -> None:
    source, target = two_incidents(agency, "RPZ ASM 647")
    its = text(agency, agency.agent, "CORR F4")
    works = (merge(agency, source.reference, target.reference), lambda: agency.inbox.drain(its))
    side_by_side(agency, of(source.id), *works)
    reports = agency.rows(REPORT, REPORT.c.kind == "report")
    assert {report.incident_id for report in reports} == {target.id}
    assert 4 in {report.reading["people"].get("women") for report in reports}


def test_what_is_answered_while_its_incident_is_merged_stays_where_it_was_put(agency: Agency) -> None:
    source, target = two_incidents(agency, "RPZ Illela 40 vers Agadez")
    its = text(agency, agency.agent, "B")
    works = (merge(agency, source.reference, target.reference), lambda: agency.inbox.drain(its))
    side_by_side(agency, of(source.id), *works)
    assert [question.state for question in agency.rows(QUESTION)] == ["answered"]
    reports = agency.rows(REPORT, REPORT.c.kind == "report")
    assert {report.incident_id for report in reports} == {target.id}


def test_two_callers_write_while_somebody_tries_to_merge_what_they_tell_of(agency: Agency) -> None:
    lanes: dict[int, list[Phone]] = {}
    for number in NUMBERS:
        caller = agency.caller(number)
        lanes.setdefault(lane(agency, caller), []).append(caller)
    its, callers = next((its, callers[:2]) for its, callers in lanes.items() if len(callers) > 1)
    for phone in callers:
        phone.texts("aidez moi")
    earlier, later = agency.rows(INCIDENT)
    for phone in callers:
        text(agency, phone, "on nous frappe")

    def merges() -> None:
        with pytest.raises(RegroupingError, match="caller"):
            merge(agency, later.reference, earlier.reference)()

    side_by_side(agency, of(earlier.id), lambda: agency.inbox.drain(its), merges)
    assert [incident.reports for incident in agency.rows(INCIDENT)] == [2, 2]


def test_somebody_comes_on_duty_while_what_is_open_is_being_changed(agency: Agency) -> None:
    services = agency.services
    handover.hand_over(services)
    two_incidents(agency, "RPZ ASM 647")
    comes = agency.officer("+22790000911")
    theirs = agency.rows(OFFICER, OFFICER.c.number_hash == services.cipher.digest(comes.number))[0].id
    with services.engine.begin() as connection:
        connection.execute(sa.insert(SHIFT).values(officer_id=theirs, step=0))
    its = text(agency, agency.agent, "ANNU", "SOS AYR 12")
    no_new_incident = sa.text("LOCK TABLE incidents IN SHARE ROW EXCLUSIVE MODE")
    works = (lambda: agency.inbox.drain(its), lambda: handover.hand_over(services))
    side_by_side(agency, no_new_incident, *works)
    assert "duty" in {row.purpose for row in agency.outgoing(comes)}


def test_a_question_that_expires_while_its_late_answer_is_read(agency: Agency) -> None:
    agency.agent.texts("RPZ Illela 40 vers Agadez")
    its = text(agency, agency.agent, "B")
    agency.clock.forward(hours=1)
    works = (lambda: agency.inbox.drain(its), agency.inbox.expire_questions)
    side_by_side(agency, wholly(INCIDENT), *works)
    assert [question.state for question in agency.rows(QUESTION)] == ["answered"]


def test_a_report_is_read_again_while_its_incident_is_merged(agency: Agency) -> None:
    source, target = two_incidents(agency, "RPZ ASM 647")
    services, reader = agency.services, bootstrap.build_reader(agency.services.settings)
    since = agency.clock() - timedelta(days=1)
    (batch,) = rereading.batches(services, reader, Wanted(since))

    def reread() -> None:
        with services.engine.begin() as connection:
            rereading.apply(connection, services.cipher, batch.read, "test", services.now())

    side_by_side(agency, of(source.id), merge(agency, source.reference, target.reference), reread)
    assert {report.incident_id for report in agency.rows(REPORT)} == {target.id}
