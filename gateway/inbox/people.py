"""Who wrote the messages of a batch, and to which of our lines: looked up together."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from gateway.channels.records import Line
from gateway.inbox.intake import OurLine, Writer
from gateway.people.records import Contact, Officer, Reporter
from gateway.storage.cipher import Cipher
from gateway.storage.database import among, any_of, as_array, table_of

REPORTER, OFFICER, CONTACT = table_of(Reporter), table_of(Officer), table_of(Contact)
_NOBODY = Writer()
_LINES = sa.select(table_of(Line))
_REPORTERS = sa.select(REPORTER).where(among(REPORTER.c.number_hash, "hashes"), REPORTER.c.active)
_OFFICERS = sa.select(OFFICER).where(OFFICER.c.active)
_CONTACTS = sa.select(CONTACT.c.number_hash, CONTACT.c.id).where(among(CONTACT.c.number_hash, "hashes"))


@dataclass(frozen=True, slots=True)
class Directory:
    """Everything that the messages of a batch need to know about people."""

    lines: Mapping[bytes, OurLine]
    reporters: Mapping[bytes, Writer]
    officers: Mapping[bytes, Writer]
    contacts: Mapping[bytes, UUID]

    def writer(self, sender_hash: bytes) -> Writer:
        """A reporter as a reporter, even one who is an officer too."""
        return self.reporters.get(sender_hash) or self.officers.get(sender_hash) or _NOBODY


def look_up(connection: sa.Connection, cipher: Cipher, messages: Iterable[sa.Row[Any]]) -> Directory:
    """For rows of the inbox. Contacts are looked up only where something came to another line than the agents'."""
    lines = our_lines(connection, cipher)
    agents = {number_hash for number_hash, line in lines.items() if line.profile == "agents"}
    rows = list(messages)
    hashes = {bytes(row.sender_hash) for row in rows}
    elsewhere = {bytes(row.sender_hash) for row in rows if bytes(row.recipient_hash) not in agents}
    reporters = connection.execute(_REPORTERS, {"hashes": as_array(REPORTER.c.number_hash, hashes)})
    officers = connection.execute(_OFFICERS)
    return Directory(
        lines=lines,
        reporters={
            bytes(row.number_hash): Writer(
                reporter_id=row.id,
                name=row.name,
                post=row.post,
                language=row.language,
                discreet=row.discreet,
            )
            for row in reporters
        },
        officers={
            bytes(row.number_hash): Writer(officer_id=row.id, name=row.name, language=row.language)
            for row in officers
        },
        contacts=_contacts(connection, elsewhere) if elsewhere else {},
    )


def _contacts(connection: sa.Connection, hashes: Iterable[bytes]) -> dict[bytes, UUID]:
    rows = connection.execute(_CONTACTS, {"hashes": as_array(CONTACT.c.number_hash, hashes)})
    return {bytes(row.number_hash): row.id for row in rows}


def our_lines(connection: sa.Connection, cipher: Cipher) -> dict[bytes, OurLine]:
    """Our lines by the hash of their number."""
    return {
        bytes(row.number_hash): OurLine(cipher.decrypt(row.number), row.profile, row.channel)
        for row in connection.execute(_LINES)
    }


def remember_contacts(
    connection: sa.Connection,
    contacts: Mapping[bytes, tuple[UUID, bytes]],
    seen: Iterable[UUID],
    now: datetime,
) -> None:
    """New hotline contacts as {hash: (id, encrypted number)}, and known ones seen again."""
    if contacts:
        connection.execute(
            sa.insert(CONTACT),
            [
                {"id": id_, "number": number, "number_hash": number_hash, "first_at": now, "last_at": now}
                for number_hash, (id_, number) in contacts.items()
            ],
        )
    if again := list(seen):
        connection.execute(sa.update(CONTACT).where(any_of(CONTACT.c.id, again)).values(last_at=now))
