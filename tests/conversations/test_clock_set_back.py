"""The server's clock was hours ahead and is put right: whatever was due by the old one does not wait for it."""

import pytest

from gateway.channels.base import TemporarySendError
from tests.conversations.phones import Agency, KilledError, Text

REPORT = "RPZ ASM 647 H590 F32"


@pytest.fixture
def alert(agency: Agency) -> Text:
    agency.agent.texts(REPORT)
    agency.agent.expects("Recu")
    return agency.first.expects("ALERTE")


def set_back(agency: Agency, *, hours: float = 3) -> None:
    agency.clock.forward(hours=-hours)
    agency.tick()


def test_an_open_alert_goes_on_up_the_rota(agency: Agency, alert: Text) -> None:
    set_back(agency)
    agency.second.expects("ALERTE", alert.reference)
    agency.fast_forward(minutes=5)
    agency.supervisor.expects("ALERTE", alert.reference)
    agency.fast_forward(minutes=4)


def test_whoever_took_an_alert_is_asked_once_whether_it_goes_on(agency: Agency, alert: Text) -> None:
    agency.first.replies(alert.code)
    agency.first.expects("est a vous")
    agency.agent.expects("pris en charge")
    set_back(agency)
    agency.first.expects("RAPPEL", alert.reference)
    agency.first.replies(alert.code)
    agency.first.expects("est a vous")
    agency.fast_forward(minutes=30)


def test_a_clock_that_was_only_minutes_ahead_delays_a_step_by_no_more_than_that(
    agency: Agency, alert: Text
) -> None:
    set_back(agency, hours=4 / 60)
    agency.fast_forward(minutes=8)
    agency.second.expects_nothing()
    agency.fast_forward(minutes=1)
    agency.second.expects("ALERTE", alert.reference)


def test_whoever_holds_an_alert_hears_how_many_reports_there_are(agency: Agency, alert: Text) -> None:
    agency.first.replies(alert.code)
    agency.first.expects("est a vous")
    agency.agent.expects("pris en charge")
    agency.customs.texts("RPZ ASM 600")
    agency.customs.expects("Recu")
    agency.customs.expects("pris en charge")
    set_back(agency)
    agency.first.expects("SUITE", alert.reference, "2 rapports")
    agency.fast_forward(minutes=3)
    agency.first.expects("RAPPEL", alert.reference, "2 rapports")
    agency.first.replies(alert.code)
    agency.first.expects("est a vous")


def test_an_alert_that_waits_to_be_tried_again_is_sent(agency: Agency) -> None:
    agency.air.fails(agency.first.number, TemporarySendError("busy"))
    agency.agent.texts(REPORT)
    agency.agent.expects("Recu")
    set_back(agency)
    agency.first.expects("ALERTE")
    agency.second.expects("ALERTE")


def test_an_alert_whose_sender_died_is_sent_by_another(agency: Agency) -> None:
    agency.air.fails(agency.first.number, KilledError())
    with pytest.raises(KilledError):
        agency.agent.texts(REPORT)
    set_back(agency)
    agency.first.expects("ALERTE")
    agency.second.expects("ALERTE")
    agency.agent.expects("Recu")


def test_what_a_caller_typed_into_a_session_that_was_cut_is_filed(agency: Agency) -> None:
    agency.caller().dials().types("1", "1")
    set_back(agency)
    agency.first.expects("ALERTE ligne d'aide")
