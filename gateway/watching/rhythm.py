"""How many texts a channel should have brought since its last one. A rule.

A channel has its rhythm by the hour of the week: a market day is not a night. Where texts come
independently of one another, none comes in a stretch that brings `expected` with a chance of e^-expected.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

LEARNS_FOR: Final = timedelta(days=14)
REMEMBERS: Final = timedelta(weeks=8)
LONGEST: Final = timedelta(days=7)
"""A silence is not looked at longer: whatever is expected in a week has been missed."""
_HOUR: Final = timedelta(hours=1)
_WEEK: Final = timedelta(weeks=1)


def expected(texts: Mapping[datetime, int], since: datetime, now: datetime, zone: ZoneInfo) -> float | None:
    """The mean number of texts of such a stretch of the week; None while it is still being learnt.

    ``texts`` is how many came in each hour, by its beginning; an hour without any may be left out.
    """
    ends = hour_of(since)
    weeks = (ends - min(texts, default=ends)) // _WEEK  # whole ones: each hour of the week as often
    if weeks < LEARNS_FOR // _WEEK:
        return None
    means: dict[int, float] = {}
    for hour, number in texts.items():
        if ends - weeks * _WEEK <= hour < ends:
            place = _hour_of_week(hour, zone)
            means[place] = means.get(place, 0.0) + number / weeks
    total, at = 0.0, since
    while at < min(now, since + LONGEST):
        until = min(hour_of(at) + _HOUR, now)
        total += means.get(_hour_of_week(at, zone), 0.0) * ((until - at) / _HOUR)
        at = until
    return total


def hour_of(moment: datetime) -> datetime:
    """The beginning of its hour."""
    return moment.replace(minute=0, second=0, microsecond=0)


def _hour_of_week(moment: datetime, zone: ZoneInfo) -> int:
    local = moment.astimezone(zone)
    return local.weekday() * 24 + local.hour
