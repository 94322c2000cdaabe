"""`vigie watch`."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from gateway.services import Services
from gateway.silence.records import PostRhythm
from gateway.storage.database import table_of
from gateway.watchman.alive import CLOCK_KEY, WATCHED_KEY
from gateway.watchman.records import Lapse
from tests.commands.conftest import Run


@pytest.fixture
def watched(agency: Services) -> Services:
    """Its clock and a watchman are alive."""
    for key in (CLOCK_KEY, WATCHED_KEY):
        agency.redis.set(key, 1)
    return agency


@pytest.mark.usefixtures("watched")
def test_when_all_is_well_it_says_so_and_what_is_not_set_up(run: Run) -> None:
    ran = run("watch")
    assert ran.status == 0
    assert ran.out.splitlines() == [
        "Nothing is due.",
        "No heartbeat: VIGIE_HEARTBEAT_URL is empty.",
        "No daily text: VIGIE_ALL_WELL_AT is empty.",
        "All is well.",
    ]


def test_a_lapse_is_told_with_what_is_late_and_since_when(run: Run, agency: Services) -> None:
    now = agency.now()
    row = {"step": "alerts", "since": now, "late_at": now, "claimed_until": now + timedelta(minutes=1)}
    with agency.engine.begin() as connection:
        connection.execute(sa.insert(table_of(Lapse)).values(**row))
    ran = run("watch")
    assert ran.status == 1
    assert "Since 2026-11-21 14:00 not done in time: alerts (nobody could be told yet)." in ran.out
    assert "All is well" not in ran.out


@pytest.mark.parametrize(("key", "who"), [(CLOCK_KEY, "clock"), (WATCHED_KEY, "watched")])
def test_without_clock_or_watchman_nothing_is_called_well(
    run: Run, watched: Services, key: str, who: str
) -> None:
    watched.redis.delete(key)
    ran = run("watch")
    assert (ran.status, who in ran.out, "All is well" in ran.out) == (1, True, False)


def test_what_is_late_is_seen_though_no_watchman_saw_it(run: Run, watched: Services) -> None:
    since = watched.now() - timedelta(minutes=2)
    rhythm = {"every": timedelta(hours=12), "grace": timedelta(0), "severity": 2, "since": since}
    with watched.engine.begin() as connection:
        connection.execute(sa.insert(table_of(PostRhythm)).values(post="ASM", due_at=since, **rhythm))
    ran = run("watch")
    assert ran.status == 1
    assert [line.split() for line in ran.out.splitlines()][1] == ["silence", "2026-11-21", "13:58", "late"]


@pytest.mark.parametrize(("minutes", "status"), [(2, 0), (4, 1)])
def test_a_heartbeat_that_is_not_taken_any_more_is_not_well(
    run: Run, watched: Services, minutes: int, status: int
) -> None:
    taken = datetime.now(UTC) - timedelta(minutes=minutes)
    watched.redis.set("vigie:heartbeat:last", taken.isoformat())
    ran = run("watch", VIGIE_HEARTBEAT_URL="https://beats.example.org/x")
    assert (ran.status, "heartbeat_not_taken" in ran.out) == (status, status == 1)


@pytest.mark.usefixtures("services")
def test_nobody_on_duty_is_told(run: Run) -> None:
    ran = run("watch")
    assert (ran.status, "Nobody is on duty." in ran.out) == (1, True)


@pytest.mark.parametrize(
    ("setting", "value", "sentence"),
    [
        ("VIGIE_HEARTBEAT_URL", "ftp://x", "must begin with http"),
        ("VIGIE_ALL_WELL_AT", "25:00", "an hour such as 06:30"),
    ],
)
@pytest.mark.usefixtures("agency")
def test_wrong_settings_are_refused(run: Run, setting: str, value: str, sentence: str) -> None:
    ran = run("watch", **{setting: value})
    assert (ran.status, sentence in ran.err) == (2, True), ran.err
