"""Servers are away for long under load, and everything is killed at once. The law holds each time."""

import time

from tests.faults import law
from tests.faults.gateway import Gateway, eventually
from tests.faults.load import Load

# The edge waits two seconds for a commit, then writes the message to the spool.
SPOOLED_WITHIN = 4.0
AWAY = 30.0


def test_postgresql_is_stopped_for_thirty_seconds(gateway: Gateway) -> None:
    with Load(gateway.url, per_second=40) as load:
        with gateway.frozen("postgres"):
            time.sleep(AWAY)
            assert gateway.spooled()
            assert gateway.health()[0] == 200
        load.wait_for(40)
    assert load.retries == {}
    assert load.slowest < SPOOLED_WITHIN
    law.holds(gateway, load.answered)


def test_redis_is_stopped_for_thirty_seconds(gateway: Gateway) -> None:
    with Load(gateway.url, per_second=40) as load:
        with gateway.frozen("redis"):
            time.sleep(AWAY)
            so_far = load.answered
            eventually(lambda: law.read(gateway, so_far), "the clock reads by itself", 15)
        load.wait_for(40)
    assert load.retries == {}
    assert load.slowest < SPOOLED_WITHIN
    assert not gateway.spooled(), "Redis alone is no reason to spool"
    law.holds(gateway, load.answered)


def test_redis_is_gone_and_the_clock_reads_by_itself(gateway: Gateway) -> None:
    with Load(gateway.url) as load:
        with gateway.gone("redis"):
            load.wait_for(200)
            so_far = load.answered
            eventually(lambda: law.read(gateway, so_far), "the clock reads by itself", 15)
        load.wait_for(50)
    assert load.retries == {}
    law.holds(gateway, load.answered)


def test_everything_is_killed_at_once_with_thousands_of_messages_on_their_way(gateway: Gateway) -> None:
    with Load(gateway.url, per_second=0, threads=24) as load:
        for _ in range(2):
            load.wait_for(1700)
            gateway.kill("postgres", "redis", "web", "worker", "clock")
        load.wait_for(1600)
    assert len(load.answered) >= 5000
    law.holds(gateway, load.answered, within=90)
