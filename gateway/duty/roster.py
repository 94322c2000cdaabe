"""Who is on duty. A rule: shifts and a moment in, officers out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Shift:
    """An officer at a step of the escalation, within [starts_at, ends_at); None is open."""

    officer_id: UUID
    step: int
    starts_at: datetime | None = None
    ends_at: datetime | None = None

    def covers(self, now: datetime) -> bool:
        return (self.starts_at is None or self.starts_at <= now) and (
            self.ends_at is None or now < self.ends_at
        )


def on_duty(shifts: Iterable[Shift], now: datetime) -> dict[int, list[UUID]]:
    """The officers of each step at this moment, each in the order of the rota."""
    duty: dict[int, list[UUID]] = {}
    for shift in shifts:
        if shift.covers(now) and shift.officer_id not in duty.setdefault(shift.step, []):
            duty[shift.step].append(shift.officer_id)
    return {step: officers for step, officers in duty.items() if officers}
