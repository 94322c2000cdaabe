"""Plays in which a code is dialled at each provider: whatever its wire format, it is the same report."""

from collections.abc import Callable

import pytest

from gateway import bootstrap
from gateway.app import create_app
from gateway.channels.registry import build_channel
from gateway.people.records import Reporter
from gateway.storage.database import table_of
from tests.conversations.phones import Agency
from tests.conversations.test_ussd import REPORT, SAID, WALK, is_taken, reports
from tests.standins.ussd import (
    PHONES,
    AdvantaPhone,
    AfricasTalkingPhone,
    ArkeselPhone,
    ComvivaPhone,
    DMarkPhone,
    InfobipPhone,
    Phone,
    through,
    told,
)

REPORTER = table_of(Reporter)
Kind = type[Phone]


@pytest.fixture
def network(agency: Agency) -> Callable[[Kind, str], Phone]:
    """A phone at one of the providers, who all reach the whole application."""
    services = agency.services
    for kind in PHONES:
        services.channels[kind.name] = build_channel(kind.name, kind.kind, told(kind), services.settings)
    app = create_app(services, agency.acceptor, bootstrap.receipts(services), agency.ussd, agency.calls)
    call = through(app.test_client())
    return lambda kind, number: kind(call, number)


def answers(agency: Agency, phone: Phone, *typed: str) -> str:
    """Answer screen after screen, a few seconds each."""
    for each in typed:
        agency.clock.forward(seconds=5)
        phone.answer(each)
    return phone.screen


def is_filed_once(agency: Agency) -> None:
    """The one report of the walk, of the agent, who gets a receipt."""
    agency.work()
    agency.agent.expects("Recu", "CVM", "Assamaka", "40")
    assert reports(agency) == [SAID]
    (report,) = agency.rows(REPORT)
    (agent,) = agency.rows(REPORTER, REPORTER.c.name == "Agent Assamaka")
    assert report.reporter_id == agent.id


@pytest.mark.parametrize("kind", PHONES, ids=lambda kind: kind.name)
def test_a_report_is_the_same_through_every_provider(
    agency: Agency, network: Callable[[Kind, str], Phone], kind: Kind
) -> None:
    phone = network(kind, agency.agent.number)
    assert "1 Signaler" in phone.dial()
    assert answers(agency, phone, *WALK).startswith("Message enregistre")
    assert not phone.goes_on
    is_filed_once(agency)


@pytest.mark.parametrize("kind", PHONES, ids=lambda kind: kind.name)
def test_a_provider_that_repeats_each_request_makes_one_report(
    agency: Agency, network: Callable[[Kind, str], Phone], kind: Kind
) -> None:
    phone = network(kind, agency.agent.number)
    screen = phone.dial()
    assert phone.again() == screen
    for answer in WALK:
        screen = answers(agency, phone, answer)
        assert phone.again() == screen
    is_filed_once(agency)


@pytest.mark.parametrize("kind", [ArkeselPhone, AdvantaPhone], ids=lambda kind: kind.name)
def test_what_is_dialled_behind_the_code_is_answered_at_once(
    agency: Agency, network: Callable[[Kind, str], Phone], kind: Kind
) -> None:
    phone = network(kind, agency.agent.number)
    assert "Vers ou?" in phone.dial(*WALK[:4])
    answers(agency, phone, *WALK[4:])
    is_filed_once(agency)


@pytest.mark.parametrize("cut_after", range(len(WALK)))
@pytest.mark.parametrize(("kind", "said"), [(AfricasTalkingPhone, False), (ComvivaPhone, True)])
def test_a_session_cut_at_any_step_and_dialled_again_loses_nothing(
    agency: Agency, network: Callable[[Kind, str], Phone], kind: Kind, cut_after: int, said: bool
) -> None:
    phone = network(kind, agency.agent.number)
    phone.dial()
    answers(agency, phone, *WALK[:cut_after])
    if said:
        phone.hang_up()
    agency.clock.forward(minutes=5)
    kept = "1 Continuer" in phone.dial()
    assert kept == (cut_after > 1)
    answers(agency, phone, *(("1", *WALK[cut_after:]) if kept else WALK))
    is_filed_once(agency)
    agency.fast_forward(minutes=30)
    assert reports(agency) == [SAID]


@pytest.mark.parametrize("kind", [ComvivaPhone, DMarkPhone, ArkeselPhone], ids=lambda kind: kind.name)
def test_as_many_people_as_the_code_says_can_be_reported(
    agency: Agency, network: Callable[[Kind, str], Phone], kind: Kind
) -> None:
    phone = network(kind, agency.agent.number)
    phone.dial()
    assert phone.again() == phone.screen
    answers(agency, phone, *WALK[:3], "384", *WALK[4:])
    agency.work()
    agency.agent.expects("Recu", "CVM", "384")
    is_taken(agency, "ALERTE 2", "384")
    agency.agent.expects("pris en charge")
    assert reports(agency) == [{**SAID, "total": 384}]


def test_a_code_that_is_dialled_again_in_a_callers_session_begins_anew(
    agency: Agency, network: Callable[[Kind, str], Phone]
) -> None:
    """Also where it might have been an answer: whoever dials again may be another."""
    phone = network(ComvivaPhone, agency.caller().number)
    shown = phone.dial()
    answers(agency, phone, "1", "1")
    answers(agency, phone, "384")
    assert phone.screen == shown
    agency.fast_forward(minutes=2)
    is_taken(agency, "ligne d'aide 1")


def test_with_the_database_away_a_phone_is_shown_the_number_to_text(
    agency: Agency, network: Callable[[Kind, str], Phone], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Infobip cannot close with its first screen; every other provider can."""
    monkeypatch.setattr(agency.acceptor, "database_overdue", lambda: True)
    for kind in PHONES:
        phone = network(kind, agency.agent.number)
        assert "SMS: +22780000002" in phone.dial()
        assert phone.goes_on == (kind is InfobipPhone)


def test_infobip_is_told_whether_a_session_goes_on(
    agency: Agency, network: Callable[[Kind, str], Phone]
) -> None:
    phone = network(InfobipPhone, agency.agent.number)
    assert isinstance(phone, InfobipPhone)
    assert not phone.is_active()
    phone.dial()
    assert phone.is_active()
    answers(agency, phone, *WALK)
    assert not phone.is_active()
    is_filed_once(agency)
