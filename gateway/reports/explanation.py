"""Rules that tell a person how a text was read: which words gave which field, and what it says in plain words."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from gateway.reports.reader import Reader
from gateway.reports.reading import Country, Place, Problem, Reading
from gateway.text.words import word

# As a person would tell it; what has no words of its own in the text comes in the same order.
FIELDS: Final = (
    "kind", "reference", "replace", "code", "also", "place", "people", "nationalities", "origin",
    "destination", "transport", "controls", "partners", "quantity", "occurred_at", "urgent",
)  # fmt: skip


class Piece(NamedTuple):
    """A stretch of the original text that gave a field."""

    field: str
    start: int
    end: int


class Finding(NamedTuple):
    """A field that was filled: the pieces that gave it, none where it follows from something else."""

    field: str
    pieces: tuple[Piece, ...]
    value: str


def pieces(text: str, reading: Reading) -> list[Piece]:
    """Neighbouring words of one field are one piece; any word between them keeps them apart."""
    found: list[Piece] = []
    for evidence in sorted(reading.evidence, key=lambda part: part.start):
        last = found[-1] if found else None
        if last and last.field == evidence.field and not _says_something(text[last.end : evidence.start]):
            found[-1] = last._replace(end=max(last.end, evidence.end))
        else:
            found.append(Piece(*evidence))
    return found


def _says_something(between: str) -> bool:
    return any(letter.isalnum() for letter in between)


@dataclass(frozen=True, slots=True)
class Explanation:
    """The words of one language for what a reading holds."""

    language: str
    reader: Reader

    def findings(self, text: str, reading: Reading) -> list[Finding]:
        """Every field that is filled, with what gave it; where an unclear field has words, those words too."""
        parts = pieces(text, reading)
        found = []
        for field in FIELDS:
            own = tuple(part for part in parts if part.field == field)
            value = self.value(field, reading)
            if value or own:
                found.append(Finding(field, own, value))
        return sorted(found, key=lambda finding: finding.pieces[0].start if finding.pieces else len(text))

    def value(self, field: str, reading: Reading) -> str:
        """What the reading holds in a field, as a person says it; nothing when it is empty."""
        tell: dict[str, Callable[[Reading], str]] = {
            "kind": self._kind,
            "code": self._code,
            "place": lambda it: self._where(it.place),
            "origin": lambda it: self._where(it.origin),
            "destination": lambda it: self._where(it.destination),
            "people": self._people,
            "nationalities": lambda it: self._counted("countries", it.nationalities),
            "transport": lambda it: self._counted("transport", it.transport),
            "controls": lambda it: ", ".join(word(self.language, "controls", one) for one in it.controls),
            "partners": lambda it: ", ".join(it.partners),
            "quantity": lambda it: "" if it.quantity is None else str(it.quantity),
            "occurred_at": self._time,
            "reference": lambda it: it.reference or "",
            "replace": self._replace,
            "urgent": self._urgent,
            "also": lambda it: ", ".join(self._label(code) for code in it.also),
        }
        return tell[field](reading)

    def problem(self, problem: Problem) -> str:
        """What is unclear, with what it may be."""
        candidates = " / ".join(map(self._candidate, problem.candidates))
        return word(self.language, "problems", problem.code).replace("{candidates}", candidates).strip()

    def _candidate(self, candidate: str) -> str:
        """A code, a point or a country by its name; a position as it is."""
        if candidate in self.reader.book:
            return self._label(candidate)
        if candidate in self.reader.gazetteer.by_code:
            return f"{self.reader.gazetteer.by_code[candidate].name} [{candidate}]"
        return word(self.language, "countries", candidate)

    def _say(self, key: str, **values: object) -> str:
        return word(self.language, "explain", key).format(**values)

    def _kind(self, reading: Reading) -> str:
        return "" if reading.kind in ("report", "unknown") else word(self.language, "kinds", reading.kind)

    def _code(self, reading: Reading) -> str:
        if reading.code is None:
            return ""
        return "; ".join(self._of_code(reading.code, reading))

    def _of_code(self, code: str, reading: Reading) -> Iterator[str]:
        yield self._label(code)
        if reading.severity is not None:
            said = word(self.language, "severities", reading.severity)
            yield self._say("severity", severity=reading.severity, word=said)
        if reading.code_from == "alias":
            yield self._say("by_alias")

    def _label(self, code: str) -> str:
        return f"{code} {self.reader.book.label(code, self.language)}"

    def _where(self, place: Place | Country | None) -> str:
        if place is None:
            return ""
        if isinstance(place, Country):
            return word(self.language, "countries", place.country)
        parts = [f"{place.name} [{place.code}]" if place.code else place.name]
        if place.source == "coordinates":
            parts = []
        if place.lat is None:
            parts.append(self._say("no_position"))
        else:
            parts.append(self._say("position", lat=place.lat, lon=place.lon, radius=f"{place.radius_km:g}"))
        if place.source in ("post", "previous", "fuzzy"):
            parts.append(self._say(place.source))
        return "; ".join(parts)

    def _people(self, reading: Reading) -> str:
        told = self._counted("people", reading.people)
        return f"{told}, {self._say('approximate')}" if reading.approximate and told else told

    def _counted(self, table: str, counts: Mapping[str, int | None]) -> str:
        named = ((word(self.language, table, key), number) for key, number in counts.items())
        return ", ".join(name if number is None else f"{name} {number}" for name, number in named)

    def _time(self, reading: Reading) -> str:
        if reading.occurred_at is None:
            return ""
        told = told_time(reading.occurred_at, self.reader.zone)
        return f"{told}, {self._say('roughly')}" if reading.time_approximate else told

    def _urgent(self, reading: Reading) -> str:
        """By a word, or only by exclamation marks."""
        if any(evidence.field == "urgent" for evidence in reading.evidence):
            return word(self.language, "fields", "urgent")
        return self._say("from_signs") if reading.urgent else ""

    def _replace(self, reading: Reading) -> str:
        pairs = reading.replace or ()
        return ", ".join(self._say("instead", right=right, wrong=wrong) for wrong, right in pairs)


def told_time(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).strftime("%d/%m/%Y %H:%M")
