"""When it was sent, when it came, and that it came again."""

from datetime import timedelta

import pytest

from gateway.reports.records import ReportRecord
from gateway.storage.database import table_of
from tests.conversations.phones import Agency

REPORT = table_of(ReportRecord)
WORDS = "RPZ ASM 647"


def test_a_report_that_took_an_hour_says_so(agency: Agency) -> None:
    agency.agent.texts(WORDS, sent_at=agency.clock() - timedelta(hours=1))
    agency.agent.expects("Recu")
    agency.first.expects("ALERTE", "rapport de 13:00")


def test_a_report_of_yesterday_says_the_day(agency: Agency) -> None:
    agency.agent.texts(WORDS, sent_at=agency.clock() - timedelta(hours=20))
    agency.agent.expects("Recu")
    agency.first.expects("ALERTE", "rapport de 20/11 18:00")


def test_a_late_hotline_text_says_so_too(agency: Agency) -> None:
    agency.caller().texts("aidez moi", sent_at=agency.clock() - timedelta(hours=6))
    agency.first.expects("ALERTE", "texte de 08:00")


def test_a_report_that_came_at_once_speaks_of_no_hour(agency: Agency) -> None:
    agency.agent.texts(WORDS, sent_at=agency.clock() - timedelta(minutes=20))
    agency.agent.expects("Recu")
    agency.first.expects("ALERTE", without="rapport de")
    (report,) = agency.rows(REPORT)
    assert report.sent_at == agency.clock() - timedelta(minutes=20)
    assert report.received_at == report.read_at == agency.clock()


@pytest.mark.parametrize("minutes", [20, 120, 60 * 24 * 365, -60 * 24 * 40])
def test_a_time_that_cannot_be_true_is_not_believed(agency: Agency, minutes: int) -> None:
    agency.agent.texts(WORDS, sent_at=agency.clock() + timedelta(minutes=minutes))
    agency.agent.expects("Recu")
    agency.first.expects("ALERTE", without="rapport de")
    (report,) = agency.rows(REPORT)
    assert report.sent_at is None


@pytest.mark.parametrize("minutes", [58, 60, 62])
def test_a_modem_set_to_the_next_zone_is_understood(agency: Agency, minutes: int) -> None:
    agency.agent.texts(WORDS, sent_at=agency.clock() + timedelta(minutes=minutes))
    agency.agent.expects("Recu")
    agency.first.expects("ALERTE", without="rapport de")
    (report,) = agency.rows(REPORT)
    assert agency.clock() - timedelta(minutes=3) <= report.sent_at <= agency.clock()


def test_repeats_are_kept_linked_and_counted(agency: Agency) -> None:
    for _ in range(3):
        agency.agent.texts(WORDS)
        agency.agent.expects("Recu")
        agency.clock.forward(seconds=30)
    agency.first.expects("ALERTE")
    agency.fast_forward(minutes=9)
    agency.first.expects("SUITE", "3 rapports")
    agency.second.expects("ALERTE", "3 rapports")
    agency.second.expects("SUITE", "3 rapports")
    agency.supervisor.expects("ALERTE", "3 rapports")
    agency.supervisor.expects("SUITE", "3 rapports")
    first, second, third = agency.rows(REPORT)
    assert (first.repeat_of, second.repeat_of, third.repeat_of) == (None, first.id, second.id)


def test_the_same_words_of_another_or_of_another_day_are_no_repeat(agency: Agency) -> None:
    agency.agent.texts("FLX ASM 40")
    agency.agent.expects("Recu")
    agency.customs.texts("FLX ASM 40")
    agency.customs.expects("Recu")
    agency.clock.forward(hours=25)
    agency.agent.texts("FLX ASM 40")
    agency.agent.expects("Recu")
    assert [report.repeat_of for report in agency.rows(REPORT)] == [None, None, None]


def test_repeats_that_are_read_together_are_linked_too(agency: Agency) -> None:
    for _ in range(2):
        agency.accept(agency.agent.number, "flx  asm 40", agency.agent.line, read=False)
    agency.work()
    agency.agent.expects("Recu")
    agency.agent.expects("Recu")
    first, second = agency.rows(REPORT)
    assert second.repeat_of == first.id
