"""What a text was read as: values only."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal, NamedTuple

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


@dataclass(frozen=True, slots=True)
class Parse:
    text: str
    line: Line
    language: str
    parser_version: str
    readings: tuple[Reading, ...]

    def to_dict(self) -> dict[str, Any]:
        return {
            "text": self.text,
            "line": self.line,
            "language": self.language,
            "parser_version": self.parser_version,
            "readings": [reading.to_dict() for reading in self.readings],
        }


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
