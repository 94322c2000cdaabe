"""Who wrote the messages of a batch, and to which of our lines: looked up together."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from gateway.channels.records import Line
from gateway.inbox.intake import OurLine, Writer
from gateway.people.records import Officer, Reporter
from gateway.storage.cipher import Cipher
from gateway.storage.database import among, as_array, table_of

REPORTER, OFFICER = table_of(Reporter), table_of(Officer)
_NOBODY = Writer()
_LINES = sa.select(table_of(Line))
_REPORTERS = sa.select(REPORTER).where(among(REPORTER.c.number_hash, "hashes"), REPORTER.c.active)
_OFFICERS = sa.select(OFFICER).where(OFFICER.c.active)


@dataclass(frozen=True, slots=True)
class Directory:
    """Everything that the messages of a batch need to know about people."""

    lines: Mapping[bytes, OurLine]
    reporters: Mapping[bytes, Writer]
    officers: Mapping[bytes, Writer]

    def writer(self, sender_hash: bytes) -> Writer:
        """A reporter as a reporter, even one who is an officer too."""
        return self.reporters.get(sender_hash) or self.officers.get(sender_hash) or _NOBODY


def look_up(connection: sa.Connection, cipher: Cipher, messages: Iterable[sa.Row[Any]]) -> Directory:
    """For rows of the inbox."""
    hashes = {bytes(row.sender_hash) for row in messages}
    reporters = connection.execute(_REPORTERS, {"hashes": as_array(REPORTER.c.number_hash, hashes)})
    officers = connection.execute(_OFFICERS)
    return Directory(
        lines=our_lines(connection, cipher),
        reporters={
            bytes(row.number_hash): Writer(
                reporter_id=row.id,
                name=row.name,
                post=row.post,
                language=row.language,
                discreet=row.discreet,
                duress_word=row.duress_word_hash,
            )
            for row in reporters
        },
        officers={
            bytes(row.number_hash): Writer(officer_id=row.id, name=row.name, language=row.language)
            for row in officers
        },
    )


def our_lines(connection: sa.Connection, cipher: Cipher) -> dict[bytes, OurLine]:
    """Our lines by the hash of their number."""
    return {
        bytes(row.number_hash): OurLine(cipher.decrypt(row.number), row.profile, row.channel)
        for row in connection.execute(_LINES)
    }
