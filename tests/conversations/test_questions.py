"""What is unclear is asked about, one thing at a time, and the answer makes the report whole."""

from typing import Any

import pytest

from gateway.reports.records import QuestionRecord, ReportRecord
from gateway.storage.database import table_of
from tests.conversations.phones import Agency

REPORT, QUESTION = table_of(ReportRecord), table_of(QuestionRecord)


def reports(agency: Agency) -> list[dict[str, Any]]:
    """The reports as they stand, oldest first."""
    return [row.reading | row._asdict() for row in agency.rows(REPORT, REPORT.c.kind == "report")]


def test_illela_is_asked_about_and_answered(agency: Agency) -> None:
    agency.agent.texts("CVM Illela 40 vers Agadez")
    asked = agency.agent.expects("Illela: A) Nigeria B) Tahoua?")
    agency.agent.expects_nothing()
    agency.fast_forward(minutes=4)
    agency.agent.replies("B")
    agency.agent.expects(f"Recu {asked.reference} CVM Illéla", "40 pers.")
    (report,) = reports(agency)
    assert report["place"]["code"] == "ILL"
    assert (report["state"], report["problems"]) == ("filed", [])


@pytest.mark.parametrize("answer", ["B", "b", " b) ", "B.", "rep B", "Tahoua", "ILL", "B) Tahoua", "b svp"])
def test_a_choice_may_be_written_in_many_ways(agency: Agency, answer: str) -> None:
    agency.agent.texts("CVM Illela 40 vers Agadez")
    agency.agent.expects("A) Nigeria B) Tahoua?")
    agency.agent.replies(answer)
    agency.agent.expects("CVM Illéla")


def test_a_missing_place_is_answered_by_a_point(agency: Agency) -> None:
    agent = agency.reporter("+22790000151", post=None)
    agent.texts("CVM 40 vers Agadez")
    reference = agent.expects("Ou?").reference
    agent.replies("ASM")
    agent.expects(f"Recu {reference} CVM Assamaka 40 pers.")


def test_a_grave_report_alerts_before_its_question_and_the_officer_hears_the_answer(agency: Agency) -> None:
    agent = agency.reporter("+22790000151", post=None)
    agent.texts("SOS veh en panne 25 pers")
    reference = agent.expects("Ou?").reference
    alert = agency.first.expects("ALERTE 1", "25 pers", "manque le lieu")
    agent.replies("Achegour")
    agent.expects(f"Recu {reference} SOS Achegour (puits) 25 pers.")
    changed = agency.first.expects("CORRIGE", "Achegour", "25 pers", without="manque")
    assert changed.code == alert.code
    agency.first.replies(alert.code)
    agency.first.expects("est a vous")
    agent.expects("pris en charge")


def test_an_answer_that_makes_a_report_grave_wakes_the_officer(agency: Agency) -> None:
    agency.agent.texts("ROF ASM 12h30 NE")
    agency.agent.expects("Combien de personnes?")
    agency.agent.replies("540")
    agency.agent.expects("ROF Assamaka 540 pers.")
    agency.first.expects("ALERTE 2", "540 pers", "par Agent Assamaka")


def test_one_question_after_the_other_until_nothing_is_unclear(agency: Agency) -> None:
    agency.agent.texts("CVM Illela")
    agency.agent.expects("Illela: A)")
    agency.agent.replies("A")
    agency.agent.expects("Combien de personnes?")
    agency.agent.replies("40")
    agency.agent.expects("Vers ou?")
    agency.agent.replies("Agadez")
    agency.agent.expects("Recu", "CVM Illela", "40 pers.")
    (report,) = reports(agency)
    assert (report["destination"]["code"], report["problems"]) == ("AGZ", [])


def test_a_late_answer_is_told_how_to_correct_and_changes_nothing(agency: Agency) -> None:
    agency.agent.texts("CVM Illela 40 vers Agadez")
    reference = agency.agent.expects("Illela: A)").reference
    agency.fast_forward(minutes=31)
    (report,) = reports(agency)
    assert report["state"] == "filed"
    agency.agent.replies("B")
    agency.agent.expects("Reponse non prise", f"CORR {reference} ILL")
    (report,) = reports(agency)
    assert report["place"] is None
    agency.agent.texts(f"CORR {reference} ILL")
    agency.agent.expects(f"Corrige {reference} CVM Illéla")


def test_an_answer_within_the_thirtieth_minute_counts(agency: Agency) -> None:
    agency.agent.texts("CVM Illela 40 vers Agadez")
    agency.agent.expects("Illela: A)")
    agency.fast_forward(minutes=30)
    agency.agent.replies("A")
    agency.agent.expects("CVM Illela (Nigeria)")


def test_a_new_report_instead_of_an_answer_leaves_the_first_as_it_stands(agency: Agency) -> None:
    agency.agent.texts("CVM Illela 40 vers Agadez")
    agency.agent.expects("Illela: A)")
    agency.agent.texts("FLX ASM 30")
    agency.agent.expects("FLX Assamaka 30 pers.")
    first, second = reports(agency)
    assert (first["state"], first["place"], first["people"]) == ("filed", None, {"total": 40})
    assert second["people"] == {"total": 30}
    agency.agent.texts("B")
    agency.agent.expects("Reponse non prise", f"CORR {first['reference']} ILL")


def test_words_that_answer_nothing_get_the_question_again(agency: Agency) -> None:
    agency.agent.texts("CVM Illela 40 vers Agadez")
    reference = agency.agent.expects("Illela: A)").reference
    agency.agent.texts("ok chef bien recu")
    agency.agent.expects(f"Recu {reference}. Illela: A) Nigeria B) Tahoua?")
    agency.agent.replies("A")
    agency.agent.expects("Illela (Nigeria)")


def test_a_misspelt_code_is_settled_by_its_letter_and_then_alerts(agency: Agency) -> None:
    agency.agent.texts("RPS ASM H40 F2 arrives a pied")
    asked = agency.agent.expects("Quel code: A) RPZ")
    agency.first.expects_nothing()
    agency.agent.replies("A")
    agency.agent.expects(f"Recu {asked.reference} RPZ Assamaka 42 pers.")
    agency.first.expects("ALERTE 2", "42 pers")
    (report,) = reports(agency)
    assert report["people"] == {"total": 42, "men": 40, "women": 2}


def test_a_misspelt_code_is_settled_by_the_code_itself(agency: Agency) -> None:
    agency.agent.texts("FLW ASM T40")
    asked = agency.agent.expects("Quel code: A) FLX")
    agency.agent.replies("FLX")
    agency.agent.expects(f"Recu {asked.reference} FLX Assamaka 40 pers.")
    assert len(reports(agency)) == 1


@pytest.mark.parametrize(("answer", "said"), [("A", "12 pers."), ("12 pers", "12 pers."), ("B", "Combien")])
def test_twelve_h_is_asked_about(agency: Agency, answer: str, said: str) -> None:
    agency.agent.texts("FLX ASM 12h")
    agency.agent.expects("12h: A) 12 hommes B) 12:00?")
    agency.agent.replies(answer)
    agency.agent.expects(said)


def test_a_total_below_its_parts_is_asked_about_once(agency: Agency) -> None:
    agency.agent.texts("FLX ASM T40 H30 F20")
    agency.agent.expects("Combien en tout: A) 40 B) 50?")
    agency.agent.replies("A")
    agency.agent.expects("FLX Assamaka 40 pers.")
    (report,) = reports(agency)
    assert [problem["code"] for problem in report["problems"]] == ["total_mismatch"]


def test_niger_and_nigeria_are_named_in_full(agency: Agency) -> None:
    agency.agent.texts("FLX ASM 84 prs NIG")
    agency.agent.expects("Quel pays: A) NIGER B) NIGERIA?")
    agency.agent.replies("B")
    agency.agent.expects("FLX Assamaka 84 pers.")
    (report,) = reports(agency)
    assert report["nationalities"] == {"NG": None}


def test_a_position_written_the_wrong_way_round_is_asked_about(agency: Agency) -> None:
    agency.agent.texts("VAB 13.41 20.55")
    agency.first.expects("ALERTE 2", "position a confirmer")
    agency.agent.expects("Quelle position: A)", "B) 20.55N 13.41E (Dao Timmi)?")
    agency.agent.replies("B")
    agency.agent.expects("VAB 20.55 13.41")
    agency.fast_forward(minutes=1)
    agency.first.expects("CORRIGE", "20.55 13.41")


def test_a_hausa_speaker_is_asked_and_answered_in_hausa(agency: Agency) -> None:
    hausa = agency.reporter("+22790000150", language="ha", post=None)
    hausa.texts("FLX mutane 40")
    reference = hausa.expects("An samu", "A ina?").reference
    hausa.replies("Assamaka")
    hausa.expects(f"An samu {reference} FLX Assamaka 40 mutane")


def test_whoever_writes_in_hausa_is_answered_in_hausa(agency: Agency) -> None:
    agency.agent.texts("FLX mutane 40 maza 30 mata 10")
    agency.agent.expects("An samu", "40 mutane")


def test_two_doubts_in_one_text_make_one_question(agency: Agency) -> None:
    agent = agency.reporter("+22790000151", post=None)
    agent.texts("FLX T40 H30 F20")
    agent.expects("Ou?")
    agent.expects_nothing()


def test_a_discreet_reporter_is_asked_nothing(agency: Agency) -> None:
    agency.change(agency.agent, discreet=True)
    agency.agent.texts("CVM Illela 40 vers Agadez")
    reference = agency.agent.expects().words
    (report,) = reports(agency)
    assert (report["reference"], report["state"]) == (reference, "filed")


def test_question_and_answer_read_together_send_one_receipt(agency: Agency) -> None:
    for words in ("CVM Illela 40 vers Agadez", "B"):
        agency.accept(agency.agent.number, words, agency.agent.line, read=False)
    agency.work()
    agency.agent.expects("Recu", "CVM Illéla", "40 pers.")
    (question,) = agency.rows(QUESTION)
    assert question.state == "answered"


def test_a_caller_is_never_asked(agency: Agency) -> None:
    agency.caller().texts("aidez nous Illela")
    agency.first.expects("ALERTE")
    assert agency.rows(QUESTION) == []


def test_a_stranger_is_never_asked(agency: Agency) -> None:
    agency.stranger().texts("CVM Illela 40 vers Agadez")
    assert agency.rows(QUESTION) == []


@pytest.mark.parametrize(("answer", "hour"), [("1330", "12:30"), ("13h30", "12:30"), ("hier 23h30", "22:30")])
def test_an_hour_still_to_come_is_asked_about(agency: Agency, answer: str, hour: str) -> None:
    agency.agent.texts("FLX ASM T40 23h30")
    agency.agent.expects("Cette heure est a venir")
    agency.agent.replies(answer)
    agency.agent.expects("FLX Assamaka 40 pers.")
    (report,) = reports(agency)
    assert f"{report['occurred_at']:%H:%M}" == hour
