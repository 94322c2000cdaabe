"""Changing the encrypting key while everything runs: a new one, wrapped for all; then row after row.

The order is what makes it safe. The new key is announced and every process given time to take it in
before the first one writes with it; then it becomes the current one, and when all write with it the
rows are rewritten, in short transactions that never wait for a lock; secret keys are taken off only
when nothing is left to do. Whatever interrupts it, running
it again goes on. The hashing key stays, so everybody is found as before.
"""

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from gateway.storage import audit
from gateway.storage.audit import AuditEntry, Decision
from gateway.storage.cipher import (
    ANNOUNCED,
    ENCRYPT,
    HASH,
    CannotDecryptError,
    Cipher,
    DataKeyWrap,
    SecretKey,
    Wrap,
    open_data_keys,
    store_wraps,
    stored_wraps,
)

# Every encrypted column of every table; a test holds it against the models.
ENCRYPTED: Final[Mapping[str, tuple[str, ...]]] = {
    "acknowledgements": ("note",),
    "alerts": ("facts",),
    "channels": ("secrets",),
    "contacts": ("number",),
    "inbound_messages": ("sender", "recipient", "text", "whole"),
    "lines": ("number",),
    "mails": ("address",),
    "officers": ("number", "email"),
    "outbound_messages": ("sender", "recipient", "text"),
    "reporters": ("number",),
    "recordings": ("audio",),
    "report_changes": ("words",),
    "reports": ("note",),
    "safety_marks": ("why",),
    "ussd_sessions": ("sender", "path"),
}
BATCH = 500
BEGUN, DONE = "key rotation begun", "keys rotated"
_ROTATING = 0x5649_4B52


class RotationUnderWayError(Exception):
    """Somebody else is rotating at this moment."""

    def __init__(self) -> None:
        super().__init__("Another `vigie keys rotate` is at work on this database; let it finish.")


@dataclass(frozen=True, slots=True)
class Begun:
    """A rotation that is under way. ``continued``: an earlier one that had been interrupted."""

    data_key: int
    wraps: Sequence[Wrap]
    continued: bool


@contextmanager
def alone(engine: sa.Engine) -> Iterator[None]:
    """Hold the rotation's lock, on a connection that is closed and never goes back to the pool."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.detach()
        if not connection.execute(sa.select(sa.func.pg_try_advisory_lock(_ROTATING))).scalar_one():
            raise RotationUnderWayError
        yield


def unfinished(connection: sa.Connection) -> int | None:
    """The data key of a rotation that was begun and not brought to its end."""
    newest: int | None = connection.execute(
        sa.select(sa.func.max(DataKeyWrap.data_key)).where(DataKeyWrap.purpose != HASH)
    ).scalar_one()
    if newest is None:
        return None
    entries = sa.select(AuditEntry.action).where(
        AuditEntry.action.in_((BEGUN, DONE)), AuditEntry.subject == _subject(newest)
    )
    actions = set(connection.execute(entries).scalars())
    return newest if BEGUN in actions and DONE not in actions else None


def begin(
    connection: sa.Connection, cipher: Cipher, secret_keys: Sequence[SecretKey], at: datetime, actor: str
) -> Begun:
    """Announce a data key, or take up the unfinished one; wrap every data key with every secret key."""
    wraps = stored_wraps(connection)
    opened = open_data_keys(wraps, secret_keys)
    going_on = unfinished(connection)
    if going_on is None:
        data_key = max(opened) + 1
        material = secrets.token_bytes(32)
        new = [key.wrap(data_key, ANNOUNCED, material) for key in secret_keys]
        decisions = [Decision(actor, BEGUN, _subject(data_key))]
    else:
        data_key, new, decisions = going_on, [], []
    have = {(wrap.data_key, wrap.secret_key) for wrap in wraps}
    new += [
        key.wrap(number, data.purpose, data.material)
        for number, data in opened.items()
        for key in secret_keys
        if (number, key.id) not in have
    ]
    store_wraps(connection, new)
    audit.append(connection, cipher.derive("audit"), at, decisions)
    return Begun(data_key, [*wraps, *new], going_on is not None)


def make_current(connection: sa.Connection, secret_keys: Sequence[SecretKey], data_key: int) -> list[Wrap]:
    """From now on everybody encrypts with the announced key. Returns all wraps."""
    announced = open_data_keys(stored_wraps(connection), secret_keys)[data_key]
    if announced.purpose == ANNOUNCED:
        connection.execute(sa.delete(DataKeyWrap).where(DataKeyWrap.data_key == data_key))
        store_wraps(connection, [key.wrap(data_key, ENCRYPT, announced.material) for key in secret_keys])
    return stored_wraps(connection)


def finish(
    connection: sa.Connection,
    cipher: Cipher,
    first: SecretKey,
    decision: Decision,
    at: datetime,
) -> list[Wrap]:
    """Take off the wraps of every secret key but the first, which is tried before. Returns what is left."""
    mine = [wrap for wrap in stored_wraps(connection) if wrap.secret_key == first.id]
    Cipher.from_wraps(mine, [first])
    if {wrap.data_key for wrap in mine} != {wrap.data_key for wrap in stored_wraps(connection)}:
        raise CannotDecryptError("a data key is not wrapped by the first secret key")
    connection.execute(sa.delete(DataKeyWrap).where(DataKeyWrap.secret_key != first.id))
    audit.append(connection, cipher.derive("audit"), at, [decision])
    return mine


def done(actor: str, data_key: int, detail: Mapping[str, Any]) -> Decision:
    return Decision(actor, DONE, _subject(data_key), dict(detail))


def _subject(data_key: int) -> str:
    return f"data key {data_key}"


def stale(table: sa.Table, current: int) -> sa.ColumnElement[bool]:
    """Rows in which a value was made with another key than the current one."""
    return sa.or_(*(_key(table.c[name]) != current.to_bytes(2, "big") for name in ENCRYPTED[table.name]))


def _key(column: sa.ColumnElement[Any]) -> sa.ColumnElement[bytes]:
    return sa.func.substring(column, 1, 2, type_=sa.LargeBinary)


def values_by_key(connection: sa.Connection, table: sa.Table) -> dict[int, int]:
    """How many values each data key made, in one scan of the table."""
    keys = [_key(table.c[name]).label(name) for name in ENCRYPTED[table.name]]
    counts: dict[int, int] = {}
    for *found, rows in connection.execute(sa.select(*keys, sa.func.count()).group_by(*keys)):
        for key in found:
            if key is not None:
                number = int.from_bytes(key, "big")
                counts[number] = counts.get(number, 0) + rows
    return counts


def stale_rows(connection: sa.Connection, table: sa.Table, current: int) -> int:
    query = sa.select(sa.func.count()).select_from(table).where(stale(table, current))
    return connection.execute(query).scalar_one()


@dataclass(slots=True)
class Pass:
    """What one pass over a table did: rows rewritten, rows of which a value does not open."""

    rewritten: int = 0
    broken: int = 0


def sweep(
    engine: sa.Engine, table: sa.Table, cipher: Cipher, on_rows: Callable[[int], None] = lambda _: None
) -> Pass:
    """Rewrite every stale row that nobody holds at this moment; those that are held wait for the next pass."""
    (key,) = table.primary_key.columns
    result, after = Pass(), None
    while True:
        with engine.begin() as connection:
            rows = _claim(connection, table, key, cipher.current, after)
            if not rows:
                return result
            fresh = [values for row in rows if (values := _anew(row, table, cipher))]
            _write(connection, table, key, fresh)
        after = rows[-1][0]
        result.rewritten += len(fresh)
        result.broken += len(rows) - len(fresh)
        on_rows(len(rows))


def _claim(
    connection: sa.Connection, table: sa.Table, key: sa.Column[Any], current: int, after: Any
) -> Sequence[sa.Row[Any]]:
    # FOR NO KEY UPDATE does not stand in the way of rows that refer to these; SKIP LOCKED waits for
    # nobody, so that a drain or a sender can never deadlock with us.
    query = (
        sa.select(key, *(table.c[name] for name in ENCRYPTED[table.name]))
        .where(stale(table, current))
        .order_by(key)
        .limit(BATCH)
        .with_for_update(key_share=True, skip_locked=True)
    )
    return connection.execute(query if after is None else query.where(key > after)).all()


def _anew(row: sa.Row[Any], table: sa.Table, cipher: Cipher) -> dict[str, Any] | None:
    """The row's values made with the current key; None when one does not open, which is left as it is."""
    values: Sequence[bytes | None] = row[1:]
    try:
        fresh = [None if value is None else cipher.encrypt(cipher.decrypt(value)) for value in values]
    except CannotDecryptError:
        return None
    return {
        "id_": row[0],
        **{f"{name}_": new for name, new in zip(ENCRYPTED[table.name], fresh, strict=True)},
    }


def _write(
    connection: sa.Connection, table: sa.Table, key: sa.Column[Any], fresh: Sequence[Mapping[str, Any]]
) -> None:
    if fresh:
        values: dict[str, Any] = {name: sa.bindparam(f"{name}_") for name in ENCRYPTED[table.name]}
        statement = sa.update(table).where(key == sa.bindparam("id_")).values(values)
        connection.execute(statement, fresh)
