"""When a digest is due. A rule: the hours of the agency's clock and a moment in, the latest due moment out."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


def latest(now: datetime, hours: Sequence[time], zone: ZoneInfo) -> datetime | None:
    """The last moment up to ``now`` at which a digest was due; None where there are no hours.

    An hour that the clock leaves out in spring is due when it would have been, one that comes twice in
    autumn the first time.
    """
    today = now.astimezone(zone).date()
    due = [
        datetime.combine(today - timedelta(days=back), hour, zone).astimezone(UTC)
        for back in (0, 1)
        for hour in hours
    ]
    return max((one for one in due if one <= now), default=None)
