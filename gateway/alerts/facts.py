"""What an alert says. Values, kept encrypted with the alert so that every later text can say it again."""

import json
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from typing import Final, Self
from uuid import UUID
from zoneinfo import ZoneInfo

# Of what is no class of the codebook but wakes somebody all the same.
UNCLEAR_SEVERITY: Final = 2
ALERTED_UP_TO: Final = 2
# Whatever else the same phone says: who holds it may not be who began.
_STAYS = frozenset({"duress"})
# News each time: what a voice message says nobody knows before it is heard, and who asked waits for the answer.
_NEWS = frozenset({"voice_message", "answers", "word_right", "word_wrong", "duress"})


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the event. ``late`` is the hour of a report that took long; ``words`` an excerpt."""

    hotline: bool
    severity: int
    code: str | None = None
    place: str | None = None
    people: int | None = None
    approximate: bool = False
    late: str | None = None
    who: str | None = None
    words: str | None = None
    doubt: str | None = None
    officer: str | None = None
    """The id of the officer whom it is about: the others are alerted."""
    at_post: bool = False
    """Nobody said the place: it is the reporter's own post."""
    region: str | None = None
    """Where the place lies: its own officers are called first."""
    reports: int = 1
    """How many tell of the event."""

    def says_more_than(self, before: "Facts") -> bool:
        """Whether it is graver, is news each time, or brings a code, a place, a number or a doubt not yet known."""
        new = (
            (self.code, before.code),
            (self.place, before.place),
            (self.people, before.people),
            (self.doubt, before.doubt),
        )
        graver = self.severity < before.severity or self.doubt in _NEWS
        return graver or any(mine and mine != known for mine, known in new)

    @property
    def cannot_wait(self) -> bool:
        """A life is at stake, or it is what a caller says to whoever asked her."""
        return self.severity == 1 or self.doubt in _NEWS

    def is_graver_than(self, before: "Facts") -> bool:
        return self.severity < before.severity or (self.people or 0) > (before.people or 0)

    def with_more(self, later: "Facts") -> "Facts":
        """Both texts of one person as one: what was said last counts, the gravest class stays."""
        graver = later if later.severity <= self.severity or self.code is None else self
        return replace(
            self.moved_to(later.place, at_post=later.at_post, region=later.region),
            severity=min(self.severity, later.severity),
            code=graver.code or self.code,
            people=later.people or self.people,
            approximate=later.approximate if later.people else self.approximate,
            words=(later.words if later.says_more_than(self) else None) or self.words,
            doubt=self.doubt if self.doubt in _STAYS else later.doubt or self.doubt,
        )

    def with_report(self, later: "Facts") -> "Facts":
        """Two people's reports of one event as one: the gravest class, the larger number, the last place."""
        graver = later if later.severity < self.severity or self.code is None else self
        moved = self.place is None or later.late is None
        larger = (later.people or 0) > (self.people or 0)
        return replace(
            self.moved_to(later.place, at_post=later.at_post, region=later.region) if moved else self,
            severity=graver.severity,
            code=graver.code,
            people=later.people if larger else self.people,
            approximate=later.approximate if larger else self.approximate,
            doubt=later.doubt and self.doubt,
            reports=self.reports + later.reports,
        )

    def moved_to(self, place: str | None, *, at_post: bool, region: str | None) -> "Facts":
        """Elsewhere, if a place is known: whether anybody said it, and whose region it is, go with it."""
        return replace(self, place=place, at_post=at_post, region=region) if place else self

    def put_right(self, now: "Facts") -> "Facts":
        """The report as it reads now. It grows no less grave by a text: whoever holds the phone may have to.

        A caller's alert may hold other texts too; of the one that came in parts it has all the words now.
        """
        if now.hotline:
            doubt = self.doubt if self.doubt in _STAYS else now.doubt
            return replace(self.with_more(now), words=now.words, doubt=doubt)
        return replace(now, severity=min(self.severity, now.severity), late=self.late, who=self.who)

    def taken_back(self) -> "Facts":
        """The reporter cancelled it: every later text of the alert says so."""
        return replace(self, doubt="cancelled")

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Of what a later version knew of it besides nothing is said. Raise ValueError or TypeError."""
        known = {one.name for one in fields(cls)}
        return cls(**{name: value for name, value in json.loads(text).items() if name in known})


def hour_told(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """An hour on the wall's clock, with its day unless that is today."""
    then, today = at.astimezone(zone), now.astimezone(zone)
    return f"{then:%H:%M}" if then.date() == today.date() else f"{then:%d/%m %H:%M}"


@dataclass(frozen=True, slots=True)
class NewAlert:
    """An alert that a report calls for."""

    id: UUID
    reference: str
    facts: Facts
    contact_id: UUID | None = None
    reporter_id: UUID | None = None
    incident_id: UUID | None = None


def stop_of(officer: str, name: str) -> Facts:
    """That an officer, by id and name, told a provider to stop: nothing reaches that phone any more."""
    return Facts(hotline=False, severity=UNCLEAR_SEVERITY, who=name, doubt="officer_stops", officer=officer)
