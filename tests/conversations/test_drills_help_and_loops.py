"""Exercises, help, and texts that no person sent."""

from gateway.inbox.records import InboundRecord
from gateway.reports.records import ReportRecord
from gateway.storage.database import table_of
from tests.conversations.phones import Agency

IN, REPORT = table_of(InboundRecord), table_of(ReportRecord)


def test_a_drill_goes_through_everything_and_reaches_its_sender_alone(agency: Agency) -> None:
    agency.agent.texts("TEST SOS ASM T12")
    agency.agent.expects("EXERCICE Recu", "SOS Assamaka 12 pers.")
    agency.agent.expects("EXERCICE, l'alerte serait: 1: ", "Assamaka, 12 pers")
    agency.fast_forward(minutes=11)
    (report,) = agency.rows(REPORT)
    assert (report.kind, report.drill, report.alert_id) == ("drill", True, None)


def test_a_drill_is_asked_about_answered_corrected_and_cancelled_like_a_report(agency: Agency) -> None:
    agency.agent.texts("TEST RPZ Illela 40")
    reference = agency.agent.expects("EXERCICE Recu", "Illela: A) Nigeria B) Tahoua?").reference
    agency.agent.expects("EXERCICE, l'alerte serait")
    agency.agent.replies("A")
    agency.agent.expects(f"EXERCICE Recu {reference} RPZ Illela (Nigeria) 40 pers.")
    agency.agent.texts("CORR 400 pas 40")
    agency.agent.expects("EXERCICE Corrige", "400 pers.")
    agency.agent.texts("ANNU")
    agency.agent.expects("EXERCICE Annule")
    agency.fast_forward(minutes=11)


def test_a_strangers_drill_reaches_nobody(agency: Agency) -> None:
    agency.stranger().texts("TEST SOS ASM T12")
    agency.fast_forward(minutes=11)


def test_help_names_the_codes_that_the_post_uses_most(agency: Agency) -> None:
    for words in ("CVM ASM 12 vers DZ", "CVM ASM 14 vers DZ", "FLX ASM 40"):
        agency.agent.texts(words)
        agency.agent.expects("Recu")
    agency.agent.texts("aide")
    text = agency.agent.expects("RPZ ASM 647", "CVM ", "FLX ").words
    assert text.index("CVM ") < text.index("FLX ")


def test_help_at_a_new_post_names_the_gravest_codes(agency: Agency) -> None:
    agency.customs.texts("INFO")
    agency.customs.expects("RPZ ASM 647", "SOS")


def test_help_comes_in_the_callers_language(agency: Agency) -> None:
    agency.english.texts("help")
    agency.english.expects("Write code, place, number")
    hausa = agency.reporter("+22790000150", language="ha")
    hausa.texts("taimako")
    hausa.expects("Rubuta lamba")


def test_a_discreet_reporter_who_asks_for_help_gets_a_reference(agency: Agency) -> None:
    agency.change(agency.agent, discreet=True)
    agency.agent.texts("AIDE")
    agency.agent.expects().words.isdigit()


def test_the_sixth_identical_text_within_an_hour_is_kept_and_not_answered(agency: Agency) -> None:
    for _ in range(5):
        agency.agent.texts("message automatique absent")
        agency.agent.expects("Code non compris")
    agency.agent.texts("message automatique absent")
    agency.agent.texts("Message  automatique ABSENT")
    assert len(agency.rows(REPORT)) == 7
    agency.fast_forward(minutes=61)
    agency.agent.texts("message automatique absent")
    agency.agent.expects("Code non compris")


def test_identical_texts_that_are_read_together_are_counted_too(agency: Agency) -> None:
    for _ in range(8):
        agency.accept(agency.agent.number, "absent", agency.agent.line, read=False)
    agency.work()
    for _ in range(5):
        agency.agent.expects("Code non compris")
    agency.agent.expects_nothing()


def test_a_name_or_a_short_code_is_not_answered_even_when_it_is_on_file(agency: Agency) -> None:
    for sender in ("Zamani", "3344"):
        phone = agency.reporter(sender)
        phone.texts("RAS ASM")
        phone.expects_nothing()
    assert len(agency.rows(REPORT)) == 2


def test_our_own_text_come_back_is_not_answered(agency: Agency) -> None:
    phone = agency.phone("+22780000001", silent=True)
    phone.texts("RAS ASM")
    (message,) = agency.rows(IN)
    assert message.state == "ignored"
