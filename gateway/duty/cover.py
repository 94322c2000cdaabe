"""How well the days to come are covered. A rule: the rota and a stretch of time in, spans and faults out."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain
from uuid import UUID

from gateway.duty.roster import Rota, Shift, on_duty, posts

LOOKS_AHEAD = timedelta(days=60)
# Half again as much as an equal share; a share of less than a day is no burden yet.
OVERLOAD, NO_BURDEN = 1.5, timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """Who is on duty at each step, unchanged within [starts_at, ends_at)."""

    starts_at: datetime
    ends_at: datetime
    duty: dict[int, list[UUID]]

    @property
    def length(self) -> timedelta:
        return self.ends_at - self.starts_at


@dataclass(frozen=True, slots=True)
class Gap:
    """Nobody stands at the first step; ``nobody``: nor at any other."""

    starts_at: datetime
    ends_at: datetime
    region: str | None
    nobody: bool


@dataclass(frozen=True, slots=True)
class Overload:
    """An officer whose share of the first step is out of proportion."""

    officer: UUID
    share: timedelta
    fair: timedelta


@dataclass(frozen=True, slots=True)
class OwnBackup:
    """One officer stands at two steps: whoever does not hear the first call does not hear the second."""

    officer: UUID
    starts_at: datetime
    ends_at: datetime


def spans(rota: Rota, since: datetime, until: datetime, region: str | None = None) -> list[Span]:
    """[since, until) without a hole, cut wherever somebody comes or goes."""
    found: list[Span] = []
    for starts, ends in _pieces(rota, since, until):
        duty = on_duty(rota, starts, region)
        if found and found[-1].duty == duty:
            found[-1] = replace(found[-1], ends_at=ends)
        else:
            found.append(Span(starts, ends, duty))
    return found


def gaps(rota: Rota, since: datetime, until: datetime, regions: Collection[str]) -> list[Gap]:
    """Where the first step is empty: of the whole country, and of each region that has officers of its own.

    ``regions`` are all of the country. One that has none of its own has the country's alone, whoever stands
    elsewhere: it stands for the whole country.
    """
    alone = min(set(regions) - rota.regions, default=None)
    found = [
        Gap(span.starts_at, span.ends_at, region, nobody=not span.duty)
        for region in rota.regions
        for span in spans(rota, since, until, region or alone)
        if not span.duty.get(0)
    ]
    return sorted(found, key=lambda gap: (gap.starts_at, gap.region or ""))


def overloads(rota: Rota, since: datetime, until: datetime) -> list[Overload]:
    """Officers with far more than their share of the first step, the most burdened first."""
    shares: dict[UUID, timedelta] = defaultdict(timedelta)
    for starts, ends in _pieces(rota, since, until):
        for officer in {post.officer for post in posts(rota, starts) if post.step == 0}:
            shares[officer] += ends - starts
    fair = sum(shares.values(), timedelta()) / max(len(shares), 1)
    found = [
        Overload(officer, share, fair)
        for officer, share in shares.items()
        if share > fair * OVERLOAD and share > NO_BURDEN
    ]
    return sorted(found, key=lambda one: one.share, reverse=True)


def own_backups(rota: Rota, since: datetime, until: datetime) -> list[OwnBackup]:
    """Officers who stand behind themselves in one region or in the country, and when; by officer."""
    found: dict[UUID, list[OwnBackup]] = defaultdict(list)
    for starts, ends in _pieces(rota, since, until):
        steps: dict[tuple[UUID, str | None], set[int]] = defaultdict(set)
        for post in posts(rota, starts):
            steps[post.officer, post.region].add(post.step)
        for officer in sorted({officer for (officer, _), several in steps.items() if len(several) > 1}):
            stretch = found[officer]
            if stretch and stretch[-1].ends_at == starts:
                stretch[-1] = replace(stretch[-1], ends_at=ends)
            else:
                stretch.append(OwnBackup(officer, starts, ends))
    return [one for stretch in found.values() for one in stretch]


def as_shifts(rota: Rota, since: datetime, until: datetime) -> list[Shift]:
    """The same as shifts, for those who cannot reckon turns; the last ones stay, rather than that nobody does."""
    found = spans(rota, since, until)
    return [
        Shift(officer, step, span.starts_at, None if span is found[-1] else span.ends_at)
        for span in found
        for step, officers in sorted(span.duty.items())
        for officer in officers
    ]


def _pieces(rota: Rota, since: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
    """[since, until) in pieces within which nothing changes."""
    edges = sorted({since, *_edges(rota, since, until)})
    return list(zip(edges, [*edges[1:], until], strict=True))


def _edges(rota: Rota, since: datetime, until: datetime) -> Iterator[datetime]:
    for rotation in rota.rotations:
        yield from rotation.edges(since, until)
    stretches = [
        *((shift.starts_at, shift.ends_at) for shift in rota.shifts),
        *((override.starts_at, override.ends_at) for override in rota.overrides),
    ]
    for edge in chain.from_iterable(stretches):
        if edge is not None and since <= edge < until:
            yield edge


@dataclass(frozen=True, slots=True)
class Stretch:
    """One officer at one place, without a break within [starts_at, ends_at)."""

    region: str | None
    step: int
    starts_at: datetime
    ends_at: datetime


def stretches(rota: Rota, officer: UUID, since: datetime, until: datetime) -> list[Stretch]:
    """When and where somebody stands, by time; cut off at both ends."""
    found: dict[tuple[str | None, int], list[Stretch]] = defaultdict(list)
    for starts, ends in _pieces(rota, since, until):
        for place in {(post.region, post.step) for post in posts(rota, starts) if post.officer == officer}:
            known = found[place]
            if known and known[-1].ends_at == starts:
                known[-1] = replace(known[-1], ends_at=ends)
            else:
                known.append(Stretch(*place, starts, ends))
    return sorted(chain.from_iterable(found.values()), key=lambda one: (one.starts_at, one.step))


def leaves_at(rota: Rota, officer: UUID, since: datetime, until: datetime) -> datetime | None:
    """When somebody who is on duty no longer is; None where that is not before ``until``."""
    return next(
        (
            starts
            for starts, _ in _pieces(rota, since, until)
            if all(post.officer != officer for post in posts(rota, starts))
        ),
        None,
    )
