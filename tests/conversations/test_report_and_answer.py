"""A report comes in, an officer answers, the reporter learns who took care of it."""

import pytest

from tests.conversations.phones import Agency

REPORT = "RPZ ASM 647 H590 F32"


def test_a_report_is_receipted_alerted_taken_and_its_reporter_told(agency: Agency) -> None:
    agency.agent.texts(REPORT)
    reference = agency.agent.expects("RPZ Assamaka 647 pers.").reference
    alert = agency.first.expects("ALERTE", "Assamaka", "647 pers,", "par Agent Assamaka", f"Ref {reference}")
    agency.fast_forward(minutes=4)
    agency.first.replies(alert.code)
    agency.first.expects(reference)
    agency.agent.expects_exactly(f"{reference} pris en charge 14:04")


@pytest.mark.parametrize(
    "answer", ["{}", "{} 1", "ok {}", "OK {}.", " {}  ", '"{}"', "ok{}", "{} ok", "#{}", "{}\n"]
)
def test_an_officer_may_write_the_answer_in_many_ways(agency: Agency, answer: str) -> None:
    agency.agent.texts(REPORT)
    agency.agent.expects("Recu")
    agency.first.replies(answer.format(agency.first.expects("ALERTE").code))
    agency.first.expects("est a vous")
    agency.agent.expects("pris en charge 14:00")


def test_a_wrong_code_gets_the_neutral_answer_and_stops_nothing(agency: Agency) -> None:
    agency.agent.texts(REPORT)
    agency.agent.expects("Recu")
    right = agency.first.expects("ALERTE").code
    agency.first.replies("1000" if right != "1000" else "1001")
    agency.first.expects("Code non reconnu")
    agency.fast_forward(minutes=5)
    agency.first.replies(right)
    agency.second.expects("ALERTE")
    agency.first.expects("est a vous")
    agency.agent.expects("pris en charge 14:05")


def test_another_officers_code_is_not_ones_own(agency: Agency) -> None:
    agency.agent.texts(REPORT)
    agency.agent.expects("Recu")
    code = agency.first.expects("ALERTE").code
    agency.second.replies(code)
    agency.second.expects("Code non reconnu")


def test_a_reporter_who_texts_four_digits_answers_no_alert(agency: Agency) -> None:
    agency.agent.texts(REPORT)
    agency.agent.expects("Recu")
    code = agency.first.expects("ALERTE").code
    agency.agent.texts(code)
    agency.agent.expects("Code non compris")
    agency.fast_forward(minutes=5)
    agency.second.expects("ALERTE")


def test_taking_it_twice_tells_the_reporter_once(agency: Agency) -> None:
    agency.agent.texts(REPORT)
    agency.agent.expects("Recu")
    code = agency.first.expects("ALERTE").code
    agency.first.replies(code)
    agency.first.expects("est a vous")
    agency.agent.expects("pris en charge")
    agency.first.replies(f"ok {code}")
    agency.first.expects("est a vous")


@pytest.mark.parametrize("report", ["CVM ASM 12 DEST ARL", "RAS ASM", "FLX ASM 40"])
def test_severity_3_and_4_wake_nobody(agency: Agency, report: str) -> None:
    agency.agent.texts(report)
    agency.agent.expects("Recu")
    agency.fast_forward(minutes=11)


def test_a_discreet_reporter_gets_the_reference_alone_both_times(agency: Agency) -> None:
    agency.change(agency.agent, discreet=True)
    agency.agent.texts(REPORT)
    alert = agency.first.expects("ALERTE")
    agency.agent.expects_exactly(alert.reference)
    agency.first.replies(alert.code)
    agency.first.expects("est a vous")
    agency.agent.expects_exactly(alert.reference)


def test_a_reporter_is_answered_in_english(agency: Agency) -> None:
    agency.english.texts(REPORT)
    agency.english.expects("Got", "RPZ Assamaka 647 people")
    agency.first.replies(agency.first.expects("ALERTE").code)
    agency.first.expects("est a vous")
    agency.english.expects("taken in charge 14:00")


def test_a_reporter_is_answered_in_hausa(agency: Agency) -> None:
    hausa = agency.reporter("+22790000150", language="ha")
    hausa.texts(REPORT)
    hausa.expects("An samu", "RPZ Assamaka", "647 mutane")
    agency.first.replies(agency.first.expects("ALERTE").code)
    agency.first.expects("est a vous")
    hausa.expects("an karba 14:00")


def test_an_officer_is_woken_and_answered_in_her_language(agency: Agency) -> None:
    agency.change(agency.first, language="en")
    agency.agent.texts(REPORT)
    reference = agency.agent.expects("Recu").reference
    agency.first.replies(agency.first.expects("ALERT", "Reply").code)
    agency.first.expects(reference, "is yours")
    agency.agent.expects("pris en charge")


def test_stop_gets_no_answer(agency: Agency) -> None:
    agency.agent.texts("STOP")
    agency.fast_forward(minutes=11)


def test_several_codes_in_one_text_make_several_reports(agency: Agency) -> None:
    agency.agent.texts("RPZ ASM 647 H590, SEQ AGZ 12 F12")
    references = {
        agency.agent.expects("RPZ Assamaka").reference,
        agency.agent.expects("SEQ Agadez").reference,
    }
    alerts = [agency.first.expects("ALERTE"), agency.first.expects("ALERTE")]
    assert {alert.reference for alert in alerts} == references
    for alert in alerts:
        agency.first.replies(alert.code)
        agency.first.expects(alert.reference, "est a vous")
        agency.agent.expects_exactly(f"{alert.reference} pris en charge 14:00")


def test_the_officer_reads_what_was_written_besides_the_fields(agency: Agency) -> None:
    agency.agent.texts("SOS ACH 50 panne de moteur, 3 malades graves")
    agency.agent.expects("Recu")
    agency.first.expects("ALERTE 1", "Achegour", '"50 panne de moteur, 3 malades graves"')


def test_the_officer_sees_that_nobody_said_the_place(agency: Agency) -> None:
    agency.agent.texts("SOS T15")
    agency.agent.expects("SOS Assamaka")
    agency.first.expects("ALERTE 1", "Assamaka (son poste), 15 pers")
