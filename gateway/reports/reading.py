"""What a text was read as: values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import Any, Final, Literal, NamedTuple, Self

PARSER_VERSION: Final = "1"

Line = Literal["agents", "hotline"]
Kind = Literal[
    "report", "correction", "cancel", "addition", "drill", "help", "stop", "hotline", "unknown"
]  # fmt: skip
CodeFrom = Literal["code", "alias"]
PlaceFrom = Literal["coordinates", "code", "name", "fuzzy", "offset", "road", "post", "previous"]


@dataclass(frozen=True, slots=True)
class Place:
    code: str | None
    name: str
    lat: float | None
    lon: float | None
    radius_km: float | None
    source: PlaceFrom

    def to_dict(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "name": self.name,
            "lat": self.lat,
            "lon": self.lon,
            "radius_km": self.radius_km,
            "from": self.source,
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        named = {name: value for name, value in plain.items() if name != "from"}
        return cls(**named, source=plain["from"])


@dataclass(frozen=True, slots=True)
class Country:
    """Where somebody comes from or goes to, when only the country was said."""

    country: str

    def to_dict(self) -> dict[str, Any]:
        return {"country": self.country}


@dataclass(frozen=True, slots=True)
class Problem:
    code: str
    field: str
    candidates: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        plain: dict[str, Any] = {"code": self.code, "field": self.field}
        if self.candidates:
            plain["candidates"] = list(self.candidates)
        return plain


INCOMPLETE: Final = Problem("incomplete", "text")
"""Parts of the text have not come."""


class Evidence(NamedTuple):
    """The words that gave a field: a stretch of the original text. A tuple, as there are many of them."""

    field: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Reading:
    kind: Kind
    code: str | None = None
    code_from: CodeFrom | None = None
    severity: int | None = None
    urgent: bool = False
    place: Place | None = None
    people: dict[str, int] = field(default_factory=dict)
    approximate: bool = False
    nationalities: dict[str, int | None] = field(default_factory=dict)
    origin: Place | Country | None = None
    destination: Place | Country | None = None
    transport: dict[str, int | None] = field(default_factory=dict)
    controls: tuple[str, ...] = ()
    partners: tuple[str, ...] = ()
    quantity: int | None = None
    occurred_at: datetime | None = None
    time_approximate: bool = False
    reference: str | None = None
    replace: tuple[tuple[int, int], ...] | None = None
    note: str | None = None
    problems: tuple[Problem, ...] = ()
    also: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()

    @property
    def lacks_parts(self) -> bool:
        return INCOMPLETE in self.problems

    def with_a_gap(self) -> Self:
        """As read from a text of which parts have not come: the first doubt that there is."""
        return self if self.lacks_parts else replace(self, problems=(INCOMPLETE, *self.problems))

    def to_dict(self) -> dict[str, Any]:
        plain: dict[str, Any] = {
            "kind": self.kind,
            "code": self.code,
            "code_from": self.code_from,
            "severity": self.severity,
            "urgent": self.urgent,
            "place": self.place and self.place.to_dict(),
            "people": dict(self.people),
            "approximate": self.approximate,
            "nationalities": dict(self.nationalities),
            "origin": self.origin and self.origin.to_dict(),
            "destination": self.destination and self.destination.to_dict(),
            "transport": dict(self.transport),
            "controls": list(self.controls),
            "partners": list(self.partners),
            "quantity": self.quantity,
            "occurred_at": self.occurred_at and _iso(self.occurred_at),
            "reference": self.reference,
            "replace": self.replace and [list(pair) for pair in self.replace],
            "note": self.note,
            "problems": [problem.to_dict() for problem in self.problems],
            "also": list(self.also),
            "evidence": [[part.field, part.start, part.end] for part in self.evidence],
        }
        if self.time_approximate:
            plain["time_approximate"] = True
        return plain

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """The reading that `to_dict` made this of, evidence left out: that belongs to one text alone."""
        known = {part.name: plain[part.name] for part in fields(cls) if part.name in plain}
        known |= {name: tuple(known[name]) for name in ("controls", "partners", "also") if name in known}
        known |= {name: _where(known.get(name)) for name in ("place", "origin", "destination")}
        known["problems"] = tuple(
            Problem(one["code"], one["field"], tuple(one.get("candidates", ())))
            for one in known.get("problems", ())
        )
        if known.get("replace"):
            known["replace"] = tuple((wrong, right) for wrong, right in known["replace"])
        if isinstance(known.get("occurred_at"), str):
            known["occurred_at"] = datetime.fromisoformat(known["occurred_at"])
        return cls(**known | {"evidence": ()})


@dataclass(frozen=True, slots=True)
class Parse:
    text: str
    line: Line
    language: str
    parser_version: str
    readings: tuple[Reading, ...]

    def with_a_gap(self) -> Self:
        return replace(self, readings=tuple(reading.with_a_gap() for reading in self.readings))

    def to_dict(self) -> dict[str, Any]:
        return {
            "text": self.text,
            "line": self.line,
            "language": self.language,
            "parser_version": self.parser_version,
            "readings": [reading.to_dict() for reading in self.readings],
        }


def _where(plain: Mapping[str, Any] | None) -> Place | Country | None:
    if plain is None:
        return None
    return Country(plain["country"]) if "country" in plain else Place.from_dict(plain)


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
