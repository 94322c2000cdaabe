"""The contact-safety gate: who may be texted or called, and when. A rule: facts and a moment in, verdict out.

It stands in the sender, not in the screens, and goes by number, on every line: whatever asked for
the text, it is asked again just before the text leaves.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo


class State(StrEnum):
    """What is known of a contact's safety. Unknown means silence."""

    UNKNOWN = "unknown"
    SAFE_NOW = "safe now"
    SAFE_AT = "safe at hours"
    INBOUND_ONLY = "inbound only"
    NEVER = "never"


class Way(StrEnum):
    """How a contact may be reached."""

    SMS = "sms"
    CALL = "call"
    WHATSAPP = "whatsapp"


class Audience(StrEnum):
    """Whom a text is meant for."""

    OFFICERS = "officers"
    CONTACT = "contact"
    REPORTER = "reporter"
    OUR_LINES = "our lines"


SAFE: Final = frozenset({State.SAFE_NOW, State.SAFE_AT})
# Every mark runs out, the ones that let us speak soonest; only "never" stands until she writes again.
LASTS: Final = {
    State.SAFE_NOW: timedelta(minutes=30),
    State.SAFE_AT: timedelta(days=14),
    State.INBOUND_ONLY: timedelta(days=90),
}
LONGEST: Final = {
    State.SAFE_NOW: timedelta(hours=2),
    State.SAFE_AT: timedelta(days=30),
    State.INBOUND_ONLY: timedelta(days=365),
}
EVERY_DAY: Final = frozenset(range(1, 8))
_WEEK: Final = 7


class BadMarkError(ValueError):
    """A mark that cannot be; the words say why, in one sentence."""


@dataclass(frozen=True, slots=True)
class Hours:
    """A time of day on days of the week (1 is Monday), in the agency's zone. Past midnight it belongs to its first day."""

    starts: time
    ends: time
    days: frozenset[int] = EVERY_DAY

    def cover(self, now: datetime, zone: ZoneInfo) -> bool:
        here = now.astimezone(zone)
        clock, today = here.time(), here.isoweekday()
        if self.starts < self.ends:
            return today in self.days and self.starts <= clock < self.ends
        yesterday = (today - 2) % _WEEK + 1
        return (today in self.days and clock >= self.starts) or (yesterday in self.days and clock < self.ends)

    def next_start(self, now: datetime, zone: ZoneInfo) -> datetime:
        """When they begin next; now while they last."""
        if self.cover(now, zone):
            return now
        here = now.astimezone(zone)
        starts = (
            datetime.combine(here.date() + timedelta(days=ahead), self.starts, zone)
            for ahead in range(_WEEK + 1)
        )
        return next(start for start in starts if start > here and start.isoweekday() in self.days)


@dataclass(frozen=True, slots=True)
class Safety:
    """A contact's mark: by which way, at which hours, until when (excluded; None only for "never")."""

    state: State = State.UNKNOWN
    way: Way | None = None
    hours: Hours | None = None
    until: datetime | None = None

    def holds(self, now: datetime) -> bool:
        return self.until is None or now < self.until


UNKNOWN: Final = Safety()


def marked(
    state: State,
    now: datetime,
    *,
    way: Way | None = None,
    hours: Hours | None = None,
    until: datetime | None = None,
) -> Safety:
    """A mark that begins now. Raise BadMarkError."""
    if (state in SAFE) != (way is not None):
        raise BadMarkError("A mark as safe names one way, sms, call or whatsapp; another mark names none.")
    if state is State.SAFE_AT and hours is None:
        raise BadMarkError('The mark "safe at hours" needs its hours.')
    if state is not State.SAFE_AT and hours is not None:
        raise BadMarkError('Hours belong to the mark "safe at hours", and to no other.')
    if hours is not None and hours.starts == hours.ends:
        raise BadMarkError("The hours begin and end at the same time: say from when until when it is safe.")
    if hours is not None and (not hours.days or not hours.days <= EVERY_DAY):
        raise BadMarkError("The hours need at least one day of the week, 1 (Monday) to 7.")
    if state not in LASTS:
        if until is not None:
            raise BadMarkError(f'The mark "{state}" has no end.')
        return Safety(state)
    until = until or now + LASTS[state]
    if not now < until <= now + LONGEST[state]:
        raise BadMarkError(f'The mark "{state}" must end after now and within {_told(LONGEST[state])}.')
    return Safety(state, way, hours, until)


def _told(length: timedelta) -> str:
    return f"{length.days} days" if length.days else f"{length // timedelta(hours=1)} hours"


def why_not_reached(safety: Safety, way: Way | None, now: datetime, zone: ZoneInfo) -> str | None:
    """None when a contact may be reached this way at this moment, else the reason."""
    if not safety.holds(now):
        return f'hotline contact: the mark "{safety.state}" has run out, and unknown means silence'
    if safety.state not in SAFE:
        return f'hotline contact: marked "{safety.state}"'
    if safety.way is not way:
        return f"hotline contact: marked safe by {safety.way} alone"
    if safety.hours is not None and not safety.hours.cover(now, zone):
        return "hotline contact: outside the hours marked safe"
    return None


def reached_at(safety: Safety, way: Way, now: datetime, zone: ZoneInfo) -> datetime | None:
    """When a contact may be reached this way, now or next; None while nothing says so."""
    if not safety.holds(now) or safety.state not in SAFE or safety.way is not way:
        return None
    at = safety.hours.next_start(now, zone) if safety.hours else now
    return at if safety.holds(at) else None


@dataclass(frozen=True, slots=True)
class Addressee:
    """What is known of a number at this moment; ``contact`` is None for whoever never came to the hotline."""

    contact: Safety | None
    officer: bool
    our_line: bool = False


def why_withheld(
    audience: Audience, addressee: Addressee, way: Way | None, now: datetime, zone: ZoneInfo
) -> str | None:
    """None when the text may go, else the reason.

    Whoever came to the hotline may not be alone with the phone: unknown means silence, and what is no
    hotline text never goes there. An officer on the rota is still alerted and answered, because an
    alert withheld can cost a life too. What is meant for officers goes to nobody else: a phone that
    was struck off may be a stolen one. What one of our lines sends another goes to no person at all.
    """
    if audience is Audience.OFFICERS:
        return None if addressee.officer else "not an active officer any more"
    if audience is Audience.CONTACT:
        if addressee.contact is None:
            return "not a hotline contact any more"
        return why_not_reached(addressee.contact, way, now, zone)
    if audience is Audience.OUR_LINES and not addressee.our_line:
        return "no line of ours any more"
    return None if addressee.contact is None else "hotline contact: gets hotline texts alone"
