"""Servers are away for long, or everything is killed at once, under load. The law holds each time."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from gateway.storage.audit import AuditEntry
from tests.faults import law
from tests.faults.conftest import PACE
from tests.faults.gateway import Gateway, eventually
from tests.faults.law import ON_DUTY, OUT
from tests.faults.load import Load, Text, routine, say, sos
from tests.standins.twilio import TwilioStandIn

AWAY, BLIND_AFTER, TOLD_WITHIN = 30.0, 60.0, 90.0
# The edge waits two seconds for a commit, then writes the message to the spool.
SPOOLED_WITHIN = 4.0
BLIND_REPORT, BLIND = "VIGIE sans base de donnees", "base de donnees arretee"


@dataclass(frozen=True)
class Outage:
    """What was texted during an outage, the cry for help in it, and what lay on disk at its end."""

    load: Load
    cry: Text
    cried_at: float
    spooled: int

    @property
    def answered(self) -> list[Text]:
        return [*self.load.answered, self.cry]


@dataclass(frozen=True)
class Outages:
    postgresql: Outage
    redis: Outage


@pytest.fixture(scope="module")
def outages(gateway: Gateway, hurried: Gateway) -> Outages:
    """At the same time one gateway without its PostgreSQL and one without its Redis, both stopped."""
    cries = sos("+22790000102", "SOS DNS 21"), sos("+22790000102", "SOS DNS 22")
    with (
        Load(hurried.url, mix=routine, per_second=30) as blind,
        Load(gateway.url, per_second=30) as deaf,
        hurried.frozen("postgres"),
        gateway.frozen("redis"),
    ):
        cried_at = time.time()
        say(hurried.url, cries[0])
        say(gateway.url, cries[1])
        time.sleep(AWAY)
        so_far = deaf.answered
        eventually(lambda: law.read(gateway, so_far), "the clock reads by itself")
        spooled = hurried.spooled(), gateway.spooled()
    return Outages(
        Outage(blind, cries[0], cried_at, spooled[0]), Outage(deaf, cries[1], cried_at, spooled[1])
    )


@dataclass(frozen=True)
class Silence:
    """A cry for help to a gateway without its PostgreSQL, which goes on when `ending` is closed."""

    gateway: Gateway
    cry: Text
    cried_at: float
    ending: ExitStack


@pytest.fixture(scope="module")
def silence(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Silence]:
    """A third gateway, with no hurry: its minute passes while the other two are hurt."""
    with (
        TwilioStandIn() as standin,
        Gateway(tmp_path_factory.mktemp("unhurried"), standin) as unhurried,
        ExitStack() as ending,
    ):
        eventually(unhurried.is_well, "the clock has begun")
        ending.enter_context(unhurried.frozen("postgres"))
        cried = Silence(unhurried, sos("+22790000104", "SOS GAY 23"), time.time(), ending)
        say(unhurried.url, cried.cry)
        yield cried


@pytest.mark.usefixtures("silence")
def test_postgresql_is_stopped_for_thirty_seconds(hurried: Gateway, outages: Outages) -> None:
    outage = outages.postgresql
    assert outage.spooled > 500
    assert outage.load.retries == {}
    assert outage.load.slowest < SPOOLED_WITHIN
    law.holds(hurried, outage.answered)


def test_an_sos_while_postgresql_is_away_is_told_blindly_and_alerted_afterwards(
    hurried: Gateway, outages: Outages
) -> None:
    outage = outages.postgresql
    told = hurried.standin.expect(ON_DUTY, BLIND_REPORT)
    assert "Dan Issa" in told.body
    assert told.at - outage.cried_at < BLIND_AFTER / PACE + TOLD_WITHIN - BLIND_AFTER
    hurried.standin.expect(ON_DUTY, BLIND)
    assert hurried.standin.expect(ON_DUTY, "ALERTE 1").at > told.at
    assert len(hurried.rows(law.messages_of(outage.cry))) == 1
    since = datetime.fromtimestamp(outage.cried_at, UTC)
    kept = OUT.c.rank == 0, OUT.c.created_at > since
    eventually(lambda: hurried.count(*kept) == 2, "what was told blindly is kept")
    assert hurried.count(AuditEntry.actor == "blind watch", AuditEntry.at > since) == 2


def test_redis_is_stopped_for_thirty_seconds(gateway: Gateway, outages: Outages) -> None:
    outage = outages.redis
    assert outage.spooled == 0, "Redis alone is no reason to spool"
    assert outage.load.retries == {}
    assert outage.load.slowest < SPOOLED_WITHIN
    law.holds(gateway, outage.answered)


def test_an_sos_while_redis_is_away_is_alerted_within_seconds(gateway: Gateway, outages: Outages) -> None:
    alert = gateway.standin.expect(ON_DUTY, "Dan Issa")
    assert alert.at - outages.redis.cried_at < 10


def test_redis_is_gone_and_the_clock_reads_by_itself(gateway: Gateway) -> None:
    with Load(gateway.url, per_second=80) as load:
        with gateway.gone("redis"):
            load.wait_for(150)
            so_far = load.answered
            eventually(lambda: law.read(gateway, so_far), "the clock reads by itself")
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


def test_without_any_hurry_an_sos_is_told_within_ninety_seconds(silence: Silence) -> None:
    told = silence.gateway.standin.expect(ON_DUTY, BLIND_REPORT, within=TOLD_WITHIN)
    assert told.at - silence.cried_at < TOLD_WITHIN
    silence.ending.close()
    law.holds(silence.gateway, [silence.cry])
