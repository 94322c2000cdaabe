"""The clock stops, and somebody else says so: by another channel, once, and the heartbeat stops."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.channels.base import TemporarySendError
from gateway.channels.records import Line
from gateway.doctor import duties
from gateway.duty.records import ShiftRecord, Watch
from gateway.inbox import direct
from gateway.outbox.records import OutboundRecord
from gateway.people.records import Officer
from gateway.services import Services
from gateway.storage.database import table_of
from gateway.watching.records import CanaryRecord
from gateway.watchman import cover
from gateway.watchman import service as watchman
from gateway.watchman.records import Lapse
from gateway.watchman.service import CLOCK_KEY, Watchman
from tests.conversations.phones import Agency, Air, KilledError, Phone
from tests.standins.heartbeat import Heartbeats
from workers import clock as clocks
from workers.process import Process

OFFICER, LINE, LAPSE, SHIFT = table_of(Officer), table_of(Line), table_of(Lapse), table_of(ShiftRecord)
OUT = table_of(OutboundRecord)


@pytest.fixture
def operator(agency: Agency) -> Phone:
    """Somebody who looks after the machines, and has no duty."""
    return agency.officer("+22790000950", name="Operateur", operator=True)


@pytest.fixture
def other(agency: Agency) -> Air:
    """A second agents' line, by another channel."""
    air = Air(agency.clock, "other")
    agency.services.channels[air.name] = air
    sealed = dict(zip(("number", "number_hash"), _sealed(agency.services), strict=True))
    with agency.services.engine.begin() as connection:
        connection.execute(sa.insert(LINE).values(**sealed, profile="agents", channel=air.name, cost=9))
    return air


def _sealed(services: Services, number: str = "+22780000009") -> tuple[bytes, bytes]:
    return services.cipher.encrypt(number), services.cipher.digest(number)


def lives(agency: Agency) -> None:
    """The clock says that it is alive."""
    agency.services.redis.set(CLOCK_KEY, 1)


def watches(agency: Agency, *watchmen: Watchman, seconds: float = 0) -> None:
    """Time passes for whoever watches, while nothing is done."""
    left = seconds
    while True:
        for one in watchmen:
            one.look()
        if left <= 0:
            return
        agency.clock.forward(seconds=min(left, 10))
        left -= 10


def lapses(agency: Agency) -> list[Any]:
    return agency.rows(LAPSE)


def test_a_clock_that_stops_is_told_by_another_channel_once(
    agency: Agency, operator: Phone, other: Air
) -> None:
    clock = clocks.Clock(Process(agency.services, agency.inbox, agency.outbox))
    clock.tick()
    assert agency.services.redis.exists(CLOCK_KEY)
    web, worker = Watchman(agency.services), Watchman(agency.services)
    watches(agency, web, worker)
    agency.services.redis.delete(CLOCK_KEY)  # as it runs out ten seconds after the last tick
    watches(agency, web, worker, seconds=60)
    (text,) = other.unread.pop(operator.number)
    assert text.words.startswith("Vigie: horloge en retard depuis 14:0"), text.words
    watches(agency, web, worker, seconds=120)
    assert not other.unread
    assert [(row.step, row.ended_at) for row in lapses(agency)] == [("clock", None)]


def test_an_alert_whose_next_step_does_not_come_is_late(agency: Agency, operator: Phone, other: Air) -> None:
    lives(agency)
    agency.tick()
    agency.agent.texts("SOS ASM")
    agency.agent.expects("Recu")
    alert = agency.first.expects("ALERTE 1")
    one = Watchman(agency.services)
    watches(agency, one, seconds=6 * 60 + 30)
    (text,) = other.unread.pop(operator.number)
    assert "alertes en retard" in text.words
    agency.first.replies(alert.code)
    agency.first.expects(alert.reference)
    agency.agent.expects("pris en charge")


def test_it_is_over_once_nothing_was_late_for_ten_minutes(
    agency: Agency, operator: Phone, other: Air
) -> None:
    one = Watchman(agency.services)
    watches(agency, one, seconds=60)
    other.unread.pop(operator.number)
    lives(agency)
    agency.tick()
    watches(agency, one, seconds=590)
    assert lapses(agency)[0].ended_at is None
    watches(agency, one, seconds=20)
    assert lapses(agency)[0].ended_at is not None
    agency.services.redis.delete(CLOCK_KEY)
    watches(agency, one, seconds=70)
    assert other.unread.pop(operator.number)


def test_who_could_not_be_reached_is_tried_again(agency: Agency, operator: Phone, other: Air) -> None:
    for air in (other, agency.air):
        air.fails(operator.number, TemporarySendError("no credit"))
    one = Watchman(agency.services)
    watches(agency, one, seconds=60)
    assert lapses(agency)[0].told_at is None
    watches(agency, one, seconds=70)
    assert other.unread.pop(operator.number)
    assert lapses(agency)[0].told_at is not None


def test_with_one_channel_it_leaves_by_that(agency: Agency, operator: Phone) -> None:
    watches(agency, Watchman(agency.services), seconds=60)
    operator.expects("Vigie: horloge en retard")


def test_the_countrys_chiefs_are_told_too_and_each_text_is_put_on_record(
    agency: Agency, operator: Phone
) -> None:
    chief = agency.officer("+22790000960", name="Chef", chief=True)
    agency.officer("+22790000961", name="Chef d'Agadez", chief=True, chief_region="Agadez")
    watches(agency, Watchman(agency.services), seconds=60)
    for phone in (operator, chief):
        phone.expects("horloge en retard")
    folder = agency.services.settings.data_dir / direct.FOLDER
    with agency.services.engine.begin() as connection:
        files = direct.put_on_record(connection, agency.services.cipher, folder, agency.clock())
    assert len(files) == 2
    assert [row.state for row in agency.outgoing(chief)] == ["sent"]


def test_after_a_sleep_of_the_machine_everything_has_its_minute_anew(agency: Agency, operator: Phone) -> None:
    lives(agency)
    one = Watchman(agency.services)
    watches(agency, one)
    agency.agent.texts("RPZ ASM 14")
    agency.agent.expects("Recu")
    agency.clock.forward(minutes=50)
    watches(agency, one, seconds=50)
    agency.tick()
    watches(agency, one, seconds=30)
    assert not lapses(agency)
    operator.expects_nothing()
    agency.air.unread.clear()
    with agency.services.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alerts SET state = 'closed', due_at = NULL"))


def test_a_database_that_hung_was_nobodys_fault(agency: Agency, operator: Phone) -> None:
    one = Watchman(replace(agency.services, now=Hanging(agency)))
    watches(agency, one, seconds=300)
    assert not lapses(agency)
    operator.expects_nothing()


class Hanging:
    """Each look takes six seconds."""

    def __init__(self, agency: Agency) -> None:
        self._agency = agency

    def __call__(self) -> datetime:
        self._agency.clock.forward(seconds=6)
        return self._agency.clock()


@pytest.fixture
def heartbeats() -> Iterator[Heartbeats]:
    with Heartbeats() as standin:
        yield standin
    assert standin.refused == []


@pytest.fixture
def beating(agency: Agency, heartbeats: Heartbeats) -> Watchman:
    lives(agency)
    agency.tick()
    settings = agency.services.settings.model_copy(update={"heartbeat_url": heartbeats.url})
    return Watchman(replace(agency.services, settings=settings))


def rested(agency: Agency) -> None:
    agency.services.redis.delete("vigie:heartbeat:rests")  # as it runs out after a minute


def test_the_heartbeat_beats_once_a_minute_while_all_is_well(
    agency: Agency, beating: Watchman, heartbeats: Heartbeats
) -> None:
    watches(agency, beating, Watchman(beating._services))
    assert heartbeats.beats == 1
    assert 0 < agency.services.redis.pttl("vigie:heartbeat:rests") <= 60_000
    rested(agency)
    beating.look()
    assert heartbeats.beats == 2


def _nobody_on_duty(agency: Agency) -> None:
    with agency.services.engine.begin() as connection:
        connection.execute(sa.delete(SHIFT))
        connection.execute(sa.delete(table_of(Watch)))  # as though nobody had ever been


def _a_canary_is_late(agency: Agency) -> None:
    with agency.services.engine.begin() as connection:
        lines = list(connection.scalars(sa.select(LINE.c.id).order_by(LINE.c.id)))
        ago = agency.clock() - timedelta(minutes=30)
        pair = {"from_line": lines[0], "to_line": lines[1], "every": 15}
        connection.execute(
            sa.insert(table_of(CanaryRecord)).values(**pair, due_at=agency.clock(), missed_since=ago)
        )


def _an_alert_is_about_the_only_officer(agency: Agency) -> None:
    for phone in (agency.second, agency.supervisor):
        agency.change(phone, active=False)
    agency.change(agency.first, stopped_at=agency.clock())
    agency.tick()
    with agency.services.engine.connect() as connection:
        told = [
            one.sentence for one in duties.duty(connection, agency.clock(), agency.services.settings.zone)
        ]
    assert any(sentence.startswith("Nobody could be told of alert") for sentence in told)


@pytest.mark.parametrize("happens", [_nobody_on_duty, _a_canary_is_late, _an_alert_is_about_the_only_officer])
def test_the_heartbeat_stops_when_something_is_wrong(
    agency: Agency, beating: Watchman, heartbeats: Heartbeats, happens: Any
) -> None:
    happens(agency)
    view = beating.look()
    assert view is not None
    assert not view.well
    assert heartbeats.beats == 0


def test_the_heartbeat_stops_when_a_step_is_late(
    agency: Agency, beating: Watchman, heartbeats: Heartbeats
) -> None:
    watches(agency, beating)
    agency.services.redis.delete(CLOCK_KEY)
    watches(agency, beating, seconds=60)
    beats = heartbeats.beats
    rested(agency)
    beating.look()
    assert heartbeats.beats == beats
    agency.supervisor.expects("horloge en retard")


def test_a_heartbeat_that_is_refused_does_not_stop_the_watch(
    agency: Agency, beating: Watchman, heartbeats: Heartbeats
) -> None:
    heartbeats.status = 500
    view = beating.look()
    assert view is not None
    assert view.well
    assert agency.services.redis.get("vigie:heartbeat:last") is None


def told_daily(agency: Agency) -> Services:
    settings = agency.services.settings.model_copy(update={"all_well_at": "14:00"})
    return replace(agency.services, settings=settings)


def test_the_chief_is_told_once_a_day(agency: Agency) -> None:
    chief = agency.officer("+22790000960", name="Chef", chief=True)
    services = told_daily(agency)
    for _ in range(3):
        watchman.tell_chiefs(services)
        agency.work()
    text = chief.expects("Vigie 21/11 14:00. Tout va bien. Alertes a prendre 000, prises 000, rapports")
    agency.clock.forward(hours=23)
    watchman.tell_chiefs(services)
    agency.clock.forward(hours=2)
    watchman.tell_chiefs(services)
    agency.work()
    assert len(chief.expects("Vigie 22/11 15:00").words) == len(text.words) == cover.LENGTH


def test_without_a_chief_the_last_step_is_told_as_long_when_all_is_not_well(agency: Agency) -> None:
    _a_canary_is_late(agency)
    watchman.tell_chiefs(told_daily(agency))
    agency.work()
    assert len(agency.supervisor.expects("A verifier").words) == cover.LENGTH


def test_it_is_not_sent_before_its_hour_nor_without_one(agency: Agency) -> None:
    watchman.tell_chiefs(agency.services)
    agency.clock.forward(hours=-1)
    watchman.tell_chiefs(told_daily(agency))
    agency.work()


class Dying:
    """A cipher whose process is killed over the first text."""

    def __init__(self, cipher: Any) -> None:
        self._cipher = cipher

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cipher, name)

    def encrypt(self, *_: object) -> bytes:
        raise KilledError


def test_a_kill_in_the_middle_neither_loses_nor_doubles_the_days_text(agency: Agency) -> None:
    services = told_daily(agency)
    with pytest.raises(KilledError):
        watchman.tell_chiefs(replace(services, cipher=Dying(services.cipher)))  # type: ignore[arg-type]
    watchman.tell_chiefs(services)
    watchman.tell_chiefs(services)
    agency.work()
    agency.supervisor.expects("Tout va bien")
