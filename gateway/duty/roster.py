"""Who is on duty. A rule: the rota and a moment in, officers out."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from gateway.duty.rotations import Rotation


@dataclass(frozen=True, slots=True)
class Shift:
    """An officer at a step of the escalation, within [starts_at, ends_at); None is open."""

    officer_id: UUID
    step: int
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    region: str | None = None

    def covers(self, now: datetime) -> bool:
        return (self.starts_at is None or self.starts_at <= now) and (
            self.ends_at is None or now < self.ends_at
        )


@dataclass(frozen=True, slots=True)
class Override:
    """For [starts_at, ends_at) one officer steps back, another stands in, or both.

    Where ``absent`` steps back, ``instead`` stands where ``absent`` would: at ``step`` only, or, without
    one, wherever that is. Where nobody steps back, ``instead`` stands at ``step`` besides the others.
    """

    starts_at: datetime
    ends_at: datetime
    absent: UUID | None
    instead: UUID | None
    step: int | None = None
    region: str | None = None

    def covers(self, now: datetime) -> bool:
        return self.starts_at <= now < self.ends_at


@dataclass(frozen=True, slots=True)
class Rota:
    """Everything that says who is on duty when. Overrides apply in their order, each to what the last one left.

    ``away`` are officers who are switched off: their turns stay empty, so that the gap is seen.
    """

    shifts: tuple[Shift, ...] = ()
    rotations: tuple[Rotation, ...] = ()
    overrides: tuple[Override, ...] = ()
    holidays: frozenset[date] = frozenset()
    away: frozenset[UUID] = frozenset()

    @property
    def regions(self) -> set[str | None]:
        """Those that have officers of their own, and the whole country (None)."""
        own = {
            *(shift.region for shift in self.shifts),
            *(rotation.region for rotation in self.rotations),
            *(override.region for override in self.overrides),
        }
        return own | {None}


@dataclass(frozen=True, slots=True)
class Post:
    """An officer's place at a moment."""

    officer: UUID
    step: int
    region: str | None


def on_duty(rota: Rota, now: datetime, region: str | None = None) -> dict[int, list[UUID]]:
    """The officers of each step at this moment, each in the order of the rota.

    A region's own officers come first; a step that has none of its own is the whole country's. What
    concerns no region is for the whole country's officers, and for everybody where there are none.
    """
    return steps(posts(rota, now), region)


def steps(standing: Sequence[Post], region: str | None) -> dict[int, list[UUID]]:
    """The same, of the places that are taken."""
    country = _by_step(post for post in standing if post.region is None)
    if region is not None:
        return country | _by_step(post for post in standing if post.region == region)
    return country or _by_step(standing)


def posts(rota: Rota, now: datetime) -> list[Post]:
    """Every place that is taken at this moment, in the order of the rota."""
    standing = [
        Post(shift.officer_id, shift.step, shift.region) for shift in rota.shifts if shift.covers(now)
    ]
    for rotation in rota.rotations:
        officer = rotation.officer(now, rota.holidays)
        if officer is not None:
            standing.append(Post(officer, rotation.step, rotation.region))
    for override in rota.overrides:
        if override.covers(now):
            standing = list(_overridden(standing, override))
    return [post for post in standing if post.officer not in rota.away]


def _overridden(standing: Iterable[Post], override: Override) -> Iterator[Post]:
    for post in standing:
        if post.officer != override.absent or override.step not in {None, post.step}:
            yield post
        elif override.instead is not None:
            yield Post(override.instead, post.step, post.region)
    if override.absent is None and override.instead is not None and override.step is not None:
        yield Post(override.instead, override.step, override.region)


def _by_step(standing: Iterable[Post]) -> dict[int, list[UUID]]:
    duty: dict[int, list[UUID]] = {}
    for post in standing:
        if post.officer not in duty.setdefault(post.step, []):
            duty[post.step].append(post.officer)
    return duty
