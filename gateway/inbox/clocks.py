"""Whether the time that a phone or modem states can be believed. Rules."""

from datetime import UTC, datetime, timedelta

TOLERATED_AHEAD = timedelta(minutes=5)
# A modem set to the next time zone is an hour ahead, give or take its drift (seen in Nyss).
ONE_ZONE_AHEAD = (timedelta(minutes=57), timedelta(minutes=63))
OLDEST = timedelta(days=30)
# An SMSC tells the year in two digits (3GPP TS 23.040, 9.2.3.11). A year such as 9999 is an error, not a clock's.
YEARS = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2070, 1, 1, tzinfo=UTC))


def possible(stated: datetime | None) -> datetime | None:
    """The time as stated, however wrong the clock; None where no clock can have stated it."""
    return stated if stated and YEARS[0] <= stated < YEARS[1] else None


def trusted_sent_at(stated: datetime | None, received_at: datetime) -> datetime | None:
    """When it was sent, as far as that can be known; None when the stated time cannot be true."""
    if stated is None:
        return None
    ahead = stated - received_at
    if ONE_ZONE_AHEAD[0] <= ahead <= ONE_ZONE_AHEAD[1]:
        return min(stated - timedelta(hours=1), received_at)
    if ahead > TOLERATED_AHEAD or ahead < -OLDEST:
        return None
    return min(stated, received_at)
