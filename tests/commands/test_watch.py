"""`vigie watch`."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from gateway.services import Services
from gateway.storage.database import table_of
from gateway.watchman.records import Lapse
from tests.commands.conftest import Run


@pytest.mark.usefixtures("agency")
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
