"""For how long nothing has kept us from hearing. After an outage of our own nobody was heard, and nobody is silent."""

from datetime import datetime, timedelta
from typing import Final

_AWAY: Final = timedelta(minutes=2)
"""Between two looks: the database was away, the machine slept, or its clock was set."""


class Listening:
    """``since`` is when we began to hear, as of the latest look."""

    def __init__(self, now: datetime) -> None:
        self._looked_at = self.since = now

    def look(self, now: datetime) -> timedelta:
        """Look again. Returns for how long we have heard."""
        if not timedelta(0) <= now - self._looked_at <= _AWAY:
            self.since = now
        self._looked_at = now
        return now - self.since
