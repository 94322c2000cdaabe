"""At the hours of the digest, the chiefs are told how things stand: by text, and by mail where there is an address."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from uuid_utils.compat import uuid7

from gateway.alerts.desk import Desk
from gateway.digest import texts
from gateway.digest.figures import figures
from gateway.digest.periods import latest
from gateway.digest.records import Digest, Mail
from gateway.digest.sources import gather
from gateway.outbox import drafts
from gateway.outbox.drafts import Draft
from gateway.outbox.service import queue
from gateway.people.records import Officer
from gateway.services import Services
from gateway.storage import audit
from gateway.storage.audit import Decision
from gateway.storage.database import table_of
from gateway.text.render import DEFAULT_LANGUAGE

DIGEST, MAIL, OFFICER = table_of(Digest), table_of(Mail), table_of(Officer)
PERIOD: Final = timedelta(hours=12)
"""What is told of when no digest was made before."""


@dataclass(frozen=True, slots=True)
class Chief:
    """``region`` is None for the whole country."""

    id: UUID
    region: str | None
    language: str
    email: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who is mailed."""

    address: str = field(repr=False)
    region: str | None
    language: str


def tell(services: Services) -> None:
    """Tell of the time since the last digest, if another is due. The first look of all only notes the hour."""
    now, settings = services.now(), services.settings
    until = latest(now, settings.digest_hours, settings.zone)
    if until is None:
        return
    with services.engine.begin() as connection:
        since = last(connection)
        if since is not None and since >= until:
            return
        made = insert(DIGEST).values(until=until, since=since or until).on_conflict_do_nothing()
        if not connection.execute(made.returning(DIGEST.c.until)).all() or since is None:
            return  # another clock made it; or there is no time to tell of yet
        people = chiefs(connection, services)
        decisions = _text(connection, services, people, since, until)
        mailed = write(connection, services, recipients(services, people), since, until)
        decisions += [Decision("vigie", "report to be mailed", f"mail {id_}") for id_ in mailed]
        audit.append(connection, services.cipher.derive("audit"), now, decisions)


def last(connection: sa.Connection) -> datetime | None:
    """Until when the last digest told."""
    return connection.execute(sa.select(sa.func.max(DIGEST.c.until))).scalar()


def chiefs(connection: sa.Connection, services: Services) -> list[Chief]:
    rows = connection.execute(
        sa.select(OFFICER).where(OFFICER.c.chief, OFFICER.c.active).order_by(OFFICER.c.id)
    )
    return [
        Chief(row.id, row.chief_region, row.language, row.email and services.cipher.decrypt(row.email))
        for row in rows
    ]


def recipients(services: Services, people: Iterable[Chief]) -> list[Recipient]:
    """Whoever is mailed; nobody where there is no mail server."""
    if not services.settings.smtp_host:
        return []
    found = [Recipient(one.email, one.region, one.language) for one in people if one.email]
    found += [Recipient(address, None, DEFAULT_LANGUAGE) for address in services.settings.sitrep_to]
    return found


def write(
    connection: sa.Connection, services: Services, to: Sequence[Recipient], since: datetime, until: datetime
) -> list[UUID]:
    """Put mails into the queue, within the caller's transaction: one a period, region and address."""
    written: list[UUID] = []
    for one in to:
        row = {
            "id": uuid7(),
            "since": since,
            "until": until,
            "region": one.region or "",
            "language": one.language,
            "address": services.cipher.encrypt(one.address),
            "address_hash": services.cipher.digest(one.address.lower()),
            "state": "queued",
            "created_at": services.now(),
            "due_at": services.now(),
        }
        added = insert(MAIL).values(row).on_conflict_do_nothing().returning(MAIL.c.id)
        written += connection.execute(added).scalars()
    return written


def _text(
    connection: sa.Connection, services: Services, people: Sequence[Chief], since: datetime, until: datetime
) -> list[Decision]:
    desk = Desk(connection, services)
    told = [one for one in people if one.id in desk.officers]
    if not told or not desk.line:
        return []
    material = gather(connection, services, since, until)
    by_region = {region: figures(material, desk.book, region) for region in {one.region for one in told}}
    texted = [
        Draft(
            drafts.DIGEST,
            drafts.RECEIPT,
            desk.channel,
            desk.line,
            desk.officers[one.id].number,
            texts.digest(by_region[one.region], one.language),
        )
        for one in told
    ]
    queue(connection, services.cipher, texted, services.now())
    return [Decision("vigie", "digest texted", f"officer {one.id}") for one in told]
