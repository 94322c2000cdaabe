"""Plays about those who are called besides whoever has an alert: to help, or because all must answer."""

from typing import Any

import pytest
import sqlalchemy as sa

from gateway.alerts.codes import declined
from gateway.alerts.records import Alert
from gateway.channels.base import TemporarySendError
from gateway.people.records import Officer
from gateway.storage.database import table_of
from tests.conversations.phones import Agency, Phone, Text

ALERT, OFFICER = table_of(Alert), table_of(Officer)
GRAVEST, CRISIS = "RPZ ASM 512", "SOS ASM 12"


def put(agency: Agency, words: str) -> Text:
    """A report came in, and its alert is on the first officer's phone."""
    agency.agent.texts(words)
    agency.agent.expects("Recu")
    return agency.first.expects("ALERTE")


def takes(agency: Agency, phone: Phone, code: str) -> None:
    """The first to take it: the reporter is told."""
    phone.replies(code)
    phone.expects("est a vous")
    agency.agent.expects("pris en charge")


def jump(agency: Agency, minutes: float) -> None:
    """Time passes in which nothing is due but at its end."""
    agency.clock.forward(minutes=minutes)
    agency.tick()


def row(agency: Agency) -> Any:
    (one,) = agency.rows(ALERT)
    return one


def test_help_is_called_step_by_step_until_somebody_comes(agency: Agency) -> None:
    alert = put(agency, GRAVEST)
    takes(agency, agency.first, alert.code)
    agency.first.replies(f"{alert.code} 3")
    agency.first.expects("renfort est appele")
    agency.tick()
    agency.second.expects("RENFORT pour Officier Un", alert.reference)
    jump(agency, 4.9)
    agency.supervisor.expects_nothing()
    jump(agency, 0.1)
    code = agency.supervisor.expects("RENFORT pour Officier Un").code
    jump(agency, 9.9)
    agency.supervisor.expects_nothing()
    jump(agency, 0.1)
    assert agency.supervisor.expects("RENFORT").code == code
    agency.supervisor.replies(code)
    agency.supervisor.expects("vous aidez Officier Un")
    agency.first.expects("Superviseur vient vous aider")
    jump(agency, 20)
    jump(agency, 24.9)
    agency.first.expects_nothing()
    jump(agency, 0.1)
    assert agency.first.expects("RAPPEL").code == alert.code


def test_another_three_calls_nobody_sooner_and_one_after_a_promise_calls_on(agency: Agency) -> None:
    alert = put(agency, GRAVEST)
    takes(agency, agency.first, alert.code)
    agency.first.replies(f"{alert.code} 3")
    agency.first.expects("renfort est appele")
    agency.tick()
    second = agency.second.expects("RENFORT")
    agency.first.replies(f"{alert.code} 3")
    agency.first.expects_exactly(f"{alert.reference}: note. D'autres sont deja appeles")
    jump(agency, 4.9)
    agency.second.replies(second.code)
    agency.second.expects("vous aidez")
    agency.first.expects("vient vous aider")
    jump(agency, 1)
    agency.first.replies(f"{alert.code} 3 il en faut plus")
    agency.first.expects("renfort est appele")
    agency.tick()
    agency.supervisor.expects("RENFORT")


def test_whoever_is_safe_needs_no_help_and_whoever_asks_after_that_is_asked_about_again(
    agency: Agency,
) -> None:
    alert = put(agency, GRAVEST)
    takes(agency, agency.first, alert.code)
    agency.first.replies(f"{alert.code} 3")
    agency.first.expects("renfort est appele")
    agency.tick()
    second = agency.second.expects("RENFORT")
    agency.first.replies(f"{alert.code} 5")
    agency.first.expects("en securite")
    agency.agent.expects("en securite")
    jump(agency, 30)
    agency.second.replies(second.code)
    agency.second.expects("deja pris en charge par Officier Un")
    agency.first.replies(f"{alert.code} 3")
    agency.first.expects("renfort est appele")
    agency.tick()
    agency.second.expects("RENFORT")
    jump(agency, 5)
    supervisor = agency.supervisor.expects("RENFORT")
    agency.supervisor.replies(supervisor.code)
    agency.supervisor.expects("vous aidez")
    agency.first.expects("vient vous aider")
    jump(agency, 10)
    jump(agency, 45)
    agency.first.expects("RAPPEL")


def test_a_call_for_help_that_still_waits_is_withheld_once_somebody_comes(agency: Agency) -> None:
    alert = put(agency, GRAVEST)
    takes(agency, agency.first, alert.code)
    agency.first.replies(f"{alert.code} 3")
    agency.first.expects("renfort est appele")
    agency.tick()
    second = agency.second.expects("RENFORT")
    agency.air.fails(agency.supervisor.number, *[TemporarySendError("no route")] * 50)
    jump(agency, 5)
    agency.second.replies(second.code)
    agency.second.expects("vous aidez")
    agency.first.expects("vient vous aider")
    agency.air.faults.clear()
    agency.fast_forward(minutes=6)
    assert [text.state for text in agency.outgoing(agency.supervisor)] == ["withheld"]


def test_a_call_for_help_does_not_excuse_those_who_must_answer(agency: Agency, beside: Phone) -> None:
    alert = put(agency, CRISIS)
    code = beside.expects("ALERTE").code
    takes(agency, agency.first, alert.code)
    agency.first.replies(f"{alert.code} 3")
    agency.first.expects("renfort est appele")
    agency.tick()
    second = agency.second.expects("RENFORT")
    beside.expects("ALERTE", alert.reference)
    agency.second.replies(second.code)
    agency.second.expects("vous aidez")
    agency.first.expects("vient vous aider")
    jump(agency, 5)
    beside.expects("ALERTE")
    jump(agency, 9.9)
    beside.expects_nothing()
    jump(agency, 0.1)
    beside.expects("ALERTE")
    beside.replies(code)
    beside.expects("vous aidez Officier Un")
    agency.first.expects("vient vous aider")
    jump(agency, 10)


def test_what_is_new_is_for_whoever_has_it_and_no_longer_for_those_who_were_told_before(
    agency: Agency,
) -> None:
    alert = put(agency, GRAVEST)
    jump(agency, 5)
    agency.second.expects("ALERTE")
    agency.air.fails(agency.second.number, *[TemporarySendError("no route")] * 50)
    agency.agent.texts("CORR 700 pas 512")
    agency.agent.expects("700")
    agency.first.expects("CORRIGE", "700")
    takes(agency, agency.first, alert.code)
    agency.air.faults.clear()
    agency.fast_forward(minutes=6)
    assert agency.outgoing(agency.second)[-1].error == "the alert is already acknowledged"


def test_an_alert_that_cannot_be_read_keeps_no_other_text_back(agency: Agency, beside: Phone) -> None:
    agency.air.fails(beside.number, *[TemporarySendError("no route")] * 50)
    alert = put(agency, CRISIS)
    takes(agency, agency.first, alert.code)
    with agency.services.engine.begin() as connection:
        connection.execute(sa.update(ALERT).values(facts=b"damaged"))
    agency.air.faults.clear()
    agency.gendarme.texts("RPZ ASM 640")
    agency.gendarme.expects("Recu")
    agency.fast_forward(minutes=2)
    other = agency.first.expects("ALERTE", "640")
    assert {beside.expects("ALERTE").reference for _ in range(2)} == {alert.reference, other.reference}
    agency.first.replies(other.code)
    agency.first.expects("est a vous")
    agency.gendarme.expects("pris en charge")


def test_after_a_reminder_that_nobody_answers_whoever_said_that_they_cannot_is_not_asked_first(
    agency: Agency,
) -> None:
    alert = put(agency, GRAVEST)
    agency.first.replies(f"{alert.code} 2")
    agency.first.expects("vous ne pouvez pas")
    agency.tick()
    takes(agency, agency.second, agency.second.expects("ALERTE").code)
    jump(agency, 60)
    agency.second.expects("RAPPEL")
    jump(agency, 5)
    agency.supervisor.expects("ALERTE", alert.reference)


def test_in_a_second_round_all_must_answer_anew(agency: Agency, beside: Phone) -> None:
    alert = put(agency, CRISIS)
    code = beside.expects("ALERTE").code
    jump(agency, 5)
    takes(agency, agency.second, agency.second.expects("ALERTE").code)
    beside.replies(code)
    beside.expects("deja pris en charge par Officier Deux")
    jump(agency, 60)
    agency.second.expects("RAPPEL")
    jump(agency, 5)
    agency.first.expects("ALERTE", alert.reference)
    beside.expects("ALERTE", alert.reference)
    agency.first.replies(alert.code)
    agency.first.expects("est a vous")
    jump(agency, 10)
    beside.expects("ALERTE", alert.reference)


def test_a_last_word_is_the_last_although_the_clock_was_set_back(agency: Agency) -> None:
    alert = put(agency, GRAVEST)
    takes(agency, agency.first, alert.code)
    agency.clock.forward(minutes=-30)
    agency.first.replies(f"{alert.code} 2")
    agency.first.expects("vous ne pouvez pas")
    agency.tick()
    agency.second.expects("ALERTE")
    with agency.services.engine.connect() as connection:
        (said_no,) = declined(connection, [row(agency).id]).values()
    (first,) = agency.rows(OFFICER, OFFICER.c.name == "Officier Un")
    assert said_no == [first.id]


@pytest.mark.parametrize("digits", ["22", "33", "32", "23"])
def test_whoever_says_again_that_the_next_is_to_be_called_calls_nobody_else(
    agency: Agency, digits: str
) -> None:
    alert = put(agency, GRAVEST)
    agency.first.replies(f"{alert.code} {digits[0]}")
    agency.first.expects("suivant est appele")
    agency.tick()
    second = agency.second.expects("ALERTE")
    agency.first.replies(f"{alert.code} {digits[1]}")
    agency.first.expects_exactly(f"{alert.reference}: note. D'autres sont deja appeles")
    jump(agency, 4.9)
    agency.supervisor.expects_nothing()
    agency.second.replies(f"{second.code} {digits[0]}")
    agency.second.expects("suivant est appele")
    agency.tick()
    agency.supervisor.expects("ALERTE")


def test_whoever_is_reminded_after_they_called_help_may_pass_it_on(agency: Agency) -> None:
    alert = put(agency, GRAVEST)
    takes(agency, agency.first, alert.code)
    jump(agency, 59)
    agency.first.replies(f"{alert.code} 3")
    agency.first.expects("renfort est appele")
    agency.tick()
    agency.second.expects("RENFORT")
    jump(agency, 1)
    agency.first.expects("RAPPEL")
    agency.first.replies(f"{alert.code} 2")
    agency.first.expects("suivant est appele")
    agency.tick()
    agency.second.expects("ALERTE")
