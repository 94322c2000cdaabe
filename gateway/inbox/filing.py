"""Filing a batch that was read: reports, receipts, alerts and marks, in one transaction of the caller's."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by
from uuid_utils.compat import uuid7

from gateway.alerts import amending, answering, replies
from gateway.alerts.desk import read_facts
from gateway.alerts.facts import Facts, NewAlert
from gateway.alerts.grouping import Told
from gateway.alerts.incidents import ALERT, Gathering, recount
from gateway.hotline import calls, duress, triage
from gateway.hotline import service as hotline
from gateway.hotline.calls import Rung
from gateway.hotline.service import Caller, Said
from gateway.hotline.triage import Triage
from gateway.inbox import intake
from gateway.inbox.conversation import Conversation
from gateway.inbox.intake import Arrival, Filed, Incoming
from gateway.inbox.people import Directory
from gateway.inbox.records import InboundRecord
from gateway.inbox.threads import Standing, Threads
from gateway.observability import IGNORED
from gateway.outbox.service import queue
from gateway.reports.reader import Reader
from gateway.reports.reading import Parse
from gateway.reports.records import ReportRecord, next_references
from gateway.services import Services
from gateway.storage import audit
from gateway.storage.audit import Decision
from gateway.storage.database import among, any_of, as_array, insert_many, table_of
from gateway.text.folding import fold_for_matching
from gateway.watching import rounds
from gateway.watching import service as watching
from gateway.watching.canary import is_word

IN = table_of(InboundRecord)
REPORT = table_of(ReportRecord)
REPEATS_WITHIN = timedelta(hours=24)
LATELY = timedelta(hours=1)


# Not yet read, rather than "received": on that PostgreSQL would walk all that waits instead of these ids.
_TAKE = (
    sa.update(IN)
    .where(among(IN.c.id, "ids"), IN.c.read_at.is_(None))
    .values(state="read", read_at=sa.bindparam("now"), error=None)
    .returning(IN.c.id)
)
_LATEST = sa.func.array_agg(aggregate_order_by(REPORT.c.id, REPORT.c.received_at.desc(), REPORT.c.id.desc()))
_SAME_WORDS = (
    sa.select(
        REPORT.c.text_hash,
        sa.type_coerce(_LATEST, sa.ARRAY(sa.Uuid))[1].label("latest"),
        sa.func.count().filter(REPORT.c.received_at > sa.bindparam("lately")).label("lately"),
    )
    .where(among(REPORT.c.text_hash, "hashes"), REPORT.c.received_at > sa.bindparam("oldest"))
    .group_by(REPORT.c.text_hash)
)


@dataclass(slots=True)
class Batch:
    """Files a batch that was read, within one transaction."""

    connection: sa.Connection
    services: Services
    reader: Reader
    directory: Directory
    now: datetime

    def file(self, read: Sequence[tuple[Incoming, Parse]]) -> None:
        read = self._taken(read)
        canaries = [message for message, _ in read if is_word(message.text, self.services.cipher.digest)]
        ours, flown = set(self.directory.lines), {message.id for message in canaries}
        looped = {message.id for message, _ in read if message.sender_hash in ours} | flown
        answers, texts = self._sort([pair for pair in read if pair[0].id not in looped])
        callers = {
            message.sender_hash: Caller(message.sender, message.received_at, self._line_hash(message))
            for message, _ in texts
            if message.on_hotline
        }
        contacts = hotline.meet(self.connection, self.services.cipher, callers) if callers else {}
        texts, told, decisions = self._rung(texts, contacts)
        threads = Threads(self.connection, self.services.cipher, self.now)
        conversation = self._filed(texts, contacts, threads)
        # Incidents are locked before alerts, all of each at once, and alerts before codes are drawn, as the clock does.
        gathering = Gathering(self.connection, self.services, self.now)
        events = self._events(conversation)
        forced = {one.writer.reporter_id: one for one, _ in texts if self._is_forced(one)}
        gathering.find(
            [one for _, one in events],
            contacts.values(),
            threads.changed_incidents(),
            {one.alert for one in conversation.amended}
            | self._spoken_of(answers)
            | {*self._told_of(forced).values()},
        )
        decisions += self._answered(answers) + self._heard(conversation, told)
        known = self._told_of(forced)
        for reporter, alert in known.items():
            facts = self._under_duress(forced[reporter])
            decisions += amending.join(self.connection, self.services, alert, facts, self.now)
        new = self._forced([one for reporter, one in forced.items() if reporter not in known])
        decisions += self._alerts(conversation, contacts, gathering, events, new)
        self._store(conversation)
        decisions += threads.save()
        recount(self.connection, threads.changed_incidents())
        self._join([message for message, _ in read])
        self._ignore(looped)
        arrivals = [(message.channel, message.received_at) for message, _ in read if message.id not in flown]
        watching.note_arrivals(self.connection, arrivals, self.now)
        if canaries:
            came = ((message.text, message.received_at) for message in canaries)
            rounds.end(self.connection, self.services.cipher, came)
        audit.append(self.connection, self.services.cipher.derive("audit"), self.now, decisions)

    def _taken(self, read: Sequence[tuple[Incoming, Parse]]) -> list[tuple[Incoming, Parse]]:
        """Mark them read, and go on without those that another reader filed.

        This one may have slept so long that it lost the lane.
        """
        ids = as_array(IN.c.id, (message.id for message, _ in read))
        taken = set(self.connection.execute(_TAKE, {"ids": ids, "now": self.now}).scalars())
        return [pair for pair in read if pair[0].id in taken]

    def _join(self, messages: Sequence[Incoming]) -> None:
        """What was put together belongs together, and its words are those that were read."""
        for message in messages:
            if (whole := message.whole) is None:
                continue
            head = whole.completes or message.id
            joined = {*whole.others, message.id} - {head}
            self.connection.execute(
                sa.update(IN)
                .where(any_of(IN.c.id, joined))
                .values(state="read", read_at=self.now, belongs_to=head)
            )
            self.connection.execute(
                sa.update(IN).where(IN.c.id == head).values(whole=self.services.cipher.encrypt(whole.text))
            )
            if whole.completes:
                self.connection.execute(
                    sa.update(REPORT)
                    .where(REPORT.c.message_id == head)
                    .values(text_hash=self._text_hash(message))
                )

    def _text_hash(self, message: Incoming) -> bytes:
        return self.services.cipher.digest(f"{message.sender}\n{_words(message.text)}")

    def _sort(
        self, read: Sequence[tuple[Incoming, Parse]]
    ) -> tuple[list[tuple[Incoming, replies.Answer]], list[tuple[Incoming, Parse]]]:
        """Officers' answers to alerts, and everything else: what has not come yet of a text may say no.

        Four digits with words that say nothing certain may as well be a number of a report.
        """
        answers, texts = [], []
        for message, parse in read:
            writer = self.directory.officers.get(message.sender_hash)
            officer = writer.officer_id if writer and not message.lacks_parts and not message.call else None
            answer = replies.parse(message.text) if officer else None
            code = (
                answering.code_of(self.connection, officer, answer.code, self.now)
                if officer and answer
                else None
            )
            if answer is None or (code is None and answer.verb is None):
                texts.append((message, parse))
                continue
            answers.append((message, answer))
            if (code is None or code.retired_at) and (report := self._besides(message, answer)):
                texts.append(report)
        return answers, texts

    def _besides(self, message: Incoming, answer: replies.Answer) -> tuple[Incoming, Parse] | None:
        """What the words behind a code that is no alert's tell by themselves: a report is lost by no digit."""
        parse = self.reader.read(answer.note, line="agents", at=message.read_as_of, post=message.writer.post)
        tells = any(reading.kind == "report" or reading.urgent for reading in parse.readings)
        return (replace(message, text=answer.note), parse) if tells else None

    def _spoken_of(self, answers: Sequence[tuple[Incoming, replies.Answer]]) -> set[UUID]:
        """The alerts that officers answer."""
        said = {
            (self.directory.officers[message.sender_hash].officer_id, answer.code)
            for message, answer in answers
        }
        return answering.alerts_of(self.connection, [(officer, code) for officer, code in said if officer])

    def _answered(self, answers: Sequence[tuple[Incoming, replies.Answer]]) -> list[Decision]:
        decisions = []
        for message, answer in answers:
            officer = self.directory.officers[message.sender_hash].officer_id
            if officer:
                decisions += answering.reply(
                    self.connection, self.services, officer, answer, message.id, self.now
                )
        return decisions

    def _line_hash(self, message: Incoming) -> bytes | None:
        return self.services.cipher.digest(message.line.number) if message.line else None

    def _rung(
        self, read: Sequence[tuple[Incoming, Parse]], contacts: dict[bytes, UUID]
    ) -> tuple[list[tuple[Incoming, Parse]], dict[UUID, Triage], list[Decision]]:
        """Put calls on file. Returns what is to be filed as reports: without the calls that are only counted."""
        rung = [
            Rung(
                message_id=message.id,
                channel=message.channel,
                call=message.call[0],
                event=message.call[1],
                sender_hash=message.sender_hash,
                contact=contacts[message.sender_hash] if message.on_hotline else None,
                reporter=message.writer.reporter_id is not None,
                reachable=message.from_a_phone,
                at=message.received_at,
            )
            for message, _ in read
            if message.call
        ]
        told, decisions = calls.take(self.connection, self.services, rung, self.now)
        return [pair for pair in read if not pair[0].call or pair[0].id in told], told, decisions

    def _heard(self, conversation: Conversation, told: dict[UUID, Triage]) -> list[Decision]:
        """What hotline texts ask for is done; ``told`` is what calls are about, for the officer too."""
        texts = {
            arrival.message.id: Said(
                arrival.message.id,
                arrival.contact_id,
                arrival.message.text,
                arrival.parse.readings[0],
                arrival.message.sent_at or arrival.message.received_at,
            )
            for arrival in (
                *(one for one, _ in conversation.filed),
                *(one for _, one in conversation.completed),
            )
            if arrival.contact_id and not arrival.message.call
        }
        stops = [words for words, kind in self.reader.vocabulary.services.items() if kind == "stop"]
        found, decisions = hotline.hear(self.connection, self.services, list(texts.values()), stops, self.now)
        found |= told
        for arrival, one in conversation.filed:
            if one.alert and arrival.message.id in found:
                one.alert = intake.triaged(one.alert, found[arrival.message.id])
        for alert_id, arrival in conversation.completed:
            if arrival.message.id in found:
                conversation.hear(alert_id, found[arrival.message.id])
        return decisions

    def _filed(
        self, texts: Sequence[tuple[Incoming, Parse]], contacts: dict[bytes, UUID], threads: Threads
    ) -> Conversation:
        threads.look_up(message for message, _ in texts if not message.on_hotline)
        references = iter(next_references(self.connection, sum(len(parse.readings) for _, parse in texts)))
        conversation = Conversation(threads, self.reader, self.services.settings.zone, references)
        hashes = [self._text_hash(message) for message, _ in texts]
        said = self._said_before(hashes, texts)
        for (message, parse), text_hash in zip(texts, hashes, strict=True):
            contact = contacts.get(message.sender_hash) if message.on_hotline else None
            before, lately = said.get(text_hash, (None, 0))
            filed = len(conversation.filed)
            conversation.take(Arrival(message, parse, text_hash, before, contact, lately, self.now))
            if len(conversation.filed) > filed:
                said[text_hash] = (conversation.filed[filed][1].row["id"], lately + 1)
        return conversation

    def _said_before(
        self, hashes: Sequence[bytes], texts: Sequence[tuple[Incoming, Parse]]
    ) -> dict[bytes, tuple[UUID | None, int]]:
        """The latest report of the same words by the same person, and how many of the last hour there are."""
        if not texts:
            return {}
        oldest = min(message.received_at for message, _ in texts)
        known = {
            "hashes": as_array(REPORT.c.text_hash, hashes),
            "oldest": oldest - REPEATS_WITHIN,
            "lately": oldest - LATELY,
        }
        rows = self.connection.execute(_SAME_WORDS, known)
        return {bytes(row.text_hash): (row.latest, row.lately) for row in rows}

    def _told_of(self, reporters: Collection[UUID | None]) -> dict[UUID | None, UUID]:
        """By reporter the alert, not closed, that tells of their word for duress."""
        if not reporters:
            return {}
        theirs = sa.and_(any_of(ALERT.c.reporter_id, reporters), ALERT.c.incident_id.is_(None))
        rows = self.connection.execute(sa.select(ALERT).where(theirs, ALERT.c.state != "closed"))
        return {
            row.reporter_id: row.id
            for row in rows
            if read_facts(self.services.cipher, row.facts).doubt == triage.Notice.DURESS
        }

    def _forced(self, forced: Sequence[Incoming]) -> list[NewAlert]:
        """Reporters who said their word for duress: the others are alerted, and nothing shows on that phone."""
        references = next_references(self.connection, len(forced)) if forced else []
        return [
            NewAlert(uuid7(), reference, self._under_duress(message), reporter_id=message.writer.reporter_id)
            for message, reference in zip(forced, references, strict=True)
        ]

    def _is_forced(self, message: Incoming) -> bool:
        reporter, word = message.writer.reporter_id, message.writer.duress_word
        if reporter is None or word is None:
            return False
        return duress.is_said(self.services.cipher, reporter, word, message.text)

    def _under_duress(self, message: Incoming) -> Facts:
        post = message.writer.post
        point = self.reader.gazetteer.by_code.get(post or "")
        officer = self.directory.officers.get(message.sender_hash)
        return Facts(
            hotline=False,
            severity=triage.CRISIS,
            place=point.name if point else post,
            at_post=post is not None,
            region=self.reader.gazetteer.region(post, None, None),
            who=message.writer.name,
            doubt=triage.Notice.DURESS,
            officer=str(officer.officer_id) if officer else None,
        )

    def _events(self, conversation: Conversation) -> list[tuple[Filed | Standing, Told]]:
        """The reports that belong to an incident: those filed now, and those that begin to matter by a later text."""
        book = self.reader.book
        events: list[tuple[Filed | Standing, Told | None]] = [
            (one, intake.told(one.row, one.alert, book)) for _, one in conversation.filed
        ]
        grave = {standing.id: alert for standing, alert in conversation.raised}
        events += [
            (standing, intake.told(standing.as_row(), grave.get(standing.id), book))
            for standing in conversation.threads.revised()
            if standing.id in grave or standing.incident_id is None
        ]
        return [(one, told) for one, told in events if told]

    def _alerts(
        self,
        conversation: Conversation,
        contacts: dict[bytes, UUID],
        gathering: Gathering,
        events: Sequence[tuple[Filed | Standing, Told]],
        forced: Sequence[NewAlert],
    ) -> list[Decision]:
        """One alert an incident; a hotline contact has one that is open, which later texts join."""
        for one, told in events:
            if isinstance(one, Filed):
                told.alert = one.alert  # with what the hotline's rules found in it
        others = [one.alert for _, one in conversation.filed if one.alert and one.alert.facts.officer]
        decisions, instead = gathering.alert(
            [told for _, told in events], contacts.values(), conversation.amended, [*others, *forced]
        )
        conversation.threads.alerted_anew(instead)
        for one, told in events:
            if isinstance(one, Standing):
                conversation.threads.gathered(one, told.incident, told.alert_id)
            else:
                one.row |= {"incident_id": told.incident, "alert_id": told.alert_id}
        for _, one in conversation.filed:
            if one.alert and one.alert.facts.officer:
                one.row["alert_id"] = one.alert.id
        return decisions

    def _store(self, conversation: Conversation) -> None:
        encrypt = self.services.cipher.encrypt
        rows = [
            {**one.row, "note": encrypt(one.row["note"]) if one.row["note"] else None}
            for _, one in conversation.filed
        ]
        insert_many(self.connection, REPORT, rows)
        answers = [one.answer for _, one in conversation.filed if one.answer]
        queue(self.connection, self.services.cipher, [*answers, *conversation.answers], self.now)

    def _ignore(self, ids: Collection[UUID]) -> None:
        """Our own texts, come back to us."""
        if ids:
            self.connection.execute(sa.update(IN).where(any_of(IN.c.id, ids)).values(state="ignored"))
            IGNORED.inc(len(ids))


def _words(text: str) -> str:
    """What makes two texts the same: their words, not their case, accents or spaces."""
    return " ".join(fold_for_matching(text).split())
