"""Stored texts read again by today's rules: looked up in batches, compared, and put in place of what was read.

Nothing is held while texts are read. A batch is applied in one short transaction that waits for no report:
one that somebody holds or has changed meanwhile is left, and found again when all is run again.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from gateway.alerts import replies
from gateway.alerts.incidents import recount
from gateway.alerts.locks import decide
from gateway.inbox import history
from gateway.inbox.intake import kept_of, reading_of
from gateway.inbox.records import WORDS, InboundRecord
from gateway.inbox.service import READING_TAKES_AT_MOST
from gateway.inbox.timelimit import time_limit
from gateway.observability import where
from gateway.people.records import Officer, Reporter
from gateway.reports.reader import Reader
from gateway.reports.reading import Parse, Place, Reading
from gateway.reports.records import ReportChange, ReportRecord
from gateway.reports.rereading import differences, needs_a_person, reread, would_have_alerted
from gateway.reports.revision import Change
from gateway.services import Services
from gateway.storage.audit import Decision
from gateway.storage.cipher import Cipher
from gateway.storage.database import any_of, insert_many, table_of

IN, REPORT, CHANGE = table_of(InboundRecord), table_of(ReportRecord), table_of(ReportChange)
OFFICER, REPORTER = table_of(Officer), table_of(Reporter)
TEXTS_AT_ONCE: Final = 200
WHY: Final = "reread"
# Reports of their own. What speaks of another report was applied to it, and is not applied again.
_OWN: Final = sa.and_(REPORT.c.kind.not_in(("correction", "cancel", "addition")), REPORT.c.about.is_(None))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which reports to read again: received from ``since`` to before ``until``; ``codes`` as they were filed.

    None among the codes stands for reports without one.
    """

    since: datetime
    until: datetime | None = None
    codes: frozenset[str | None] = frozenset()

    def condition(self) -> sa.ColumnElement[bool]:
        parts = [_OWN, REPORT.c.received_at >= self.since, REPORT.c.state.in_(("filed", "asked"))]
        if self.until:
            parts.append(REPORT.c.received_at < self.until)
        if self.codes:
            named = REPORT.c.code.in_([code for code in self.codes if code])
            parts.append(sa.or_(named, REPORT.c.code.is_(None)) if None in self.codes else named)
        return sa.and_(*parts)


@dataclass(frozen=True, slots=True)
class Again:
    """A report, and what its text reads as today."""

    row: sa.Row[Any]
    before: Reading
    after: Reading
    language: str
    parser_version: str
    changes: tuple[Change, ...]

    @property
    def reference(self) -> str:
        return str(self.row.reference)

    @property
    def would_have_alerted(self) -> bool:
        return self.row.alert_id is None and would_have_alerted(self.before, self.after)

    @property
    def is_another(self) -> bool:
        return bool(self.changes) or self.row.reading.get("parser_version") != self.parser_version


@dataclass(frozen=True, slots=True)
class Left:
    """Reports of one text that are not changed, and why."""

    references: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Batch:
    """What came of some texts. ``reports`` is how many were looked at, ``asked`` how many wait for an answer."""

    read: Sequence[Again]
    left: Sequence[Left]
    reports: int
    asked: int


def count(connection: sa.Connection, wanted: Wanted) -> int:
    return connection.execute(
        sa.select(sa.func.count()).select_from(REPORT).where(wanted.condition())
    ).scalar_one()


def batches(services: Services, reader: Reader, wanted: Wanted) -> Iterator[Batch]:
    """Read everything wanted again, some texts at a time, in the order in which the texts came."""
    after: UUID | None = None
    while True:
        with services.engine.connect() as connection:
            texts = _texts(connection, wanted, after)
            if not texts:
                return
            rows = _rows(connection, texts)
            mended = _mended(connection, [row.id for row in rows])
        yield _read(rows, mended, _Desk(reader, services.cipher, wanted))
        after = texts[-1]


def _texts(connection: sa.Connection, wanted: Wanted, after: UUID | None) -> list[UUID]:
    """By text and not by report, so that the reports of one text come together."""
    query = sa.select(REPORT.c.message_id).where(wanted.condition()).distinct().order_by(REPORT.c.message_id)
    if after is not None:
        query = query.where(REPORT.c.message_id > after)
    return list(connection.execute(query.limit(TEXTS_AT_ONCE)).scalars())


def _rows(connection: sa.Connection, texts: Sequence[UUID]) -> Sequence[sa.Row[Any]]:
    query = (
        sa.select(REPORT, WORDS.label("text"), REPORTER.c.post, OFFICER.c.id.label("officer"))
        .join(IN, IN.c.id == REPORT.c.message_id)
        .outerjoin(REPORTER, REPORTER.c.id == REPORT.c.reporter_id)
        .outerjoin(OFFICER, OFFICER.c.number_hash == IN.c.sender_hash)
        .where(any_of(REPORT.c.message_id, texts), _OWN)
        .order_by(REPORT.c.message_id, REPORT.c.id)
    )
    return connection.execute(query).all()


def _mended(connection: sa.Connection, reports: Iterable[UUID]) -> dict[UUID, set[str]]:
    """The fields of each report that a person has changed."""
    rows = connection.execute(
        sa.select(CHANGE.c.report_id, CHANGE.c.field).where(
            any_of(CHANGE.c.report_id, reports), CHANGE.c.why != WHY
        )
    )
    mended: dict[UUID, set[str]] = defaultdict(set)
    for report, field in rows:
        mended[report].add(field)
    return mended


@dataclass(frozen=True, slots=True)
class _Desk:
    """What a batch is read with."""

    reader: Reader
    cipher: Cipher
    wanted: Wanted

    def wants(self, row: sa.Row[Any]) -> bool:
        codes = self.wanted.codes
        return row.state == "filed" and (not codes or row.code in codes)

    def stored(self, row: sa.Row[Any]) -> Reading:
        return reading_of(row, None if row.note is None else self.cipher.decrypt(row.note))

    def text(self, row: sa.Row[Any]) -> str:
        return self.cipher.decrypt(row.text)

    def parse(self, row: sa.Row[Any], before: Reading, code: str | None = None) -> Parse:
        """As of then, with the post that its writer had then as far as we know it."""
        with time_limit(READING_TAKES_AT_MOST):
            parse = self.reader.read(
                self.text(row),
                line=row.line,
                at=row.sent_at or row.received_at,
                post=_post(row, before),
                code=code,
            )
        return parse.with_a_gap() if before.lacks_parts else parse


def _read(rows: Sequence[sa.Row[Any]], mended: dict[UUID, set[str]], desk: _Desk) -> Batch:
    read: list[Again] = []
    left: list[Left] = []
    for _, group in groupby(rows, key=lambda row: row.message_id):
        reports = list(group)
        try:
            again, others = _one_text(reports, mended, desk)
        except Exception as error:  # noqa: BLE001 - one text's trouble must not end the whole
            left.append(Left(_references(reports), f"could not be read again ({where(error)})"))
        else:
            read += again
            left += others
    asked = sum(row.state == "asked" for row in rows)
    return Batch(read, left, sum(map(desk.wants, rows)) + asked, asked)


def _one_text(
    rows: Sequence[sa.Row[Any]], mended: dict[UUID, set[str]], desk: _Desk
) -> tuple[list[Again], list[Left]]:
    if rows[0].officer and replies.parse(desk.text(rows[0])):
        return [], [Left(_references(rows), "stands behind digits that may be an alert's")]
    first = desk.stored(rows[0])
    parse = desk.parse(rows[0], first)
    settled_code = "code" in mended.get(rows[0].id, ())
    if len(rows) == 1 and settled_code and first.code and parse.readings[0].code is None:
        parse = desk.parse(rows[0], first, first.code)
    if len(parse.readings) != len(rows):
        why = f"reads as {len(parse.readings)} reports now, {len(rows)} on file"
        return [], [Left(_references(rows), why)]
    read, left = [], []
    for row, fresh in zip(rows, parse.readings, strict=True):
        if not desk.wants(row):
            continue
        before = desk.stored(row)
        after = reread(before, fresh, mended.get(row.id, ()), desk.reader.book)
        if why_not := needs_a_person(before, after, desk.reader.book):
            left.append(Left((row.reference,), why_not))
        else:
            changes = differences(before, after)
            read.append(Again(row, before, after, parse.language, parse.parser_version, changes))
    return read, left


def _post(row: sa.Row[Any], before: Reading) -> str | None:
    """A report that stood at its writer's post stays there, though he may serve elsewhere by now.

    Whoever was not registered then had no post.
    """
    if isinstance(before.place, Place) and before.place.source == "post":
        return before.place.code
    return row.post if row.verified else None


def _references(rows: Iterable[sa.Row[Any]]) -> tuple[str, ...]:
    return tuple(row.reference for row in rows)


_APPLY = (
    sa.update(REPORT)
    .where(REPORT.c.id == sa.bindparam("id_"))
    .values({name: sa.bindparam(f"{name}_") for name in
             ("kind", "code", "severity", "drill", "reading", "note", "occurred_at")})
)  # fmt: skip


def apply(
    connection: sa.Connection, cipher: Cipher, read: Sequence[Again], actor: str, now: datetime
) -> tuple[int, list[Decision]]:
    """Put today's readings in place, each change on record. Returns how many reports were not free."""
    decide(connection)  # before reports are locked, and their incidents after them
    free = _still_as_read(connection, read)
    if free:
        connection.execute(_APPLY, [_values(one, cipher) for one in free])
        recount(connection, {one.row.incident_id for one in free if one.row.incident_id})
    rows = [
        history.entry(one.row.id, change, cipher, at=now, actor=actor, why=WHY)
        for one in free
        for change in one.changes
    ]
    insert_many(connection, CHANGE, rows)
    decisions = [
        Decision(actor, "report read again", str(one.row.id), {"fields": [c.field for c in one.changes]})
        for one in free
        if one.changes
    ]
    return len(read) - len(free), decisions


def _still_as_read(connection: sa.Connection, read: Sequence[Again]) -> list[Again]:
    """Those that nobody holds and nobody has changed since; they are ours until the transaction ends."""
    query = (
        sa.select(REPORT)
        .where(any_of(REPORT.c.id, [one.row.id for one in read]))
        .order_by(REPORT.c.id)
        .with_for_update(key_share=True, skip_locked=True)
    )
    now = {row.id: tuple(row) for row in connection.execute(query)}
    columns = len(REPORT.c)
    return [one for one in read if now.get(one.row.id) == tuple(one.row)[:columns]]


def _values(one: Again, cipher: Cipher) -> dict[str, Any]:
    before = {name: value for name, value in one.row.reading.items() if name != "evidence"}
    read_by = {"language": one.language, "parser_version": one.parser_version}
    after = one.after
    return {
        "id_": one.row.id,
        "kind_": after.kind,
        "code_": after.code,
        "severity_": after.severity,
        "drill_": after.kind == "drill",
        "reading_": before | kept_of(after) | read_by,
        "note_": None if after.note is None else cipher.encrypt(after.note),
        "occurred_at_": after.occurred_at,
    }
