"""A channel is out of service: the operator hears of it once, and when it works again."""

from datetime import timedelta

import sqlalchemy as sa

from gateway import demo
from gateway.channels.base import TemporarySendError
from gateway.channels.records import ChannelState
from gateway.messages import PhoneHealth
from gateway.outbox.lines import Heard, save_heard
from gateway.people.records import Officer
from gateway.storage.database import insert_many, table_of
from gateway.watching import service as watching
from gateway.watching.records import ChannelHour, Outage
from tests.conversations.phones import Agency

STATE, HOUR, OUTAGE = table_of(ChannelState), table_of(ChannelHour), table_of(Outage)
QUIET = "FLX ASM 40"


def watch(agency: Agency) -> None:
    watching.look(agency.services)
    agency.fast_forward(seconds=1)


def fails(agency: Agency, minutes: float) -> None:
    """Nothing has gone out for so long."""
    since = agency.clock() - timedelta(minutes=minutes)
    row = {"failures": 4, "failing_since": since, "failed_at": agency.clock(), "reason": "no credit"}
    with agency.services.engine.begin() as connection:
        connection.execute(sa.delete(STATE))
        connection.execute(sa.insert(STATE).values(channel=demo.SIMULATOR, **row))


def works(agency: Agency) -> None:
    with agency.services.engine.begin() as connection:
        connection.execute(sa.update(STATE).values(failures=0, failing_since=None, failed_at=None))


def says_something(agency: Agency, battery: int = 90, *, charging: bool = False) -> None:
    health = PhoneHealth(demo.SIMULATOR, "a-phone", agency.clock(), battery, charging)
    watching.note_phone(agency.services, health)


def test_the_supervisor_is_told_once_and_when_it_is_over(agency: Agency) -> None:
    fails(agency, minutes=4)
    watch(agency)
    agency.supervisor.expects("Canal simulator: rien ne part depuis 13:56")
    for _ in range(3):
        agency.clock.forward(minutes=5)
        fails(agency, minutes=30)
        watch(agency)
    works(agency)
    watch(agency)
    agency.fast_forward(minutes=10)
    watch(agency)
    agency.supervisor.expects("Canal simulator: de nouveau en marche a 14:15")
    watch(agency)


def test_a_channel_that_works_and_fails_in_turns_is_told_once(agency: Agency) -> None:
    for _ in range(4):
        fails(agency, minutes=4)
        watch(agency)
        agency.fast_forward(minutes=6)
        works(agency)
        watch(agency)
        agency.fast_forward(minutes=6)
    agency.supervisor.expects("rien ne part depuis 13:56")
    agency.fast_forward(minutes=4)
    watch(agency)
    agency.supervisor.expects("de nouveau en marche a 14:42")


def test_a_graver_trouble_is_told_and_a_lesser_is_not(agency: Agency) -> None:
    says_something(agency, battery=15)
    watch(agency)
    agency.supervisor.expects("batterie faible depuis 14:00")
    agency.fast_forward(minutes=31)
    watch(agency)
    agency.supervisor.expects("telephone muet depuis 14:00")
    for _ in range(2):
        fails(agency, minutes=4)
        watch(agency)
        works(agency)
        watch(agency)
    agency.fast_forward(minutes=3)
    agency.supervisor.expects("rien ne part depuis 14:27")
    says_something(agency, battery=15)
    watch(agency)
    with agency.services.engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(OUTAGE)) == 1


def test_a_phone_that_is_silent_is_told_once_and_again_when_it_is_silent_again(agency: Agency) -> None:
    def now() -> str:
        return f"{agency.clock().astimezone(agency.services.settings.zone):%H:%M}"

    says_something(agency)
    for _ in range(2):
        last = now()
        agency.fast_forward(minutes=29)
        watch(agency)
        agency.fast_forward(minutes=2)
        watch(agency)
        agency.supervisor.expects(f"Canal simulator: telephone muet depuis {last}")
        watch(agency)
        says_something(agency)
        watch(agency)
        back = now()
        agency.fast_forward(minutes=10)
        watch(agency)
        agency.supervisor.expects(f"Canal simulator: de nouveau en marche a {back}")
        says_something(agency)


def test_after_a_power_cut_nobody_is_told_of_phones_that_could_not_be_heard_meanwhile(
    agency: Agency,
) -> None:
    says_something(agency)
    agency.clock.forward(hours=2)  # the gateway is off
    watcher = watching.Watcher(agency.services)
    watcher.look()
    agency.fast_forward(minutes=1)
    watcher.look()
    for _ in range(3):
        says_something(agency)
        agency.clock.forward(hours=2)  # the database is away, or the machine sleeps
        watcher.look()
        agency.fast_forward(minutes=1)
        watcher.look()


def test_a_phone_that_does_not_come_back_after_a_power_cut_is_told(agency: Agency) -> None:
    says_something(agency)
    agency.clock.forward(hours=2)
    watcher = watching.Watcher(agency.services)
    for _ in range(32):
        watcher.look()
        agency.fast_forward(minutes=1)
    agency.supervisor.expects("telephone muet depuis 14:00")


def test_what_does_not_go_out_is_told_although_the_gateway_was_just_started(agency: Agency) -> None:
    fails(agency, minutes=4)
    watching.Watcher(agency.services).look()
    agency.fast_forward(seconds=1)
    agency.supervisor.expects("rien ne part")


def test_an_outage_that_nobody_could_be_told_of_is_told_to_whoever_is_there_next(agency: Agency) -> None:
    officer = table_of(Officer)
    with agency.services.engine.begin() as connection:
        connection.execute(sa.update(officer).values(active=False))
    fails(agency, minutes=4)
    watch(agency)
    with agency.services.engine.begin() as connection:
        assert connection.execute(sa.select(OUTAGE)).all() == []
        connection.execute(sa.update(officer).values(active=True))
    watch(agency)
    agency.supervisor.expects("rien ne part depuis 13:56")


def test_whoever_is_named_operator_is_told_instead_in_their_own_language(agency: Agency) -> None:
    officer = table_of(Officer)
    with agency.services.engine.begin() as connection:
        connection.execute(
            sa.update(officer)
            .where(officer.c.number_hash == agency.services.cipher.digest(agency.second.number))
            .values(operator=True, language="en")
        )
    fails(agency, minutes=4)
    watch(agency)
    agency.second.expects("Channel simulator: nothing goes out since")


def test_a_failure_of_a_moment_wakes_nobody(agency: Agency) -> None:
    agency.air.fails(agency.agent.number, TemporarySendError("no credit"))
    agency.agent.texts(QUIET)
    agency.fast_forward(seconds=1)
    watch(agency)
    agency.fast_forward(minutes=2)
    agency.agent.expects("Recu")
    watch(agency)


def test_one_failure_of_a_line_that_is_not_used_again_wakes_nobody(agency: Agency) -> None:
    fails(agency, minutes=60)
    with agency.services.engine.begin() as connection:
        connection.execute(sa.update(STATE).values(failed_at=STATE.c.failing_since))
    watch(agency)


def test_a_channel_that_should_have_brought_much_is_silent_until_it_brings_something(agency: Agency) -> None:
    now = agency.clock()
    rows = [
        {"channel": demo.SIMULATOR, "hour": now - timedelta(hours=back), "texts": 5}
        for back in range(3, 24 * 20)
    ]
    with agency.services.engine.begin() as connection:
        insert_many(connection, HOUR, rows)
        connection.execute(
            sa.insert(STATE).values(channel=demo.SIMULATOR, last_in_at=now - timedelta(hours=2))
        )
    watch(agency)
    agency.supervisor.expects("Canal simulator: rien n'arrive depuis 12:00")
    agency.agent.texts(QUIET)
    agency.agent.expects("Recu")
    watch(agency)
    agency.fast_forward(minutes=10)
    watch(agency)
    agency.supervisor.expects("de nouveau en marche a 14:00")


def test_what_comes_in_is_counted_by_the_hour(agency: Agency) -> None:
    for _ in range(3):
        agency.agent.texts(QUIET)
        agency.agent.expects("Recu")
    agency.clock.forward(hours=1)
    agency.agent.texts("FLX ASM 41")
    agency.agent.expects("Recu")
    with agency.services.engine.connect() as connection:
        hours = connection.execute(sa.select(HOUR.c.texts).order_by(HOUR.c.hour)).scalars().all()
        state = connection.execute(sa.select(STATE)).one()
    assert hours == [3, 1]
    assert state.last_in_at == state.last_out_at == agency.clock()


def test_hours_that_no_rhythm_goes_back_to_are_forgotten_once_a_day(agency: Agency) -> None:
    def hours(weeks: int) -> list[int]:
        now = agency.clock()
        with agency.services.engine.begin() as connection:
            rows = [
                {"channel": demo.SIMULATOR, "hour": now - timedelta(weeks=back), "texts": back}
                for back in (1, weeks)
            ]
            insert_many(connection, HOUR, rows, unless_exists=("channel", "hour"))
        watching.forget(agency.services)
        with agency.services.engine.connect() as connection:
            return sorted(connection.execute(sa.select(HOUR.c.texts)).scalars())

    assert hours(weeks=9) == [1]
    assert hours(weeks=10) == [1, 10]
    agency.clock.forward(hours=24)
    assert hours(weeks=11) == [1, 1]


def test_a_clock_that_was_ahead_hides_neither_what_comes_in_nor_what_does_not_go_out(agency: Agency) -> None:
    ahead = agency.clock() + timedelta(days=365)
    with agency.services.engine.begin() as connection:
        connection.execute(
            sa.insert(STATE).values(channel=demo.SIMULATOR, last_in_at=ahead, failing_since=ahead)
        )
        save_heard(connection, [Heard(demo.SIMULATOR, "no credit")], agency.clock())
        since = connection.execute(sa.select(STATE.c.failing_since)).scalar_one()
    agency.agent.texts(QUIET)
    agency.agent.expects("Recu")
    with agency.services.engine.connect() as connection:
        last_in = connection.execute(sa.select(STATE.c.last_in_at)).scalar_one()
    assert since == last_in == agency.clock()


def test_two_clocks_tell_of_an_outage_once(agency: Agency) -> None:
    fails(agency, minutes=4)
    with agency.services.engine.begin() as connection:
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(watching._WATCHING)))
        watching.look(agency.services)
    watch(agency)
    fails(agency, minutes=4)
    watch(agency)
    agency.supervisor.expects("rien ne part")
    with agency.services.engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(OUTAGE)) == 1


def test_a_channel_that_is_removed_is_out_of_service_no_more(agency: Agency) -> None:
    fails(agency, minutes=4)
    watch(agency)
    agency.supervisor.expects("rien ne part")
    del agency.services.channels[demo.SIMULATOR]
    watching.look(agency.services)
    with agency.services.engine.connect() as connection:
        assert connection.scalar(sa.select(OUTAGE.c.ended_at)) == agency.clock()


def test_a_phone_that_runs_empty_is_told_and_so_is_its_charger(agency: Agency) -> None:
    for battery, charging in ((15, False), (12, False), (13, True), (20, True), (30, True)):
        says_something(agency, battery, charging=charging)
        watch(agency)
        agency.clock.forward(minutes=5)
    watch(agency)
    agency.supervisor.expects("Canal simulator: batterie faible depuis 14:00")
    agency.supervisor.expects("de nouveau en marche a 14:10")
