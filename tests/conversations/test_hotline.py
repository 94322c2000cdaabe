"""The hotline: whoever writes there may not be alone with the phone. Nothing ever goes back."""

import pytest
import sqlalchemy as sa

from gateway import demo
from gateway.alerts import service as alerts
from gateway.alerts.records import Alert
from gateway.inbox.records import InboundRecord
from gateway.people.records import Contact
from gateway.reports.records import ReportRecord
from gateway.storage.database import table_of
from tests.conversations.phones import UNKNOWN_LINE, Agency

IN, REPORT, ALERT, CONTACT = (table_of(record) for record in (InboundRecord, ReportRecord, Alert, Contact))
HELP = "aidez moi je suis enferme a Agadez"
LOCKED_IN = "SOS on est enfermes sequestres ils vont nous tuer"


def test_a_hotline_text_is_stored_read_and_alerted_and_nothing_goes_back(agency: Agency) -> None:
    caller = agency.caller()
    caller.texts(HELP)
    alert = agency.first.expects("ALERTE ligne d'aide", "Agadez")
    assert [row.state for row in agency.rows(IN)] == ["read"]
    (report,) = agency.rows(REPORT)
    assert report.line == "hotline"
    assert not report.verified
    agency.first.replies(alert.code)
    agency.first.expects("est a vous")
    agency.fast_forward(minutes=30)
    assert agency.outgoing(caller) == []


def test_a_hotline_text_that_says_nothing_clear_is_looked_at_all_the_same(agency: Agency) -> None:
    agency.caller().texts("bonjour")
    agency.first.expects("ALERTE ligne d'aide 2", '"bonjour"')


@pytest.mark.parametrize("words", ["STOP", "TEST", "AIDE", "", "?", "4821"])
def test_no_word_makes_the_hotline_answer(agency: Agency, words: str) -> None:
    agency.caller().texts(words)
    agency.first.expects("ALERTE ligne d'aide")


def test_later_texts_of_a_contact_join_its_open_alert(agency: Agency) -> None:
    caller = agency.caller()
    caller.texts(HELP)
    agency.first.expects("ALERTE")
    caller.texts("vite svp")
    caller.texts("vite")
    (alert,) = agency.rows(ALERT)
    assert {report.alert_id for report in agency.rows(REPORT)} == {alert.id}
    assert len(agency.rows(REPORT)) == 3
    assert len(agency.rows(CONTACT)) == 1


def test_texts_that_are_read_together_make_one_alert_that_says_the_gravest(agency: Agency) -> None:
    caller = agency.caller()
    for words in ("bonjour", LOCKED_IN, "ok"):
        agency.accept(caller.number, words, demo.HOTLINE, read=False)
        agency.clock.forward(seconds=1)
    agency.work()
    agency.first.expects("ALERTE ligne d'aide 1", "enfermes")
    assert len(agency.rows(ALERT)) == 1


def test_an_empty_word_after_a_cry_for_help_does_not_hide_it(agency: Agency) -> None:
    caller = agency.caller()
    for words in ("ne me laissez pas ici svp", "ok"):
        agency.accept(caller.number, words, demo.HOTLINE, read=False)
        agency.clock.forward(seconds=1)
    agency.work()
    agency.first.expects("laissez pas")


def test_a_graver_text_is_told_to_whoever_was_asked(agency: Agency) -> None:
    caller = agency.caller()
    caller.texts("bonjour")
    alert = agency.first.expects("ALERTE ligne d'aide 2")
    agency.clock.forward(minutes=30)
    agency.tick()
    agency.second.expects("ALERTE")
    caller.texts(LOCKED_IN)
    assert agency.first.expects("SUITE", alert.reference, "enfermes").code == alert.code
    agency.second.expects("SUITE", alert.reference)


def test_a_graver_text_is_told_to_whoever_holds_it_and_to_nobody_else(agency: Agency) -> None:
    caller = agency.caller()
    caller.texts("bonjour")
    agency.first.expects("ALERTE")
    agency.clock.forward(minutes=30)
    agency.tick()
    code = agency.second.expects("ALERTE").code
    agency.second.replies(code)
    agency.second.expects("est a vous")
    caller.texts(LOCKED_IN)
    agency.second.expects("SUITE", "enfermes")
    agency.second.replies(code)
    agency.second.expects("est a vous")
    agency.fast_forward(minutes=20)


def test_a_graver_text_is_told_to_everybody_asked_when_its_holder_is_gone(agency: Agency) -> None:
    caller = agency.caller()
    caller.texts("bonjour")
    agency.first.expects("ALERTE")
    agency.clock.forward(minutes=30)
    agency.tick()
    agency.second.replies(agency.second.expects("ALERTE").code)
    agency.second.expects("est a vous")
    agency.change(agency.second, active=False)
    caller.texts(LOCKED_IN)
    agency.first.expects("SUITE", "enfermes")
    agency.tick()
    agency.first.expects("ALERTE ligne d'aide 1", "enfermes")  # nobody has it: the rota begins again


def test_a_graver_text_after_an_expired_acknowledgement_is_told_to_everybody_asked(agency: Agency) -> None:
    caller = agency.caller()
    caller.texts("bonjour")
    alert = agency.first.expects("ALERTE")
    agency.clock.forward(minutes=30)
    agency.tick()
    agency.second.expects("ALERTE")
    agency.first.replies(alert.code)
    agency.first.expects("est a vous")
    agency.clock.forward(minutes=60)
    agency.tick()
    agency.first.expects("RAPPEL")
    caller.texts(LOCKED_IN)
    agency.first.expects("SUITE")
    agency.second.expects("SUITE")
    agency.first.replies(alert.code)
    agency.first.expects("est a vous")


def test_a_text_after_the_alert_was_closed_raises_a_new_one(agency: Agency) -> None:
    caller = agency.caller()
    caller.texts(HELP)
    alerts.close(agency.services, agency.first.expects("ALERTE").reference, "operator")
    agency.clock.forward(minutes=1)
    caller.texts("ils sont revenus")
    agency.first.expects("ALERTE ligne d'aide", "revenus")
    assert [row.state for row in agency.rows(ALERT)] == ["closed", "open"]


def test_two_callers_have_an_alert_each(agency: Agency) -> None:
    agency.caller("+22790000501").texts(HELP)
    agency.caller("+22790000502").texts(HELP)
    codes = {agency.first.expects("ALERTE").code, agency.first.expects("ALERTE").code}
    assert len(codes) == 2


def test_a_reporter_who_wrote_to_the_hotline_gets_nothing_any_more_on_any_line(agency: Agency) -> None:
    reporter = agency.phone(demo.REPORTERS[1].number)
    reporter.texts(HELP, to=demo.HOTLINE)
    code = agency.first.expects("ALERTE ligne d'aide").code
    reporter.texts("RPZ ASM 647")
    report = agency.first.expects("ALERTE", "647 pers")
    for each in (code, report.code):
        agency.first.replies(each)
        agency.first.expects("est a vous")
    sent = agency.outgoing(reporter)
    assert {row.state for row in sent} == {"withheld"}
    assert {row.purpose for row in sent} == {"receipt", "taken"}
    assert not agency.air.tries(reporter.number)


def test_a_receipt_that_waits_is_withheld_when_its_reporter_writes_to_the_hotline(agency: Agency) -> None:
    agency.accept(agency.agent.number, "FLX ASM 40", demo.AGENTS_LINE, read=False)
    agency.drain()
    agency.agent.texts(HELP, to=demo.HOTLINE)
    agency.first.expects("ALERTE ligne d'aide")
    assert [row.state for row in agency.outgoing(agency.agent)] == ["withheld"]


def test_an_officer_who_once_wrote_to_the_hotline_is_still_alerted_and_answered(agency: Agency) -> None:
    agency.first.texts("bonjour c'est un essai", to=demo.HOTLINE)
    alert = agency.first.expects("ALERTE ligne d'aide")
    agency.first.replies(alert.code)
    agency.first.expects("est a vous")
    agency.agent.texts("RPZ ASM 647")
    agency.agent.expects("Recu")
    agency.first.expects("ALERTE", "647 pers")


def test_a_text_to_a_line_that_we_do_not_know_is_treated_like_the_hotline(agency: Agency) -> None:
    agency.agent.texts("RPZ ASM 647", to=UNKNOWN_LINE)
    agency.first.replies(agency.first.expects("ALERTE ligne d'aide").code)
    agency.first.expects("est a vous")
    agency.clock.forward(minutes=1)
    agency.agent.texts("RPZ ASM 12")
    agency.first.expects("ALERTE 2")
    assert not agency.air.tries(agency.agent.number)


@pytest.mark.parametrize("line", [demo.AGENTS_LINE, demo.HOTLINE, UNKNOWN_LINE])
@pytest.mark.parametrize("sender", [demo.AGENTS_LINE, demo.HOTLINE])
def test_our_own_line_as_sender_is_ignored(agency: Agency, sender: str, line: str) -> None:
    agency.phone(sender, silent=True).texts("SOS ASM", to=line)
    assert [row.state for row in agency.rows(IN)] == ["ignored"]
    assert agency.rows(REPORT) == []
    assert agency.rows(CONTACT) == []


def test_an_unregistered_sender_is_stored_unverified_and_never_answered(agency: Agency) -> None:
    agency.stranger().texts("FLX ASM 40")
    (report,) = agency.rows(REPORT)
    assert not report.verified
    agency.fast_forward(minutes=11)


def test_a_grave_report_of_an_unregistered_sender_is_alerted_with_the_doubt_shown(agency: Agency) -> None:
    stranger = agency.stranger()
    stranger.texts("SOS ASM 12")
    agency.first.replies(agency.first.expects("ALERTE 1", "Assamaka", "(expediteur inconnu)").code)
    agency.first.expects("est a vous")
    assert agency.outgoing(stranger) == []


def test_a_callers_digits_never_look_like_a_code(agency: Agency) -> None:
    caller = agency.caller()
    caller.texts("appelle 4821 ou 90 00 05 01 chambre 1277, 2027, ١٢٣٤ et 90000501")
    alert = agency.first.expects("ALERTE")
    assert alert.code
    with agency.services.engine.connect() as connection:
        code = connection.execute(sa.text("SELECT code FROM alert_codes")).scalar_one()
    assert alert.code == str(code)
