"""Whoever is not registered is read, stored and alerted, is never answered, and is not forgotten."""

from gateway.alerts.service import close
from tests.conversations.phones import Agency


def test_the_supervisor_hears_of_unknown_senders_once_a_day(agency: Agency) -> None:
    one, other = agency.stranger(), agency.stranger("+22790000602")
    for words in ("RAS ASM", "RAS ARL"):
        one.texts(words)
    other.texts("FLX AGZ 12")
    agency.fast_forward(minutes=59)
    agency.supervisor.expects_nothing()
    agency.fast_forward(minutes=2)
    agency.supervisor.expects_exactly(
        "2 expediteur(s) inconnu(s) sur la ligne des agents, 3 texte(s). Voir: vigie reporters unknown"
    )
    one.texts("RAS ASM encore")
    agency.fast_forward(minutes=180)
    agency.supervisor.expects_nothing()
    agency.clock.forward(seconds=21 * 3600)
    agency.tick()
    agency.supervisor.expects("1 expediteur(s)", "1 texte(s)")


def test_without_new_texts_there_is_nothing_to_tell(agency: Agency) -> None:
    agency.stranger().texts("RAS ASM")
    agency.fast_forward(minutes=61)
    agency.supervisor.expects("1 expediteur(s)")
    for _ in range(3):
        agency.clock.forward(seconds=24 * 3600)
        agency.tick()
    agency.supervisor.expects_nothing()


def test_nobody_is_told_at_night(agency: Agency) -> None:
    agency.clock.forward(seconds=7 * 3600)  # 21:00
    agency.stranger().texts("RAS ASM")
    agency.fast_forward(minutes=120)
    agency.supervisor.expects_nothing()
    agency.clock.forward(seconds=8 * 3600)
    agency.tick()
    agency.supervisor.expects("1 expediteur(s)")


def test_reporters_and_officers_are_no_unknown_senders(agency: Agency) -> None:
    for phone in (agency.agent, agency.first):
        phone.texts("RAS ASM")
        phone.expects("RAS")
    agency.fast_forward(minutes=61)
    agency.supervisor.expects_nothing()


def test_a_caller_is_no_unknown_sender(agency: Agency) -> None:
    agency.caller().texts("bonjour")
    reference = agency.first.expects("ALERTE ligne d'aide").reference
    assert close(agency.services, reference, "the test")
    agency.fast_forward(minutes=61)
    agency.supervisor.expects_nothing()


def test_a_strangers_grave_text_is_alerted_at_once_and_marked(agency: Agency) -> None:
    agency.stranger().texts("SOS ASM 12")
    reference = agency.first.expects("ALERTE 1", "expediteur inconnu").reference
    assert close(agency.services, reference, "the test")
    agency.fast_forward(minutes=61)
    agency.supervisor.expects("1 expediteur(s)")


def test_nobody_on_duty_is_told_as_soon_as_somebody_is(agency: Agency) -> None:
    for phone in (agency.first, agency.second, agency.supervisor):
        agency.change(phone, active=False)
    agency.stranger().texts("RAS ASM")
    agency.fast_forward(minutes=70)
    agency.change(agency.second, active=True)
    agency.fast_forward(minutes=1)
    agency.second.expects("1 expediteur(s)")
