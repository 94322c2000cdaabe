"""At 07:00 and 19:00 the chiefs are told how things stand: once each, whatever dies meanwhile."""

import threading
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.alerts import service as alerts
from gateway.alerts.records import Alert
from gateway.digest import service as digest
from gateway.digest.records import Digest
from gateway.storage import audit
from gateway.storage.database import table_of
from tests.conversations.phones import Agency, KilledError, Phone

EVENING = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)  # 19:00 in Niamey
MORNING = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
ALERT, DIGEST = table_of(Alert), table_of(Digest)


def jump(agency: Agency, at: datetime) -> None:
    """To a moment before which nothing is due."""
    agency.clock.forward(seconds=(at - agency.clock()).total_seconds())
    agency.tick()


def made(agency: Agency) -> list[datetime]:
    with agency.services.engine.connect() as connection:
        return list(connection.execute(sa.select(DIGEST.c.until).order_by(DIGEST.c.until)).scalars())


@pytest.fixture
def chief(agency: Agency) -> Phone:
    """The country's chief; the gateway has run since the morning."""
    agency.tick()
    return agency.officer("+22790000911", chief=True)


def test_nobody_is_told_because_the_gateway_was_installed(agency: Agency) -> None:
    agency.officer("+22790000911", chief=True)
    agency.tick()
    assert made(agency) == [datetime(2026, 11, 21, 6, 0, tzinfo=UTC)]


def test_each_chief_is_told_of_his_region_in_his_language(agency: Agency, chief: Phone) -> None:
    north = agency.officer("+22790000912", chief=True, chief_region="Agadez", language="en")
    south = agency.officer("+22790000913", chief=True, chief_region="Maradi", language="ha")
    agency.agent.texts("CVM ASM H50 F20 vers MDM")
    agency.agent.expects("CVM")
    agency.gendarme.texts("PAP DNS F2 G1")
    agency.gendarme.expects("PAP")
    jump(agency, EVENING)
    chief.expects_exactly(
        "Bilan Niger 07:00-19:00: 2 rapports, 0 graves, 73 pers., 1 mineurs. Alertes 0. A lire 2"
    )
    north.expects_exactly("Digest Agadez 07:00-19:00: 1 reports, 0 grave, 70 people. Alerts 0. To read 1")
    south.expects("Takaitawa Maradi 07:00-19:00: rahoto 1", "yara 1")
    jump(agency, MORNING)
    chief.expects_exactly("Bilan Niger 19:00-07:00: rien a signaler, aucune alerte ouverte")
    north.expects("nothing to report")
    south.expects("babu labari")


def test_alerts_the_time_to_take_them_and_callers_are_counted(agency: Agency, chief: Phone) -> None:
    north = agency.officer("+22790000912", chief=True, chief_region="Agadez")
    agency.agent.texts("RPZ ASM 647 H590 F32")
    agency.agent.expects("RPZ")
    agency.clock.forward(minutes=4)
    agency.first.replies(agency.first.expects("647").code)
    agency.first.expects("est a vous")
    agency.agent.expects("pris en charge")
    agency.caller().texts("aidez nous a Arlit")
    agency.first.expects("Arlit")
    agency.clock.forward(seconds=(EVENING - agency.clock()).total_seconds())
    digest.tell(agency.services)
    agency.work()
    chief.expects("1 rapports, 1 graves, 647 pers.", "Alertes 2, prises 4 min. Aide 1")
    north.expects("1 rapports, 1 graves, 647 pers.", "Alertes 1, prises 4 min", without="Aide")
    for alert in agency.rows(ALERT):
        assert alerts.close(agency.services, alert.reference, "operator")


def test_repeats_drills_and_what_was_taken_back_are_not_counted(agency: Agency, chief: Phone) -> None:
    for words in (
        "CVM ASM H5 vers MDM",
        "CVM ASM H5 vers MDM",
        "TEST CVM ASM H9 vers MDM",
        "CVM AGZ H7 vers MDM",
    ):
        agency.agent.texts(words)
        agency.agent.expects()
        agency.clock.forward(minutes=1)
    agency.agent.texts("ANNU")
    agency.agent.expects()
    jump(agency, EVENING)
    chief.expects("1 rapports, 0 graves, 5 pers.")


def test_a_digest_that_was_missed_is_in_the_next(agency: Agency, chief: Phone) -> None:
    agency.agent.texts("CVM ASM H5 vers MDM")
    agency.agent.expects()
    jump(agency, datetime(2026, 11, 22, 9, 30, tzinfo=UTC))
    chief.expects("Bilan Niger 07:00-07:00: 1 rapports")
    assert made(agency)[1:] == [MORNING]


def test_a_chief_who_is_no_longer_one_or_switched_off_is_told_nothing(agency: Agency, chief: Phone) -> None:
    agency.officer("+22790000912", chief=True, active=False)
    agency.change(chief, chief=False)
    jump(agency, EVENING)
    assert made(agency)[1:] == [EVENING]


def test_two_clocks_tell_once(agency: Agency, chief: Phone) -> None:
    agency.clock.forward(seconds=(EVENING - agency.clock()).total_seconds())
    clocks = [threading.Thread(target=digest.tell, args=(agency.services,)) for _ in range(4)]
    for one in clocks:
        one.start()
    for one in clocks:
        one.join()
    agency.work()
    chief.expects("rien a signaler")


def test_a_clock_that_is_killed_before_its_commit_told_nobody_and_the_next_does(
    agency: Agency, chief: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    agency.clock.forward(seconds=(EVENING - agency.clock()).total_seconds())
    with monkeypatch.context() as patched:
        patched.setattr(audit, "append", _killed)
        with pytest.raises(KilledError):
            digest.tell(agency.services)
    agency.work()
    chief.expects_nothing()
    agency.tick()
    chief.expects("rien a signaler")
    agency.tick()


def _killed(*_: Any) -> None:
    raise KilledError


def test_a_clock_that_is_killed_after_its_commit_leaves_the_text_to_be_sent_once(
    agency: Agency, chief: Phone
) -> None:
    agency.clock.forward(seconds=(EVENING - agency.clock()).total_seconds())
    digest.tell(agency.services)
    chief.expects_nothing()
    agency.clock.forward(minutes=3)
    agency.tick()
    chief.expects("rien a signaler")


@pytest.mark.parametrize(
    ("zone", "due"),
    [
        # On that night the clock in Paris goes from 03:00 back to 02:00, so the next 07:00 is 13 hours off.
        ("Europe/Paris", ["2026-10-24T17:00", "2026-10-25T06:00", "2026-10-25T18:00"]),
        ("Africa/Niamey", ["2026-10-24T18:00", "2026-10-25T06:00", "2026-10-25T18:00"]),
    ],
)
def test_the_hours_are_those_of_the_agencys_clock_when_it_is_put_back(
    agency: Agency, zone: str, due: list[str]
) -> None:
    agency.clock.time = datetime(2026, 10, 24, 12, 0, tzinfo=UTC)
    services = replace(
        agency.services, settings=agency.services.settings.model_copy(update={"timezone": zone})
    )
    digest.tell(services)
    before = made(agency)
    for _ in range(26):
        agency.clock.forward(minutes=75)
        digest.tell(services)
    assert [f"{at:%Y-%m-%dT%H:%M}" for at in made(agency) if at not in before] == due


def test_without_hours_there_is_no_digest(agency: Agency) -> None:
    agency.tick()
    chief = agency.officer("+22790000911", chief=True)
    services = replace(
        agency.services, settings=agency.services.settings.model_copy(update={"digest_at": ""})
    )
    agency.clock.forward(hours=24)
    digest.tell(services)
    agency.work()
    chief.expects_nothing()
    agency.change(chief, chief=False)
