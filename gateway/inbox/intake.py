"""What a message that was read calls for: reports to file, receipts to send, alerts to raise. Rules."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from uuid_utils.compat import uuid7

from gateway.alerts.facts import ALERTED_UP_TO, UNCLEAR_SEVERITY, Facts, NewAlert, hour_told
from gateway.alerts.grouping import Sighting, Told
from gateway.hotline import triage
from gateway.hotline.triage import Triage
from gateway.hotline.voice import Event
from gateway.inbox import wording
from gateway.inbox.parts import Whole
from gateway.outbox import drafts
from gateway.outbox.drafts import Draft
from gateway.reports.codebook import Codebook
from gateway.reports.reading import INCOMPLETE, Parse, Reading
from gateway.text.render import people, phrase, render

GATHERED_UP_TO = 3
LEAST_SEVERITY = 4
LATE = timedelta(minutes=30)
# The sixth identical text within an hour is a machine's, or an answering machine's answer to ours.
SAME_WORDS_ANSWERED = 5
_A_PHONE = re.compile(r"\+[1-9][0-9]{7,14}")
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
    duress_word: bytes | None = field(default=None, repr=False)

    @property
    def registered(self) -> bool:
        return self.reporter_id is not None or self.officer_id is not None


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message out of the inbox, opened. ``sent_at`` is only given when it can be believed."""

    id: UUID
    channel: str
    sender: str = field(repr=False)
    sender_hash: bytes
    text: str = field(repr=False)
    line: OurLine | None
    writer: Writer
    sent_at: datetime | None
    received_at: datetime
    whole: Whole | None = None
    """Set where the text was put together from parts."""
    call: tuple[str, Event] | None = None
    """Of a call: its provider's id, and what happened in it."""

    @property
    def completes(self) -> UUID | None:
        """The message that was read without this part of it."""
        return self.whole.completes if self.whole else None

    @property
    def filed_under(self) -> UUID:
        """The message whose reports these words make."""
        return self.completes or self.id

    @property
    def lacks_parts(self) -> bool:
        return self.whole is not None and self.whole.incomplete

    @property
    def read_as_of(self) -> datetime:
        """What `yesterday` and `at 3` are counted from."""
        return (self.whole and self.whole.read_as_of) or self.sent_at or self.received_at

    @property
    def from_a_phone(self) -> bool:
        """Not a name, a short code, or a number that the network withholds."""
        return _A_PHONE.fullmatch(self.sender) is not None

    @property
    def on_hotline(self) -> bool:
        """A line that we do not know is treated as the hotline: unknown means silence."""
        return self.line is None or self.line.profile == "hotline"


@dataclass(slots=True)
class Filed:
    """A report to be filed, with what else it calls for."""

    row: dict[str, Any]
    answer: Draft | None = None
    alert: NewAlert | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a text's reports share: who it came from, what it repeats, and that it is read now."""

    message: Incoming
    parse: Parse
    text_hash: bytes
    repeat_of: UUID | None
    contact_id: UUID | None
    same_lately: int
    """How often the same person sent the same words within the hour before."""
    now: datetime

    @property
    def language(self) -> str:
        return wording.language_of(self.parse.language, self.message.writer.language)


def row_of(
    arrival: Arrival, reading: Reading, reference: str, *, state: str = "filed", about: UUID | None = None
) -> dict[str, Any]:
    """A reading as it is stored."""
    message, parse = arrival.message, arrival.parse
    kept = kept_of(reading) | {"language": parse.language, "parser_version": parse.parser_version}
    return {
        "id": uuid7(),
        "message_id": message.filed_under,
        "reference": reference,
        "line": "hotline" if message.on_hotline else "agents",
        "kind": reading.kind,
        "code": reading.code,
        "severity": reading.severity,
        "state": state,
        "drill": reading.kind == "drill",
        "verified": message.writer.registered and not message.on_hotline,
        "reading": json.dumps(kept),
        "note": reading.note,
        "reporter_id": message.writer.reporter_id,
        "contact_id": arrival.contact_id,
        "alert_id": None,
        "incident_id": None,
        "sender_hash": message.sender_hash,
        "text_hash": arrival.text_hash,
        "repeat_of": arrival.repeat_of,
        "about": about,
        "occurred_at": reading.occurred_at,
        "sent_at": message.sent_at,
        "received_at": message.received_at,
        "read_at": arrival.now,
    }


def kept_of(reading: Reading) -> dict[str, Any]:
    """The fields of a reading that have no column of their own; evidence only where there is some."""
    kept = {name: value for name, value in reading.to_dict().items() if name not in _NOT_KEPT}
    if not reading.evidence:
        del kept["evidence"]
    return kept


def reading_of(row: Any, note: str | None) -> Reading:
    """The reading of a report as it is stored, with its note opened."""
    columns = {"kind": row.kind, "code": row.code, "severity": row.severity, "occurred_at": row.occurred_at}
    return Reading.from_dict({**row.reading, **columns, "note": note})


def new_alert(arrival: Arrival, facts: Facts | None, reference: str) -> NewAlert | None:
    if facts is None:
        return None
    return NewAlert(uuid7(), reference, facts, arrival.contact_id, arrival.message.writer.reporter_id)


def alert_facts(
    message: Incoming,
    reading: Reading,
    zone: ZoneInfo,
    *,
    region: str | None = None,
    told_at: datetime | None = None,
    alerted: bool = False,
) -> Facts | None:
    """What an officer must hear of this reading; None when nobody need be woken.

    ``region`` is where its place lies; ``told_at`` is when the report that a later text changed was sent. Whoever was ``alerted`` to it
    hears of every change, also of one for the better.
    """
    severity = _alert_severity(message, reading)
    if severity is None and alerted:
        severity = reading.severity or LEAST_SEVERITY
    if severity is None:
        return None
    doubt = reading.problems[0].code if reading.problems and not message.call else None
    if message.on_hotline:
        doubt = INCOMPLETE.code if reading.lacks_parts else None
    elif not message.writer.registered:
        doubt = "unverified"
    stopping = _officer_stops(message, reading)
    if stopping:
        doubt = "officer_stops"
    all_words = message.on_hotline or reading.lacks_parts  # the gap must be seen
    return Facts(
        hotline=message.on_hotline,
        severity=severity,
        code=reading.code,
        place=reading.place.name if reading.place else None,
        people=reading.people.get("total"),
        approximate=reading.approximate,
        late=_late(told_at or message.sent_at, message.received_at, zone),
        who=message.writer.name,
        words=message.text[:160] if all_words else (reading.note or "")[:160] or None,
        doubt=doubt,
        officer=str(message.writer.officer_id) if stopping else None,
        at_post=reading.place is not None and reading.place.source == "post",
        region=region,
    )


def _late(sent_at: datetime | None, received_at: datetime, zone: ZoneInfo) -> str | None:
    """When a text that took long was sent: the hour, with its day unless that is today."""
    if sent_at is None or received_at - sent_at <= LATE:
        return None
    return hour_told(sent_at, received_at, zone)


def _officer_stops(message: Incoming, reading: Reading) -> bool:
    """An officer who texts STOP: a provider may carry nothing to that phone any more, or it is in other hands."""
    return message.writer.officer_id is not None and reading.kind == "stop" and not message.on_hotline


def _alert_severity(message: Incoming, reading: Reading) -> int | None:
    if message.on_hotline:
        return triage.of_text(reading, None).severity
    if message.call:
        return UNCLEAR_SEVERITY
    if _officer_stops(message, reading) or (reading.kind == "unknown" and reading.urgent):
        return UNCLEAR_SEVERITY
    if reading.kind != "report" or reading.severity is None or reading.severity > ALERTED_UP_TO:
        return None
    return reading.severity


def answer(arrival: Arrival, text: str, subject: UUID) -> Draft | None:
    """A text back to a registered writer on the agents' line; nobody else is answered.

    Neither is what no person sent: a name or a short code as the sender, the same words over and over.
    """
    message = arrival.message
    if message.on_hotline or message.call or message.line is None or not message.writer.registered:
        return None
    if not message.from_a_phone or arrival.same_lately >= SAME_WORDS_ANSWERED:
        return None
    return Draft(
        purpose="receipt",
        rank=drafts.RECEIPT,
        channel=message.line.channel,
        sender=message.line.number,
        recipient=message.sender,
        text=text,
        subject=subject,
    )


def receipt(arrival: Arrival, reading: Reading, reference: str) -> str:
    """What the writer reads of his report: as it was read, so that a misreading shows."""
    message, language = arrival.message, arrival.language
    if message.writer.discreet:
        return render("receipt_discreet", language, reference=reference)
    if reading.kind == "unknown" and message.writer.reporter_id is None:
        return render("answer_unknown", language)  # an officer: he meant to answer an alert
    if position_alone(reading):
        return render("receipt_position", language, reference=reference)
    if reading.kind == "unknown":
        return render("receipt_unread", language, reference=reference)
    return wording.about("receipt", reading, reference, language, drill=reading.kind == "drill")


def position_alone(reading: Reading) -> bool:
    """Whether a text says where, as coordinates, and nothing else."""
    place = reading.place
    says_only = replace(reading, evidence=(), problems=()) == Reading("unknown", place=place)
    return says_only and place is not None and place.source == "coordinates"


def drill_alert(arrival: Arrival, reading: Reading, zone: ZoneInfo, book: Codebook) -> str | None:
    """The alert that a drill would have raised, for whoever drills; None where nobody would be woken."""
    facts = alert_facts(arrival.message, replace(reading, kind="report"), zone)
    if facts is None or facts.code is None or arrival.message.writer.discreet:
        return None
    return render(
        "drill_alert",
        arrival.language,
        drill=phrase("drill", arrival.language),
        severity=facts.severity,
        label=book.label(facts.code, arrival.language),
        place=facts.place,
        people=people(facts.people, arrival.language, approximate=facts.approximate).rstrip("."),
    )


def triaged(alert: NewAlert, found: Triage) -> NewAlert:
    """An alert as a hotline text calls for it."""
    return replace(alert, facts=heard(alert.facts, found))


def heard(facts: Facts, found: Triage) -> Facts:
    """With what besides the words of a hotline text an officer must hear."""
    severity = min(facts.severity, found.severity)
    return replace(facts, severity=severity, doubt=found.notice or facts.doubt)


def told(row: Mapping[str, Any], alert: NewAlert | None, book: Codebook) -> Told | None:
    """What a report, as it is stored, says of an event; None when it tells of none that matters.

    An officer who stops is no event, and neither is a drill or what speaks of another report.
    """
    matters = row["kind"] == "report" and row["severity"] is not None and row["severity"] <= GATHERED_UP_TO
    if (alert is None and not matters) or (alert and alert.facts.officer):
        return None
    reading = json.loads(row["reading"])
    at = row["occurred_at"] or row["sent_at"] or row["received_at"]
    known = matters and row["line"] == "agents" and row["code"] in book
    family = book[row["code"]].family if known else ""
    return Told(
        report=row["id"],
        reference=row["reference"],
        severity=alert.facts.severity if alert else row["severity"],
        at=at,
        place=(reading["place"] or {}).get("name"),
        people=reading["people"].get("total"),
        verified=row["verified"],
        reporter=row["reporter_id"] if row["line"] == "agents" else None,
        alert=alert,
        sighting=Sighting.of(row["id"], row["message_id"], family, at, reading) if known else None,
        repeat_of=row["repeat_of"],
        incident=row["incident_id"],
    )
