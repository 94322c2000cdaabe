"""What is easily misunderstood between a tired agent and a machine: nothing of it may change a count unseen."""

import threading
import time
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.alerts import service as alerts
from gateway.alerts.codes import codes_for
from gateway.alerts.records import Alert
from gateway.inbox.service import Inbox
from gateway.inbox.threads import Threads
from gateway.people.records import Officer
from gateway.reports.codebook import Codebook
from gateway.reports.reader import Reader
from gateway.reports.records import QuestionRecord, ReportRecord
from gateway.storage.database import table_of
from tests.conversations.phones import Agency, KilledError

REPORT, QUESTION = table_of(ReportRecord), table_of(QuestionRecord)

ALERT, OFFICER = table_of(Alert), table_of(Officer)


def reports(agency: Agency) -> list[dict[str, Any]]:
    """The reports as they stand, oldest first."""
    return [row.reading | row._asdict() for row in agency.rows(REPORT, REPORT.c.kind == "report")]


# Answers


def test_a_reference_sent_back_as_an_answer_is_no_number_of_people(agency: Agency) -> None:
    agency.agent.texts("FLX ASM")
    reference = agency.agent.expects("Combien de personnes?").reference
    agency.agent.replies(reference)
    agency.agent.expects(f"Recu {reference}", "Combien de personnes?")
    (report,) = reports(agency)
    assert report["people"] == {}


def test_an_urgent_answer_makes_the_report_urgent(agency: Agency) -> None:
    agency.agent.texts("CVM ASM vers Agadez")
    agency.agent.expects("Combien de personnes?")
    agency.agent.replies("14 urgent")
    agency.agent.expects("14 pers.")
    (report,) = reports(agency)
    assert report["urgent"] is True


@pytest.mark.parametrize("answer", ["1430", "1430h"])
def test_the_doubted_number_again_answers_nothing(agency: Agency, answer: str) -> None:
    agency.agent.texts("FLX ASM 1430")
    agency.agent.expects("14:30?")
    agency.agent.replies(answer)
    agency.agent.expects("14:30?")
    (report,) = reports(agency)
    assert (report["people"], report["occurred_at"]) == ({}, None)


@pytest.mark.parametrize("answer", ["A)", "A.", "A svp", "oui A", "ok a chef", "la A", "option A", "rep: A"])
def test_the_first_letter_is_understood_with_courtesies_too(agency: Agency, answer: str) -> None:
    agency.agent.texts("CVM Illela 40 vers Agadez")
    agency.agent.expects("A) Nigeria B) Tahoua?")
    agency.agent.replies(answer)
    agency.agent.expects("Illela (Nigeria)")


def test_an_answer_does_not_change_what_was_certain(agency: Agency) -> None:
    agent = agency.reporter("+22790000151", post=None)
    agent.texts("FLX T40")
    agent.expects("Ou?")
    agent.replies("ASM 50")
    agent.expects("Ou?")
    (report,) = reports(agency)
    assert (report["people"], report["place"]) == ({"total": 40}, None)


def test_an_answer_sent_in_time_counts_although_it_is_read_late(agency: Agency) -> None:
    agency.agent.texts("CVM Illela 40 vers Agadez")
    reference = agency.agent.expects("Illela: A)").reference
    agency.clock.forward(minutes=29)
    agency.accept(agency.agent.number, "B", agency.agent.line, read=False)
    agency.clock.forward(minutes=5)
    agency.inbox.expire_questions()
    agency.work()
    agency.agent.expects(f"Recu {reference} CVM Illéla")
    (question,) = agency.rows(QUESTION)
    assert question.state == "answered"


def test_an_answer_that_fits_two_questions_is_asked_about(agency: Agency) -> None:
    agency.agent.texts("FLX ASM")
    first = agency.agent.expects("Combien de personnes?").reference
    agency.agent.texts("FLX ARL")
    second = agency.agent.expects("Combien de personnes?").reference
    agency.agent.replies("14")
    agency.agent.expects(f"CORR {first} T14", f"CORR {second} T14")
    assert [report["people"] for report in reports(agency)] == [{}, {}]
    agency.agent.texts(f"CORR {first} T14")
    agency.agent.expects(f"Corrige {first} FLX Assamaka 14 pers.")
    agency.agent.replies("30")
    agency.agent.expects(f"Recu {second} FLX Arlit 30 pers.")


def test_a_letter_after_a_new_report_is_told_how_to_put_the_first_right(agency: Agency) -> None:
    agency.agent.texts("CVM Illela 40 vers Agadez")
    reference = agency.agent.expects("Illela: A)").reference
    agency.agent.texts("FLX ASM 30")
    agency.agent.expects("FLX Assamaka 30 pers.")
    agency.agent.replies("B")
    agency.agent.expects(f"CORR {reference} ILL")


def test_a_correction_before_the_answer_is_not_lost_with_it(agency: Agency) -> None:
    agency.agent.texts("RPS ASM T40")
    agency.agent.expects("Quel code")
    agency.agent.texts("CORR T45")
    agency.agent.expects("Quel code")
    agency.agent.replies("A")
    agency.agent.expects("RPZ Assamaka 45 pers.")
    agency.first.expects("ALERTE", "45 pers")


def test_a_question_asked_in_the_same_batch_still_knows_the_first_text(agency: Agency) -> None:
    agent = agency.reporter("+22790000151", post=None)
    for words in ("FLX 12h", "ASM"):
        agency.accept(agent.number, words, agent.line, read=False)
    agency.work()
    agent.expects("12h: A) 12 hommes B) 12:00?")


def test_an_answer_that_is_unclear_itself_gets_the_next_question(agency: Agency) -> None:
    agent = agency.reporter("+22790000151", post=None)
    agent.texts("FLX T40")
    reference = agent.expects("Ou?").reference
    agent.replies("Illela")
    agent.expects(f"Recu {reference}. Illela: A) Nigeria B) Tahoua?")
    agent.replies("B")
    agent.expects("FLX Illéla", "40 pers.")


@pytest.mark.parametrize("answer", ["10 hommes et 4 femmes", "14 dont 3 enfants", "on est 14"])
def test_an_answer_may_be_a_short_sentence(agency: Agency, answer: str) -> None:
    agency.agent.texts("FLX ASM")
    agency.agent.expects("Combien de personnes?")
    agency.agent.replies(answer)
    agency.agent.expects("FLX Assamaka 14 pers.")


@pytest.mark.parametrize("answer", ["B", "13h30", "13:30"])
def test_an_hour_is_settled_and_the_people_are_asked_for(agency: Agency, answer: str) -> None:
    agency.agent.texts("FLX ASM 1330")
    agency.agent.expects("13:30?")
    agency.agent.replies(answer)
    agency.agent.expects("Combien de personnes?")
    (report,) = reports(agency)
    assert report["occurred_at"] is not None


@pytest.mark.parametrize(
    ("words", "answer", "advice"),
    [("FLX ASM", "14", "T14"), ("FLX ASM", "40-50", "40-50 PERS"), ("KIT ASM OIM", "200", "KIT 200")],
)
def test_what_a_late_answer_is_told_to_send_is_understood(
    agency: Agency, words: str, answer: str, advice: str
) -> None:
    agency.agent.texts(words)
    reference = agency.agent.expects("Combien").reference
    agency.fast_forward(minutes=31)
    agency.agent.replies(answer)
    agency.agent.expects("Reponse non prise", f"CORR {reference} {advice}")
    agency.agent.texts(f"CORR {reference} {advice}")
    agency.agent.expects(f"Corrige {reference}")


# Corrections


@pytest.mark.parametrize("slip", ["{0:.5}", "{0}5", "n°{1}", "{0:.3} 999", "R{0:.5}", "n {1}"])
@pytest.mark.parametrize("command", ["ANNU {}", "CORR {} T12", "PLUS {} H2"])
def test_a_slip_in_a_reference_never_means_the_latest_report(agency: Agency, command: str, slip: str) -> None:
    agency.agent.texts("FLX ASM 83")
    reference = agency.agent.expects("83 pers.").reference
    wrong = str((int(reference) + 1) % 1_000_000).zfill(6)
    agency.agent.texts(command.format(slip.format(reference, wrong)))
    agency.agent.expects("inconnue" if not command.startswith("PLUS") else "")
    (report,) = reports(agency)
    assert (report["state"], report["people"]) == ("filed", {"total": 83})


@pytest.mark.parametrize("words", ["ANNU RPZ", "ANNU ARL"])
def test_a_cancellation_that_names_another_report_does_not_take_back_the_latest(
    agency: Agency, words: str
) -> None:
    agency.agent.texts("FLX ASM 83")
    agency.agent.expects("83 pers.")
    agency.agent.texts(words)
    agency.agent.expects("reference inconnue")
    (report,) = reports(agency)
    assert report["state"] == "filed"


def test_an_unread_text_that_gets_its_code_by_a_correction_is_a_report_and_alerts(agency: Agency) -> None:
    agency.agent.texts("zzkk assamaka")
    reference = agency.agent.expects("Code non compris").reference
    agency.agent.texts(f"CORR {reference} RPZ ASM 647")
    agency.agent.expects(f"Corrige {reference} RPZ Assamaka 647 pers.")
    agency.first.expects("ALERTE", "647 pers")
    assert len(reports(agency)) == 1


def test_what_was_asked_about_is_the_latest_report_also_when_nobody_answered(agency: Agency) -> None:
    agency.agent.texts("FLX ASM 83")
    agency.agent.expects("83 pers.")
    agency.agent.texts("RPS ASM T40")
    asked = agency.agent.expects("Quel code").reference
    agency.fast_forward(minutes=31)
    agency.agent.texts("ANNU")
    agency.agent.expects(f"Annule {asked}")
    (report,) = reports(agency)
    assert report["state"] == "filed"


def test_a_correction_to_something_less_grave_reaches_the_officer(agency: Agency) -> None:
    agency.agent.texts("ROF ASM 640")
    agency.agent.expects("640 pers.")
    agency.first.expects("ALERTE", "640 pers")
    agency.agent.texts("CORR 6 pas 640")
    agency.agent.expects("Corrige", "6 pers.")
    agency.fast_forward(minutes=1)
    agency.first.expects("CORRIGE", "6 pers", without="640")


def test_an_alert_corrected_before_it_was_raised_says_what_is_right(agency: Agency) -> None:
    for words in ("ROF ASM 640", "CORR 6 pas 640"):
        agency.accept(agency.agent.number, words, agency.agent.line, read=False)
    agency.work()
    agency.agent.expects("Corrige", "6 pers.")
    agency.first.expects("ALERTE", "6 pers", without="640")


def test_a_report_that_grows_graver_after_its_alert_was_closed_alerts_again(agency: Agency) -> None:
    agency.agent.texts("ROF ASM 120")
    agency.agent.expects("120 pers.")
    alert = agency.first.expects("ALERTE 2")
    alerts.close(agency.services, alert.reference, "desk")
    agency.clock.forward(minutes=1)
    agency.agent.texts("CORR 1200 pas 120")
    agency.agent.expects("Corrige", "1.200 pers.")
    agency.first.expects("ALERTE", "1.200 pers")
    agency.agent.texts("CORR 1300 pas 1200")
    agency.agent.expects("Corrige", "1.300 pers.")
    agency.fast_forward(minutes=1)
    agency.first.expects("CORRIGE", "1.300 pers")


def test_an_old_report_made_grave_by_a_correction_says_how_old_it_is(agency: Agency) -> None:
    agency.agent.texts("ROF ASM 12")
    reference = agency.agent.expects("12 pers.").reference
    agency.fast_forward(minutes=120)
    agency.agent.texts(f"CORR {reference} T540")
    agency.agent.expects("540 pers.")
    agency.first.expects("ALERTE", "540 pers", "rapport de 14:00")


def test_an_addition_that_comes_twice_is_added_once(agency: Agency) -> None:
    agency.agent.texts("FLX ASM H40 F3")
    reference = agency.agent.expects("43 pers.").reference
    agency.agent.texts("PLUS F2")
    agency.agent.expects("Complete", "45 pers.")
    agency.agent.texts("plus  f2")
    agency.agent.expects(f"{reference} inchange FLX Assamaka 45 pers.")
    agency.agent.texts("FLX ARL 30")
    agency.agent.expects("30 pers.")
    agency.agent.texts("PLUS F2")
    agency.agent.expects("Complete", "FLX Arlit 32 pers.")


def test_an_addition_that_comes_twice_in_one_batch_is_added_once(agency: Agency) -> None:
    for words in ("FLX ASM H40 F3", "PLUS F2", "PLUS F2"):
        agency.accept(agency.agent.number, words, agency.agent.line, read=False)
    agency.work()
    texts = [agency.agent.expects("45 pers.").words for _ in range(2)]
    assert sorted("inchange" in words for words in texts) == [False, True]
    (report,) = reports(agency)
    assert report["people"]["total"] == 45


@pytest.mark.parametrize("words", ["CORR 38 pas 83", "ANNU 482136", "CORR 482135 T12", "ANNU"])
def test_a_discreet_reporter_is_refused_with_a_reference_alone(agency: Agency, words: str) -> None:
    agency.change(agency.agent, discreet=True)
    agency.agent.texts(words)
    text = agency.agent.expects().words
    assert text.isdigit()
    assert len(text) == 6


def test_an_urgent_text_without_a_code_wakes_the_officer_in_a_whole_sentence(agency: Agency) -> None:
    agency.agent.texts("venez vite urgent")
    agency.agent.expects("Code non compris")
    agency.first.expects('ALERTE 2, par Agent Assamaka (code a confirmer). "venez vite". Ref ')


# The agency changes its codes


def without_code(reader: Reader, code: str) -> Reader:
    book = Codebook({name: one for name, one in reader.book.codes.items() if name != code})
    return replace(reader, vocabulary=replace(reader.vocabulary, book=book))


@pytest.mark.parametrize(
    ("then", "said"), [("CORR 64 pas 647", "64 pers."), ("ANNU", "Annule"), ("PLUS H2", "649 pers.")]
)
def test_a_report_outlives_its_code(agency: Agency, then: str, said: str) -> None:
    agency.agent.texts("RPZ ASM 647")
    agency.agent.expects("647 pers.")
    agency.first.expects("ALERTE")
    reader = agency.inbox._reader
    agency.inbox = Inbox(agency.services, without_code(reader, "RPZ"))
    agency.agent.texts(then)
    agency.agent.expects("RPZ", said)
    agency.first.expects()


# Everybody at once


def test_an_alert_that_the_clock_holds_keeps_no_code_from_being_drawn(agency: Agency) -> None:
    """The clock locks an alert and then draws codes: a batch that did it the other way round would deadlock."""
    agency.agent.texts("SOS ASM 12")
    agency.agent.expects("SOS")
    agency.first.expects("ALERTE 1")
    (alert,) = agency.rows(ALERT)
    for words in ("RPZ ASM 647", f"ANNU {alert.reference}"):
        agency.accept(agency.agent.number, words, agency.agent.line, read=False)
    reading = threading.Thread(target=agency.drain)
    with agency.services.engine.begin() as clock:
        clock.execute(sa.select(ALERT).where(ALERT.c.id == alert.id).with_for_update())
        reading.start()
        _until_somebody_waits(agency)
        clock.execute(sa.text("SET LOCAL lock_timeout = '200ms'"))
        codes_for(clock, {alert.id: [agency.rows(OFFICER)[0].id]}, agency.clock())
        clock.rollback()
    reading.join(timeout=20)
    agency.work()
    agency.agent.expects("RPZ")
    agency.agent.expects("Annule")
    agency.first.expects("ALERTE")
    agency.first.expects("ANNULE")


def _until_somebody_waits(agency: Agency) -> None:
    waits = sa.text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    for _ in range(500):
        with agency.services.engine.connect() as connection:
            if connection.execute(waits).scalar_one():
                return
        time.sleep(0.01)
    pytest.fail("nobody waited for the alert")


def test_a_reader_that_dies_in_a_batch_of_answers_leaves_nothing_half_done(
    agency: Agency, monkeypatch: pytest.MonkeyPatch
) -> None:
    agency.agent.texts("CVM Illela 40 vers Agadez")
    agency.agent.expects("Illela: A)")
    for words in ("B", "PLUS F2", "RPZ ASM"):
        agency.accept(agency.agent.number, words, agency.agent.line, read=False)
    save = Threads.save

    def dies(threads: Threads) -> None:
        save(threads)
        raise KilledError

    with monkeypatch.context() as dying:
        dying.setattr(Threads, "save", dies)
        with pytest.raises(KilledError):
            agency.drain()
    assert [question.state for question in agency.rows(QUESTION)] == ["open"]
    agency.work()
    agency.agent.expects("Recu", "CVM Illéla", "40 pers.")
    agency.agent.expects("Complete", "42 pers.")
    agency.agent.expects("Combien de personnes?")
    agency.first.expects("ALERTE 2")
    first, second = reports(agency)
    assert (first["people"]["total"], second["people"]) == (42, {})


def test_a_reporter_who_became_discreet_answers_and_gets_a_reference_alone(agency: Agency) -> None:
    agency.agent.texts("CVM Illela 40 vers Agadez")
    reference = agency.agent.expects("Illela: A)").reference
    agency.change(agency.agent, discreet=True)
    agency.agent.replies("je ne sais pas")
    assert len(agency.agent.expects().words) == len(reference)
    agency.agent.replies("B")
    agency.agent.expects_exactly(reference)
    agency.agent.texts("PLUS F2")
    agency.agent.expects_exactly(reference)


def test_a_reporter_who_was_struck_off_still_completes_his_report_unheard(agency: Agency) -> None:
    agency.agent.texts("CVM Illela 40 vers Agadez")
    agency.agent.expects("Illela: A)")
    agency.change(agency.agent, active=False)
    agency.agent.replies("B")
    agency.agent.expects_nothing()
    (report,) = reports(agency)
    assert report["place"]["code"] == "ILL"


def test_an_alert_goes_up_the_rota_although_the_agency_removed_its_code(
    agency: Agency, monkeypatch: pytest.MonkeyPatch
) -> None:
    agency.agent.texts("RPZ ASM 647")
    agency.agent.expects("647 pers.")
    agency.first.expects("ALERTE 1: Refoulement")
    book = without_code(agency.inbox._reader, "RPZ").book
    monkeypatch.setattr("gateway.alerts.desk.load_codebook", lambda _: book)
    agency.fast_forward(minutes=5)
    agency.second.expects("ALERTE 1: RPZ, Assamaka, 647 pers")
