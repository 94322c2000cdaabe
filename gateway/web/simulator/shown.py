"""What the phones and the desk show: the demo people's texts, and what came of them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from gateway.alerts.records import Alert
from gateway.demo import CALLERS, OFFICERS, REPORTERS
from gateway.inbox.records import InboundRecord
from gateway.messages import Kind
from gateway.outbox.records import OutboundRecord
from gateway.people.records import Officer
from gateway.reports.codebook import Codebook
from gateway.reports.records import ReportRecord
from gateway.storage.cipher import Cipher
from gateway.storage.database import any_of, table_of
from gateway.ussd.service import FROM_A_MENU

IN, OUT = table_of(InboundRecord), table_of(OutboundRecord)
REPORT, ALERT, OFFICER = table_of(ReportRecord), table_of(Alert), table_of(Officer)

BACK: Final = timedelta(hours=12)
MOST_TEXTS, MOST_REPORTS = 300, 20

_REPORTS: Final = (
    sa.select(
        REPORT.c.id,
        REPORT.c.message_id,
        REPORT.c.reference,
        REPORT.c.line,
        REPORT.c.kind,
        REPORT.c.code,
        REPORT.c.severity,
        REPORT.c.state,
        REPORT.c.reading,
        REPORT.c.received_at,
        ALERT.c.state.label("alert"),
        OFFICER.c.name.label("taken_by"),
    )
    .join(ALERT, ALERT.c.id == REPORT.c.alert_id, isouter=True)
    .join(OFFICER, OFFICER.c.id == ALERT.c.acknowledged_by, isouter=True)
    .where(REPORT.c.received_at > sa.bindparam("since"))
    .order_by(REPORT.c.received_at.desc(), REPORT.c.id.desc())
    .limit(MOST_REPORTS)
)


def numbers() -> list[str]:
    """Everybody who has a phone on the screen."""
    return [
        *(reporter.number for reporter in REPORTERS),
        *(number for number, _ in OFFICERS),
        *(number for number, _ in CALLERS),
    ]


def texts(connection: sa.Connection, cipher: Cipher, now: datetime) -> list[dict[str, Any]]:
    """The demo people's texts of the last hours, oldest first.

    ``out`` is what they wrote, else it came to them; a text that was withheld is no phone's, but shown.
    """
    whose = {cipher.digest(number): number for number in numbers()}
    rows = [
        *_written(connection, whose, now - BACK),
        *_received(connection, whose, now - BACK),
    ]
    rows.sort(key=lambda row: (row.at, row.id))
    return [
        {
            "id": str(row.id),
            "phone": whose[bytes(row.phone)],
            "line": cipher.decrypt(row.line),
            "out": row.out,
            "text": cipher.decrypt(row.text),
            "state": row.state,
            "error": row.error,
            "segments": row.segments,
            "at": row.at.isoformat(),
        }
        for row in rows[-MOST_TEXTS:]
    ]


def _written(connection: sa.Connection, whose: Mapping[bytes, str], since: datetime) -> Sequence[sa.Row[Any]]:
    columns = (IN.c.id, IN.c.sender_hash.label("phone"), IN.c.recipient.label("line"), IN.c.text)
    return _latest(
        connection,
        sa.select(*columns, IN.c.state, IN.c.error, IN.c.segments, IN.c.received_at.label("at"))
        .add_columns(sa.true().label("out"))
        .where(any_of(IN.c.sender_hash, whose), IN.c.received_at > since, IN.c.kind == Kind.TEXT)
        .where(~IN.c.provider_id.startswith(FROM_A_MENU))  # a phone keeps no trace of what was dialled
        .order_by(IN.c.received_at.desc()),
    )


def _received(
    connection: sa.Connection, whose: Mapping[bytes, str], since: datetime
) -> Sequence[sa.Row[Any]]:
    columns = (OUT.c.id, OUT.c.recipient_hash.label("phone"), OUT.c.sender.label("line"), OUT.c.text)
    return _latest(
        connection,
        sa.select(*columns, OUT.c.state, OUT.c.error, OUT.c.segments, OUT.c.created_at.label("at"))
        .add_columns(sa.false().label("out"))
        .where(any_of(OUT.c.recipient_hash, whose), OUT.c.created_at > since)
        .order_by(OUT.c.created_at.desc()),
    )


def _latest(connection: sa.Connection, query: sa.Select[Any]) -> Sequence[sa.Row[Any]]:
    return connection.execute(query.limit(MOST_TEXTS)).all()


def reports(connection: sa.Connection, book: Codebook, language: str, now: datetime) -> list[dict[str, Any]]:
    """The latest reports, newest first, with what a desk looks at."""
    rows = connection.execute(_REPORTS, {"since": now - BACK})
    return [
        {
            "id": str(row.id),
            "message": str(row.message_id),
            "reference": row.reference,
            "line": row.line,
            "kind": row.kind,
            "code": row.code,
            "label": _label(book, row.code, language),
            "severity": row.severity,
            "state": row.state,
            "place": row.reading.get("place"),
            "people": row.reading.get("people") or {},
            "problems": [problem["code"] for problem in row.reading.get("problems") or ()],
            "alert": row.alert,
            "taken_by": row.taken_by,
            "at": row.received_at.isoformat(),
        }
        for row in rows
    ]


def _label(book: Codebook, code: str | None, language: str) -> str | None:
    known = book.codes.get(code or "")
    if known is None:
        return None
    return known.label_fr if language == "fr" else known.label_en


def points(places: Iterable[Any]) -> list[dict[str, Any]]:
    """What the map is drawn of: the agency's points that have coordinates."""
    return [
        {"code": place.code, "name": place.name, "kind": place.kind, "lat": place.lat, "lon": place.lon}
        for place in places
        if place.lat is not None and place.lon is not None
    ]
