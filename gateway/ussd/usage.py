"""Which codes a post reports most."""

from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from gateway.people.records import Reporter
from gateway.reports.records import ReportRecord
from gateway.storage.database import table_of

REPORT, REPORTER = table_of(ReportRecord), table_of(Reporter)
LATELY: Final = timedelta(weeks=4)
HOLDS_FOR: Final = timedelta(minutes=15)
_EACH: Final = 50

_LAST_OF_EACH: Final = (
    sa.select(REPORT.c.code)
    .where(
        REPORT.c.sender_hash == REPORTER.c.number_hash,
        REPORT.c.received_at > sa.bindparam("since"),
        REPORT.c.line == "agents",
        REPORT.c.kind == "report",
        REPORT.c.code.is_not(None),
        REPORT.c.state != "cancelled",
    )
    .order_by(REPORT.c.received_at.desc())
    .limit(_EACH)
    .lateral("last")
)
# The last few of each reporter: an index leads to them, however many reports there are.
_USED: Final = (
    sa.select(_LAST_OF_EACH.c.code)
    .select_from(REPORTER.join(_LAST_OF_EACH, sa.true()))
    .where(REPORTER.c.post == sa.bindparam("post"), REPORTER.c.active)
    .group_by(_LAST_OF_EACH.c.code)
    .order_by(sa.func.count().desc(), _LAST_OF_EACH.c.code)
)


class Usage:
    """Remembers each post's answer for a while: the order of a menu need not follow every report."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[datetime, tuple[str, ...]]] = {}

    def of(self, connection: sa.Connection, post: str, now: datetime) -> tuple[str, ...]:
        """The codes that reporters of the post have used lately, the one used most first."""
        known = self._known.get(post)
        if known is None or now - known[0] > HOLDS_FOR:
            used = connection.scalars(_USED, {"post": post, "since": now - LATELY})
            known = self._known[post] = now, tuple(used)
        return known[1]
