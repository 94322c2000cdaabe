"""Servers and processes are killed, stopped and emptied while texts come in. The law holds each time."""

import socket
from contextlib import ExitStack

from tests.faults import law
from tests.faults.gateway import Gateway, eventually, kill
from tests.faults.law import IN
from tests.faults.load import Load, Text, at_once


def test_without_any_fault_the_law_holds(gateway: Gateway) -> None:
    with Load(gateway.url) as load:
        load.wait_for(300)
    assert load.retries == {}
    law.holds(gateway, load.answered)


def test_connections_that_are_kept_and_say_nothing_leave_room_for_others(gateway: Gateway) -> None:
    """As a proxy keeps them; more than the web has threads."""
    host, port = gateway.url.removeprefix("http://").split(":")
    with ExitStack() as kept:
        for _ in range(100):
            idle = kept.enter_context(socket.create_connection((host, int(port)), timeout=5))
            idle.sendall(f"GET /health/live HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            assert idle.recv(15) == b"HTTP/1.1 200 OK"
        with Load(gateway.url) as load:
            load.wait_for(20)
    law.holds(gateway, load.answered)


def test_the_web_is_killed_in_the_middle_of_requests(gateway: Gateway) -> None:
    with Load(gateway.url, per_second=0) as load:
        kill(*gateway.web_workers())
        load.wait_for(200)
        gateway.kill("web")
        load.wait_for(200)
    assert load.retries
    law.holds(gateway, load.answered)


def test_readers_are_killed_in_the_middle_of_batches(gateway: Gateway) -> None:
    with Load(gateway.url, per_second=0) as load:
        for _ in range(4):
            eventually(lambda: _in_the_middle(gateway), "a batch being read")
            kill(*gateway.workers("inbox"))
            load.wait_for(100)
    law.holds(gateway, load.answered)


def test_postgresql_is_killed_and_comes_back(gateway: Gateway) -> None:
    with Load(gateway.url) as load:
        before = gateway.child("postgres")
        gateway.kill("postgres")
        load.wait_for(100)
        eventually(lambda: gateway.child("postgres") != before and gateway.is_well(), "back")
        load.wait_for(100)
    assert load.slowest < 4
    law.holds(gateway, load.answered)


def test_redis_is_killed_and_comes_back(gateway: Gateway) -> None:
    with Load(gateway.url) as load:
        gateway.kill("redis")
        load.wait_for(300)
    law.holds(gateway, load.answered)


def test_redis_is_emptied_again_and_again(gateway: Gateway) -> None:
    with Load(gateway.url) as load:
        for _ in range(10):
            gateway.redis.flushall()
            load.wait_for(30)
    law.holds(gateway, load.answered)


def test_the_clock_is_killed(gateway: Gateway) -> None:
    with Load(gateway.url) as load:
        gateway.kill("clock")
        load.wait_for(150)
    law.holds(gateway, load.answered)


def test_the_same_message_fifty_times_at_once_is_one_message(gateway: Gateway) -> None:
    text = Text("+22790002000", "FLX AGZ 50")
    answers = at_once(gateway.url, [[text]] * 50)
    assert answers == [200] * 50
    law.holds(gateway, [text])


def test_four_senders_of_the_same_messages_make_each_once(gateway: Gateway) -> None:
    texts = [Text(f"+2279000{2000 + number}", f"FLX AGZ {number + 2}") for number in range(500)]
    before = gateway.count(IN.c.id.is_not(None))
    answers = at_once(gateway.url, [texts] * 4)
    assert answers == [200] * 2000
    law.holds(gateway, texts)
    assert gateway.count(IN.c.id.is_not(None)) == before + 500


def _in_the_middle(gateway: Gateway) -> bool:
    """Whether a batch has been counted as begun and is not settled."""
    return gateway.count(IN.c.state == "received", IN.c.attempts > 0) > 0
