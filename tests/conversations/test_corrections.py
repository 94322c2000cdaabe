"""Putting a report right, adding to it, taking it back: who changed what from what to what is kept."""

import json
from typing import Any

import pytest

from gateway.alerts import service as alerts
from gateway.reports.records import ReportChange, ReportRecord
from gateway.storage.database import table_of
from tests.conversations.phones import Agency

REPORT, CHANGE = table_of(ReportRecord), table_of(ReportChange)


def report(agency: Agency) -> dict[str, Any]:
    (row,) = agency.rows(REPORT, REPORT.c.kind.in_(("report", "drill")))
    stands: dict[str, Any] = row.reading | row._asdict()
    return stands


def history(agency: Agency) -> list[tuple[str, object, object]]:
    return [(row.field, row.old, row.new) for row in agency.rows(CHANGE)]


def test_a_value_takes_the_place_of_another_in_the_latest_report(agency: Agency) -> None:
    agency.agent.texts("FLX ASM 83")
    reference = agency.agent.expects("83 pers.").reference
    agency.agent.texts("CORR 38 pas 83")
    agency.agent.expects(f"Corrige {reference} FLX Assamaka 38 pers.")
    assert history(agency) == [("people", {"total": 83}, {"total": 38})]
    (change,) = agency.rows(CHANGE)
    assert change.actor.startswith("reporter ")
    assert change.why == "correction"


def test_a_correction_by_reference_reaches_an_earlier_report(agency: Agency) -> None:
    agency.agent.texts("FLX ASM H40 F3")
    reference = agency.agent.expects("43 pers.").reference
    agency.agent.texts("RAS ASM")
    agency.agent.expects("RAS")
    agency.agent.texts(f"corr {reference} F4 ARL")
    agency.agent.expects(f"Corrige {reference} FLX Arlit 44 pers. H40 F4")
    fields = {field for field, _, _ in history(agency)}
    assert fields == {"people", "place"}


def test_a_correction_that_says_nothing_changes_nothing(agency: Agency) -> None:
    agency.agent.texts("FLX ASM 83")
    reference = agency.agent.expects("83 pers.").reference
    for words in ("CORR", "CORR 38 pas 84", f"CORR {reference} pardon chef"):
        agency.agent.texts(words)
        agency.agent.expects(f"{reference} inchange FLX Assamaka 83 pers.")
    assert history(agency) == []


def test_the_same_number_twice_is_not_chosen_between(agency: Agency) -> None:
    agency.agent.texts("FLX ASM H20 F20")
    agency.agent.expects("40 pers.")
    agency.agent.texts("CORR 12 pas 20")
    agency.agent.expects("inchange")
    assert report(agency)["people"] == {"total": 40, "men": 20, "women": 20}


def test_nobody_changes_the_report_of_another(agency: Agency) -> None:
    agency.agent.texts("FLX ASM 83")
    reference = agency.agent.expects("83 pers.").reference
    for words in (f"CORR {reference} T12", f"ANNU {reference}", f"PLUS {reference} H2"):
        agency.customs.texts(words)
        agency.customs.expects("reference inconnue")
    assert report(agency)["people"] == {"total": 83}
    assert report(agency)["state"] == "filed"


@pytest.mark.parametrize("words", ["CORR 482136 T12", "ANNU 482136"])
def test_a_slip_in_a_reference_is_told(agency: Agency, words: str) -> None:
    agency.agent.texts("FLX ASM 83")
    agency.agent.expects("83 pers.")
    agency.agent.texts(words)
    agency.agent.expects("reference inconnue")
    assert report(agency)["state"] == "filed"


@pytest.mark.parametrize("words", ["CORR 38 pas 83", "ANNU", "PLUS H2"])
def test_without_any_report_there_is_nothing_to_change(agency: Agency, words: str) -> None:
    agency.agent.texts(words)
    agency.agent.expects("Aucun rapport")


def test_a_cancelled_report_is_kept_and_marked(agency: Agency) -> None:
    agency.agent.texts("FLX ASM 83")
    reference = agency.agent.expects("83 pers.").reference
    agency.agent.texts("annu svp")
    agency.agent.expects(f"Annule {reference} FLX Assamaka 83 pers.")
    assert report(agency)["state"] == "cancelled"
    assert history(agency) == [("state", "filed", "cancelled")]


def test_cancelling_twice_does_not_take_back_the_report_before(agency: Agency) -> None:
    agency.agent.texts("RAS ASM")
    agency.agent.expects("RAS")
    agency.agent.texts("FLX ASM 83")
    reference = agency.agent.expects("83 pers.").reference
    agency.agent.texts("ANNU")
    agency.agent.expects("Annule")
    agency.agent.texts("ANNU")
    agency.agent.expects(f"{reference} est deja annule")
    assert [row.state for row in agency.rows(REPORT, REPORT.c.kind == "report")] == ["filed", "cancelled"]


def test_cancelling_a_grave_report_stops_no_alert_but_tells_the_officer(agency: Agency) -> None:
    agency.agent.texts("SOS ASM 12")
    agency.agent.expects("SOS")
    alert = agency.first.expects("ALERTE 1")
    agency.agent.texts("ANNU")
    agency.agent.expects("Annule")
    told = agency.first.expects("ANNULE par l'agent", "Verifiez")
    assert told.code == alert.code
    agency.fast_forward(minutes=5)
    agency.second.expects("ALERTE 1", "annule par l'agent")
    agency.first.replies(alert.code)
    agency.first.expects("est a vous")
    agency.agent.expects("pris en charge")


def test_a_correction_of_a_grave_report_reaches_its_officer(agency: Agency) -> None:
    agency.agent.texts("RPZ ASM 647")
    agency.agent.expects("647 pers.")
    agency.first.replies(agency.first.expects("ALERTE", "647 pers").code)
    agency.first.expects("est a vous")
    agency.agent.expects("pris en charge")
    agency.agent.texts("CORR 64 pas 647")
    agency.agent.expects("Corrige", "64 pers.")
    agency.first.expects("CORRIGE", "64 pers")
    agency.second.expects_nothing()


def test_a_correction_that_makes_a_report_grave_wakes_the_officer(agency: Agency) -> None:
    agency.agent.texts("ROF ASM 12")
    agency.agent.expects("12 pers.")
    agency.agent.texts("CORR 120 pas 12")
    agency.agent.expects("Corrige", "120 pers.")
    agency.first.expects("ALERTE 2", "120 pers")


def test_an_addition_is_added_up(agency: Agency) -> None:
    agency.agent.texts("FLX ASM H40 F3")
    reference = agency.agent.expects("43 pers.").reference
    agency.agent.texts(f"PLUS {reference} F2 B1")
    agency.agent.expects(f"Complete {reference} FLX Assamaka 45 pers. H40 F5 B1")
    assert report(agency)["people"] == {"total": 45, "men": 40, "women": 5, "under_5": 1}


def test_an_addition_of_another_kind_is_a_report_beside_it(agency: Agency) -> None:
    agency.agent.texts("FLX ASM 40")
    agency.agent.expects("40 pers.")
    agency.agent.texts("PLUS DCD H2")
    agency.agent.expects("DCD Assamaka 2 pers.")
    agency.first.expects("ALERTE 1", "2 pers")
    first, second = agency.rows(REPORT, REPORT.c.kind == "report")
    assert first.reading["people"] == {"total": 40}
    assert second.about == first.id


def test_a_correction_may_answer_the_question(agency: Agency) -> None:
    agency.agent.texts("CVM Illela 40 vers Agadez")
    agency.agent.expects("Illela: A)")
    agency.agent.texts("CORR ILL")
    agency.agent.expects("Corrige", "CVM Illéla")
    agency.agent.texts("B")
    agency.agent.expects("Code non compris")
    assert report(agency)["state"] == "filed"


def test_the_words_of_a_note_are_encrypted_in_the_history_too(agency: Agency) -> None:
    agency.agent.texts("FLX ASM T40")
    reference = agency.agent.expects("FLX").reference
    agency.agent.texts(f"PLUS {reference} H2 mots secrets")
    agency.agent.expects("Complete")
    changes = agency.rows(CHANGE)
    assert "secrets" not in json.dumps([[row.old, row.new] for row in changes])
    (noted,) = [row for row in changes if row.field == "note"]
    assert b"secrets" not in noted.words
    decrypted = agency.services.cipher.decrypt(noted.words)
    assert json.loads(decrypted) == [None, "mots secrets"]


def test_a_report_and_its_correction_read_together_wake_the_officer_once_with_what_is_right(
    agency: Agency,
) -> None:
    for words in ("RPZ ASM 647", "CORR 64 pas 647"):
        agency.accept(agency.agent.number, words, agency.agent.line, read=False)
    agency.work()
    agency.agent.expects("Corrige", "64 pers.")
    agency.first.expects("ALERTE 1", "64 pers")


def test_a_report_taken_back_before_it_was_read_still_reaches_the_officer(agency: Agency) -> None:
    for words in ("SOS ASM 12", "ANNU"):
        agency.accept(agency.agent.number, words, agency.agent.line, read=False)
    agency.work()
    agency.agent.expects("Annule")
    agency.first.expects("ALERTE 1")
    agency.first.expects("ANNULE par l'agent")


def test_a_stranger_corrects_his_own_report_and_hears_nothing(agency: Agency) -> None:
    agency.stranger().texts("FLX ASM 83")
    agency.stranger().texts("CORR 38 pas 83")
    assert report(agency)["people"] == {"total": 38}


def test_two_reports_that_grow_graver_at_once_after_their_alert_was_closed_are_both_told(
    agency: Agency,
) -> None:
    references = []
    for people in (90, 95):
        agency.agent.texts(f"RPZ ASM {people}")
        references.append(agency.agent.expects("Recu").reference)
    alert = agency.first.expects("ALERTE 2")
    assert alerts.close(agency.services, alert.reference, "operator")
    for reference, people in zip(references, (612, 400), strict=True):
        agency.accept(agency.agent.number, f"CORR {reference} T{people}", agency.agent.line, read=False)
    agency.work()
    for said in ("612", "400"):
        agency.agent.expects(said)
    agency.first.expects("ALERTE 1", "612 pers", "2 rapports")
    agency.fast_forward(minutes=1)
