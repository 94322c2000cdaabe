"""The database: schema, messages, the record of decisions."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from alembic.migration import MigrationContext

from gateway.doctor.findings import Finding, ok, warning, wrong
from gateway.inbox.records import InboundRecord
from gateway.outbox.records import OutboundRecord
from gateway.storage import audit, schema
from gateway.storage.audit import AuditEntry
from gateway.storage.database import table_of

IN, OUT, ENTRY = table_of(InboundRecord), table_of(OutboundRecord), table_of(AuditEntry)
_LATE = timedelta(minutes=1)
_OLDEST_SERVER = 140_000
_CLOCKS_APART = 30.0


def server(connection: sa.Connection) -> Iterator[Finding]:
    version = int(connection.exec_driver_sql("SHOW server_version_num").scalar_one())
    if version < _OLDEST_SERVER:
        yield wrong("PostgreSQL", f"is of version {version // 10_000}: use 14 or later.")
    else:
        yield ok("PostgreSQL", f"answers (version {version // 10_000}.{version % 10_000}).")
    apart = abs(
        (connection.execute(sa.select(sa.func.now())).scalar_one() - datetime.now(UTC)).total_seconds()
    )
    if apart > _CLOCKS_APART:
        yield warning(
            "PostgreSQL", f"Its clock and this machine's are {apart:,.0f} s apart: set both by NTP."
        )


def is_migrated(connection: sa.Connection) -> Finding:
    here = MigrationContext.configure(connection).get_current_revision()
    known = schema.revisions()
    if here is None:
        return wrong("schema", "The database has no tables yet: run `vigie migrate`.")
    if here not in known:
        return wrong("schema", "It was made by a newer version of vigie: install that one again.")
    if here != known[-1]:
        return wrong("schema", "It is older than this program: run `vigie migrate`.")
    return ok("schema", "is up to date.")


def messages(connection: sa.Connection, now: datetime) -> Iterator[Finding]:
    """What is dead, and what waits for longer than it should."""
    dead, late = (
        connection.execute(sa.select(sa.func.count()).select_from(IN).where(*conditions)).scalar_one()
        for conditions in (
            (IN.c.state == "dead",),
            (IN.c.state == "received", IN.c.received_at < now - _LATE),
        )
    )
    if dead:
        yield wrong(
            "inbox",
            f"{dead:,} messages are dead: `vigie inbox` tells why, `vigie inbox replay` gives them another chance.",
        )
    if late:
        yield wrong("inbox", f"{late:,} messages have waited for a minute or more: look at the workers.")
    if not dead and not late:
        yield ok("inbox", "Nothing is dead, nothing waits.")
    yield _outbox(connection, now)


def _outbox(connection: sa.Connection, now: datetime) -> Finding:
    unsent = connection.execute(
        sa.select(sa.func.count())
        .select_from(OUT)
        .where(OUT.c.state == "queued", OUT.c.created_at < now - _LATE)
    ).scalar_one()
    if unsent:
        return wrong(
            "outbox",
            f"{unsent:,} texts have waited for a minute or more: `vigie channels` shows on which channel.",
        )
    return ok("outbox", "No text waits.")


def record(connection: sa.Connection, path: Path) -> Iterator[Finding]:
    """The audit log's end against its last anchor; `vigie audit verify` walks the whole."""
    anchors = audit.read_anchors(path)
    entries = connection.execute(sa.select(sa.func.max(ENTRY.c.seq))).scalar_one() or 0
    if not anchors:
        yield (
            warning("audit", f"{entries:,} decisions are not anchored in {path}: is the clock running?")
            if entries
            else ok("audit", "No decision is on record yet.")
        )
        return
    seq, mac = anchors[-1]
    stored = connection.execute(sa.select(ENTRY.c.mac).where(ENTRY.c.seq == seq)).scalar()
    if stored is None or bytes(stored) != mac:
        yield wrong(
            "audit",
            f"The record of decisions lacks entry {seq} as it was anchored: `vigie audit verify` tells "
            "what is missing or changed; keep the database as it is and find out who had access.",
        )
    else:
        yield ok("audit", f"{entries:,} decisions are on record, anchored until {seq:,}.")
