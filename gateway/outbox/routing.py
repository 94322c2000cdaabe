"""By which of our lines a text leaves. Rules: the lines and what was tried in, an order out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from gateway.channels.numbers import on_whatsapp
from gateway.people.safety import Audience

# A channel in trouble is gone round for so long after its last failure; then the next text tries it again.
GONE_ROUND: Final = timedelta(minutes=1)
# A channel that was idle may send this much of a minute's rate at once.
_BURST: Final = 1 / 12


@dataclass(frozen=True, slots=True)
class Route:
    """A line of ours, and how it stands at this moment.

    ``prefixes`` are the beginnings of the numbers that it reaches; ``cost`` is that of a text, in whatever
    unit the agency compares its lines by; ``thread_only`` lines (WhatsApp) answer, and begin nothing.
    """

    line: int
    number: str = field(repr=False)
    channel: str
    profile: str
    prefixes: tuple[str, ...] = ("",)
    cost: int = 0
    troubled: bool = False
    thread_only: bool = False

    def reaches(self, recipient: str) -> bool:
        return recipient.startswith(self.prefixes)


def is_troubled(failed_at: datetime | None, now: datetime) -> bool:
    """``failed_at`` is the last failure since which nothing went out."""
    return failed_at is not None and now - failed_at < GONE_ROUND


def starting_line(written_for: str, routes: Mapping[str, Route], audience: Audience) -> Route | None:
    """The line that a text was written for, or another where that one is gone or serves others by now.

    What is for a contact leaves by a hotline line of the same way, what is for a reporter by an agents'
    line, or not at all (None); what is for officers by an agents' line if there is one. What goes to another
    line of ours proves its own: no other will do.
    """
    own = routes.get(written_for)
    if audience is Audience.OUR_LINES:
        return own
    profile = "hotline" if audience is Audience.CONTACT else "agents"
    if own and own.profile == profile:
        return own
    whatsapp = audience is Audience.CONTACT and on_whatsapp(written_for)
    fit = (route for route in routes.values() if route.profile == profile and route.thread_only == whatsapp)
    return next(fit, own if audience is Audience.OFFICERS else None)


def in_order(
    recipient: str,
    own: Route,
    routes: Sequence[Route],
    tried: Sequence[int],
    *,
    alert: bool,
    same_way: bool = False,
) -> list[Route]:
    """The lines by which a text may leave, the best first; never none.

    ``own`` is the line that it was written for, ``tried`` the lines that it was handed to so far. What was
    tried least comes first, then what is not in trouble. An alert goes the cheapest way, everything else
    stays in its thread. No text leaves by a line of another profile: the hotline's would give a caller
    away, the agents' would give us away. With ``same_way`` what began on WhatsApp stays there. Where no line reaches the number, its own one tries: a list of
    operators may be wrong.
    """
    able = [
        route
        for route in routes
        if route.profile == own.profile
        and route.reaches(recipient)
        and (route.line == own.line or route.thread_only == (same_way and own.thread_only))
    ]

    def rank(route: Route) -> tuple[int, bool, int, int, int]:
        elsewhere = route.line != own.line
        liked = (route.cost, elsewhere) if alert else (elsewhere, route.cost)
        return (tried.count(route.line), route.troubled, *liked, route.line)

    return sorted(able, key=rank) or [own]


def has_fresh(ordered: Sequence[Route], tried: Sequence[int], *, other_channel: bool = False) -> bool:
    """Whether one of the lines was tried less often than the first one will have been.

    With ``other_channel`` the trouble is the channel's: its other lines share it, and only another channel counts.
    """
    channels = dict.fromkeys(route.channel for route in ordered)
    by_channel = [tries_by(channel, ordered, tried) for channel in channels]
    tries = by_channel if other_channel else [tried.count(route.line) for route in ordered]
    return any(times <= tries[0] for times in tries[1:])


def tries_by(channel: str, routes: Sequence[Route], tried: Sequence[int]) -> int:
    """How often the lines of a channel were tried."""
    return sum(tried.count(route.line) for route in routes if route.channel == channel)


@dataclass(slots=True)
class Ration:
    """What a channel may still take at this moment of its ``rate`` a minute.

    Alerts may use all of it; everything else leaves one text's worth for the alert that may come.
    """

    rate: int
    left: float
    held: int = 0

    @property
    def most(self) -> float:
        return max(1.0, self.rate * _BURST)

    def needed(self, *, alert: bool) -> float:
        return 1.0 if alert else min(2.0, self.most)

    def has_room(self, *, alert: bool) -> bool:
        return self.left >= self.needed(alert=alert)

    def take(self, *, alert: bool) -> timedelta | None:
        """None when a text may go now, else how long it must wait."""
        if self.has_room(alert=alert):
            self.left -= 1
            return None
        self.held += 1
        missing = self.needed(alert=alert) - self.left
        return timedelta(minutes=1) * (missing + self.held - 1) / self.rate


def ration(rate: int, left: float | None, since: datetime | None, now: datetime) -> Ration:
    """What is there now: what was ``left`` at ``since``, and what has come since."""
    fresh = Ration(rate, 0)
    if left is None or since is None:
        return Ration(rate, fresh.most)
    minutes = max(0.0, (now - since) / timedelta(minutes=1))
    return Ration(rate, min(fresh.most, left + minutes * rate))
