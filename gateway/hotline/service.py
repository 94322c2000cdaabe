"""The hotline's contacts: met, heard, marked as safe or not, answered and called back.

The functions that take a connection work within the caller's transaction and return the decisions
that it must put on record.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from uuid_utils.compat import uuid7

from gateway.channels.numbers import on_whatsapp
from gateway.channels.records import Line
from gateway.hotline import triage
from gateway.hotline.records import CallBackTask
from gateway.hotline.triage import Notice, Triage
from gateway.outbox import drafts
from gateway.outbox.drafts import Draft
from gateway.outbox.records import OutboundRecord
from gateway.outbox.service import queue
from gateway.people.marks import CONTACT, MARK, newest_mark, safety_of
from gateway.people.safety import SAFE, Hours, Safety, State, Way, marked, reached_at, why_not_reached
from gateway.reports.reading import Reading
from gateway.services import Services
from gateway.storage.audit import Decision
from gateway.storage.cipher import Cipher
from gateway.storage.database import any_of, table_of
from gateway.text.folding import squeeze
from gateway.text.render import render

TASK, OUT, LINE = table_of(CallBackTask), table_of(OutboundRecord), table_of(Line)
# Who set a mark that the contact set herself.
CONTACT_HERSELF: Final = "contact"
# What an officer may send: neutral words alone, with nothing to be filled in.
ANSWERS: Final = (
    "hello", "word", "where", "how_many", "when", "may_i_call", "wait", "later", "thanks", "wrong_number",
)  # fmt: skip
_ASKS_FOR_WORD, _THANKS = "word", "thanks"
# How long what she writes is taken for the answer to a text of ours.
ANSWER_AWAITED: Final = timedelta(minutes=30)
_WORDS: Final = {Notice.WORD_RIGHT: "right", Notice.WORD_WRONG: "wrong", Notice.DURESS: "duress"}
_SILENCED: Final = frozenset({State.INBOUND_ONLY, State.NEVER})
_SHORTEST_WORD: Final = 3


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who came to the hotline, by text, call or USSD."""

    number: str = field(repr=False)
    at: datetime
    line: bytes | None = None
    """The hash of our line that it was."""


@dataclass(frozen=True, slots=True)
class Said:
    """A text of a contact, read. ``at`` is when it was sent, as far as that can be believed."""

    message_id: UUID
    contact: UUID
    text: str = field(repr=False)
    reading: Reading = field(repr=False)
    at: datetime


class AnswerRefusedError(ValueError):
    """An answer that may not go now; the words say why in one sentence."""


class BadWordError(ValueError):
    """A word that cannot be agreed upon; the words say why and never repeat it."""


class MarkRefusedError(ValueError):
    """A contact who said "never" may not be marked otherwise; the words say so in one sentence."""


def meet(connection: sa.Connection, cipher: Cipher, callers: Mapping[bytes, Caller]) -> dict[bytes, UUID]:
    """The contact behind each caller, both by the hash of the number; made when it is the first time."""
    known = any_of(CONTACT.c.number_hash, callers)
    rows = connection.execute(sa.select(CONTACT.c.number_hash, CONTACT.c.id).where(known)).all()
    met = {bytes(row.number_hash): row.id for row in rows}
    for number_hash in sorted(callers):
        at = callers[number_hash].at
        line = callers[number_hash].line
        again = {
            "last_at": sa.func.greatest(CONTACT.c.last_at, at),
            "line_hash": sa.func.coalesce(line, CONTACT.c.line_hash),
        }
        if number_hash in met:
            connection.execute(sa.update(CONTACT).where(CONTACT.c.id == met[number_hash]).values(again))
            continue
        new = insert(CONTACT).values(
            id=uuid7(),
            number=cipher.encrypt(callers[number_hash].number),
            number_hash=number_hash,
            line_hash=line,
            first_at=at,
            last_at=at,
        )
        # She may be met at this moment by another way: by text and by USSD at once.
        either = new.on_conflict_do_update(index_elements=["number_hash"], set_=again)
        met[number_hash] = connection.execute(either.returning(CONTACT.c.id)).scalar_one()
    return met


def mark(
    connection: sa.Connection,
    cipher: Cipher,
    contact: UUID,
    safety: Safety,
    *,
    by: str,
    why: str,
    now: datetime,
) -> list[Decision]:
    """Mark a contact, whose earlier mark ends with this one. Raise MarkRefusedError."""
    before = _locked(connection, contact)
    if (
        by != CONTACT_HERSELF
        and before.set_by == CONTACT_HERSELF
        and before.state == State.NEVER
        and before.last_at <= before.at
    ):
        raise MarkRefusedError(
            "This contact said not to be written to or called any more, and has not come back since: "
            "only a text or call of theirs can change that."
        )
    hours = safety.hours
    connection.execute(
        sa.insert(MARK).values(
            contact_id=contact,
            state=safety.state,
            way=safety.way,
            days="".join(map(str, sorted(hours.days))) if hours else None,
            starts=hours.starts if hours else None,
            ends=hours.ends if hours else None,
            until=safety.until,
            set_by=by,
            why=cipher.encrypt(why),
            at=now,
        )
    )
    detail = {
        "from": before.state or State.UNKNOWN,
        "to": safety.state,
        "way": safety.way,
        "until": safety.until.isoformat() if safety.until else None,
    }
    decisions = [Decision(by, "contact marked", f"contact {contact}", detail)]
    if safety.way is not Way.CALL:
        decisions += _end_task(connection, contact, "withdrawn", by, now)
    return decisions


def rang(
    connection: sa.Connection, services: Services, contact: UUID, now: datetime, *, silent: bool = False
) -> list[Decision]:
    """A call that nobody took, or in which nobody spoke: counted; to be called back only if marked safe."""
    row = _locked(connection, contact)
    connection.execute(
        sa.update(CONTACT)
        .where(CONTACT.c.id == contact)
        .values(calls=CONTACT.c.calls + 1, silent_calls=CONTACT.c.silent_calls + int(silent))
    )
    due = reached_at(safety_of(row), Way.CALL, now, services.settings.zone)
    if due is None or row.word_given == _WORDS[Notice.DURESS]:
        return []
    return _task(connection, contact, "missed call", due, now)


def asks_to_be_called(
    connection: sa.Connection,
    services: Services,
    contact: UUID,
    now: datetime,
    *,
    hours: Hours | None,
    language: str,
) -> list[Decision]:
    """She says that she may be called, now (``hours`` None) or at these hours: marked so, and to be called.

    Not where an officer knows better, or her last word was the one for duress: somebody else may hold the phone.
    """
    row = _locked(connection, contact)
    connection.execute(sa.update(CONTACT).where(CONTACT.c.id == contact).values(language=language))
    silenced = row.state in _SILENCED and row.set_by != CONTACT_HERSELF and safety_of(row).holds(now)
    if silenced or row.word_given == _WORDS[Notice.DURESS]:
        return [Decision("vigie", "call-back wish left to an officer", f"contact {contact}")]
    safety = marked(State.SAFE_AT if hours else State.SAFE_NOW, now, way=Way.CALL, hours=hours)
    decisions = mark(
        connection, services.cipher, contact, safety, by=CONTACT_HERSELF, why="asked to be called", now=now
    )
    due = reached_at(safety, Way.CALL, now, services.settings.zone)
    return decisions + (_task(connection, contact, "asked to be called", due, now) if due else [])


def hear(
    connection: sa.Connection,
    services: Services,
    texts: Sequence[Said],
    stops: Collection[str],
    now: datetime,
) -> tuple[dict[UUID, Triage], list[Decision]]:
    """What contacts' texts mean besides what is read in them, as {message: triage}; does what they ask for.

    Whoever was asked for the word gets the same answer whatever comes.
    """
    found: dict[UUID, Triage] = {}
    decisions: list[Decision] = []
    for said in texts:
        notice = _word(connection, services, said, decisions, now)
        if triage.asks_for_silence(said.text, said.reading, stops):
            decisions += asks_for_silence(connection, services.cipher, said.contact, now, why=said.text)
            notice = notice if notice is Notice.DURESS else Notice.STOP
        found[said.message_id] = triage.of_text(said.reading, notice)
    return found, decisions


def _word(
    connection: sa.Connection, services: Services, said: Said, decisions: list[Decision], now: datetime
) -> Notice | None:
    """Look for the words agreed upon, and for an answer to what she was sent; thank whoever was asked for a word."""
    row = connection.execute(sa.select(CONTACT).where(CONTACT.c.id == said.contact).with_for_update()).one()
    latest_first = [
        at is not None and at <= said.at < at + ANSWER_AWAITED for at in _texted(connection, said)
    ]
    # Only what reached her can be answered, and what was last sent is the question: another text ends it.
    asked = row.word_asked_until is not None and latest_first[:1] == [True]
    words = triage.Words(row.code_word_hash, row.duress_word_hash, asked)
    notice = triage.word_in(said.text, words, lambda word: word_hash(services.cipher, said.contact, word))
    if notice is None:
        return Notice.ANSWERS if any(latest_first) else None
    given = _WORDS[notice]
    changed: dict[str, Any] = {"word_asked_until": None if asked else row.word_asked_until}
    if row.word_given_at is None or row.word_given_at <= said.at:
        changed |= {"word_given": given, "word_given_at": said.at}
    connection.execute(sa.update(CONTACT).where(CONTACT.c.id == said.contact).values(changed))
    decisions.append(Decision("vigie", "word given", f"contact {said.contact}", {"word": given}))
    if asked:
        way = safety_of(_locked(connection, said.contact)).way or Way.SMS
        queue(connection, services.cipher, _drafts(connection, services, row, _THANKS, way), now)
    return notice


def _texted(connection: sa.Connection, said: Said) -> Sequence[datetime | None]:
    """When each of the texts to her left that she may answer by this one, the latest first; None of one that did not."""
    query = sa.select(OUT.c.sent_at).where(
        OUT.c.subject == said.contact,
        OUT.c.purpose == sa.literal_column(f"'{drafts.TO_CONTACT}'"),  # as the index says it
        OUT.c.created_at > said.at - 2 * ANSWER_AWAITED,
    )
    return connection.scalars(query.order_by(OUT.c.created_at.desc(), OUT.c.id.desc())).all()


def agree_on_words(
    connection: sa.Connection, cipher: Cipher, contact: UUID, *, code: str, duress: str, by: str
) -> list[Decision]:
    """Two harmless words: one says that it is her, one that somebody forces her. Raise BadWordError."""
    said, code, duress = code, checked_word(code), checked_word(duress)
    if triage.word_in(said, triage.Words(duress=duress.encode()), str.encode):
        raise BadWordError(
            "The two words must differ, and the first not hold the second: one says that all is well, the other "
            "that it is not."
        )
    connection.execute(
        sa.update(CONTACT)
        .where(CONTACT.c.id == contact)
        .values(
            code_word_hash=word_hash(cipher, contact, code),
            duress_word_hash=word_hash(cipher, contact, duress),
            word_given=None,
            word_given_at=None,
        )
    )
    return [Decision(by, "words agreed upon", f"contact {contact}")]


def checked_word(word: str) -> str:
    """A word to be agreed upon, as it is hashed. Raise BadWordError."""
    if not triage.is_found_anywhere(word):
        raise BadWordError("A word that is agreed upon is one word or two: more are not found within a text.")
    squeezed = squeeze(word)
    if len(squeezed) < _SHORTEST_WORD:
        raise BadWordError(f"Each word needs at least {_SHORTEST_WORD} letters.")
    return squeezed


def word_hash(cipher: Cipher, whose: UUID, word: str) -> bytes:
    return cipher.digest(f"word of {whose}: {word}")


def answer(
    connection: sa.Connection,
    services: Services,
    contact: UUID,
    name: str,
    *,
    by: str,
    now: datetime,
    language: str | None = None,
) -> list[Decision]:
    """Queue one of ANSWERS; the gate is asked again when it is sent. Raise AnswerRefusedError."""
    standing = _locked(connection, contact)
    way = standing.way if standing.state in SAFE else Way.SMS
    reason = why_not_reached(safety_of(standing), Way(way), now, services.settings.zone)
    if reason is None and Way(way) is Way.CALL:
        reason = "marked safe by call alone: no text"
    if reason is not None:
        raise AnswerRefusedError(
            f"Nothing was sent ({reason}): mark the contact first, if she said that it is safe."
        )
    waiting = sa.select(OUT.c.id).where(
        OUT.c.subject == contact, OUT.c.purpose == drafts.TO_CONTACT, OUT.c.state.in_(("queued", "sending"))
    )
    if connection.execute(waiting).first() is not None:
        raise AnswerRefusedError(
            "A text to this contact is still on its way: wait for it before the next one."
        )
    row = connection.execute(sa.select(CONTACT).where(CONTACT.c.id == contact)).one()
    if name == _ASKS_FOR_WORD and row.code_word_hash is None:
        raise AnswerRefusedError("No word is agreed upon with this contact: `vigie hotline words` keeps one.")
    outgoing = _drafts(connection, services, row, name, Way(way), language)
    if not outgoing:
        raise AnswerRefusedError(f"No hotline line can send by {way}: add one with `vigie lines add`.")
    queue(connection, services.cipher, outgoing, now)
    changed = {
        "language": language or row.language,
        "word_asked_until": now + ANSWER_AWAITED if name == _ASKS_FOR_WORD else None,
    }
    connection.execute(sa.update(CONTACT).where(CONTACT.c.id == contact).values(changed))
    return [Decision(by, "contact answered", f"contact {contact}", {"text": name, "way": way})]


def _drafts(
    connection: sa.Connection,
    services: Services,
    contact: sa.Row[Any],
    name: str,
    way: Way,
    language: str | None = None,
) -> list[Draft]:
    """A text from the hotline line that the contact came to, else from the first that goes this way; or none."""
    decrypt = services.cipher.decrypt
    rows = connection.execute(sa.select(LINE).where(LINE.c.profile == "hotline").order_by(LINE.c.id)).all()
    lines = [(decrypt(row.number), row) for row in rows]
    fit = [
        (number, row) for number, row in lines if (Way.WHATSAPP if on_whatsapp(number) else Way.SMS) is way
    ]
    if not fit:
        return []
    number, line = min(fit, key=lambda one: bytes(one[1].number_hash) != contact.line_hash)
    return [
        Draft(
            purpose=drafts.TO_CONTACT,
            rank=drafts.HOTLINE,
            channel=line.channel,
            sender=number,
            recipient=decrypt(contact.number),
            text=render(f"hotline_{name}", language or contact.language or "fr"),
            subject=contact.id,
        )
    ]


def call_done(connection: sa.Connection, contact: UUID, by: str, now: datetime) -> list[Decision]:
    """The contact was called; empty where no call was open."""
    return _end_task(connection, contact, "done", by, now)


def asks_for_silence(
    connection: sa.Connection, cipher: Cipher, contact: UUID, now: datetime, *, why: str
) -> list[Decision]:
    """She said herself that nothing may come: never, until she comes back and an officer marks her otherwise."""
    return mark(connection, cipher, contact, marked(State.NEVER, now), by=CONTACT_HERSELF, why=why, now=now)


def _locked(connection: sa.Connection, contact: UUID) -> sa.Row[Any]:
    """The contact with the mark that counts; nobody else marks or calls meanwhile."""
    connection.execute(sa.select(CONTACT.c.id).where(CONTACT.c.id == contact).with_for_update())
    newest = newest_mark()
    return connection.execute(
        sa.select(CONTACT.c.last_at, CONTACT.c.word_given, newest)
        .join(newest, sa.true(), isouter=True)
        .where(CONTACT.c.id == contact)
    ).one()


def _task(
    connection: sa.Connection, contact: UUID, reason: str, due: datetime, now: datetime
) -> list[Decision]:
    """One open task a contact: a second wish changes when it is due."""
    task = insert(TASK).values(
        id=uuid7(), contact_id=contact, reason=reason, state="open", made_at=now, due_at=due
    )
    connection.execute(
        task.on_conflict_do_update(
            index_elements=["contact_id"],
            index_where=sa.text("state = 'open'"),
            set_={"reason": reason, "due_at": due},
        )
    )
    detail = {"reason": reason, "due": due.isoformat()}
    return [Decision("vigie", "call-back asked for", f"contact {contact}", detail)]


def _end_task(connection: sa.Connection, contact: UUID, state: str, by: str, now: datetime) -> list[Decision]:
    ended = connection.execute(
        sa.update(TASK)
        .where(TASK.c.contact_id == contact, TASK.c.state == "open")
        .values(state=state, ended_at=now, ended_by=by)
    )
    return [Decision(by, f"call-back {state}", f"contact {contact}")] if ended.rowcount else []
