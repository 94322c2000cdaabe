"""Who comes on duty and who goes. A rule: who stood where, who stands there now, changes out."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from gateway.duty.roster import Post

Place = tuple[str | None, int]
"""A region, or the whole country, and a step."""


@dataclass(frozen=True, slots=True)
class Change:
    """One officer comes on duty or goes off it; ``other`` is who stood there before, or stands there now."""

    officer: UUID
    comes: bool
    places: tuple[Place, ...]
    others: tuple[UUID, ...]


def places(standing: Iterable[Post]) -> dict[Place, tuple[UUID, ...]]:
    """Who stands at each place, in the order of the rota."""
    found: dict[Place, list[UUID]] = defaultdict(list)
    for post in standing:
        if post.officer not in found[post.region, post.step]:
            found[post.region, post.step].append(post.officer)
    return {place: tuple(officers) for place, officers in found.items()}


def changes(before: Mapping[Place, tuple[UUID, ...]], now: Mapping[Place, tuple[UUID, ...]]) -> list[Change]:
    """Who came and who went, each officer once; whoever only moves from one place to another did neither."""
    were, are = _by_officer(before), _by_officer(now)
    came = [
        Change(officer, True, tuple(at), _others(before, at, officer))
        for officer, at in are.items()
        if officer not in were
    ]
    went = [
        Change(officer, False, tuple(at), _others(now, at, officer))
        for officer, at in were.items()
        if officer not in are
    ]
    return came + went


def concerns(at: Iterable[Place], region: str | None, standing: Mapping[Place, tuple[UUID, ...]]) -> bool:
    """Whether what happens in a region, or in none, concerns whoever stands at these places.

    All of it does whoever stands for the whole country. What is of no region is everybody's where nobody does.
    """
    theirs = {place[0] for place in at}
    country = any(place[0] is None for place, officers in standing.items() if officers)
    return None in theirs or region in theirs or (region is None and not country)


def _by_officer(standing: Mapping[Place, tuple[UUID, ...]]) -> dict[UUID, list[Place]]:
    found: dict[UUID, list[Place]] = defaultdict(list)
    for place in sorted(standing, key=lambda one: (one[1], one[0] or "")):
        for officer in standing[place]:
            found[officer].append(place)
    return found


def _others(
    standing: Mapping[Place, tuple[UUID, ...]], at: Iterable[Place], officer: UUID
) -> tuple[UUID, ...]:
    everybody = [one for place in at for one in standing.get(place, ()) if one != officer]
    return tuple(dict.fromkeys(everybody))
