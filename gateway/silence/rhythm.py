"""Whoever should have been heard by now. A rule: a rhythm, when somebody was last heard and a moment in."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final

AGENT_IS_SILENT: Final = timedelta(hours=12)
"""An agent who called for help and has said nothing since."""
LISTENS_FIRST: Final = timedelta(minutes=30)
"""After an outage or a start of ours: what was texted meanwhile is still on its way."""
LOOKS_AGAIN: Final = timedelta(minutes=1)
"""Whether a silent post is heard again."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """A post is to be heard ``every`` so often, and ``grace`` later at the latest; watched ``since``.

    ``told_at`` is when the officers were alerted to the silence that lasts.
    """

    every: timedelta
    grace: timedelta
    since: datetime
    told_at: datetime | None = None

    def expected_by(self, heard: datetime | None, pace: float = 1) -> datetime:
        """When it must have been heard next; ``heard`` is when it last was, if ever."""
        return max(self.since, heard or self.since) + (self.every + self.grace) / pace


class News(Enum):
    SILENT = auto()
    HEARD_AGAIN = auto()


@dataclass(frozen=True, slots=True)
class Look:
    """What to tell, and when to look again."""

    news: News | None
    due_at: datetime


def look(
    rhythm: Rhythm, heard: datetime | None, now: datetime, listening_since: datetime, pace: float = 1
) -> Look:
    """A silence is told once; a post is heard again by whatever would have kept it from being told."""
    by = rhythm.expected_by(heard, pace)
    if rhythm.told_at is not None:
        return Look(News.HEARD_AGAIN, by) if by > rhythm.told_at else Look(None, now + LOOKS_AGAIN / pace)
    if now < by:
        return Look(None, by)
    first = listening_since + LISTENS_FIRST / pace
    return Look(News.SILENT, now + LOOKS_AGAIN / pace) if first <= now else Look(None, first)
