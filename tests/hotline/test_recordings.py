"""Voice messages between Twilio and us: nothing is given up too early, stored twice, or kept too long."""

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from uuid_utils.compat import uuid7

from gateway import bootstrap, demo, queueing
from gateway.channels.registry import build_channel
from gateway.hotline import recordings
from gateway.hotline.calls import RECORDING
from gateway.hotline.recordings import audio_of
from gateway.hotline.voice import Event, What
from gateway.messages import InboundMessage, Kind
from gateway.services import Services
from gateway.settings import Settings
from gateway.storage.audit import AuditEntry
from tests.clock import Clock
from tests.standins.twilio import ACCOUNT_SID, AUTH_TOKEN
from tests.standins.twilio_voice import TwilioRecordings
from workers import clock as clocks
from workers.process import Process

RE, SAID = "RE" + "0" * 32, b"ID3 what was said"


@pytest.fixture
def provider(services: Services) -> Iterator[TwilioRecordings]:
    """Twilio, at which one voice message waits that a caller just left."""
    with TwilioRecordings() as running:
        with services.engine.begin() as connection:
            demo.seed(connection, services.cipher, services.settings)
        running.kept[RE] = SAID
        leave(services)
        connect(services, running)
        yield running


def connect(services: Services, provider: TwilioRecordings) -> None:
    settings = Settings.read(**{**services.settings.model_dump(), "twilio_api_url": provider.url})
    secrets = {"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN}
    services.channels["twilio"] = build_channel("twilio", "twilio", secrets, settings)


def leave(services: Services) -> None:
    inbox = bootstrap.build_inbox(services)
    spoken = Event(What.SPOKE, RE, "fr").id_in("CA1")
    accept = bootstrap.build_acceptor(services, bootstrap.Watch(services, "test")).accept
    accept(
        InboundMessage(
            uuid7(), "twilio", spoken, "+22790000501", demo.HOTLINE, "", services.now(), kind=Kind.CALL
        )
    )
    for lane in range(services.settings.lanes):
        inbox.drain(lane)


def only(services: Services) -> sa.Row[Any]:
    with services.engine.connect() as connection:
        return connection.execute(sa.select(RECORDING)).one()


def decisions(services: Services) -> list[str]:
    about = AuditEntry.action.like("recording %")
    with services.engine.connect() as connection:
        return list(
            connection.execute(sa.select(AuditEntry.action).where(about).order_by(AuditEntry.seq)).scalars()
        )


def test_with_redis_away_the_clock_fetches_by_itself_and_does_not_wait_for_the_provider(
    services: Services, provider: TwilioRecordings
) -> None:
    away = queueing.connect("redis://127.0.0.1:1")
    alone = replace(services, redis=away, doorbell=queueing.Doorbell(away))
    ticking = clocks.Clock(Process(alone, bootstrap.build_inbox(alone), bootstrap.build_outbox(alone)))
    connect(alone, provider)
    provider.answers.clear()
    for _ in range(2):
        ticking.tick()  # would never come back if it waited
    assert only(services).state == "waiting"
    provider.answers.set()
    until = time.monotonic() + 10
    while only(services).state != "done" and time.monotonic() < until:
        time.sleep(0.02)
    row = only(services)
    assert (row.state, row.attempts) == ("done", 1)
    assert audio_of(services, row) == SAID
    assert provider.kept == {}
    away.close()


@pytest.mark.parametrize(
    ("status", "state"), [(404, "lost"), (401, "waiting"), (500, "waiting"), (200, "waiting")]
)
def test_only_what_the_provider_does_not_know_is_given_up_after_three_days(
    services: Services, provider: TwilioRecordings, status: int, state: str
) -> None:
    with services.engine.begin() as connection:
        connection.execute(sa.update(RECORDING).values(attempts=79))
    provider.fails = [status]
    recordings.take_in(services)
    assert only(services).state == state
    assert recordings.due(services) is False


def test_a_recording_that_is_stored_elsewhere_is_fetched_there_without_our_password(
    services: Services, provider: TwilioRecordings
) -> None:
    provider.moved = True
    recordings.take_in(services)
    assert audio_of(services, only(services)) == SAID


def test_it_is_erased_when_its_days_are_over_which_goes_on_record(
    services: Services, provider: TwilioRecordings, clock: Clock
) -> None:
    recordings.take_in(services)
    clock.forward(days=90)
    recordings.forget(services)
    assert only(services).audio is not None
    clock.forward(seconds=1)
    recordings.forget(services)
    recordings.forget(services)
    row = only(services)
    assert (row.audio, row.erased_at) == (None, clock())
    assert decisions(services) == ["recording kept", "recording done", "recording erased"]


def test_the_clock_looks_for_what_is_to_be_erased_when_it_begins_and_then_every_hour(
    services: Services, provider: TwilioRecordings, clock: Clock
) -> None:
    process = Process(services, bootstrap.build_inbox(services), bootstrap.build_outbox(services))
    ticking = clocks.Clock(process)
    recordings.take_in(services)
    ticking.tick()
    clock.forward(days=91)
    ticking._kept_up = 0
    ticking.tick()
    assert only(services).audio is not None
    ticking._kept_up, ticking._forgot = 0, time.monotonic() - 3601
    ticking.tick()
    assert only(services).audio is None


def test_what_is_erased_here_is_still_to_be_deleted_at_the_provider(
    services: Services, provider: TwilioRecordings, clock: Clock
) -> None:
    provider.fails = [0, 503]
    recordings.take_in(services)
    assert only(services).state == "kept"
    clock.forward(days=91)
    recordings.forget(services)
    assert only(services).audio is None
    recordings.take_in(services)
    assert (only(services).state, only(services).audio) == ("done", None)
    assert provider.kept == {}
