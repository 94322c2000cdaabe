"""Plays in which a code is dialled: reports screen by screen, cut sessions, and a phone that is not safe."""

import pytest

from gateway.reports.records import ReportRecord
from gateway.storage.database import table_of
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
