"""Reports: one reading of one message each. The words left over stay encrypted."""

from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa

from gateway.people.records import Reporter
from gateway.reports.records import ReportRecord
from gateway.storage.database import table_of
from gateway.web.api.paging import Page
from gateway.web.api.resource import (
    COUNTS,
    ID,
    NUMBER,
    PERSON,
    TEXT,
    TEXTS,
    TIME,
    YES_OR_NO,
    Field,
    Resource,
    Row,
    Schema,
    column,
    one_of,
    or_null,
    within,
)

_KINDS: Final = ("report", "correction", "cancel", "addition", "drill", "help", "stop", "hotline", "unknown")
_PLACE: Final[Schema] = {
    "type": "object",
    "properties": {
        "code": or_null(TEXT),
        "name": TEXT,
        "lat": {"type": ["number", "null"]},
        "lon": {"type": ["number", "null"]},
        "radius_km": {"type": ["number", "null"], "description": "how far off it may be"},
        "from": TEXT,
    },
}
_PLACE_OR_COUNTRY: Final[Schema] = {
    "anyOf": [_PLACE, {"type": "object", "required": ["country"], "properties": {"country": TEXT}}]
}
_PROBLEM: Final[Schema] = {
    "type": "object",
    "required": ["code", "field"],
    "properties": {"code": TEXT, "field": TEXT, "candidates": TEXTS},
}


def _rows(page: Page, _: Mapping[str, str]) -> sa.Select[Any]:
    report = table_of(ReportRecord)
    shown = [report.c[field.name] for field in REPORTS.fields if field.name in report.c]
    return (
        sa.select(*shown, report.c.reading, Reporter.id.label("who_id"), Reporter.name.label("who_name"))
        .join(Reporter, Reporter.id == report.c.reporter_id, isouter=True)
        .where(*within(report.c.id, page))
        .order_by(report.c.id)
        .limit(page.limit)
    )


def _reporter(row: Row) -> dict[str, str] | None:
    return {"id": str(row["who_id"]), "name": row["who_name"]} if row["who_id"] else None


def _read(name: str, schema: Schema, meaning: str, absent: Any = None) -> Field:
    """A field of the reading. Named one by one: what else it may hold is not for the outside."""
    return Field(name, schema, meaning, lambda row: row["reading"].get(name, absent))


REPORTS: Final = Resource(
    name="reports",
    item="Report",
    summary="Reports as they were read",
    fields=(
        column("id", ID, "UUIDv7"),
        column("reference", TEXT, "five digits and a check digit"),
        column("line", one_of("agents", "hotline"), "the line that it came in on"),
        column("kind", one_of(*_KINDS), "what sort of text it is"),
        column("code", or_null(TEXT), "the codebook's code; null when none was found"),
        _read("code_from", or_null(TEXT), "whether the code itself or a word for it was written"),
        column("severity", or_null(NUMBER), "1 is the gravest"),
        column("state", TEXT, "how far it has come"),
        _read("urgent", YES_OR_NO, "whether the sender called it urgent", absent=False),
        _read("place", or_null(_PLACE), "where it is happening"),
        _read("people", COUNTS, "counts; only those that were given or follow by addition", absent={}),
        _read("approximate", YES_OR_NO, "whether the counts are estimates", absent=False),
        _read("nationalities", COUNTS, "ISO 3166 codes with their counts", absent={}),
        _read("origin", or_null(_PLACE_OR_COUNTRY), "where they come from"),
        _read("destination", or_null(_PLACE_OR_COUNTRY), "where they go"),
        _read("transport", COUNTS, "means of transport with their numbers", absent={}),
        _read("controls", TEXTS, "means of control that were seen", absent=[]),
        _read("partners", TEXTS, "organisations that were named", absent=[]),
        _read("quantity", or_null(NUMBER), "of kits or litres"),
        _read("also", TEXTS, "further codes in the same text", absent=[]),
        column("occurred_at", or_null(TIME), "when it happened"),
        _read("time_approximate", YES_OR_NO, "whether that is an estimate", absent=False),
        column("sent_at", or_null(TIME), "when it was sent, as far as that is known"),
        column("received_at", TIME, "when it arrived"),
        column("read_at", TIME, "when it was read"),
        Field("reporter", or_null(PERSON), "null for whoever is not registered", _reporter),
        column("message_id", ID, "the message that it was read from"),
        column(
            "incident_id", or_null(ID), "the event that it tells of; null of what tells of none that matters"
        ),
        column("drill", YES_OR_NO, "an exercise"),
        column("verified", YES_OR_NO, "whether it came from a registered reporter"),
        _read("problems", {"type": "array", "items": _PROBLEM}, "what is unclear", absent=[]),
        column("repeat_of", or_null(ID), "the report that says the same"),
        column("about", or_null(ID), "the report that a correction, a cancellation or an addition speaks of"),
    ),
    rows=_rows,
)
