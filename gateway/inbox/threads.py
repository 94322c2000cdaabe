"""The thread of each sender: the reports that his next text may speak of, and the question put to him.

Looked up for a batch, changed in memory while the batch is filed, and written in its transaction. A report
is locked as it is looked up: what is made of it must not be made of an older reading. Whoever puts incidents
right by hand locks reports after `decide`, and so does this.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from gateway.alerts.locks import decide
from gateway.inbox import history
from gateway.inbox.intake import Filed, Incoming, kept_of, reading_of
from gateway.inbox.records import WORDS, InboundRecord
from gateway.people.records import Reporter
from gateway.reports.dialogue import WAITS_FOR, Question
from gateway.reports.reading import Reading
from gateway.reports.records import QuestionRecord, ReportChange, ReportRecord
from gateway.reports.revision import Change, changes
from gateway.storage.audit import Decision
from gateway.storage.cipher import Cipher
from gateway.storage.database import among, any_of, as_array, insert_many, table_of

IN, REPORT = table_of(InboundRecord), table_of(ReportRecord)
QUESTION, CHANGE, REPORTER = table_of(QuestionRecord), table_of(ReportChange), table_of(Reporter)

# How long a late answer is still told that it is late, and a reference still means its report.
REMEMBERED = timedelta(hours=24)
REFERENCES_LAST = timedelta(days=90)
_SPOKEN_OF = ("report", "drill")
_OF_TEXT = ("language", "parser_version", "evidence")

_NTH = sa.func.row_number().over(
    partition_by=QUESTION.c.sender_hash, order_by=(QUESTION.c.asked_at.desc(), QUESTION.c.id.desc())
)
_QUESTIONS = (
    sa.select(QUESTION, _NTH.label("nth"))
    .where(among(QUESTION.c.sender_hash, "senders"), QUESTION.c.asked_at > sa.bindparam("since"))
    .subquery()
)
_LAST_TWO_QUESTIONS = sa.select(_QUESTIONS).where(_QUESTIONS.c.nth <= 2).order_by(_QUESTIONS.c.nth.desc())
_REPORTS = sa.select(REPORT).where(among(REPORT.c.id, "ids")).order_by(REPORT.c.id)
_UPDATED = (
    "kind", "code", "severity", "state", "reading", "note", "occurred_at", "alert_id", "incident_id",
)  # fmt: skip
_UPDATE_REPORT = (
    sa.update(REPORT)
    .where(REPORT.c.id == sa.bindparam("new_id"))
    .values({name: sa.bindparam(f"new_{name}") for name in _UPDATED})
)
_WAS_ASKED_ABOUT = sa.exists(sa.select(QUESTION.c.id).where(QUESTION.c.report_id == REPORT.c.id))


@dataclass(slots=True)
class Standing:
    """A report as it stands. ``filed`` is set while it is of this batch and not yet stored."""

    id: UUID
    reference: str
    reading: Reading
    state: str
    drill: bool
    alert_id: UUID | None
    message_id: UUID
    read_as_of: datetime
    kept: dict[str, Any]
    filed: Filed | None = None
    row: sa.Row[Any] | None = None
    """As it is on file; None while it is of this batch."""
    incident_id: UUID | None = None

    def as_row(self) -> dict[str, Any]:
        """As it will be stored."""
        before = self.row._asdict() if self.row else {}
        return {**before, **_values(self), "incident_id": self.incident_id}


@dataclass(slots=True)
class Asked:
    """A question that was put, and what has become of it."""

    id: UUID
    report_id: UUID
    question: Question
    state: str
    asked_at: datetime
    until: datetime
    message_id: UUID | None = None
    is_new: bool = False

    def waits(self, at: datetime) -> bool:
        """Also when it has expired since: what counts is when the answer came, not when it is read."""
        return self.state in ("open", "expired") and at <= self.until


@dataclass(slots=True)
class Threads:
    """Every sender's thread, as far as this batch needs it."""

    connection: sa.Connection
    cipher: Cipher
    now: datetime
    _asked: dict[bytes, list[Asked]] = field(default_factory=lambda: defaultdict(list))
    _latest: dict[bytes, Standing] = field(default_factory=dict)
    _touched: dict[UUID, Asked] = field(default_factory=dict)
    _questions: list[tuple[bytes, Asked]] = field(default_factory=list)
    _standing: dict[UUID, Standing] = field(default_factory=dict)
    _revised: dict[UUID, Standing] = field(default_factory=dict)
    _changes: list[dict[str, Any]] = field(default_factory=list)
    _decisions: list[Decision] = field(default_factory=list)
    _decides: bool = False

    def look_up(self, messages: Iterable[Incoming]) -> None:
        """The last two questions put to each of these senders, and the report that the last is about."""
        senders = {message.sender_hash for message in messages}
        if not senders:
            return
        rows = self.connection.execute(
            _LAST_TWO_QUESTIONS,
            {"senders": as_array(QUESTION.c.sender_hash, senders), "since": self.now - REMEMBERED},
        )
        for row in rows:
            question = Question.from_dict(row.question)
            asked = Asked(row.id, row.report_id, question, row.state, row.asked_at, row.until)
            self._asked[bytes(row.sender_hash)].append(asked)
        spoken_of = {asked[-1].report_id for asked in self._asked.values()}
        if spoken_of:
            for row in self._locked(_REPORTS, {"ids": as_array(REPORT.c.id, spoken_of)}):
                self._stand(row)

    def asked(self, sender: bytes) -> Asked | None:
        """The last question put to the sender."""
        return self._asked[sender][-1] if self._asked[sender] else None

    def asked_before(self, sender: bytes) -> Asked | None:
        """The one before it, when that was overtaken: its report was left as it stood."""
        before = self._asked[sender][-2:-1]
        return before[0] if before and before[0].state == "overtaken" else None

    def latest(self, sender: bytes) -> Standing | None:
        """The sender's latest report, cancelled or not."""
        if sender not in self._latest:
            about = sa.or_(REPORT.c.kind.in_(_SPOKEN_OF), _WAS_ASKED_ABOUT)
            query = (
                sa.select(REPORT)
                .where(REPORT.c.sender_hash == sender, REPORT.c.line == "agents", about)
                .where(REPORT.c.received_at > self.now - REFERENCES_LAST)
                .order_by(REPORT.c.received_at.desc(), REPORT.c.id.desc())
                .limit(1)
            )
            row = self._locked(query).one_or_none()
            if row is None:
                return None
            self._latest[sender] = self._stand(row)
        return self._latest[sender]

    def referred(self, sender: bytes, reference: str) -> Standing | None:
        """The sender's own report of that reference: nobody changes another's by guessing six digits."""
        query = (
            sa.select(REPORT)
            .where(REPORT.c.reference == reference, REPORT.c.sender_hash == sender)
            .where(REPORT.c.line == "agents", REPORT.c.received_at > self.now - REFERENCES_LAST)
            .order_by(REPORT.c.received_at.desc())
            .limit(1)
        )
        row = self._locked(query).one_or_none()
        if row is None:
            return None
        about = row.about if row.kind in ("correction", "cancel", "addition") else None
        return self.report(about) if about else self._stand(row)

    def report(self, id_: UUID) -> Standing:
        if id_ in self._standing:
            return self._standing[id_]
        return self._stand(self._locked(sa.select(REPORT).where(REPORT.c.id == id_)).one())

    def of_message(self, id_: UUID) -> list[Standing]:
        """The reports that a message made, in the order of its words."""
        query = (
            sa.select(REPORT)
            .where(REPORT.c.message_id == id_, REPORT.c.kind.not_in(("correction", "cancel", "addition")))
            .where(REPORT.c.about.is_(None))
            .order_by(REPORT.c.id)
        )
        return [self._stand(row) for row in self._locked(query)]

    def spoke_of(self, id_: UUID) -> UUID | None:
        """The report that this correction, addition or cancellation was about."""
        return self.connection.execute(sa.select(REPORT.c.about).where(REPORT.c.id == id_)).scalar()

    def text_of(self, standing: Standing) -> str:
        """The words that the report was read from."""
        words = self.connection.execute(sa.select(WORDS).where(IN.c.id == standing.message_id)).scalar_one()
        return self.cipher.decrypt(words)

    def most_used(self, post: str | None) -> list[str]:
        """The codes that the reporters of a post used most in the last 90 days."""
        if post is None:
            return []
        senders = self.connection.execute(
            sa.select(REPORTER.c.number_hash).where(REPORTER.c.post == post).limit(200)
        ).scalars()
        query = (
            sa.select(REPORT.c.code)
            .where(any_of(REPORT.c.sender_hash, map(bytes, senders)), REPORT.c.kind == "report")
            .where(REPORT.c.received_at > self.now - REFERENCES_LAST, REPORT.c.code.is_not(None))
            .group_by(REPORT.c.code)
            .order_by(sa.func.count().desc(), REPORT.c.code)
            .limit(10)
        )
        return list(self.connection.execute(query).scalars())

    def remember(self, message: Incoming, filed: Filed, reading: Reading) -> Standing:
        """A report of this batch: what comes next from its sender may speak of it."""
        row = filed.row
        standing = Standing(
            row["id"], row["reference"], reading, row["state"], row["drill"], None, message.filed_under,
            message.sent_at or message.received_at, json.loads(row["reading"]), filed,
        )  # fmt: skip
        self._standing[standing.id] = standing
        if reading.kind in _SPOKEN_OF:
            self._latest[message.sender_hash] = standing
        return standing

    def ask(self, message: Incoming, standing: Standing, question: Question) -> None:
        """Put a question; one that was open makes room, and its report stands as it is."""
        before = self.asked(message.sender_hash)
        if before and before.state == "open":
            self.close(before, "overtaken")
        asked = Asked(uuid7(), standing.id, question, "open", self.now, self.now + WAITS_FOR, is_new=True)
        self._asked[message.sender_hash].append(asked)
        self._questions.append((message.sender_hash, asked))
        if standing.reading.kind not in _SPOKEN_OF:
            self._latest[message.sender_hash] = standing
        self._set_state(standing, "asked")

    def close(self, asked: Asked, state: str, message: Incoming | None = None) -> None:
        """The question is answered or overtaken: its report is filed as it stands."""
        asked.state, asked.message_id = state, message.id if message else None
        self._touched[asked.id] = asked
        standing = self.report(asked.report_id)
        if standing.state == "asked":
            self._set_state(standing, "filed")

    def revise(self, standing: Standing, after: Reading, why: str, message: Incoming) -> None:
        """The report becomes another: each field's old and new value go into its history."""
        for change in changes(standing.reading, after):
            self._note(standing, change, why, message)
        standing.reading = after
        self._put(standing)
        self._decide(standing, f"report changed: {why}", message)

    def cancel(self, standing: Standing, message: Incoming) -> None:
        self._note(standing, Change("state", standing.state, "cancelled"), "cancel", message)
        self._set_state(standing, "cancelled")
        self._decide(standing, "report cancelled", message)

    def alerted(self, standing: Standing, alert_id: UUID) -> None:
        standing.alert_id = alert_id
        self._put(standing)

    def revised(self) -> list[Standing]:
        """Reports on file that a text of this batch changed."""
        return list(self._revised.values())

    def gathered(self, standing: Standing, incident_id: UUID | None, alert_id: UUID | None) -> None:
        standing.incident_id, standing.alert_id = incident_id, alert_id or standing.alert_id
        self._put(standing)

    def changed_incidents(self) -> set[UUID]:
        """Whose reports say something else now."""
        filed = [one.filed.row for one in self._standing.values() if one.filed and one.state == "cancelled"]
        ids = {one.incident_id for one in self._revised.values()} | {row["incident_id"] for row in filed}
        return {id_ for id_ in ids if id_}

    def alerted_anew(self, alerts: Mapping[UUID, UUID]) -> None:
        """Reports whose alert was closed, and that have another now."""
        for standing in self._standing.values():
            if standing.alert_id and standing.alert_id in alerts:
                self.alerted(standing, alerts[standing.alert_id])

    def save(self) -> list[Decision]:
        """Write it all, after the batch's reports are in. Returns what must go on record."""
        closed = sorted((one for one in self._touched.values() if not one.is_new), key=lambda one: one.id)
        if closed:
            self.connection.execute(
                sa.update(QUESTION)
                .where(QUESTION.c.id == sa.bindparam("id_"))
                .values(state=sa.bindparam("state_"), message_id=sa.bindparam("message_")),
                [{"id_": one.id, "state_": one.state, "message_": one.message_id} for one in closed],
            )
        self._store_reports()
        insert_many(
            self.connection,
            QUESTION,
            [
                {
                    "id": asked.id,
                    "report_id": asked.report_id,
                    "sender_hash": sender,
                    "question": json.dumps(asked.question.to_dict()),
                    "state": asked.state,
                    "asked_at": asked.asked_at,
                    "until": asked.until,
                    "message_id": asked.message_id,
                }
                for sender, asked in self._questions
            ],
        )
        insert_many(self.connection, CHANGE, self._changes)
        return self._decisions

    def _locked(self, query: sa.Select[Any], values: Mapping[str, Any] | None = None) -> sa.CursorResult[Any]:
        if not self._decides:
            decide(self.connection)
            self._decides = True
        return self.connection.execute(query.with_for_update(key_share=True), values)

    def _stand(self, row: sa.Row[Any]) -> Standing:
        if row.id in self._standing:
            return self._standing[row.id]
        note = None if row.note is None else self.cipher.decrypt(row.note)
        standing = Standing(
            row.id, row.reference, reading_of(row, note), row.state, row.drill, row.alert_id, row.message_id,
            row.sent_at or row.received_at, row.reading, row=row, incident_id=row.incident_id,
        )  # fmt: skip
        self._standing[row.id] = standing
        return standing

    def _set_state(self, standing: Standing, state: str) -> None:
        standing.state = state
        self._put(standing)

    def _put(self, standing: Standing) -> None:
        """Into the row that is yet to be stored, or among those to be updated."""
        if standing.filed is None:
            self._revised[standing.id] = standing
        else:
            standing.filed.row |= _values(standing)

    def _store_reports(self) -> None:
        rows = []
        for standing in sorted(self._revised.values(), key=lambda one: one.id):
            values = _values(standing) | {
                "id": standing.id, "alert_id": standing.alert_id, "incident_id": standing.incident_id,
            }  # fmt: skip
            values["reading"] = _kept(standing)
            values["note"] = values["note"] and self.cipher.encrypt(values["note"])
            rows.append({f"new_{name}": value for name, value in values.items()})
        if rows:
            self.connection.execute(_UPDATE_REPORT, rows)

    def _note(self, standing: Standing, change: Change, why: str, message: Incoming) -> None:
        self._changes.append(
            history.entry(
                standing.id,
                change,
                self.cipher,
                at=self.now,
                actor=_who(message),
                why=why,
                message=message.id,
            )
        )

    def _decide(self, standing: Standing, what: str, message: Incoming) -> None:
        detail = {"message": str(message.id)}
        self._decisions.append(Decision(_who(message), what, str(standing.id), detail))


def _values(standing: Standing) -> dict[str, Any]:
    reading = standing.reading
    return {
        "kind": reading.kind,
        "code": reading.code,
        "severity": reading.severity,
        "state": standing.state,
        "reading": json.dumps(_kept(standing)),
        "note": reading.note,
        "occurred_at": reading.occurred_at,
    }


def _kept(standing: Standing) -> dict[str, Any]:
    """The reading as it is stored; what belongs to the text alone stays what it was."""
    of_text = {name: standing.kept[name] for name in _OF_TEXT if name in standing.kept}
    return of_text | kept_of(standing.reading)


def _who(message: Incoming) -> str:
    if message.writer.reporter_id:
        return f"reporter {message.writer.reporter_id}"
    return f"officer {message.writer.officer_id}" if message.writer.officer_id else "unregistered sender"


def expire(connection: sa.Connection, now: datetime) -> None:
    """Questions that nobody answered in time: their reports are filed as they stand.

    Where a reader of the inbox has the report or is just closing the question, it is left to it, so that
    neither waits for the other.
    """
    late = (
        sa.select(QUESTION.c.id)
        .join(REPORT, REPORT.c.id == QUESTION.c.report_id)
        .where(QUESTION.c.state == "open", QUESTION.c.until < now)
        .with_for_update(key_share=True, skip_locked=True)
    )
    reports = connection.execute(
        sa.update(QUESTION)
        .where(QUESTION.c.id.in_(late))
        .values(state="expired")
        .returning(QUESTION.c.report_id)
    ).scalars()
    if ids := list(reports):
        connection.execute(
            sa.update(REPORT).where(any_of(REPORT.c.id, ids), REPORT.c.state == "asked").values(state="filed")
        )
