"""When a digest is due."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.digest.periods import latest

HOURS = (time(7), time(19))
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
NIAMEY, PARIS = ZoneInfo("Africa/Niamey"), ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("zone", "now", "due"),
    [
        (NIAMEY, "2026-11-21T05:59", "2026-11-20T18:00"),
        (NIAMEY, "2026-11-21T06:00", "2026-11-21T06:00"),
        (NIAMEY, "2026-11-21T17:59", "2026-11-21T06:00"),
        (NIAMEY, "2026-12-31T23:30", "2026-12-31T18:00"),
        (PARIS, "2026-03-29T05:00", "2026-03-29T05:00"),
        (PARIS, "2026-10-25T05:59", "2026-10-24T17:00"),
        (PARIS, "2026-10-25T06:00", "2026-10-25T06:00"),
    ],
)
def test_the_latest_hour_of_the_agencys_clock_is_due(zone: ZoneInfo, now: str, due: str) -> None:
    at = latest(datetime.fromisoformat(now).replace(tzinfo=UTC), HOURS, zone)
    assert at == datetime.fromisoformat(due).replace(tzinfo=UTC)


def test_without_hours_nothing_is_ever_due() -> None:
    assert latest(datetime(2026, 11, 21, tzinfo=UTC), (), NIAMEY) is None


@given(
    st.integers(0, 2 * 365 * 24 * 60).map(lambda minutes: NEW_YEAR + timedelta(minutes=minutes)),
    st.lists(st.times().map(lambda at: at.replace(second=0, microsecond=0)), min_size=1, max_size=4),
    st.sampled_from([NIAMEY, PARIS]),
)
def test_what_is_due_never_lies_ahead_nor_a_day_back(
    now: datetime, hours: list[time], zone: ZoneInfo
) -> None:
    due = latest(now, hours, zone)
    assert due is not None
    assert 0 <= (now - due).total_seconds() < 25 * 3600
    assert latest(due, hours, zone) == due
