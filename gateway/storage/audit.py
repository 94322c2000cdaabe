"""The record of every decision: append-only, chained by HMAC, its head kept outside the database too.

Each entry's MAC covers its content and the MAC before it, so a changed or missing row breaks the
chain; the head, in the database and in the anchor file, shows rows cut off at the end.
"""

import hmac
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gateway.storage.database import Base, insert_many, table_of

_START = b"\0" * 32


class AuditEntry(Base):
    __tablename__ = "audit"

    seq: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    actor: Mapped[str] = mapped_column(sa.Text)
    action: Mapped[str] = mapped_column(sa.Text)
    subject: Mapped[str] = mapped_column(sa.Text)
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB)
    mac: Mapped[bytes] = mapped_column(sa.LargeBinary)


class AuditHead(Base):
    """One row: where the chain ends. Locking it is what keeps appends in a line."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(sa.BigInteger)
    mac: Mapped[bytes] = mapped_column(sa.LargeBinary)


@dataclass(frozen=True, slots=True)
class Decision:
    """Who did what to what, and why. Never a number, never a text."""

    actor: str
    action: str
    subject: str
    detail: dict[str, Any] = field(default_factory=dict)


def append(connection: sa.Connection, key: bytes, at: datetime, decisions: Sequence[Decision]) -> None:
    """Add decisions to the chain. Must be the transaction's last statement: it holds the head's lock."""
    if not decisions:
        return
    head = connection.execute(
        sa.select(AuditHead.seq, AuditHead.mac).where(AuditHead.id == 1).with_for_update()
    ).one()
    seq, mac = head.seq, bytes(head.mac)
    rows = []
    for decision in decisions:
        seq += 1
        mac = _mac(key, mac, seq, at, decision)
        rows.append(
            {
                "seq": seq,
                "at": at,
                "actor": decision.actor,
                "action": decision.action,
                "subject": decision.subject,
                "detail": json.dumps(decision.detail, sort_keys=True),
                "mac": mac,
            }
        )
    insert_many(connection, table_of(AuditEntry), rows)
    connection.execute(sa.update(AuditHead).where(AuditHead.id == 1).values(seq=seq, mac=mac))


def _mac(key: bytes, before: bytes, seq: int, at: datetime, decision: Decision) -> bytes:
    content = json.dumps(
        [
            seq,
            at.astimezone(UTC).isoformat(timespec="microseconds"),
            decision.actor,
            decision.action,
            decision.subject,
            decision.detail,
        ],
        sort_keys=True,
        separators=(",", ":"),
    )
    return hmac.digest(key, before + content.encode(), "sha256")


def faults(
    connection: sa.Connection,
    key: bytes,
    anchors: Iterable[tuple[int, bytes]],
    on_entry: Callable[[int], object] = lambda _: None,
) -> Iterator[str]:
    """Walk the whole chain; yield one sentence for each fault found, and tell ``on_entry`` where it is.

    The anchors must have been read before the connection's snapshot (REPEATABLE READ) was taken:
    then entries that are added meanwhile look neither missing nor cut off.
    """
    anchored = dict(anchors)
    last, mac = 0, _START
    rows = connection.execution_options(stream_results=True, yield_per=2000).execute(
        sa.select(table_of(AuditEntry)).order_by(AuditEntry.seq)
    )
    for row in rows:
        if row.seq != last + 1:
            yield f"{_entries(last + 1, row.seq - 1)} missing."
        elif not hmac.compare_digest(
            bytes(row.mac),
            _mac(key, mac, row.seq, row.at, Decision(row.actor, row.action, row.subject, row.detail)),
        ):
            yield f"Entry {row.seq} of {row.at:%Y-%m-%d %H:%M} was changed."
        last, mac = row.seq, bytes(row.mac)
        if anchored.pop(last, mac) != mac:
            yield f"Entry {last} is not the one that was anchored outside the database."
        on_entry(last)
    yield from _cut_off(connection, last, mac, anchored)


def _cut_off(connection: sa.Connection, last: int, mac: bytes, anchored: dict[int, bytes]) -> Iterator[str]:
    head = connection.execute(sa.select(AuditHead.seq, AuditHead.mac)).one_or_none()
    if head is None:
        yield "The head of the chain is missing."
    elif head.seq > last:
        yield f"{_entries(last + 1, head.seq)} missing at the end."
    elif (head.seq, bytes(head.mac)) != (last, mac):
        yield "The head of the chain does not fit its last entry."
    if anchored and max(anchored) > last and (head is None or max(anchored) > head.seq):
        yield f"{_entries(last + 1, max(anchored))} missing at the end: they are anchored outside the database."


def _entries(first: int, last: int) -> str:
    return f"Entry {first} is" if first == last else f"Entries {first} to {last} are"


def length(connection: sa.Connection) -> int:
    return connection.execute(sa.select(sa.func.count()).select_from(AuditEntry)).scalar_one()


def anchor(connection: sa.Connection, path: Path) -> tuple[int, bytes]:
    """Write the head to the anchor file, unless it is there already. Returns it."""
    head = connection.execute(sa.select(AuditHead.seq, AuditHead.mac)).one()
    seq, mac = head.seq, bytes(head.mac)
    line = f"{seq} {mac.hex()}\n"
    tail = _tail(path)
    if seq and not tail.endswith(line):
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "w") as file:
            # A line that a crash cut short must not swallow this one.
            file.write(line if not tail or tail.endswith("\n") else f"\n{line}")
            file.flush()
            os.fsync(file.fileno())
    return seq, mac


def _tail(path: Path) -> str:
    """The end of the file: it is asked for every few seconds, and grows for years."""
    if not path.exists():
        return ""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 200))
        return file.read().decode("ascii", "replace")


def read_anchors(path: Path) -> list[tuple[int, bytes]]:
    """What was anchored, oldest first; a line cut short by a crash is no anchor."""
    if not path.exists():
        return []
    anchors = []
    for line in path.read_text(encoding="ascii").splitlines():
        seq, _, mac = line.partition(" ")
        if len(mac) == 64:
            anchors.append((int(seq), bytes.fromhex(mac)))
    return anchors
