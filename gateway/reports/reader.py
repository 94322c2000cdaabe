"""The way in: a text and what is known about its sender in, a reading out."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from gateway.places.gazetteer import Gazetteer, load_gazetteer
from gateway.reports.codebook import Codebook, load_codebook
from gateway.reports.reading import PARSER_VERSION, Line, Parse, Place, Reading
from gateway.reports.urgency import cheaply_urgent

__all__ = ["Reader", "cheaply_urgent", "load_reader", "read"]


@dataclass(frozen=True, slots=True)
class Reader:
    """The data that reading needs, compiled once a process."""

    book: Codebook
    gazetteer: Gazetteer
    zone: ZoneInfo

    def read(self, text: str, *, line: Line, at: datetime, post: str | None) -> Parse:
        return read(
            text, line=line, at=at, post=post, book=self.book, gazetteer=self.gazetteer, zone=self.zone
        )


def load_reader(timezone: str) -> Reader:
    return Reader(load_codebook(), load_gazetteer(), ZoneInfo(timezone))


def read(
    text: str,
    *,
    line: Line,
    at: datetime,
    post: str | None,
    book: Codebook,
    gazetteer: Gazetteer,
    zone: ZoneInfo,
) -> Parse:
    words = text.upper().split()
    code = next((word for word in words if word in book), None)
    point = next((gazetteer.by_code[word] for word in words if word in gazetteer.by_code), None)
    place = point and Place(point.code, point.name, point.lat, point.lon, point.radius_km, "code")
    total = next((int(word) for word in words if word.isascii() and word.isdigit()), None)
    people = {} if total is None else {"total": total}
    severity = book[code].severity_for(people) if code else None
    kind = "hotline" if line == "hotline" else "report" if code else "unknown"
    reading = Reading(
        kind, code, "code" if code else None, severity, place=place or None, people=people, note=text or None
    )  # fmt: skip
    return Parse(text, line, "und", PARSER_VERSION, (reading,))
