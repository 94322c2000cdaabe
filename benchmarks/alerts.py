"""Escalation with much open: ``python -m benchmarks.alerts``, also a part of ``make bench``.

A region has three steps, each a rotation of ten officers who take turns by the day.
"""

import os
import statistics
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from benchmarks.machine import Machine, machine, wait_until
from gateway.alerts.facts import Facts
from gateway.alerts.records import Alert
from gateway.duty.records import RotationRecord
from gateway.people.records import Officer
from gateway.storage.database import insert_many, table_of
from workers.clock import Clock
from workers.process import this_process

ALERTS, OFFICERS, DUE = 10_000, 1_000, 100
_EACH, _STEPS = 10, 3
_SENT = "SELECT count(*) FROM outbound_messages WHERE purpose = 'alert' AND state IN ('sent', 'delivered')"


@dataclass(frozen=True, slots=True)
class Ticks:
    """Seconds of one tick of the clock, with nothing due and with ``DUE`` alerts due, and until these were handed over."""

    idle: float
    busy: float
    handed_over: float


def measure() -> Ticks:
    with machine() as running:
        store(running)
        clock = _clock(running)
        clock.tick()  # the first one notes who is on duty
        idle = statistics.median(_seconds(clock) for _ in range(20))
        _make_due(running)
        busy = _seconds(clock)
        running.start_senders()
        wait_until(lambda: running.count(_SENT) >= DUE, 60)
        running.start("gateway.cli", "clock")
        time.sleep(3)
        return Ticks(idle, busy, max(_handed_over(running) for _ in range(5)))


def _handed_over(running: Machine) -> float:
    """Seconds from the moment at which they are due."""
    before = running.count(_SENT)
    _make_due(running)
    began = time.perf_counter()
    wait_until(lambda: running.count(_SENT) >= before + DUE, 60, pause=0.005)
    return time.perf_counter() - began


def store(running: Machine) -> None:
    """Open alerts that are not due while we measure, but no later than a step may be, and officers in turn."""
    cipher, now = running.services.cipher, datetime.now(UTC)
    officers = [
        {
            "id": uuid7(),
            "number": cipher.encrypt(number),
            "number_hash": cipher.digest(number),
            "name": f"Officier {number[-4:]}",
            "language": "fr",
        }
        for number in (f"+2279000{4000 + place}" for place in range(OFFICERS))
    ]
    rotations = [
        {
            "id": uuid7(),
            "name": f"r{first}",
            "step": first // _EACH % _STEPS,
            "region": f"region {first // _EACH // _STEPS}",
            "officers": [officer["id"] for officer in officers[first : first + _EACH]],
            "starts_at": now - timedelta(days=30),
            "zone": "Africa/Niamey",
            "unit": "days",
            "length": 1,
            "weekdays": list(range(7)),
            "opens": datetime.min.time(),
            "closes": datetime.min.time(),
            "holidays": "also",
        }
        for first in range(0, OFFICERS, _EACH)
    ]
    regions = sorted({str(rotation["region"]) for rotation in rotations})
    alerts = [
        {
            "id": uuid7(),
            "reference": f"{number:06}",
            "severity": 1,
            "facts": cipher.encrypt(
                Facts(hotline=False, severity=1, code="RPZ", region=regions[number % len(regions)]).to_json()
            ),
            "state": "open",
            "step": 0,
            "raised_at": now,
            "due_at": now + timedelta(minutes=9),
        }
        for number in range(ALERTS)
    ]
    with running.services.engine.begin() as connection:
        connection.execute(sa.insert(Officer), officers)
        connection.execute(sa.insert(RotationRecord), rotations)
        insert_many(connection, table_of(Alert), alerts)
    with running.services.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("ANALYZE"))


def _clock(running: Machine) -> Clock:
    os.environ.update(running.environment())
    return Clock(this_process())


def _seconds(clock: Clock) -> float:
    began = time.perf_counter()
    clock.tick()
    return time.perf_counter() - began


def _make_due(running: Machine) -> None:
    """A hundred of those that are not due yet, of every region in turn."""
    alert = table_of(Alert)
    later = sa.select(alert.c.id).where(alert.c.step == 0).order_by(alert.c.reference).limit(DUE)
    with running.services.engine.begin() as connection:
        connection.execute(
            sa.update(alert).where(alert.c.id.in_(later)).values(due_at=running.services.now())
        )


def report() -> None:
    ticks = measure()
    print(
        f"(j) {ALERTS:,} open alerts, {OFFICERS:,} officers: a tick of the clock {ticks.idle * 1000:.0f} ms "
        f"with nothing due, {ticks.busy * 1000:.0f} ms with {DUE} alerts due; {DUE} alerts due at once are all with the "
        f"provider after at most {ticks.handed_over:.2f} s"
    )


if __name__ == "__main__":
    report()
