"""Jobs that nobody waits for: a channel's name in, one service call."""

from gateway.inbox import gaps
from workers.process import this_process, waits_for_database


def find_gaps(channel: str) -> None:
    with waits_for_database("gaps"):
        gaps.find_daily(this_process().services, channel)
