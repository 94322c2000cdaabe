"""A reporter's word for duress, within the caller's transaction: agreed upon, kept as a keyed hash, looked for."""

from uuid import UUID

import sqlalchemy as sa

from gateway.hotline import triage
from gateway.hotline.service import checked_word, word_hash
from gateway.hotline.triage import Notice
from gateway.people.records import Reporter
from gateway.storage.audit import Decision
from gateway.storage.cipher import Cipher
from gateway.storage.database import table_of

REPORTER = table_of(Reporter)


def agree_on_word(
    connection: sa.Connection, cipher: Cipher, reporter: UUID, word: str | None, by: str
) -> Decision:
    """The word that says that somebody forces the reporter; None for none any more. Raise BadWordError."""
    kept = word_hash(cipher, reporter, checked_word(word)) if word is not None else None
    connection.execute(sa.update(REPORTER).where(REPORTER.c.id == reporter).values(duress_word_hash=kept))
    action = "duress word agreed upon" if kept else "duress word taken back"
    return Decision(by, action, f"reporter {reporter}")


def is_said(cipher: Cipher, reporter: UUID, kept: bytes, text: str) -> bool:
    """Whether a reporter's text holds the word."""
    words = triage.Words(duress=kept)
    return triage.word_in(text, words, lambda word: word_hash(cipher, reporter, word)) is Notice.DURESS
