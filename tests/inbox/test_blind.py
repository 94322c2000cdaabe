"""The blind watch beside the tick of the clock: the database may come back at any moment between."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from uuid_utils.compat import uuid7

from gateway import bootstrap, demo
from gateway.channels.base import (
    NoRouteSendError,
    OptedOutSendError,
    PermanentSendError,
    TemporarySendError,
    UncertainSendError,
    WebhookRequest,
)
from gateway.channels.records import Line
from gateway.inbox import blind, standby
from gateway.inbox.standby import Standby, StandbyLine, StandbyOfficer
from gateway.messages import Accepted, InboundMessage, OutboundMessage, Receipt
from gateway.outbox.records import OutboundRecord
from gateway.people.records import Officer
from gateway.services import Services
from gateway.storage.database import table_of
from gateway.watching.canary import word
from tests.clock import Clock
from workers import clock as clocks
from workers.process import Process

OFFICER, SECOND, NEVER_ON_DUTY = "+22790000201", "+22790000202", "+22790000203"
SECOND_LINE = "+22780000003"
TAKES_NONE = [
    TemporarySendError("no credit"),
    UncertainSendError("no answer"),
    NoRouteSendError("no route"),
    OptedOutSendError("STOP"),
    ValueError("broke its word"),
]


@dataclass
class Provider:
    """Takes every text."""

    name: str = "simulator"
    method: str = "POST"
    acknowledgement: tuple[bytes, str] = (b"", "text/plain")
    sent: list[str] = field(default_factory=list, repr=False)
    to: list[str] = field(default_factory=list, repr=False)
    tried: list[str] = field(default_factory=list, repr=False)
    error: Exception | None = None
    provider_id: str | None = None

    def verify(self, request: WebhookRequest) -> None: ...

    def parse_inbound(self, request: WebhookRequest) -> InboundMessage | None: ...

    def parse_receipt(self, request: WebhookRequest) -> Receipt | None: ...

    def send(self, message: OutboundMessage) -> Accepted:
        self.tried.append(message.sender)
        if self.error:
            raise self.error
        self.sent.append(message.text)
        self.to.append(message.recipient)
        return Accepted(self.provider_id or uuid7().hex)


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
    spool = bootstrap.build_spool(services.settings)
    spool.prepare()
    cry = InboundMessage(
        uuid7(), "simulator", "1", "+22790000102", demo.AGENTS_LINE, "SOS DNS 21", services.now()
    )
    spool.put(cry, services.cipher)
    stands_by(services)
    return ticking


def stands_by(
    services: Services,
    lines: Sequence[StandbyLine] = (StandbyLine(demo.AGENTS_LINE, "agents", "simulator"),),
    officers: Sequence[StandbyOfficer] = (StandbyOfficer(OFFICER, "fr", 1),),
) -> None:
    it = Standby(lines=lines, officers=officers)
    standby.write(services.settings.data_dir / bootstrap.STANDBY, it, services.cipher)


def another_line(services: Services, reach: Sequence[str] = ("",)) -> Provider:
    """Of a provider of its own."""
    spare = services.channels["spare"] = Provider("spare")
    stands_by(
        services,
        [
            StandbyLine(demo.AGENTS_LINE, "agents", "simulator", reach),
            StandbyLine(SECOND_LINE, "agents", "spare", cost=10),
        ],
    )
    return spare


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


@pytest.mark.parametrize("error", TAKES_NONE, ids=lambda error: type(error).__name__)
def test_what_one_line_does_not_take_leaves_by_another(
    ticking: clocks.Clock, services: Services, provider: Provider, error: Exception
) -> None:
    spare = another_line(services)
    provider.error = error
    away(ticking)
    ticking.look_blindly()
    assert len(spare.sent) == 2


def test_a_line_that_does_not_reach_an_officer_is_passed_over(
    ticking: clocks.Clock, services: Services, provider: Provider
) -> None:
    spare = another_line(services, reach=("+2348",))
    away(ticking)
    ticking.look_blindly()
    assert (provider.tried, len(spare.sent)) == ([], 2)


def test_a_channel_in_trouble_is_gone_round(
    ticking: clocks.Clock, services: Services, provider: Provider
) -> None:
    spare = another_line(services)
    provider.error = TemporarySendError("cannot be reached")
    away(ticking)
    ticking.look_blindly()
    assert (len(provider.tried), len(spare.sent)) == (1, 2)


def test_a_channel_that_may_have_taken_it_is_not_tried_by_its_other_lines(
    ticking: clocks.Clock, services: Services, provider: Provider
) -> None:
    numbers = [f"+2278000000{place}" for place in range(1, 8)]
    stands_by(services, [StandbyLine(number, "agents", "simulator") for number in numbers])
    provider.error = UncertainSendError("no answer")
    away(ticking)
    ticking.look_blindly()
    assert len(provider.tried) == 2, "the outage, and the cry"


def test_what_may_have_been_taken_is_repeated_after_longer_and_longer_waits(
    ticking: clocks.Clock, provider: Provider, clock: Clock
) -> None:
    provider.error = UncertainSendError("no answer")
    away(ticking)
    for _ in range(10):
        ticking.look_blindly()
    assert len(provider.tried) == 2
    for _ in range(60):
        clock.forward(seconds=1)
        ticking.look_blindly()
    assert 2 * 3 <= len(provider.tried) <= 2 * 7
    provider.error = None
    clock.forward(minutes=8)
    ticking.look_blindly()
    assert len(provider.sent) == 2


def test_when_nobody_of_the_first_step_is_reached_the_next_is_told(
    ticking: clocks.Clock, services: Services, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    stands_by(services, officers=[StandbyOfficer(OFFICER, "fr", 1), StandbyOfficer(SECOND, "fr", 2)])
    send = provider.send

    def no_such_number(message: OutboundMessage) -> Accepted:
        if message.recipient == OFFICER:
            raise PermanentSendError("no such number")
        return send(message)

    monkeypatch.setattr(provider, "send", no_such_number)
    away(ticking)
    ticking.look_blindly()
    assert provider.to == [SECOND, SECOND]


def test_with_nobody_on_duty_every_officer_is_told_once(
    ticking: clocks.Clock, services: Services, provider: Provider, clock: Clock
) -> None:
    over = (clock() - timedelta(hours=1)).isoformat()
    off_duty = [StandbyOfficer(OFFICER, "fr", step, None, over) for step in (1, 2)]
    stands_by(services, officers=[*off_duty, StandbyOfficer(NEVER_ON_DUTY, "fr", None)])
    away(ticking)
    ticking.look_blindly()
    assert provider.to == [OFFICER, NEVER_ON_DUTY] * 2


def test_whoever_stands_in_two_shifts_at_once_is_told_once(
    ticking: clocks.Clock, services: Services, provider: Provider
) -> None:
    stands_by(services, officers=[StandbyOfficer(OFFICER, "fr", 1)] * 2)
    away(ticking)
    ticking.look_blindly()
    assert provider.to == [OFFICER] * 2


def test_each_officer_gets_so_many_texts_and_then_the_next_step_gets_them(
    ticking: clocks.Clock, services: Services, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blind, "AT_MOST", 1)
    first_step = [StandbyOfficer(OFFICER, "fr", 1), StandbyOfficer(SECOND, "fr", 1)]
    stands_by(services, officers=[*first_step, StandbyOfficer(NEVER_ON_DUTY, "fr", 2)])
    away(ticking)
    ticking.look_blindly()
    assert provider.to == [OFFICER, SECOND, NEVER_ON_DUTY]


def test_the_standby_file_knows_every_active_officer_and_what_each_line_reaches(services: Services) -> None:
    def officer(number: str, *, active: bool) -> dict[str, object]:
        hashed, sealed = services.cipher.digest(number), services.cipher.encrypt(number)
        values = {"number": sealed, "number_hash": hashed, "name": "Officier", "language": "ha"}
        return {"id": uuid7(), **values, "active": active}

    new = [officer(NEVER_ON_DUTY, active=True), officer(SECOND, active=False)]
    with services.engine.begin() as connection:
        demo.seed(connection, services.cipher, services.settings)
        connection.execute(sa.insert(table_of(Officer)), new)
        connection.execute(sa.update(table_of(Line)).values(reach=["+2279"], cost=7))
    path = services.settings.data_dir / bootstrap.STANDBY
    with services.engine.connect() as connection:
        standby.renew(path, connection, services.cipher, services.now())
    read = standby.read(path, services.cipher)
    assert [one.number for one in read.officers if one.step is None] == [NEVER_ON_DUTY]
    assert {one.number for one in read.officers if one.step is not None} == {
        number for number, *_ in demo.OFFICERS
    }
    assert {(*line.reach, line.cost) for line in read.lines} == {("+2279", 7)}


def test_an_id_that_was_given_twice_and_a_file_that_cannot_be_opened_make_no_database_look_away(
    ticking: clocks.Clock, services: Services, provider: Provider
) -> None:
    provider.provider_id = "the same"
    away(ticking)
    ticking.look_blindly()
    folder = services.settings.data_dir / "blind"
    (folder / "damaged.sent").write_bytes(b"damaged")
    (folder / "refused.sent").mkdir()
    before = ticking.database_seen
    ticking.look_at_database()
    assert ticking.database_seen > before
    assert {file.name for file in folder.glob("*.sent")} == {"damaged.sent", "refused.sent"}
    with services.engine.connect() as connection:
        assert len(connection.execute(sa.select(table_of(OutboundRecord))).all()) == 2


def test_a_disk_that_takes_nothing_makes_nobody_hear_the_same_again_and_again(
    ticking: clocks.Clock, services: Services, provider: Provider
) -> None:
    (services.settings.data_dir / "blind").write_text("in the way")
    away(ticking)
    for _ in range(3):
        ticking.look_blindly()
    assert len(provider.sent) == len(set(provider.sent)) == 2
