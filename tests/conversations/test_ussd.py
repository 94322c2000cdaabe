"""Plays in which a code is dialled: reports screen by screen, cut sessions, and a phone that is not safe."""

import pytest

from gateway import demo
from gateway.alerts.records import Acknowledgement
from gateway.hotline.service import TASK
from gateway.people.marks import CONTACT, MARK
from gateway.reports.records import ReportRecord
from gateway.storage.database import table_of
from gateway.ussd import sessions
from gateway.web.simulator import shown
from tests.conversations.phones import Agency

REPORT = table_of(ReportRecord)
# Report, CVM typed, Assamaka, 40 people, towards Arlit, urgent, send.
WALK = ("1", "CVM", "1", "40", "1", "1", "1")
SAID = {"code": "CVM", "place": "ASM", "total": 40, "destination": "ARL", "urgent": True}


def reports(agency: Agency) -> list[dict[str, object]]:
    return [
        {
            "code": row.code,
            "place": row.reading["place"]["code"],
            "total": row.reading["people"].get("total"),
            "destination": (row.reading.get("destination") or {}).get("code"),
            "urgent": row.reading["urgent"],
        }
        for row in agency.rows(REPORT)
    ]


def is_taken(agency: Agency, *containing: str) -> None:
    """The officer on duty is told, and takes it."""
    alert = agency.first.expects(*containing)
    agency.first.replies(alert.code)
    agency.first.expects()


def test_a_report_is_walked_through_and_answered_by_a_receipt(agency: Agency) -> None:
    dialled = agency.agent.dials()
    dialled.shows("1 Signaler")
    dialled.types(*WALK)
    dialled.shows("Message enregistre")
    agency.agent.expects("Recu", "CVM", "Assamaka", "40")
    assert reports(agency) == [SAID]


def test_whoever_is_not_registered_is_shown_the_other_menu(agency: Agency) -> None:
    dialled = agency.caller().dials()
    dialled.shows("1 Francais", "2 Hausa", "3 English")


@pytest.mark.parametrize("cut_after", range(1, len(WALK)))
def test_a_session_that_is_cut_goes_on_when_dialled_again(agency: Agency, cut_after: int) -> None:
    agency.agent.dials().types(*WALK[:cut_after])
    agency.clock.forward(minutes=5)
    again = agency.agent.dials()
    if cut_after > 1:
        again.shows("1 Continuer", "CVM")
        again.types("1")
        assert again.types(*WALK[cut_after:]).startswith("Message enregistre")
    else:
        again.types(*WALK)
    agency.agent.expects("Recu", "CVM")
    assert reports(agency) == [SAID]
    agency.fast_forward(minutes=30)
    assert reports(agency) == [SAID]


def test_a_session_that_is_left_is_filed_after_ten_minutes_with_what_it_said(agency: Agency) -> None:
    agency.agent.dials().types("1", "MNA", "1")
    agency.fast_forward(minutes=9)
    assert agency.rows(REPORT) == []
    agency.fast_forward(minutes=2)
    agency.agent.expects("MNA", "Combien")
    is_taken(agency, "ALERTE 2", "Assamaka", "session coupee")
    agency.agent.expects("pris en charge")
    (report,) = agency.rows(REPORT)
    assert {problem["code"] for problem in report.reading["problems"]} == {"missing_people"}


def test_a_session_that_said_no_place_is_not_filed(agency: Agency) -> None:
    agency.agent.dials().types("1", "MNA")
    agency.fast_forward(minutes=20)
    assert agency.rows(REPORT) == []


def test_whoever_begins_anew_leaves_the_cut_session_behind(agency: Agency) -> None:
    agency.agent.dials().types("1", "MNA", "1")
    again = agency.agent.dials()
    again.types("2")
    again.shows("1 Signaler")
    agency.fast_forward(minutes=20)
    assert agency.rows(REPORT) == []


def test_a_session_is_not_gone_on_with_after_ten_minutes(agency: Agency) -> None:
    agency.agent.dials().types("1", "CVM")
    agency.clock.forward(minutes=11)
    agency.agent.dials().shows("1 Signaler")


def test_what_is_dialled_behind_the_code_is_answered_at_once(agency: Agency) -> None:
    dialled = agency.agent.dials("*".join(WALK[:4]))
    dialled.shows("Vers ou?")
    dialled.types(*WALK[4:])
    agency.agent.expects("CVM")
    assert reports(agency) == [SAID]


def test_a_repeated_request_shows_the_same_and_makes_one_report(agency: Agency) -> None:
    dialled = agency.agent.dials()
    for answer in WALK:
        dialled.types(answer)
        assert dialled.asks_again(answer) == dialled.screen
    agency.agent.expects("CVM")
    assert reports(agency) == [SAID]


def test_the_order_of_the_first_question_holds_for_the_session(agency: Agency) -> None:
    """A digit means what stood on the screen, whatever was reported meanwhile."""
    dialled = agency.agent.dials()
    dialled.types("1")
    shown = dialled.screen.text
    agency.agent.texts("RAS ASM")
    agency.agent.expects("RAS")
    agency.clock.forward(minutes=20)
    dialled.types("X99", "00", "1")
    assert dialled.screen.text == shown
    assert "RAS" not in shown
    agency.agent.dials("1").shows("1 RAS")


def test_a_caller_chooses_and_the_officers_are_told_and_nothing_comes_back(agency: Agency) -> None:
    caller = agency.caller()
    dialled = caller.dials()
    dialled.types("2", "3", "Agadez")
    dialled.shows("Na gode")
    is_taken(agency, "ligne d'aide 1", "Agadez")


def test_a_caller_may_say_where_in_as_many_words_as_it_takes(agency: Agency) -> None:
    where = "une maison bleue derriere le grand marche, apres la pompe, deuxieme rue a gauche, Agadez"
    agency.caller().dials().types("1", "1", where)
    is_taken(agency, "ligne d'aide 1", "pompe")
    (report,) = agency.rows(REPORT)
    assert report.reading["place"]["name"] == "Agadez"


def test_a_caller_who_is_cut_off_has_said_enough(agency: Agency) -> None:
    agency.caller().dials().types("1", "1")
    agency.fast_forward(minutes=2)
    is_taken(agency, "ligne d'aide 1")


def test_a_caller_who_hangs_up_need_not_be_waited_for(agency: Agency) -> None:
    dialled = agency.caller().dials()
    dialled.types("1", "4")
    dialled.hangs_up()
    is_taken(agency, "ligne d'aide 1")


@pytest.mark.parametrize("chosen", [(), ("2",), ("2", "1"), ("2", "1", "Agadez"), ("4", "5", "2")])
def test_whoever_dials_next_learns_nothing_of_what_was_chosen(
    agency: Agency, chosen: tuple[str, ...]
) -> None:
    """The next person to dial may be the one who holds them."""
    first = agency.caller().dials()
    shown = first.screen
    first.types(*chosen)
    agency.clock.forward(seconds=30)
    assert agency.caller().dials().screen == shown
    agency.fast_forward(minutes=2)
    if len(chosen) > 1:
        is_taken(agency, "ligne d'aide")


def test_the_phones_of_the_simulator_keep_no_trace_of_what_was_dialled(agency: Agency) -> None:
    agency.caller().dials().types("1", "1", "1")
    agency.fast_forward(minutes=2)
    is_taken(agency, "ligne d'aide")
    with agency.services.engine.connect() as connection:
        texts = shown.texts(connection, agency.services.cipher, agency.clock())
    assert "+22790000501" not in [text["phone"] for text in texts]


def test_my_reports_are_shown_for_a_pin(agency: Agency) -> None:
    agency.agent.texts("RAS ASM")
    reference = agency.agent.expects("RAS").reference
    dialled = agency.agent.dials()
    dialled.types("2", demo.PIN)
    dialled.shows("Mes messages", f"{reference} RAS 21/11 14:00")
    assert not dialled.screen.goes_on


def test_without_the_pin_nothing_of_ones_own_is_shown(agency: Agency) -> None:
    agency.agent.texts("RAS ASM")
    agency.agent.expects("RAS")
    dialled = agency.agent.dials()
    dialled.types("2", "1111", "1112")
    dialled.shows("PIN faux")
    dialled.types("1113")
    dialled.shows("PIN bloque")
    again = agency.agent.dials()
    again.types("2", demo.PIN)
    again.shows("PIN bloque")
    agency.clock.forward(minutes=31)
    last = agency.agent.dials()
    last.types("2", demo.PIN)
    last.shows("RAS")


def test_a_provider_that_asks_again_uses_up_no_try(agency: Agency) -> None:
    dialled = agency.agent.dials()
    dialled.types("2", "1111")
    for _ in range(5):
        assert dialled.asks_again("1111") == dialled.screen
    dialled.types(demo.PIN)
    dialled.shows("Aucun message")


def test_back_and_start_again_are_no_pins(agency: Agency) -> None:
    dialled = agency.agent.dials()
    for way_out in ("0", "00", "0", "00"):
        dialled.types("2", way_out)
        dialled.shows("1 Signaler")


@pytest.mark.parametrize("slip", ["", "12", "24 68", "quarante"])
def test_a_slip_that_can_be_no_pin_is_not_counted_as_a_try(agency: Agency, slip: str) -> None:
    dialled = agency.agent.dials()
    dialled.types("2", slip)
    dialled.shows("PIN faux")
    for _ in range(4):
        dialled.types(slip)
    dialled.types(demo.PIN)
    dialled.shows("Aucun")


def test_an_officer_sees_who_is_on_duty(agency: Agency) -> None:
    dialled = agency.first.dials()
    dialled.types("3", demo.PIN)
    dialled.shows("1 Officier Un\n2 Officier Deux\n3 Superviseur")


def test_an_officer_without_a_post_reports_by_codes(agency: Agency) -> None:
    agency.second.dials().types("1", "RAS", "ASM", "2", "1")
    agency.second.expects("RAS")
    assert [report["code"] for report in reports(agency)] == ["RAS"]


def test_somebody_without_a_pin_is_told_where_to_get_one(agency: Agency) -> None:
    dialled = agency.reporter("+22790000110").dials()
    dialled.types("2", demo.PIN)
    dialled.shows("pas de PIN")


def test_a_reporter_who_is_struck_off_meanwhile_sees_nothing(agency: Agency) -> None:
    dialled = agency.agent.dials()
    dialled.types("2")
    agency.change(agency.agent, active=False)
    dialled.types(demo.PIN)
    dialled.shows("pas de PIN")


@pytest.mark.parametrize("cut_after", range(2, len(WALK)))
def test_whoever_holds_a_discreet_reporters_phone_learns_nothing_of_a_report_that_was_cut(
    agency: Agency, cut_after: int
) -> None:
    """Neither what was chosen nor, from what is asked next or one step back, what it must have been."""
    agency.change(agency.agent, discreet=True)
    agency.agent.dials().types(*WALK[:cut_after])
    again = agency.agent.dials()
    assert "CVM" not in again.screen.text
    again.types("1")
    again.shows("PIN")
    again.types("0000")
    again.shows("PIN faux")
    again.types("0", "1")
    again.shows("PIN")
    again.types("1111", "1112")
    again.shows("PIN bloque")


def test_a_discreet_reporter_goes_on_with_a_report_by_his_pin(agency: Agency) -> None:
    agency.change(agency.agent, discreet=True)
    agency.agent.dials().types("1", "MNA", "1")
    again = agency.agent.dials()
    again.types("1", demo.PIN, "3", "2", "1")
    assert "MNA" not in agency.agent.expects().words
    is_taken(agency, "ALERTE 2", "3 pers")
    agency.agent.expects()


def test_a_menu_speaks_its_readers_language_and_so_does_the_receipt(agency: Agency) -> None:
    dialled = agency.english.dials()
    dialled.shows("1 Report")
    dialled.types(*WALK)
    agency.english.expects("Got", "CVM")
    agency.reporter("+22790000111", language="ha").dials().shows("1 Aika rahoto")


def test_what_a_post_reports_most_stands_first(agency: Agency) -> None:
    for words in ("RAS GAY", "FLX GAY 12", "FLX GAY 14"):
        agency.customs.texts(words)
        agency.customs.expects()
    dialled = agency.customs.dials()
    dialled.types("1")
    dialled.shows("\n1 FLX", "\n2 RAS")
    # The other posts' menus stay as they were.
    agency.agent.dials("1").shows("\n1 SEQ")


def test_nothing_that_was_typed_is_kept_for_long(agency: Agency) -> None:
    agency.agent.dials().types("2", demo.PIN)
    agency.caller().dials().types("2")
    assert len(agency.rows(sessions.SESSION)) == 2
    agency.fast_forward(minutes=45)
    assert agency.rows(sessions.SESSION) == []


@pytest.mark.parametrize(
    ("chosen", "state", "hours", "due"),
    [
        (("1",), "safe now", None, "14:00"),
        (("2", "1"), "safe at hours", "06:00 12:00", "06:00"),
        (("2", "2"), "safe at hours", "12:00 17:00", "14:00"),
        (("2", "4"), "safe at hours", "21:00 06:00", "21:00"),
    ],
)
def test_a_caller_who_may_be_called_is_marked_so_and_to_be_called(
    agency: Agency, chosen: tuple[str, ...], state: str, hours: str | None, due: str
) -> None:
    agency.caller().dials().types("3", "5", *chosen)
    is_taken(agency, "ligne d'aide", "rappelez-moi")
    (mark,) = agency.rows(MARK)
    assert (mark.state, mark.way, mark.set_by) == (state, "call", "contact")
    assert (f"{mark.starts:%H:%M} {mark.ends:%H:%M}" if hours else None) == hours
    (task,) = agency.rows(TASK)
    assert f"{task.due_at.astimezone(agency.services.settings.zone):%H:%M}" == due
    (contact,) = agency.rows(CONTACT)
    assert contact.language == "en"


def test_a_caller_who_wants_no_call_is_left_in_peace(agency: Agency) -> None:
    agency.caller().dials().types("3", "5", "3")
    (mark,) = agency.rows(MARK)
    assert (mark.state, mark.set_by) == ("never", "contact")
    assert agency.rows(TASK) == []


def test_a_repeated_wish_is_one_wish(agency: Agency) -> None:
    dialled = agency.caller().dials()
    dialled.types("3", "5", "1")
    for _ in range(3):
        assert dialled.asks_again("1") == dialled.screen
    is_taken(agency, "rappelez-moi maintenant")
    assert len(agency.rows(MARK)) == len(agency.rows(TASK)) == 1


def test_an_officer_takes_an_alert_in_the_menu_and_tells_how_it_went(agency: Agency) -> None:
    agency.agent.texts("RPZ ASM 647 H590 F32")
    reference = agency.agent.expects("Recu").reference
    agency.first.expects("ALERTE")
    dialled = agency.first.dials()
    dialled.shows("4 Mes alertes")
    dialled.types("4", demo.PIN)
    dialled.shows(f"1 {reference} RPZ Assamaka")
    assert dialled.types("1", "1") == "Message enregistre. Un SMS suit."
    agency.first.expects(f"{reference} est a vous")
    agency.agent.expects("pris en charge")
    agency.first.dials().types("4", demo.PIN, "1", "4")
    agency.first.expects("sur place")
    agency.agent.expects("sur place")
    agency.first.dials().types("4", demo.PIN, "1", "6", "foyer de Madame Halima")
    agency.first.expects("remis")
    agency.agent.expects("remis")
    (*_, last) = agency.rows(table_of(Acknowledgement))
    assert agency.services.cipher.decrypt(last.note) == "remis: foyer de Madame Halima"


def test_whoever_cannot_says_so_in_the_menu_and_sees_it_no_more_once_another_has_it(agency: Agency) -> None:
    agency.agent.texts("RPZ ASM 647 H590 F32")
    agency.agent.expects("Recu")
    agency.first.expects("ALERTE")
    agency.first.dials().types("4", demo.PIN, "1", "2")
    agency.first.expects("vous ne pouvez pas")
    agency.tick()
    second = agency.second.expects("ALERTE")
    agency.second.replies(second.code)
    agency.second.expects("est a vous")
    agency.agent.expects("pris en charge")
    dialled = agency.first.dials()
    assert dialled.types("4", demo.PIN) == "Aucune alerte pour vous."


def test_without_the_pin_no_alert_is_shown_or_answered(agency: Agency) -> None:
    agency.agent.texts("RPZ ASM 647 H590 F32")
    reference = agency.agent.expects("Recu").reference
    alert = agency.first.expects("ALERTE")
    dialled = agency.first.dials()
    assert reference not in dialled.types("4")
    assert reference not in dialled.types("9999", "1", "1")
    agency.fast_forward(minutes=5)
    agency.second.expects("ALERTE", alert.reference)


def test_a_request_repeated_by_the_provider_is_one_answer(agency: Agency) -> None:
    agency.agent.texts("RPZ ASM 647 H590 F32")
    agency.agent.expects("Recu")
    agency.first.expects("ALERTE")
    dialled = agency.first.dials()
    dialled.types("4", demo.PIN, "1", "1")
    assert dialled.asks_again("1").text == "Message enregistre. Un SMS suit."
    agency.first.expects("est a vous")
    agency.agent.expects("pris en charge")
    assert len(agency.rows(table_of(Acknowledgement))) == 1
