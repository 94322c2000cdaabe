"""Posts and agents who are not heard: one alert a silence, with who was heard last, and word when it ends."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from gateway.alerts import service as alerts
from gateway.alerts.records import Alert
from gateway.silence import service as silence
from gateway.silence.rhythm import Rhythm
from gateway.silence.service import Silence
from gateway.storage.database import table_of
from tests.conversations.phones import Agency, Text

ALERT = table_of(Alert)


def expect(agency: Agency, post: str = "ASM", *, hours: float = 12, severity: int = 2) -> None:
    rhythm = Rhythm(timedelta(hours=hours), timedelta(hours=1), agency.clock())
    with agency.services.engine.begin() as connection:
        silence.expect(connection, post, rhythm, severity, 1)


def passes(agency: Agency, *, hours: float = 0, minutes: float = 0) -> None:
    """Time passes at once, while the clock process went on: nothing is due meanwhile."""
    listening = agency.silence._listening
    agency.clock.forward(hours=hours, minutes=minutes)
    listening._looked_at = agency.clock()
    agency.tick()


def takes(agency: Agency, alert: Text) -> None:
    agency.first.replies(alert.code)
    agency.first.expects(alert.reference)


def close(agency: Agency, reference: str) -> None:
    assert alerts.close(agency.services, reference, "operator")


def test_a_silent_post_raises_one_alert_that_names_who_was_heard_last(agency: Agency) -> None:
    agency.agent.texts("RAS ASM")
    agency.agent.expects("Recu")
    expect(agency)
    passes(agency, hours=12, minutes=59)
    passes(agency, minutes=1)
    alert = agency.first.expects(
        "ALERTE 2", "Assamaka", "rapport de 21/11 14:00", "par Agent Assamaka", "poste muet depuis"
    )
    takes(agency, alert)
    agency.fast_forward(minutes=20)


def test_a_post_that_was_never_heard_says_so(agency: Agency) -> None:
    expect(agency, severity=1)
    passes(agency, hours=13)
    alert = agency.first.expects("ALERTE 1", "Assamaka (poste jamais entendu)")
    takes(agency, alert)


def test_any_report_of_any_reporter_of_the_post_is_a_sign_of_life(agency: Agency) -> None:
    expect(agency)
    passes(agency, hours=12)
    agency.reporter("+22790000105", name="Autre agent", post="ASM").texts("RAS")
    agency.phone("+22790000105").expects("Recu")
    passes(agency, hours=12, minutes=50)


def test_whoever_took_the_alert_hears_that_the_post_is_heard_again(agency: Agency) -> None:
    expect(agency)
    passes(agency, hours=13)
    alert = agency.first.expects("ALERTE 2")
    takes(agency, alert)
    agency.agent.texts("RAS ASM")
    agency.agent.expects("Recu")
    agency.fast_forward(minutes=2)
    agency.first.expects(alert.reference, "Assamaka", "de nouveau entendu")
    close(agency, alert.reference)
    passes(agency, hours=13)
    takes(agency, agency.first.expects("ALERTE 2", "poste muet depuis"))


def test_a_post_that_is_silent_after_a_restart_of_ours_has_half_an_hour(agency: Agency) -> None:
    expect(agency)
    agency.clock.forward(hours=20)
    agency.silence = Silence(agency.services)
    agency.tick()
    agency.fast_forward(minutes=29)
    agency.fast_forward(minutes=1)
    takes(agency, agency.first.expects("ALERTE 2", "poste jamais entendu"))


def test_after_an_outage_of_ours_texts_that_were_on_their_way_are_heard_first(agency: Agency) -> None:
    expect(agency)
    agency.clock.forward(hours=20)
    agency.tick()
    agency.fast_forward(minutes=10)
    agency.agent.texts("RAS ASM")
    agency.agent.expects("Recu")
    agency.fast_forward(minutes=40)


def test_the_first_officers_of_the_region_are_asked(agency: Agency) -> None:
    expect(agency)
    passes(agency, hours=13)
    takes(agency, agency.first.expects("ALERTE 2"))
    (row,) = agency.rows(ALERT)
    assert '"region": "Agadez"' in agency.services.cipher.decrypt(row.facts)


def test_two_clocks_raise_one_alert(agency: Agency) -> None:
    expect(agency)
    passes(agency, hours=13)
    other = Silence(agency.services)
    other.look()
    takes(agency, agency.first.expects("ALERTE 2"))
    assert len(agency.rows(ALERT)) == 1


def raise_sos(agency: Agency) -> Text:
    agency.agent.texts("SOS ASM")
    agency.agent.expects("Recu")
    agency.tick()
    alert = agency.first.expects("ALERTE 1")
    agency.first.replies(alert.code)
    agency.first.expects(alert.reference)
    agency.agent.expects("pris en charge")
    return alert


def stop_escalation(agency: Agency) -> None:
    """Nothing of the alert itself is due in the hours to come: as when its outcome was told."""
    with agency.services.engine.begin() as connection:
        connection.execute(sa.update(ALERT).values(due_at=None))


def test_an_agent_who_is_silent_for_twelve_hours_after_an_sos_raises_an_alert(agency: Agency) -> None:
    raise_sos(agency)
    stop_escalation(agency)
    passes(agency, hours=11, minutes=59)
    passes(agency, minutes=1)
    alert = agency.first.expects("ALERTE 1", "Assamaka", "rapport de 21/11 14:00", "agent muet")
    takes(agency, alert)
    stop_escalation(agency)
    passes(agency, hours=30)


def test_each_agent_who_called_for_help_in_one_event_is_watched(agency: Agency) -> None:
    raise_sos(agency)
    other = agency.reporter("+22790000105", name="Autre agent", post="ASM")
    other.texts("SOS ASM")
    other.expects("Recu")
    other.expects("pris en charge")
    passes(agency, minutes=10)
    agency.first.expects("SUITE", "2 rapports")
    stop_escalation(agency)
    passes(agency, hours=9, minutes=50)
    agency.agent.texts("RAS ASM")
    agency.agent.expects("Recu")
    passes(agency, hours=2)
    takes(agency, agency.first.expects("par Autre agent", "agent muet"))


def test_whoever_texts_after_an_sos_is_not_silent(agency: Agency) -> None:
    raise_sos(agency)
    stop_escalation(agency)
    passes(agency, hours=3)
    agency.agent.texts("RAS ASM")
    agency.agent.expects("Recu")
    passes(agency, hours=20)


def test_an_sos_that_was_closed_needs_no_sign_of_life(agency: Agency) -> None:
    alert = raise_sos(agency)
    close(agency, alert.reference)
    passes(agency, hours=13)


def test_an_agent_gets_half_an_hour_after_a_restart_of_ours(agency: Agency) -> None:
    raise_sos(agency)
    stop_escalation(agency)
    agency.clock.forward(hours=14)
    agency.tick()
    agency.fast_forward(minutes=29)
    agency.fast_forward(minutes=2)
    takes(agency, agency.first.expects("agent muet"))


@pytest.mark.parametrize("words", ["RPZ ASM 14", "RAS ASM", "TEST SOS ASM"])
def test_what_is_no_call_for_help_is_not_watched(agency: Agency, words: str) -> None:
    with agency.services.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM shifts"))
    agency.agent.texts(words)
    agency.tick()
    with agency.services.engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM agent_watches")) == 0
    agency.air.unread.clear()
