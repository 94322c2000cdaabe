"""An officer is switched off or has another number while an alert is open: the next one is asked at once."""

import pytest

from gateway.alerts.departing import give_another_number, switch_off
from gateway.alerts.records import Alert
from gateway.commands.entering import change
from gateway.storage.database import table_of
from tests.conversations.phones import Agency, Phone, Text

ALERT = table_of(Alert)
NEW = "+22790000915"


@pytest.fixture
def alert(agency: Agency) -> Text:
    """A report came in, and its alert is on the first officer's phone."""
    agency.agent.texts("RPZ ASM 12")
    agency.agent.expects("Recu")
    return agency.first.expects("ALERTE 2")


@pytest.fixture
def taken(agency: Agency, alert: Text) -> Text:
    agency.first.replies(alert.code)
    agency.first.expects("est a vous")
    agency.agent.expects("pris en charge")
    return alert


def goes(agency: Agency, phone: Phone) -> None:
    digest = agency.services.cipher.digest(phone.number)
    with change(agency.services) as (connection, decisions):
        name, decided = switch_off(connection, digest, "operator", agency.clock())
        decisions.extend(decided)
    assert name


def has_another(agency: Agency, phone: Phone, number: str = NEW) -> Phone:
    cipher, digest = agency.services.cipher, agency.services.cipher.digest(phone.number)
    with change(agency.services) as (connection, decisions):
        name, decided = give_another_number(connection, cipher, digest, number, "operator", agency.clock())
        decisions.extend(decided)
    assert name
    return agency.phone(number)


def test_what_the_officer_was_alone_asked_about_goes_to_the_next_at_the_next_tick(
    agency: Agency, alert: Text
) -> None:
    goes(agency, agency.first)
    agency.tick()
    agency.second.expects("ALERTE 2", alert.reference)
    agency.first.replies(alert.code)
    assert agency.rows(ALERT)[0].acknowledged_by is None


def test_what_the_officer_held_goes_to_the_next_at_the_next_tick(agency: Agency, taken: Text) -> None:
    agency.first.replies(f"{taken.code} 4")
    agency.first.expects("sur place")
    agency.agent.expects("sur place")
    goes(agency, agency.first)
    agency.tick()
    second = agency.second.expects("ALERTE 2", taken.reference)
    agency.first.replies(f"{taken.code} 5")
    row = agency.rows(ALERT)[0]
    assert (row.state, row.outcome, row.safe_at) == ("open", None, None)
    agency.second.replies(second.code)
    agency.second.expects("est a vous")


def test_what_is_settled_calls_nobody_when_its_officer_goes(agency: Agency, taken: Text) -> None:
    agency.first.replies(f"{taken.code} 5")
    agency.first.expects("en securite")
    agency.agent.expects("en securite")
    goes(agency, agency.first)
    agency.tick()


def test_while_another_of_the_step_is_asked_nobody_else_is(agency: Agency, beside: Phone) -> None:
    agency.agent.texts("RPZ ASM 12")
    agency.agent.expects("Recu")
    agency.first.expects("ALERTE 2")
    beside.expects("ALERTE 2")
    goes(agency, agency.first)
    agency.tick()
    agency.second.expects_nothing()
    goes(agency, beside)
    agency.tick()
    agency.second.expects("ALERTE 2")


def test_an_officer_asked_earlier_who_goes_hurries_nobody(agency: Agency, alert: Text) -> None:
    agency.clock.forward(minutes=30)
    agency.tick()
    agency.second.expects("ALERTE 2")
    goes(agency, agency.first)
    agency.tick()
    agency.supervisor.expects_nothing()


def test_a_reminder_that_nobody_is_left_to_answer_waits_for_nobody(agency: Agency, taken: Text) -> None:
    agency.clock.forward(minutes=60)
    agency.tick()
    agency.first.expects("RAPPEL")
    goes(agency, agency.first)
    agency.tick()
    agency.second.expects("ALERTE 2", taken.reference)


def test_the_old_number_is_told_nothing_and_may_answer_nothing(agency: Agency, alert: Text) -> None:
    new = has_another(agency, agency.first)
    agency.tick()
    agency.second.expects("ALERTE 2", alert.reference)
    agency.first.replies(alert.code)
    assert agency.rows(ALERT)[0].state == "open"
    new.replies(alert.code)
    new.expects("est a vous")
    agency.agent.expects("pris en charge")


def test_what_was_held_on_the_old_number_goes_to_the_next(agency: Agency, taken: Text) -> None:
    has_another(agency, agency.first)
    agency.tick()
    agency.second.expects("ALERTE 2", taken.reference)
    assert agency.rows(ALERT)[0].acknowledged_by is None


def test_news_of_an_alert_whose_holder_is_gone_all_the_same_makes_it_due_at_once(
    agency: Agency, taken: Text
) -> None:
    agency.change(agency.first, active=False)
    agency.agent.texts(f"CORR {taken.reference} T15")
    agency.agent.expects("15")
    agency.tick()
    agency.second.expects("ALERTE 2", taken.reference, "15 pers")
