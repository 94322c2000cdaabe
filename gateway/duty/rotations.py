"""Officers who take turns. A rule: a rotation and a moment in, whose turn it is out.

Turns of days and weeks change hands at one hour of the local clock, also across a change to summer
time; turns of hours last so many hours.
"""

from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

EVERY_DAY = frozenset(range(7))
_MIDNIGHT = time()


class Unit(StrEnum):
    HOURS = "hours"
    DAYS = "days"
    WEEKS = "weeks"


class OnHolidays(StrEnum):
    """Whether a rotation holds on holidays: as on any other day, not, or on holidays only."""

    ALSO = "also"
    NEVER = "never"
    ONLY = "only"


@dataclass(frozen=True, slots=True)
class Hours:
    """The hours of the week in which a rotation holds, by the local clock; Monday is 0.

    Where they end before they begin they run over midnight, and belong to the day on which they begin.
    Where both are the same they are the whole day.
    """

    weekdays: frozenset[int] = EVERY_DAY
    begins: time = _MIDNIGHT
    ends: time = _MIDNIGHT
    holidays: OnHolidays = OnHolidays.ALSO

    def covers(self, now: datetime, zone: ZoneInfo, holidays: Container[date]) -> bool:
        today = now.astimezone(zone).date()
        return any(
            self._holds_on(day, holidays) and starts <= now < ends
            for day in (today - timedelta(days=1), today)
            for starts, ends in [self.window(day, zone)]
        )

    def window(self, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """When the hours of a day begin and end, whether or not they hold on it."""
        next_day = self.ends <= self.begins
        return wall(day, self.begins, zone), wall(day + timedelta(days=next_day), self.ends, zone)

    def _holds_on(self, day: date, holidays: Container[date]) -> bool:
        if day in holidays and self.holidays is not OnHolidays.ALSO:
            return self.holidays is OnHolidays.ONLY
        return day.weekday() in self.weekdays and self.holidays is not OnHolidays.ONLY


@dataclass(frozen=True, slots=True)
class Rotation:
    """Officers in turn at one step of the escalation, in a region or the whole country (None).

    The first officer's turn begins at ``starts_at``; each lasts ``length`` units. The same officer
    may be named twice.
    """

    id: UUID
    name: str
    step: int
    officers: tuple[UUID, ...]
    starts_at: datetime
    zone: ZoneInfo
    unit: Unit = Unit.WEEKS
    length: int = 1
    hours: Hours = Hours()
    region: str | None = None
    ends_at: datetime | None = None

    def officer(self, now: datetime, holidays: Container[date] = ()) -> UUID | None:
        """Whose turn it is; None outside of the rotation's time and hours."""
        if now < self.starts_at or (self.ends_at is not None and now >= self.ends_at):
            return None
        if not self.officers or not self.hours.covers(now, self.zone, holidays):
            return None
        return self.officers[self._turn(now) % len(self.officers)]

    def edges(self, since: datetime, until: datetime) -> Iterator[datetime]:
        """Every moment in [since, until) at which the answer may change."""
        for edge in self._edges(since, until):
            if since <= edge < until:
                yield edge

    def _edges(self, since: datetime, until: datetime) -> Iterator[datetime]:
        yield self.starts_at
        if self.ends_at is not None:
            yield self.ends_at
        turn = self._turn(max(since, self.starts_at))
        while (begins := self._begins(turn)) < until:
            yield begins
            turn += 1
        day = since.astimezone(self.zone).date() - timedelta(days=1)
        last = until.astimezone(self.zone).date()
        while day <= last:
            yield from self.hours.window(day, self.zone)
            day += timedelta(days=1)

    def _turn(self, now: datetime) -> int:
        if self.unit is Unit.HOURS:
            return (now - self.starts_at) // timedelta(hours=self.length)
        first = self.starts_at.astimezone(self.zone).date()
        turn = (now.astimezone(self.zone).date() - first).days // self._days
        # Within a day of an edge the clock decides, and it may run an hour twice or leave one out.
        while now < self._begins(turn):
            turn -= 1
        while now >= self._begins(turn + 1):
            turn += 1
        return turn

    def _begins(self, turn: int) -> datetime:
        if self.unit is Unit.HOURS:
            return self.starts_at + turn * timedelta(hours=self.length)
        first = self.starts_at.astimezone(self.zone)
        if turn == 0:
            return self.starts_at
        return wall(first.date() + timedelta(days=turn * self._days), first.time(), self.zone)

    @property
    def _days(self) -> int:
        return self.length * (7 if self.unit is Unit.WEEKS else 1)


def wall(day: date, hour: time, zone: ZoneInfo) -> datetime:
    """The moment at which a clock on the wall shows this hour, in UTC: the first, where it does so twice."""
    return datetime.combine(day, hour.replace(fold=0), zone).astimezone(UTC)
