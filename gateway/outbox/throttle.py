"""How many texts and calls one officer gets. A rule: what the number got lately and a moment in, go or wait out.

A phone that beeps without end is switched off, and then nobody is on duty. The figures are those that GoAlert
pages people by (`engine/message/ratelimit.go`); its longer windows are spread, so that a storm is followed by
one text every few minutes rather than by an hour of silence.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final

from gateway.outbox.drafts import ALL_WELL, CAP, SEVERITY_1, audience_of
from gateway.people.safety import Audience


class Kind(StrEnum):
    """What goes to an officer unasked; the value is the word for several."""

    ALERT = "alerts"
    UPDATE = "updates"
    CALL = "calls"


_KINDS: Final[Mapping[str, Kind]] = {"alert": Kind.ALERT, "nobody": Kind.ALERT, "call": Kind.CALL}
# He waits for the answer to what he has just sent; the others come once a day, and must not lose their turn in a storm.
_NEVER_HELD: Final = frozenset({"answer", CAP, ALL_WELL})


@dataclass(frozen=True, slots=True)
class Window:
    """At most so many ``texts`` ``within`` a time; where they are spread, those beyond the window before evenly."""

    texts: int
    within: timedelta
    spread: bool = False


def _window(texts: int, minutes: int, *, spread: bool = False) -> Window:
    return Window(texts, timedelta(minutes=minutes), spread)


# Of a phone's texts, whatever they are about, or of its calls.
A_MINUTE: Final = _window(1, 1)
WINDOWS: Final[Mapping[Kind, Sequence[Window]]] = {
    Kind.ALERT: (_window(5, 15), _window(11, 60, spread=True), _window(21, 180, spread=True)),
    Kind.UPDATE: (_window(1, 3), _window(3, 20), _window(8, 120, spread=True)),
    Kind.CALL: (_window(3, 15), _window(7, 60, spread=True), _window(15, 180, spread=True)),
}
REMEMBERS: Final = max(window.within for windows in WINDOWS.values() for window in windows)
# An alert that is held for longer does not wait for its officer: the next step is due.
IN_TIME: Final = A_MINUTE.within


@dataclass(frozen=True, slots=True)
class Sent:
    """A text or a call that went to the number."""

    kind: Kind
    at: datetime


@dataclass(frozen=True, slots=True)
class Held:
    """Not before ``until``, and later still if something goes to the number meanwhile."""

    until: datetime
    reason: str


def kind_of(purpose: str) -> Kind | None:
    """None for what is no officer's, an answer to him, or of once a day: that is never held and never counts."""
    is_update = audience_of(purpose) is Audience.OFFICERS and purpose not in _NEVER_HELD
    return _KINDS.get(purpose, Kind.UPDATE if is_update else None)


def is_crisis(kind: Kind, rank: int) -> bool:
    """A life is at stake, or nobody is on duty: its texts are not held while the day's number lasts.

    Its calls are. The text has the words; a phone that rings while it rings wakes nobody sooner.
    """
    return rank <= SEVERITY_1 and kind is not Kind.CALL


def hold(sent: Sequence[Sent], kind: Kind, now: datetime, pace: float = 1) -> Held | None:
    """None when one of this kind may go now; ``pace`` divides the windows."""
    by_voice = kind is Kind.CALL
    limits = [
        _Limit(A_MINUTE, None, _times(one for one in sent if (one.kind is Kind.CALL) is by_voice)),
        *(
            _Limit(window, before, _times(one for one in sent if one.kind is kind))
            for before, window in pairwise((None, *WINDOWS[kind]))
            if window
        ),
    ]
    at, closed = now, None
    # What opens one window may find another closed: until all are open at once.
    while (later := max(limits, key=lambda limit: limit.opens_at(at, pace))).opens_at(at, pace) > at:
        at, closed = later.opens_at(at, pace), later.window
    if closed is None:
        return None
    noun = kind.value if closed is not A_MINUTE else "calls" if by_voice else "texts"
    number = f"{closed.texts} {noun if closed.texts > 1 else noun.removesuffix('s')}"
    return Held(at, f"one officer gets {number} in {closed.within // timedelta(minutes=1)} min at most")


def is_late(called_for: datetime, until: datetime, pace: float = 1) -> bool:
    """Whether a text that is held until then comes too late to be waited for."""
    return (until - called_for) * pace > IN_TIME


@dataclass(frozen=True, slots=True)
class _Limit:
    window: Window
    before: Window | None
    times: Sequence[datetime]

    def opens_at(self, at: datetime, pace: float) -> datetime:
        """The earliest that it may allow another; ``at`` when it does now."""
        within, texts = self.window.within / pace, self.window.texts
        lately = [time for time in self.times if at - within < time <= at]
        if len(lately) >= texts:
            return lately[-texts] + within
        if not self.window.spread or not self.before or len(lately) < self.before.texts:
            return at
        first = self.before.within / pace
        each = (within - first) / (texts - self.before.texts)
        return max(at, lately[0] + first + each * (len(lately) - self.before.texts))


def _times(sent: Iterable[Sent]) -> list[datetime]:
    return sorted(one.at for one in sent)
