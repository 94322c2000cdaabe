"""The clock stops, and somebody else says so: by another channel, once, and the heartbeat stops."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from uuid_utils.compat import uuid7

from gateway import demo
from gateway.alerts.records import Alert
from gateway.channels.base import TemporarySendError
from gateway.channels.records import Line
from gateway.doctor import duties
from gateway.duty.records import ShiftRecord, Watch
from gateway.inbox import direct
from gateway.messages import InboundMessage
from gateway.outbox.records import OutboundRecord
from gateway.people.records import Officer
from gateway.services import Services
from gateway.storage.database import table_of
from gateway.watching.records import CanaryRecord, Outage
from gateway.watching.trouble import What
from gateway.watchman import cover
from gateway.watchman import service as watchman
from gateway.watchman.alive import CLOCK_KEY, WATCHED_KEY, WATCHMAN_KEY, unheard
from gateway.watchman.records import Lapse
from gateway.watchman.service import Watchman
from tests.conversations.phones import Agency, Air, KilledError, Phone
from tests.standins.heartbeat import Heartbeats
from workers import clock as clocks
from workers.process import Process

OFFICER, LINE, LAPSE, SHIFT = table_of(Officer), table_of(Line), table_of(Lapse), table_of(ShiftRecord)
OUT, ALERT = table_of(OutboundRecord), table_of(Alert)


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


def lives(agency: Agency, *keys: str) -> None:
    """The clock says that it is alive, or whoever else these keys are of."""
    for key in keys or (CLOCK_KEY,):
        agency.services.redis.set(key, 1)


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
    assert text.words.startswith("Vigie: moteur d'alertes en retard depuis 14:0"), text.words
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


def test_an_alert_that_the_clock_fails_at_is_late_and_goes_on_once_it_can(
    agency: Agency, operator: Phone, other: Air
) -> None:
    lives(agency)
    agency.tick()
    agency.agent.texts("SOS ASM")
    agency.agent.expects("Recu")
    agency.first.expects("ALERTE 1")
    (row,) = agency.rows(ALERT)
    one = Watchman(agency.services)

    def says(facts: bytes) -> None:
        with agency.services.engine.begin() as connection:
            connection.execute(sa.update(ALERT).values(facts=facts))

    says(b"nobody can read this")
    for _ in range(7 * 6):
        agency.clock.forward(seconds=10)
        agency.tick()
        one.look()
    (text,) = other.unread.pop(operator.number)
    assert "alertes en retard depuis 14:05" in text.words
    says(row.facts)
    agency.fast_forward(minutes=4)
    agency.first.expects_nothing()
    alert = agency.second.expects("ALERTE 1")
    agency.second.replies(alert.code)
    agency.second.expects(alert.reference)
    agency.agent.expects("pris en charge")


def test_a_change_of_duty_that_fails_keeps_no_alert_from_its_next_step(agency: Agency) -> None:
    clock = clocks.Clock(Process(agency.services, agency.inbox, agency.outbox))
    agency.agent.texts("SOS ASM")
    agency.agent.expects("Recu")
    agency.first.expects("ALERTE 1")
    agency.clock.forward(minutes=6)
    watches_are_called(agency, "watches", "gone")
    clock.tick()
    watches_are_called(agency, "gone", "watches")
    agency.work()
    alert = agency.second.expects("ALERTE 1")
    agency.second.replies(alert.code)
    agency.second.expects(alert.reference)
    agency.agent.expects("pris en charge")


def watches_are_called(agency: Agency, name: str, new: str) -> None:
    """The table that the change of duty reads."""
    with agency.services.engine.begin() as connection:
        connection.execute(sa.text(f"ALTER TABLE {name} RENAME TO {new}"))


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
    operator.expects("Vigie: moteur d'alertes en retard")


def test_the_countrys_chiefs_are_told_too_and_each_text_is_put_on_record(
    agency: Agency, operator: Phone
) -> None:
    chief = agency.officer("+22790000960", name="Chef", chief=True)
    agency.officer("+22790000961", name="Chef d'Agadez", chief=True, chief_region="Agadez")
    watches(agency, Watchman(agency.services), seconds=60)
    for phone in (operator, chief):
        phone.expects("moteur d'alertes en retard")
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


def test_a_database_that_hung_is_nobodys_fault_unless_it_hangs_look_after_look(
    agency: Agency, operator: Phone
) -> None:
    slow = Slow(agency)
    one = Watchman(replace(agency.services, now=slow))
    watches(agency, one, seconds=50)
    slow.seconds = 6
    one.look()
    slow.seconds = 0
    watches(agency, one, seconds=40)
    assert not lapses(agency)
    slow.seconds = 6
    watches(agency, one, seconds=60)
    operator.expects("moteur d'alertes en retard")


class Slow:
    """Each look at the clock takes so many seconds."""

    def __init__(self, agency: Agency) -> None:
        self._agency, self.seconds = agency, 0.0

    def __call__(self) -> datetime:
        self._agency.clock.forward(seconds=self.seconds)
        return self._agency.clock()


def test_what_grows_graver_within_a_trouble_is_told_once_more(
    agency: Agency, operator: Phone, other: Air
) -> None:
    agency.tick()
    web, worker = Watchman(agency.services), Watchman(agency.services)
    watches(agency, web, worker, seconds=60)
    assert "moteur d'alertes" in other.unread.pop(operator.number)[0].words
    agency.agent.texts("SOS ASM")
    agency.agent.expects("Recu")
    alert = agency.first.expects("ALERTE 1")
    other.fails(operator.number, TemporarySendError("no credit"))
    agency.air.fails(operator.number, TemporarySendError("no credit"))
    watches(agency, web, worker, seconds=8 * 60)
    (text,) = other.unread.pop(operator.number)
    assert "alertes en retard depuis 14:06" in text.words
    assert [(row.step, row.told_at is None) for row in lapses(agency)] == [("alerts", False)]
    agency.first.replies(alert.code)
    agency.first.expects(alert.reference)
    agency.agent.expects("pris en charge")


def test_a_text_whose_dead_sender_nobody_clears_away_is_late(
    agency: Agency, operator: Phone, other: Air
) -> None:
    lives(agency)
    agency.tick()
    agency.agent.texts("SOS ASM")
    agency.agent.expects("Recu")
    agency.first.expects("ALERTE 1")
    one = Watchman(agency.services)
    watches(agency, one)
    with agency.services.engine.begin() as connection:
        connection.execute(sa.update(OUT).values(state="sending", claimed_until=agency.clock()))
        connection.execute(sa.text("UPDATE alerts SET state = 'closed', due_at = NULL"))
    watches(agency, one, seconds=60)
    (text,) = other.unread.pop(operator.number)
    assert "textes d'alerte en retard" in text.words


def test_a_text_that_stays_on_the_disk_is_late(agency: Agency, operator: Phone, other: Air) -> None:
    lives(agency)
    agency.tick()
    id_ = uuid7()
    message = InboundMessage(
        id_, "simulator", str(id_), agency.agent.number, demo.AGENTS_LINE, "RAS", agency.clock()
    )
    agency.spool.put(message, agency.services.cipher)
    watches(agency, Watchman(agency.services), seconds=60)
    (text,) = other.unread.pop(operator.number)
    assert "lecture des textes en retard depuis 14:00" in text.words
    agency.tick()
    agency.agent.expects("Recu")


def test_with_nobody_named_and_nobody_on_duty_every_officer_is_told(agency: Agency) -> None:
    _nobody_on_duty(agency)
    watches(agency, Watchman(agency.services), seconds=60)
    for phone in (agency.first, agency.second, agency.supervisor):
        phone.expects("moteur d'alertes en retard")


@pytest.fixture
def heartbeats() -> Iterator[Heartbeats]:
    with Heartbeats() as standin:
        yield standin
    assert standin.refused == []


@pytest.fixture
def beating(agency: Agency, heartbeats: Heartbeats) -> Watchman:
    """Has watched for almost a minute."""
    lives(agency)
    agency.tick()
    settings = agency.services.settings.model_copy(update={"heartbeat_url": heartbeats.url})
    it = Watchman(replace(agency.services, settings=settings))
    watches(agency, it, seconds=59)
    agency.clock.forward(seconds=1)
    return it


def test_a_watchman_is_heard_at_his_first_look_and_has_watched_after_a_minute(
    agency: Agency, beating: Watchman
) -> None:
    assert set(unheard(agency.services.redis, WATCHMAN_KEY, WATCHED_KEY)) == {WATCHED_KEY}
    beating.look()
    assert not unheard(agency.services.redis, WATCHMAN_KEY, WATCHED_KEY)


def rested(agency: Agency) -> None:
    agency.services.redis.delete("vigie:heartbeat:rests")  # as it runs out after a minute


def test_the_heartbeat_beats_once_a_minute_while_all_is_well(
    agency: Agency, beating: Watchman, heartbeats: Heartbeats
) -> None:
    assert heartbeats.beats == 0
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
        told = [one.sentence for one in duties.duty(connection, agency.services.settings, agency.clock())]
    assert any(sentence.startswith("Nobody could be told of alert") for sentence in told)


def _a_channel_is_out_of_service(agency: Agency, what: What = What.FAILING) -> None:
    told = {"what": what, "since": agency.clock(), "told_at": agency.clock()}
    with agency.services.engine.begin() as connection:
        connection.execute(sa.insert(table_of(Outage)).values(channel="simulator", **told))


@pytest.mark.parametrize(
    "happens",
    [_nobody_on_duty, _a_canary_is_late, _a_channel_is_out_of_service, _an_alert_is_about_the_only_officer],
)
def test_the_heartbeat_stops_when_something_is_wrong(
    agency: Agency, beating: Watchman, heartbeats: Heartbeats, happens: Any
) -> None:
    happens(agency)
    view = beating.look()
    assert view is not None
    assert not view.well
    assert heartbeats.beats == 0


def test_a_battery_that_runs_low_does_not_stop_the_heartbeat(
    agency: Agency, beating: Watchman, heartbeats: Heartbeats
) -> None:
    _a_channel_is_out_of_service(agency, What.BATTERY)
    beating.look()
    assert heartbeats.beats == 1


def test_whoever_has_only_begun_to_watch_calls_nothing_well(
    agency: Agency, beating: Watchman, heartbeats: Heartbeats
) -> None:
    for _ in range(8):  # a process that dies and comes back again and again
        Watchman(beating._services).look()
        agency.clock.forward(seconds=50)
    assert heartbeats.beats == 0


def test_the_heartbeat_stops_when_a_step_is_late(
    agency: Agency, beating: Watchman, heartbeats: Heartbeats
) -> None:
    watches(agency, beating)
    agency.services.redis.delete(CLOCK_KEY)
    watches(agency, beating, seconds=70)
    beats = heartbeats.beats
    rested(agency)
    beating.look()
    assert heartbeats.beats == beats
    agency.supervisor.expects("moteur d'alertes en retard")


def test_a_heartbeat_that_is_refused_does_not_stop_the_watch(
    agency: Agency, beating: Watchman, heartbeats: Heartbeats
) -> None:
    heartbeats.status = 500
    view = beating.look()
    assert view is not None
    assert view.well
    assert agency.services.redis.get("vigie:heartbeat:last") is None


def told_daily(agency: Agency) -> Services:
    lives(agency, CLOCK_KEY, WATCHED_KEY)
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
    assert len(agency.supervisor.expects("Un probleme").words) == cover.LENGTH


@pytest.mark.parametrize("key", [CLOCK_KEY, WATCHED_KEY])
def test_nobody_is_told_that_all_is_well_while_nobody_watches(agency: Agency, key: str) -> None:
    services = told_daily(agency)
    agency.services.redis.delete(key)
    watchman.tell_chiefs(services)
    agency.work()
    agency.supervisor.expects("Un probleme")


def test_a_clock_that_has_just_begun_leaves_the_days_text_until_somebody_can_have_watched(
    agency: Agency,
) -> None:
    services = told_daily(agency)
    clock = clocks.Clock(Process(services, agency.inbox, agency.outbox))
    clock.tick()
    agency.work()
    agency.supervisor.expects_nothing()
    clock._began -= 121
    clock._kept_up = 0
    clock.tick()
    agency.work()
    agency.supervisor.expects("Tout va bien")


def test_the_days_text_waits_for_a_line_to_leave_by(agency: Agency) -> None:
    agents = LINE.c.number_hash == _sealed(agency.services, demo.AGENTS_LINE)[1]
    with agency.services.engine.begin() as connection:
        connection.execute(sa.update(LINE).where(agents).values(profile="hotline"))
    watchman.tell_chiefs(told_daily(agency))
    with agency.services.engine.begin() as connection:
        connection.execute(sa.update(LINE).where(agents).values(profile="agents"))
    watchman.tell_chiefs(told_daily(agency))
    agency.work()
    agency.supervisor.expects("Tout va bien")


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
