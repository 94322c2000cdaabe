"""Jobs that nobody waits for: a channel's name in, one service call."""

from gateway.digest import mailing
from gateway.hotline import recordings
from gateway.inbox import gaps
from gateway.watching import credit
from workers.process import this_process, waits_for_database


def find_gaps(channel: str) -> None:
    with waits_for_database("gaps"):
        gaps.find_daily(this_process().services, channel)


def ask_for_credit(channel: str) -> None:
    with waits_for_database("credit"):
        credit.ask(this_process().services, channel)


def take_in_recordings() -> None:
    with waits_for_database("recordings"):
        recordings.take_in(this_process().services)


def send_mails() -> None:
    """One: texts wait in the same line, and the clock rings again."""
    with waits_for_database("mails"):
        mailing.send_next(this_process().services)
