"""Plays in which somebody calls: presses, is silent, speaks, hangs up. Nothing is ever texted back."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from rq import Queue
from rq.serializers import JSONSerializer

from gateway import bootstrap, demo, queueing
from gateway.app import create_app
from gateway.channels.registry import build_channel
from gateway.hotline import recordings
from gateway.hotline.calls import CALLS, RECORDING
from gateway.hotline.recordings import audio_of
from gateway.hotline.service import TASK
from gateway.inbox.accept import Acceptor
from gateway.people.marks import CONTACT, MARK
from gateway.settings import Settings
from gateway.storage.database import create_engine
from tests.conversations.phones import Agency
from tests.standins.twilio import ACCOUNT_SID, AUTH_TOKEN
from tests.standins.twilio_voice import TwilioCall, TwilioRecordings

CALLER = "+22790000501"
RE = "RE" + "0123456789abcdef" * 2
Rings = Callable[..., TwilioCall]


@pytest.fixture
def provider() -> Iterator[TwilioRecordings]:
    with TwilioRecordings() as running:
        yield running


@pytest.fixture
def ring(agency: Agency, provider: TwilioRecordings) -> Rings:
    return lines_of(agency, provider, agency.acceptor)


def lines_of(agency: Agency, provider: TwilioRecordings, acceptor: Acceptor) -> Rings:
    services = agency.services
    settings = Settings.read(**{**services.settings.model_dump(), "twilio_api_url": provider.url})
    secrets = {"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN}
    calls = bootstrap.build_calls(services, acceptor, bootstrap.Watch(services, "calls"))
    services.channels["twilio"] = build_channel("twilio", "twilio", secrets, settings)
    app = create_app(services, acceptor, bootstrap.receipts(services), agency.ussd, calls)
    client = app.test_client()
    agency.caller(CALLER)
    return lambda caller=CALLER, line=demo.HOTLINE: TwilioCall(client, settings.public_url, caller, line)


def test_danger_pressed_alerts_at_once_and_nothing_goes_back(agency: Agency, ring: Rings) -> None:
    call = ring()
    assert "Hello. For English, press 3." in call.dial()
    call.press("1")
    call.press("1")
    agency.work()
    agency.first.expects("ALERTE ligne d'aide 1", "danger")
    call.hang_up()
    agency.work()
    (row,) = agency.rows(CALLS)
    assert (row.chosen, row.language, row.missed) == ("danger", "fr", False)


def test_hausa_is_offered_once_it_is_recorded(agency: Agency, ring: Rings) -> None:
    from gateway.hotline.voice import sentences

    assert len(ring().dial()) == 2
    folder = agency.services.settings.prompts_dir / "ha"
    folder.mkdir(parents=True)
    for language, name in sentences():
        if language == "ha":
            (folder / f"{name}.mp3").write_bytes(f"ha {name}".encode())
    call = ring()
    assert call.dial()[1] == "ha greeting"
    assert call.press("2") == ["ha menu"]


def test_two_silent_calls_are_counted_and_the_third_within_the_hour_is_told(
    agency: Agency, ring: Rings
) -> None:
    for _ in range(3):
        call = ring()
        call.dial()
        call.hang_up()
        agency.work()
        agency.clock.forward(seconds=10)
    agency.first.expects("ALERTE ligne d'aide 2", "appel muet")
    (contact,) = agency.rows(CONTACT)
    assert (contact.calls, contact.silent_calls) == (3, 3)


def test_a_caller_who_says_nothing_is_asked_three_times(agency: Agency, ring: Rings) -> None:
    call = ring()
    call.dial()
    call.press("")
    call.press("*")
    assert call.press("") == ["Au revoir."]
    assert not call.goes_on


def test_a_missed_call_of_whoever_is_safe_to_call_becomes_a_task(agency: Agency, ring: Rings) -> None:
    call = ring()
    call.dial()
    call.press("1")
    call.press("6")
    call.press("1")
    agency.work()
    agency.first.expects("ALERTE ligne d'aide 2", "rappelez-moi")
    (task,) = agency.rows(TASK)
    assert task.state == "open"
    assert [row.state for row in agency.rows(MARK)] == ["safe now"]


@pytest.mark.parametrize("stands_for_it", ["+266696687", "Restricted", ""])
def test_a_call_whose_number_is_withheld_is_never_to_be_called_back(
    agency: Agency, ring: Rings, stands_for_it: str
) -> None:
    for _ in range(2):
        agency.clock.forward(minutes=1)
        call = ring(stands_for_it)
        call.dial()
        call.press("1")
        call.press("6")
        call.press("1")
        agency.work()
        agency.first.expects("ALERTE", "rappelez-moi")
    assert agency.rows(TASK) == []
    assert len(agency.rows(CONTACT)) == 2


def test_a_voice_message_is_told_fetched_kept_encrypted_and_deleted_at_the_provider(
    agency: Agency, ring: Rings, provider: TwilioRecordings
) -> None:
    call = ring()
    call.dial()
    call.press("1")
    call.press("5")
    call.speak(RE, hangs_up=True)
    call.hang_up()
    agency.work()
    agency.first.expects("ALERTE ligne d'aide 2", "message vocal")
    services = agency.services
    recordings.take_in(services)  # not ready yet
    assert [row.state for row in agency.rows(RECORDING)] == ["waiting"]
    provider.kept[RE] = b"ID3 what was said"
    agency.clock.forward(seconds=10)
    provider.fails = [500]
    recordings.take_in(services)
    agency.clock.forward(seconds=20)
    assert recordings.due(services)
    recordings.take_in(services)
    (row,) = agency.rows(RECORDING)
    assert row.state == "done"
    assert b"ID3" not in row.audio
    assert audio_of(services, row) == b"ID3 what was said"
    assert provider.kept == {}


def leaves(call: TwilioCall, recording: str) -> None:
    call.dial()
    call.press("1")
    call.press("5")
    call.speak(recording)
    call.hang_up()


def test_each_voice_message_is_told_whatever_is_known_already(agency: Agency, ring: Rings) -> None:
    agency.caller(CALLER).texts("danger a la ferme rouge")
    agency.first.expects("ALERTE ligne d'aide 1", "ferme rouge")
    for place in range(2):
        leaves(ring(), f"RE{place:032x}")
        agency.work()
        agency.first.expects("SUITE", "message vocal", "ferme rouge")
    assert len(agency.rows(RECORDING)) == 2


def test_whoever_wants_to_speak_and_is_cut_short_is_told_of(agency: Agency, ring: Rings) -> None:
    call = ring()
    call.dial()
    call.press("1")
    call.press("5")
    call.hang_up()
    agency.work()
    agency.first.expects("ALERTE ligne d'aide 2", "appel muet")


def test_whoever_spoke_is_told_of_once(agency: Agency, ring: Rings) -> None:
    leaves(ring(), RE)
    agency.work()
    agency.first.expects("ALERTE ligne d'aide 2", "message vocal")
    agency.first.expects_nothing()


def test_an_empty_voice_message_ends_the_call(agency: Agency, ring: Rings) -> None:
    call = ring()
    call.dial()
    call.press("3")
    call.press("5")
    assert call.say_nothing() == ["Goodbye."]
    assert agency.rows(RECORDING) == []


def test_a_reporters_call_is_turned_away_and_told_once(agency: Agency, ring: Rings) -> None:
    for _ in range(3):
        call = ring(agency.agent.number, demo.AGENTS_LINE)
        call.dial()
        assert call.rejected
        call.hang_up("busy")
        agency.work()
    agency.first.expects("ALERTE", "Agent Assamaka", "appel manque")


def test_a_call_that_never_reached_us_is_counted_as_missed(agency: Agency, ring: Rings) -> None:
    ring().hang_up("no-answer")
    agency.work()
    (row,) = agency.rows(CALLS)
    assert row.missed
    (contact,) = agency.rows(CONTACT)
    assert (contact.calls, contact.silent_calls) == (1, 0)


def test_a_call_of_whose_end_nobody_tells_is_over_a_quarter_of_an_hour_later(
    agency: Agency, ring: Rings
) -> None:
    ring().dial()
    agency.work()
    agency.fast_forward(minutes=14)
    assert [row.ended_at for row in agency.rows(CALLS)] == [None]
    agency.fast_forward(minutes=3)
    assert [row.ended_at is not None for row in agency.rows(CALLS)] == [True]
    (contact,) = agency.rows(CONTACT)
    assert contact.silent_calls == 1


def test_whoever_wants_a_call_and_hangs_up_before_saying_when_is_told_of(agency: Agency, ring: Rings) -> None:
    call = ring()
    call.dial()
    call.press("1")
    call.press("6")
    agency.work()
    call.hang_up()
    agency.work()
    agency.first.expects("ALERTE ligne d'aide 2", "demande un appel")
    assert agency.rows(TASK) == []


def test_with_the_database_away_the_menu_goes_on_and_what_was_pressed_is_told_later(
    agency: Agency, provider: TwilioRecordings
) -> None:
    away = replace(agency.services, engine=create_engine("postgresql+psycopg://nobody@127.0.0.1:1/none"))
    call = lines_of(
        agency, provider, bootstrap.build_acceptor(away, bootstrap.Watch(agency.services, "web"))
    )()
    call.dial()
    call.press("1")
    assert call.press("1")[0] == "Merci, c'est noté."
    call.press("5")
    call.speak(RE)
    assert agency.rows(CALLS) == []
    agency.tick()
    agency.first.expects("ALERTE ligne d'aide 1", "danger")
    assert [row.provider_id for row in agency.rows(RECORDING)] == [RE]
    away.engine.dispose()


def test_a_callers_number_is_in_no_answer_no_log_and_no_job(
    agency: Agency, ring: Rings, provider: TwilioRecordings, capfd: pytest.CaptureFixture[str]
) -> None:
    call = ring()
    leaves(call, RE)
    agency.services.doorbell.recordings()
    recordings.take_in(agency.services)  # which is not there
    assert call.post(f"{call.public_url}/webhooks/twilio/voice?keys=15", {"RecordingSid": "none"})[0] == 400
    agency.work()
    agency.first.expects("ALERTE", "message vocal")
    names = (queueing.INBOX_URGENT, queueing.INBOX, queueing.HOUSEKEEPING)
    queues = [Queue(name, connection=agency.services.redis, serializer=JSONSerializer) for name in names]
    jobs = [f"{job.func_name} {job.args} {job.description}" for queue in queues for job in queue.jobs]
    assert any(queueing.TAKE_IN_RECORDINGS_JOB in job for job in jobs)
    logged = "".join(capfd.readouterr())
    assert "webhook_refused" in logged
    assert CALLER[4:] not in "".join((logged, *jobs, *call.answers))


def test_whoever_dials_again_from_the_same_phone_hears_nothing_of_the_call_before(
    agency: Agency, ring: Rings
) -> None:
    """It may be the captor who does."""
    keys = ("1", "1", "6", "1")
    first, again = ring(), ring()
    heard = [first.dial(), *(first.press(key) for key in keys)]
    first.hang_up()
    agency.work()
    assert [again.dial(), *(again.press(key) for key in keys)] == heard
    agency.work()
    agency.first.expects("ALERTE ligne d'aide 1", "danger")


def test_whoever_hangs_up_at_a_question_pressed_nothing(agency: Agency, ring: Rings) -> None:
    call = ring()
    call.dial()
    call.fields["CallStatus"] = "completed"
    call.press("")
    call.hang_up()
    agency.work()
    (row,) = agency.rows(CALLS)
    assert (row.chosen, row.ended_at is not None) == (None, True)
