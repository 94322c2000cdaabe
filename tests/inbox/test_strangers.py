"""When the supervisor hears of unknown senders. No database."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gateway.inbox.strangers import is_due

NOON = datetime(2026, 11, 21, 11, 0, tzinfo=UTC)
NIAMEY = ZoneInfo("Africa/Niamey")


def hours(number: float) -> datetime:
    return NOON - timedelta(hours=number)


@pytest.mark.parametrize(
    ("last", "first", "due"),
    [
        (None, None, False),
        (None, hours(0.5), False),
        (None, hours(1), True),
        (hours(23), hours(3), False),
        (hours(24), hours(3), True),
        (hours(48), None, False),
    ],
)
def test_once_a_day_and_an_hour_after_the_first_new_text(
    last: datetime | None, first: datetime | None, *, due: bool
) -> None:
    assert is_due(last, first, NOON, NIAMEY, 1) is due


@pytest.mark.parametrize(("hour", "due"), [(6, False), (7, True), (19, True), (20, False), (3, False)])
def test_by_day_only(hour: int, *, due: bool) -> None:
    now = datetime(2026, 11, 21, hour, 30, tzinfo=NIAMEY)
    assert is_due(None, now - timedelta(hours=5), now, NIAMEY, 1) is due


def test_a_demo_at_pace_does_not_wait_an_hour() -> None:
    assert is_due(None, NOON - timedelta(minutes=1), NOON, NIAMEY, 60)
