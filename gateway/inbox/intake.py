"""What a message that was read calls for: reports to file, receipts to send, alerts to raise. Rules."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from uuid_utils.compat import uuid7

from gateway.alerts.facts import Facts, NewAlert
from gateway.outbox import drafts
from gateway.outbox.drafts import Draft
from gateway.reports.reading import Parse, Reading
from gateway.text.render import people, render

ALERTED_UP_TO = 2
# Of a hotline text in which no class was found: somebody wrote, so somebody looks.
UNCLEAR_SEVERITY = 2
LATE = timedelta(minutes=30)
_NOT_KEPT = {"kind", "code", "severity", "note", "occurred_at"}


@dataclass(frozen=True, slots=True)
class OurLine:
    number: str = field(repr=False)
    profile: str
    channel: str


@dataclass(frozen=True, slots=True)
class Writer:
    """Whoever wrote, as far as we know them."""

    reporter_id: UUID | None = None
    officer_id: UUID | None = None
    name: str | None = None
    post: str | None = None
    language: str = "fr"
    discreet: bool = False

    @property
    def registered(self) -> bool:
        return self.reporter_id is not None or self.officer_id is not None


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message out of the inbox, opened. ``sent_at`` is only given when it can be believed."""

    id: UUID
    sender: str = field(repr=False)
    sender_hash: bytes
    text: str = field(repr=False)
    line: OurLine | None
    writer: Writer
    sent_at: datetime | None
    received_at: datetime

    @property
    def on_hotline(self) -> bool:
        """A line that we do not know is treated as the hotline: unknown means silence."""
        return self.line is None or self.line.profile == "hotline"


@dataclass(frozen=True, slots=True)
class Filed:
    """A report to be filed, with what else it calls for."""

    row: dict[str, Any]
    receipt: Draft | None
    alert: NewAlert | None


def file(
    message: Incoming,
    parse: Parse,
    references: Iterator[str],
    contact_id: UUID | None,
    repeat_of: UUID | None,
    text_hash: bytes,
    now: datetime,
    zone: ZoneInfo,
) -> list[Filed]:
    """One report for each reading of the message."""
    filed = []
    for reading in parse.readings:
        reference = next(references)
        row = _row(message, reading, parse, reference, now)
        row |= {"contact_id": contact_id, "repeat_of": repeat_of, "text_hash": text_hash}
        facts = alert_facts(message, reading, zone)
        alert = facts and NewAlert(uuid7(), reference, facts, contact_id, message.writer.reporter_id)
        filed.append(Filed(row, _receipt(message, reading, reference, row["id"]), alert or None))
    return filed


def _row(message: Incoming, reading: Reading, parse: Parse, reference: str, now: datetime) -> dict[str, Any]:
    kept = {name: value for name, value in reading.to_dict().items() if name not in _NOT_KEPT}
    kept |= {"language": parse.language, "parser_version": parse.parser_version}
    return {
        "id": uuid7(),
        "message_id": message.id,
        "reference": reference,
        "line": "hotline" if message.on_hotline else "agents",
        "kind": reading.kind,
        "code": reading.code,
        "severity": reading.severity,
        "state": "filed",
        "drill": reading.kind == "drill",
        "verified": message.writer.registered and not message.on_hotline,
        "reading": json.dumps(kept),
        "note": reading.note,
        "reporter_id": message.writer.reporter_id,
        "contact_id": None,
        "alert_id": None,
        "sender_hash": message.sender_hash,
        "occurred_at": reading.occurred_at,
        "sent_at": message.sent_at,
        "received_at": message.received_at,
        "read_at": now,
    }


def alert_facts(message: Incoming, reading: Reading, zone: ZoneInfo) -> Facts | None:
    """What an officer must hear of this reading; None when nobody need be woken."""
    severity = _alert_severity(message, reading)
    if severity is None:
        return None
    doubt = reading.problems[0].code if reading.problems else None
    if not message.on_hotline and not message.writer.registered:
        doubt = "unverified"
    return Facts(
        hotline=message.on_hotline,
        severity=severity,
        code=reading.code,
        place=reading.place.name if reading.place else None,
        people=reading.people.get("total"),
        approximate=reading.approximate,
        late=_late(message, zone),
        who=message.writer.name,
        words=message.text[:160] if message.on_hotline else None,
        doubt=doubt,
    )


def _late(message: Incoming, zone: ZoneInfo) -> str | None:
    """When a text that took long was sent: the hour, with its day unless that is today."""
    if message.sent_at is None or message.received_at - message.sent_at <= LATE:
        return None
    sent, received = message.sent_at.astimezone(zone), message.received_at.astimezone(zone)
    return f"{sent:%H:%M}" if sent.date() == received.date() else f"{sent:%d/%m %H:%M}"


def _alert_severity(message: Incoming, reading: Reading) -> int | None:
    if message.on_hotline:
        return min(reading.severity or UNCLEAR_SEVERITY, UNCLEAR_SEVERITY)
    if reading.kind == "unknown" and reading.urgent:
        return UNCLEAR_SEVERITY
    if reading.kind != "report" or reading.severity is None or reading.severity > ALERTED_UP_TO:
        return None
    return reading.severity


def _receipt(message: Incoming, reading: Reading, reference: str, report_id: UUID) -> Draft | None:
    """The receipt of a registered writer on the agents' line; nobody else is answered."""
    if message.on_hotline or message.line is None or not message.writer.registered or reading.kind == "stop":
        return None
    language = message.writer.language
    return Draft(
        purpose="receipt",
        rank=drafts.RECEIPT,
        channel=message.line.channel,
        sender=message.line.number,
        recipient=message.sender,
        text=_receipt_text(message, reading, reference, language),
        subject=report_id,
    )


def _receipt_text(message: Incoming, reading: Reading, reference: str, language: str) -> str:
    if message.writer.discreet:
        return render("receipt_discreet", language, reference=reference)
    if reading.kind == "unknown" and message.writer.reporter_id is None:
        return render("answer_unknown", language)  # an officer: he meant to answer an alert
    if reading.kind in {"unknown", "help"}:
        return render("receipt_unread", language, reference=reference)
    place = reading.place.name if reading.place else None
    missing = next(
        (problem.code for problem in reading.problems if problem.code.startswith("missing_")), None
    )
    if missing:
        return render(
            "receipt_incomplete",
            language,
            reference=reference,
            code=reading.code,
            place=place,
            missing=missing,
        )
    total = people(reading.people.get("total"), language, approximate=reading.approximate)
    return render("receipt", language, reference=reference, code=reading.code, place=place, people=total)


def joined(alert: NewAlert, later: Facts) -> NewAlert:
    """An alert that a later text of the same contact joins before it was raised."""
    return replace(alert, facts=alert.facts.with_more(later))
