"""Nobody answers, somebody answers too late, somebody is gone: an alert goes on until it is taken."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from gateway.alerts import service as alerts
from gateway.channels.base import PermanentSendError, TemporarySendError
from gateway.duty.records import ShiftRecord
from gateway.storage.database import table_of
from tests.conversations.phones import Agency, Text

SHIFT = table_of(ShiftRecord)
REPORT = "RPZ ASM 647 H590 F32"


@pytest.fixture
def alert(agency: Agency) -> Text:
    """A report came in; its receipt was read, and its alert is on the first officer's phone."""
    agency.agent.texts(REPORT)
    agency.agent.expects("Recu")
    return agency.first.expects("ALERTE")


def test_nobody_answers_the_second_comes_at_5_the_supervisor_at_10_and_again_every_10(
    agency: Agency, alert: Text
) -> None:
    agency.fast_forward(minutes=4.9)
    agency.second.expects_nothing()
    agency.fast_forward(minutes=0.1)
    agency.second.expects("ALERTE", alert.reference)
    agency.fast_forward(minutes=4.9)
    agency.supervisor.expects_nothing()
    agency.fast_forward(minutes=0.1)
    again = agency.supervisor.expects("ALERTE", alert.reference)
    for _ in range(6):
        agency.fast_forward(minutes=9.9)
        agency.supervisor.expects_nothing()
        agency.fast_forward(minutes=0.1)
        assert agency.supervisor.expects("ALERTE").code == again.code
    agency.supervisor.replies(again.code)
    agency.supervisor.expects("est a vous")
    agency.agent.expects("pris en charge 15:10")


def test_answering_stops_everything(agency: Agency, alert: Text) -> None:
    agency.fast_forward(minutes=5)
    code = agency.second.expects("ALERTE").code
    agency.second.replies(code)
    agency.second.expects("est a vous")
    agency.agent.expects("pris en charge 14:05")
    agency.fast_forward(minutes=50)


def test_an_answer_withholds_an_alert_that_still_waits_to_be_sent(agency: Agency, alert: Text) -> None:
    agency.air.fails(agency.second.number, *[TemporarySendError("no route")] * 50)
    agency.fast_forward(minutes=6)
    agency.first.replies(alert.code)
    agency.first.expects("est a vous")
    agency.agent.expects("pris en charge")
    agency.air.faults.clear()
    agency.fast_forward(minutes=10)
    (row,) = agency.outgoing(agency.second)
    assert (row.state, row.error) == ("withheld", "the alert is already acknowledged")


def test_the_second_to_answer_is_told_who_took_it_and_when(agency: Agency, alert: Text) -> None:
    agency.fast_forward(minutes=5)
    second = agency.second.expects("ALERTE")
    agency.first.replies(alert.code)
    agency.first.expects("est a vous")
    agency.agent.expects("pris en charge 14:05")
    agency.fast_forward(minutes=2)
    agency.second.replies(second.code)
    agency.second.expects_exactly(f"{alert.reference} deja pris en charge par Officier Un a 14:05")


def test_an_acknowledgement_expires_after_an_hour_with_a_reminder_and_may_be_renewed(
    agency: Agency, alert: Text
) -> None:
    agency.first.replies(alert.code)
    agency.first.expects("est a vous")
    agency.agent.expects("pris en charge 14:00")
    for _ in range(3):
        agency.fast_forward(minutes=59.9)
        agency.first.expects_nothing()
        agency.fast_forward(minutes=0.1)
        assert agency.first.expects("RAPPEL", alert.reference).code == alert.code
        agency.first.replies(alert.code)
        agency.first.expects("est a vous")


def test_an_unanswered_reminder_goes_on_up_the_rota(agency: Agency, alert: Text) -> None:
    agency.first.replies(alert.code)
    agency.first.expects("est a vous")
    agency.agent.expects("pris en charge 14:00")
    agency.fast_forward(minutes=60)
    agency.first.expects("RAPPEL")
    agency.fast_forward(minutes=5)
    second = agency.second.expects("ALERTE", alert.reference)
    agency.fast_forward(minutes=5)
    agency.supervisor.expects("ALERTE", alert.reference)
    agency.second.replies(second.code)
    agency.second.expects("est a vous")
    agency.fast_forward(minutes=50)


def test_a_taken_alert_whose_officer_is_gone_goes_up_the_rota_at_once_when_it_expires(
    agency: Agency, alert: Text
) -> None:
    agency.first.replies(alert.code)
    agency.first.expects("est a vous")
    agency.agent.expects("pris en charge 14:00")
    agency.change(agency.first, active=False)
    agency.fast_forward(minutes=60)
    agency.second.expects("ALERTE", alert.reference)


def test_a_reminder_that_still_waits_is_withheld_when_somebody_else_takes_it(
    agency: Agency, alert: Text
) -> None:
    agency.fast_forward(minutes=5)
    second = agency.second.expects("ALERTE")
    agency.first.replies(alert.code)
    agency.first.expects("est a vous")
    agency.agent.expects("pris en charge 14:05")
    agency.air.fails(agency.first.number, *[TemporarySendError("no route")] * 50)
    agency.fast_forward(minutes=61)
    agency.second.replies(second.code)
    agency.second.expects("est a vous")
    agency.air.faults.clear()
    agency.fast_forward(minutes=10)
    assert agency.outgoing(agency.first)[-1].state == "withheld"


def test_an_officer_who_was_disabled_is_passed_over(agency: Agency, alert: Text) -> None:
    agency.change(agency.second, active=False)
    agency.fast_forward(minutes=5)
    agency.supervisor.expects("ALERTE", alert.reference)
    agency.fast_forward(minutes=2)


def test_an_alert_on_its_way_to_an_officer_who_is_disabled_goes_to_the_next_at_once(agency: Agency) -> None:
    agency.air.fails(agency.first.number, TemporarySendError("no route"))
    agency.agent.texts(REPORT)
    agency.agent.expects("Recu")
    agency.change(agency.first, active=False)
    agency.fast_forward(seconds=10)
    agency.fast_forward(seconds=1)
    agency.second.expects("ALERTE")
    assert agency.outgoing(agency.first)[0].state == "withheld"


def test_a_disabled_officers_answer_takes_nothing_and_is_not_answered(agency: Agency, alert: Text) -> None:
    agency.change(agency.first, active=False)
    agency.first.replies(alert.code)
    agency.fast_forward(minutes=5)
    agency.second.expects("ALERTE", alert.reference)


def test_nobody_on_duty_is_itself_an_alert_to_everyone(agency: Agency) -> None:
    with agency.services.engine.begin() as connection:
        connection.execute(sa.delete(SHIFT))
    agency.agent.texts(REPORT)
    agency.agent.expects("Recu")
    everyone = (agency.first, agency.second, agency.supervisor)
    codes = [phone.expects("PERSONNE DE GARDE", "647 pers").code for phone in everyone]
    agency.fast_forward(minutes=5)
    for phone in everyone:
        phone.expects("PERSONNE DE GARDE")
    agency.supervisor.replies(codes[-1])
    agency.supervisor.expects("est a vous")
    agency.agent.expects("pris en charge 14:05")
    agency.fast_forward(minutes=30)


def test_of_the_only_officer_on_duty_whom_it_is_about_the_others_are_told_and_they_alone(
    agency: Agency,
) -> None:
    with agency.services.engine.begin() as connection:
        connection.execute(sa.delete(SHIFT).where(SHIFT.c.step > 0))
    agency.first.texts("STOP")
    alert = agency.second.expects("PERSONNE DE GARDE", "Officier Un")
    agency.supervisor.expects("PERSONNE DE GARDE", "Officier Un")
    agency.second.replies(alert.code)
    agency.second.expects("est a vous")


def test_nobody_on_duty_and_a_dead_number_floods_nobody(agency: Agency) -> None:
    with agency.services.engine.begin() as connection:
        connection.execute(sa.delete(SHIFT))
    agency.air.fails(agency.second.number, *[PermanentSendError("no such number")] * 50)
    agency.agent.texts(REPORT)
    agency.agent.expects("Recu")
    agency.fast_forward(minutes=4)
    agency.first.expects("PERSONNE DE GARDE")
    agency.supervisor.expects("PERSONNE DE GARDE")
    agency.fast_forward(minutes=1)
    agency.first.expects("PERSONNE DE GARDE")
    code = agency.supervisor.expects("PERSONNE DE GARDE").code
    agency.supervisor.replies(code)
    agency.supervisor.expects("est a vous")
    agency.agent.expects("pris en charge")


def test_whoever_comes_on_duty_gets_what_nobody_took(agency: Agency) -> None:
    with agency.services.engine.begin() as connection:
        connection.execute(sa.update(SHIFT).values(starts_at=agency.clock() + timedelta(minutes=7)))
    agency.agent.texts(REPORT)
    agency.agent.expects("Recu")
    everyone = (agency.first, agency.second, agency.supervisor)
    for phone in everyone:
        phone.expects("PERSONNE DE GARDE")
    agency.fast_forward(minutes=5)
    for phone in everyone:
        phone.expects("PERSONNE DE GARDE")
    agency.fast_forward(minutes=5)
    agency.first.replies(agency.first.expects("ALERTE").code)
    agency.first.expects("est a vous")
    agency.agent.expects("pris en charge 14:10")


def test_an_officer_far_up_a_long_rota_is_reached_too(agency: Agency, alert: Text) -> None:
    director = agency.officer("+22790000904")
    with agency.services.engine.begin() as connection:
        officer = connection.execute(sa.text("SELECT id FROM officers ORDER BY id DESC LIMIT 1")).scalar_one()
        connection.execute(sa.insert(SHIFT).values(officer_id=officer, step=4))
    agency.fast_forward(minutes=10)
    agency.second.expects("ALERTE")
    agency.supervisor.expects("ALERTE")
    agency.fast_forward(minutes=5)
    director.expects("ALERTE", alert.reference)
    agency.fast_forward(minutes=2)


def test_closing_ends_it_and_its_codes_rest(agency: Agency, alert: Text) -> None:
    assert alerts.close(agency.services, alert.reference, "operator")
    agency.fast_forward(minutes=30)
    agency.first.replies(alert.code)
    agency.first.expects_exactly(f"{alert.reference} est clos. Votre mot est garde")
    assert not alerts.close(agency.services, alert.reference, "operator")


def test_closing_withholds_a_reminder_that_still_waits(agency: Agency, alert: Text) -> None:
    agency.first.replies(alert.code)
    agency.first.expects("est a vous")
    agency.agent.expects("pris en charge 14:00")
    agency.air.fails(agency.first.number, *[TemporarySendError("no route")] * 50)
    agency.fast_forward(minutes=61)
    alerts.close(agency.services, alert.reference, "operator")
    agency.air.faults.clear()
    agency.fast_forward(minutes=10)
    assert agency.outgoing(agency.first)[-1].error == "the alert is already closed"
