"""The blind watch beside the tick of the clock: the database may come back at any moment between."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from uuid_utils.compat import uuid7

from gateway import bootstrap, demo
from gateway.channels.base import WebhookRequest
from gateway.inbox import standby
from gateway.inbox.standby import Standby, StandbyLine, StandbyOfficer
from gateway.messages import Accepted, InboundMessage, OutboundMessage, Receipt
from gateway.services import Services
from gateway.watching.canary import word
from workers import clock as clocks
from workers.process import Process

OFFICER = "+22790000201"


@dataclass
class Provider:
    """Takes every text."""

    name: str = "simulator"
    method: str = "POST"
    acknowledgement: tuple[bytes, str] = (b"", "text/plain")
    sent: list[str] = field(default_factory=list, repr=False)

    def verify(self, request: WebhookRequest) -> None: ...

    def parse_inbound(self, request: WebhookRequest) -> InboundMessage | None: ...

    def parse_receipt(self, request: WebhookRequest) -> Receipt | None: ...

    def send(self, message: OutboundMessage) -> Accepted:
        self.sent.append(message.text)
        return Accepted(uuid7().hex)


@pytest.fixture
def provider(services: Services) -> Provider:
    provider = Provider()
    services.channels["simulator"] = provider
    return provider


@pytest.fixture
def ticking(services: Services, provider: Provider) -> clocks.Clock:
    """A clock with one officer on duty and a cry for help in its spool."""
    ticking = clocks.Clock(
        Process(services, bootstrap.build_inbox(services), bootstrap.build_outbox(services))
    )
    on_duty = Standby(
        lines=[StandbyLine(demo.AGENTS_LINE, "agents", "simulator")],
        officers=[StandbyOfficer(OFFICER, "fr", 1, None, None)],
    )
    spool = bootstrap.build_spool(services.settings)
    spool.prepare()
    cry = InboundMessage(
        uuid7(), "simulator", "1", "+22790000102", demo.AGENTS_LINE, "SOS DNS 21", services.now()
    )
    spool.put(cry, services.cipher)
    standby.write(services.settings.data_dir / bootstrap.STANDBY, on_duty, services.cipher)
    return ticking


def away(ticking: clocks.Clock) -> None:
    ticking.database_seen -= 2 * clocks.BLIND_AFTER


def test_one_outage_is_told_once_however_often_it_is_looked_at(
    ticking: clocks.Clock, provider: Provider
) -> None:
    away(ticking)
    ticking.look_blindly()
    ticking.look_blindly()
    assert len(provider.sent) == 2, "the outage, and the cry"


def test_a_database_that_comes_back_between_two_looks_makes_nothing_told_twice(
    ticking: clocks.Clock, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    away(ticking)
    ticking.look_blindly()
    told = len(provider.sent)
    assert told
    remove = Path.unlink

    def looked_at_meanwhile(file: Path, *, missing_ok: bool = False) -> None:
        remove(file, missing_ok=missing_ok)
        with monkeypatch.context() as once:
            once.setattr(Path, "unlink", remove)
            ticking.look_blindly()

    monkeypatch.setattr(Path, "unlink", looked_at_meanwhile)
    ticking.look_at_database()
    assert len(provider.sent) == told


def test_a_text_of_ours_between_two_lines_is_nobodys_cry(
    ticking: clocks.Clock, provider: Provider, services: Services
) -> None:
    words = word("bcdfghjk", services.cipher.digest)
    on_the_hotline = InboundMessage(
        uuid7(), "simulator", "2", "+22790000601", demo.HOTLINE, words, services.now()
    )
    bootstrap.build_spool(services.settings).put(on_the_hotline, services.cipher)
    away(ticking)
    ticking.look_blindly()
    assert len(provider.sent) == 2, "the outage, and the cry"


def test_the_next_outage_is_told_anew(ticking: clocks.Clock, provider: Provider) -> None:
    away(ticking)
    ticking.look_blindly()
    told = len(provider.sent)
    ticking.look_at_database()
    ticking.look_blindly()
    away(ticking)
    ticking.look_blindly()
    assert len(provider.sent) == 2 * told


def test_a_clock_that_starts_in_an_outage_forgets_nothing_of_it(
    ticking: clocks.Clock, services: Services, provider: Provider
) -> None:
    away(ticking)
    ticking.look_blindly()
    told = len(provider.sent)
    again = clocks.Clock(Process(services, bootstrap.build_inbox(services), bootstrap.build_outbox(services)))
    again.look_blindly()
    away(again)
    again.look_blindly()
    assert len(provider.sent) == told
