"""Jobs of the inbox: a lane's number in, one service call."""

from workers.process import this_process, waits_for_database


def drain(lane: int) -> None:
    with waits_for_database("drain"):
        this_process().inbox.drain(lane)
