"""A real clock process is killed, and a watchman in another process misses it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from gateway.services import Services
from gateway.watchman.alive import CLOCK_KEY
from gateway.watchman.lateness import Step
from gateway.watchman.service import View, Watchman
from tests.clock import Clock
from tests.conftest import SECRET

PATIENCE = 60.0


@pytest.fixture
def ticking(services: Services) -> Iterator["subprocess.Popen[bytes]"]:
    settings = services.settings
    environment = {
        "VIGIE_DATA_DIR": str(settings.data_dir),
        "VIGIE_DATABASE_URL": settings.database_url,
        "VIGIE_REDIS_URL": settings.redis_url,
        "VIGIE_SECRET_KEYS": SECRET,
    }
    with subprocess.Popen(
        [sys.executable, "-m", "gateway.cli", "clock"],
        env=os.environ | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        until = time.monotonic() + PATIENCE
        while not services.redis.exists(CLOCK_KEY):
            assert process.poll() is None, "the clock did not start"
            assert time.monotonic() < until, "the clock was never heard"
            time.sleep(0.05)
        yield process
        process.kill()


def looks(watchman: Watchman, clock: Clock) -> View:
    """For a minute and a little more."""
    view = None
    for _ in range(8):
        view = watchman.look()
        clock.forward(seconds=10)
    assert view is not None
    return view


def test_a_clock_that_is_killed_is_missed(
    services: Services, clock: Clock, ticking: "subprocess.Popen[bytes]"
) -> None:
    watchman = Watchman(services)
    assert looks(watchman, clock).late == ()
    ticking.send_signal(signal.SIGKILL)
    ticking.wait()
    services.redis.pexpire(CLOCK_KEY, 1)  # as it runs out ten seconds after the last tick
    time.sleep(0.01)
    assert [it.step for it in looks(watchman, clock).late] == [Step.CLOCK]
