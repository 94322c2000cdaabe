"""Whether two reports tell of one event, and when its officers hear of a further one. A rule.

It errs on the side of two events: an officer merges two with one command, but a second event that was taken
for the first is seen by nobody.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from gateway.alerts.facts import NewAlert
from gateway.places.locate import Position, distance
from gateway.places.roads import Road

# At one place: later than this it may be the next group.
WINDOW: Final = timedelta(hours=3)
# At two points of a road: hours are told roundly, and clocks differ.
SLACK: Final = timedelta(hours=1)
# However slow the road, nobody can say after three days that it is the same convoy.
LONGEST: Final = timedelta(hours=72)
TOLERANCE: Final = 0.2
# One or two people are somebody: two reports of one woman may well be of two women.
FEW: Final = 2
NEAR_KM: Final = 5.0
UPDATES_EVERY: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a report says of an event. ``kind`` is the family of its code; ``at`` when it happened, as told.

    ``position`` and ``radius_km`` are where it was seen and how far off that may be. ``vehicles`` may be known
    where ``people`` is not. Two readings of one message are two events, for their writer told them apart.
    """

    report: UUID
    message: UUID
    kind: str
    at: datetime
    place: str | None
    position: Position | None = None
    radius_km: float = 0.0
    people: int | None = None
    vehicles: int | None = None

    @classmethod
    def of(
        cls, report: UUID, message: UUID, kind: str, at: datetime, reading: Mapping[str, Any]
    ) -> "Sighting":
        """From a reading as it is kept."""
        place = reading.get("place") or {}
        lat, lon = place.get("lat"), place.get("lon")
        counted = [number for number in (reading.get("transport") or {}).values() if number is not None]
        return cls(
            report=report,
            message=message,
            kind=kind,
            at=at,
            place=place.get("code") or place.get("name"),
            position=None if lat is None or lon is None else (lat, lon),
            radius_km=place.get("radius_km") or 0.0,
            people=(reading.get("people") or {}).get("total"),
            vehicles=sum(counted) if counted else None,
        )

    @property
    def can_be_grouped(self) -> bool:
        """Whether anything of it could be known again in another report."""
        somewhere = self.place is not None or self.position is not None
        return somewhere and (self.people is None or self.people > FEW)


@dataclass(slots=True)
class Told:
    """A report that matters and what it calls for; ``incident`` and ``alert_id`` are found for it.

    Without a sighting (a caller's words, no code) it is an incident of its own, or joins its caller's alert.
    """

    report: UUID
    reference: str
    severity: int
    at: datetime
    place: str | None
    people: int | None
    verified: bool
    reporter: UUID | None
    alert: NewAlert | None
    sighting: Sighting | None = None
    repeat_of: UUID | None = None
    incident: UUID | None = None
    alert_id: UUID | None = None


def same_event(one: Sighting, other: Sighting, roads: Iterable[Road]) -> bool:
    """Whether the two tell of one event; the same, whichever is named first."""
    if one.kind != other.kind or one.message == other.message:
        return False
    if not (one.can_be_grouped and other.can_be_grouped):
        return False
    alike = _alike(one, other)
    if alike is False:
        return False
    apart = abs(one.at - other.at)
    if _near(one, other):
        return apart <= WINDOW
    # Far apart, only a number tells that it is the same one.
    return alike is True and any(_travelled(one, other, apart, road) for road in roads)


def reach(kind: str, roads: Sequence[Road]) -> timedelta:
    """How far in time from a report of this kind another one of its event can lie."""
    return LONGEST if any(kind in road.families for road in roads) else WINDOW


def same_again(one: Sighting, other: Sighting) -> bool:
    """Whether the same words by the same person tell of the same event: not a day later."""
    return one.kind == other.kind and abs(one.at - other.at) <= WINDOW


def update_at(
    *,
    graver: bool,
    new: bool,
    raised_at: datetime,
    updated_at: datetime | None,
    now: datetime,
    pace: float = 1,
) -> datetime:
    """When those who hold the alert hear of a further report: that it is graver at once, each time.

    What is new in it (a place, a number) at once the first time; else it is counted, ten minutes after they
    last heard.
    """
    if graver or (new and updated_at is None):
        return now
    return max(now, (updated_at or raised_at) + UPDATES_EVERY / pace)


def _alike(one: Sighting, other: Sighting) -> bool | None:
    """Whether their sizes are within 20 %; None where they cannot be compared."""
    for mine, theirs in ((one.people, other.people), (one.vehicles, other.vehicles)):
        if mine is not None and theirs is not None:
            return abs(mine - theirs) <= TOLERANCE * max(mine, theirs)
    return None


def _near(one: Sighting, other: Sighting) -> bool:
    if one.place is not None and one.place == other.place:
        return True
    if one.position is None or other.position is None:
        return False
    return distance(one.position, other.position) <= max(NEAR_KM, one.radius_km, other.radius_km)


def _travelled(one: Sighting, other: Sighting, apart: timedelta, road: Road) -> bool:
    """Whether a convoy on this road can have been seen here and there, whichever way it went."""
    if one.kind not in road.families or one.position is None or other.position is None:
        return False
    here, there = road.km_at(one.position), road.km_at(other.position)
    if here is None or there is None:
        return False
    km = abs(here - there)
    slowest = min(timedelta(hours=km / road.slowest) + SLACK, LONGEST)
    return timedelta(hours=km / road.fastest) - SLACK <= apart <= slowest
