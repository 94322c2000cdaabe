"""How fast an alert goes up the rota, who must answer it, and what becomes of it when it grows graver."""

from gateway.channels.base import TemporarySendError
from tests.conversations.phones import Agency, Phone, Text


def reported(agency: Agency, words: str) -> Text:
    agency.agent.texts(words)
    agency.agent.expects("Recu")
    return agency.first.expects("ALERTE")


def jump(agency: Agency, minutes: float) -> None:
    agency.clock.forward(minutes=minutes)
    agency.tick()


def test_what_is_grave_goes_to_the_next_after_half_an_hour(agency: Agency) -> None:
    alert = reported(agency, "RPZ ASM 12")
    jump(agency, 29.9)
    agency.second.expects_nothing()
    jump(agency, 0.1)
    agency.second.expects("ALERTE 2", alert.reference)
    jump(agency, 30)
    agency.supervisor.expects("ALERTE 2")
    jump(agency, 29.9)
    agency.supervisor.expects_nothing()
    jump(agency, 0.1)
    agency.supervisor.expects("ALERTE 2")


def test_what_becomes_graver_goes_on_at_once_where_the_next_would_have_been_told_by_now(
    agency: Agency,
) -> None:
    alert = reported(agency, "RPZ ASM 12")
    jump(agency, 12)
    agency.agent.texts("CORR 512 pas 12")
    agency.agent.expects("512")
    agency.first.expects("CORRIGE", "512")
    agency.tick()
    agency.second.expects("ALERTE 1", alert.reference, "512")
    jump(agency, 5)
    agency.supervisor.expects("ALERTE 1")


def test_whoever_took_what_grows_graver_is_asked_at_the_pace_of_that(agency: Agency) -> None:
    alert = reported(agency, "RPZ ASM 12")
    agency.first.replies(alert.code)
    agency.first.expects("est a vous")
    agency.agent.expects("pris en charge 14:00")
    jump(agency, 12)
    agency.agent.texts("CORR 512 pas 12")
    agency.agent.expects("512")
    agency.first.expects("CORRIGE", "512")
    jump(agency, 4.9)
    agency.first.expects_nothing()
    jump(agency, 0.1)
    agency.first.expects("RAPPEL", alert.reference)
    jump(agency, 5)
    code = agency.second.expects("ALERTE 1", alert.reference).code
    agency.second.replies(code)
    agency.second.expects("est a vous")


def test_whoever_says_again_that_they_have_it_is_left_to_it(agency: Agency) -> None:
    alert = reported(agency, "RPZ ASM 12")
    agency.first.replies(alert.code)
    agency.first.expects("est a vous")
    agency.agent.expects("pris en charge 14:00")
    agency.agent.texts("CORR 512 pas 12")
    agency.agent.expects("512")
    agency.first.expects("CORRIGE", "512")
    agency.first.replies(alert.code)
    agency.first.expects("est a vous")
    jump(agency, 55)


def test_what_is_less_grave_than_that_wakes_nobody(agency: Agency) -> None:
    agency.agent.texts("FLX ASM 45")
    agency.agent.expects("Recu")
    agency.fast_forward(minutes=2)


def test_in_a_crisis_the_others_of_the_step_are_called_until_each_has_answered_and_the_next_step_is_not(
    agency: Agency, beside: Phone
) -> None:
    alert = reported(agency, "SOS ASM 12")
    code = beside.expects("ALERTE").code
    agency.first.replies(alert.code)
    agency.first.expects("est a vous")
    agency.agent.expects("pris en charge 14:00")
    for _ in range(2):
        jump(agency, 9.9)
        beside.expects_nothing()
        jump(agency, 0.1)
        assert beside.expects("ALERTE", alert.reference).code == code
    beside.replies(code)
    beside.expects("deja pris en charge par Officier Un a 14:00")
    for _ in range(4):
        jump(agency, 9.9)
    jump(agency, 0.4)
    assert agency.first.expects("RAPPEL", alert.reference).code == alert.code


def test_in_a_crisis_a_text_still_leaves_for_whoever_must_answer_besides(
    agency: Agency, beside: Phone
) -> None:
    agency.air.fails(beside.number, TemporarySendError("no route"))
    alert = reported(agency, "SOS ASM 12")
    agency.first.replies(alert.code)
    agency.first.expects("est a vous")
    agency.agent.expects("pris en charge")
    agency.fast_forward(seconds=10)
    beside.replies(beside.expects("ALERTE").code)
    beside.expects("deja pris en charge")


def test_otherwise_the_first_answer_is_enough(agency: Agency, beside: Phone) -> None:
    alert = reported(agency, "RPZ ASM 512")
    beside.expects("ALERTE")
    agency.first.replies(alert.code)
    agency.first.expects("est a vous")
    agency.agent.expects("pris en charge")
    for _ in range(5):
        jump(agency, 11)
