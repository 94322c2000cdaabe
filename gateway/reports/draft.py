"""A reading in the making: the tokens of one incident and what the rules have found in them so far."""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from gateway.places.gazetteer import Point
from gateway.reports.codebook import Code
from gateway.reports.lexicon import Vocabulary
from gateway.reports.reading import Country, Evidence, Kind, Line, Place, Problem
from gateway.reports.tokenizer import Source, Token

_BREAKS: Final = frozenset(",;\n!?/|.")
# Words that stand in a report for what they say.
_SAYING: Final = frozenset(
    [
        "vehicle",
        "manner",
        "partner",
        "control",
        "code",
        "place",
        "people",
        "nation",
        "country",
        "clock",
        "date",
        "time",
        "urgent",
    ]
)
LEFT_ALONE: Final = "note"
"""The field of a token that a rule has understood to mean nothing for the reading: it goes into the note."""


class Draft:
    """The rules write here. A token belongs to the rule that claimed it; the rest becomes the note."""

    code: Code | None = None
    code_from: str | None = None
    urgent = False
    place: Place | None = None
    place_named = False
    """A place was said, resolved or not: the reporter's own post is no answer then."""
    around = 0.0
    """Kilometres: a distance was said that could not be reckoned from; the place is no nearer known than that."""
    origin: Place | Country | None = None
    destination: Place | Country | None = None
    letter_keys = 0
    spread = 0
    """How much more the ranges of men, women and children allow than was counted."""
    covered = False
    approximate = False
    quantity: int | None = None
    occurred_at: datetime | None = None
    time_approximate = False
    reference: str | None = None
    replace: tuple[tuple[int, int], ...] | None = None

    def __init__(
        self, source: Source, tokens: list[Token], vocabulary: Vocabulary, *,
        line: Line, at: datetime, post: str | None, zone: ZoneInfo, all_capitals: bool,
    ) -> None:  # fmt: skip
        self.source = source
        self.tokens = tokens
        self.vocabulary = vocabulary
        self.line = line
        self.at = at
        self.post = post
        self.zone = zone
        self.all_capitals = all_capitals
        self.kind: Kind = "hotline" if line == "hotline" else "unknown"
        self.sorts = {token.sort for token in tokens}
        """What kinds of tokens there are: a rule with nothing to read is not entered."""
        self.texts = {token.text for token in tokens}
        self.also: list[str] = []
        self.people: dict[str, int] = {}
        self.hours: list[int] = []
        """Numbers before an `h`: hours or men, decided when the rest is known."""
        self.nationalities: dict[str, int | None] = {}
        self.transport: dict[str, int | None] = {}
        self.controls: list[str] = []
        self.partners: list[str] = []
        self.problems: dict[str, Problem] = {}

    def problem(self, code: str, field: str, candidates: Iterable[str] = ()) -> None:
        """At most one a field: the first one stands."""
        self.problems.setdefault(field, Problem(code, field, tuple(candidates)))

    def give_up(self, field: str) -> None:
        """What was read as this field is not it, or not alone: the words go into the note."""
        setattr(self, field, None)
        for token in self.tokens:
            if token.field == field:
                token.field = LEFT_ALONE

    def free(self, index: int, sort: str) -> bool:
        """A token of this sort stands there and is not yet read."""
        if not 0 <= index < len(self.tokens):
            return False
        token = self.tokens[index]
        return token.sort == sort and token.field is None

    def touching(self, index: int) -> bool:
        """Nothing but spaces and the like stand between this token and the one before."""
        return 0 < index < len(self.tokens) and _BREAKS.isdisjoint(self.tokens[index].gap)

    def capitals(self, token: Token) -> bool:
        return self.source.original(token).isupper()

    def shouted(self, index: int) -> bool:
        """In capitals that say nothing, as the words after it are: `IL A PAYE`."""
        if self.all_capitals:
            return True
        for position in range(index + 1, min(index + 4, len(self.tokens))):
            following = self.tokens[position]
            joined = position == index + 1 and not following.gap
            if joined or not self.touching(position):
                return False
            if len(following.text) > 2 and not following.text.isdigit():
                return following.sort not in _SAYING and self.capitals(following)
        return False

    def add_nationality(self, code: str, count: int | None) -> None:
        if count is not None or code not in self.nationalities:
            self.nationalities[code] = count

    def add_transport(self, code: str, count: int | None) -> None:
        if count is not None or code not in self.transport:
            self.transport[code] = count

    def note(self) -> str | None:
        """What no rule has read, in order, in the sender's own spelling."""
        stretches: list[list[int]] = []
        previous = None
        for token in self.tokens:
            if token.field is None or token.field == LEFT_ALONE:
                if previous is None:
                    stretches.append([token.start, token.end])
                else:
                    stretches[-1][1] = token.end
                previous = token
            else:
                previous = None
        if not stretches:
            return None
        spans = (self.source.span(start, end) for start, end in stretches)
        return " ".join(self.source.text[start:end] for start, end in spans)

    def evidence(self) -> tuple[Evidence, ...]:
        read = [
            (t.field, t.start, t.end) for t in self.tokens if t.field is not None and t.field != LEFT_ALONE
        ]
        if self.source.origins is None:
            return tuple(map(Evidence._make, read))
        span = self.source.span
        return tuple([Evidence(field, *span(start, end)) for field, start, end in read])


@lru_cache(maxsize=4096)
def at_point(point: Point, source: str, *, around: float = 0) -> Place:
    radius = point.radius_km if point.radius_km is None else max(point.radius_km, around)
    return Place(point.code, point.name, point.lat, point.lon, radius, source)  # type: ignore[arg-type]
