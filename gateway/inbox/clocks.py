"""Whether the time that a phone or modem states can be believed. Rules."""

from datetime import datetime, timedelta

TOLERATED_AHEAD = timedelta(minutes=5)
# A modem set to the next time zone is an hour ahead, give or take its drift (seen in Nyss).
ONE_ZONE_AHEAD = (timedelta(minutes=57), timedelta(minutes=63))
OLDEST = timedelta(days=30)


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
