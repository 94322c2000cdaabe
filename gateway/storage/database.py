"""The engine, the base of all tables, and inserting many rows in one round trip."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    metadata = sa.MetaData(naming_convention=NAMING)


_DIALECT: sa.Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]


class DatabaseAwayError(Exception):
    """PostgreSQL cannot be reached, or answers nothing in time."""


# What the server, a lock or the pool does to us: never the fault of what was being worked on.
DATABASE_TROUBLE = (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError)


def create_engine(url: str, *, pool_size: int = 5) -> sa.Engine:
    """An engine whose errors and logs never carry parameters, and that gives up on a dead host in seconds."""
    return sa.create_engine(
        url,
        hide_parameters=True,
        pool_size=pool_size,
        max_overflow=5,
        pool_timeout=5,
        pool_use_lifo=True,
        connect_args={
            "connect_timeout": 2,
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 3,
            "tcp_user_timeout": 8000,
            "application_name": "vigie",
            "options": "-c timezone=UTC -c idle_in_transaction_session_timeout=60s -c lock_timeout=10s",
        },
    )


def is_connection_error(error: sa.exc.DBAPIError) -> bool:
    """Whether the server went away, as opposed to refusing what was asked."""
    return error.connection_invalidated or isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError)


@cache
def _insert_from_arrays(
    table: sa.Table, columns: tuple[str, ...], unless_exists: tuple[str, ...]
) -> sa.TextClause:
    """INSERT … SELECT FROM unnest(:a, :b, …): one statement and one plan, however many rows."""
    arrays = ", ".join(f"CAST(:{name} AS {_sql_type(table.c[name].type)}[])" for name in columns)
    names = ", ".join(columns)
    sql = f"INSERT INTO {table.name} ({names}) SELECT * FROM unnest({arrays})"  # noqa: S608 - our own names
    if unless_exists:
        sql += f" ON CONFLICT ({', '.join(unless_exists)}) DO NOTHING"
    return sa.text(sql)


def _sql_type(type_: sa.types.TypeEngine[Any]) -> str:
    return str(type_.compile(dialect=_DIALECT))


def insert_many(
    connection: sa.Connection,
    table: sa.Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    unless_exists: tuple[str, ...] = (),
) -> int:
    """Insert rows that all have the same keys; JSON values come as their text. Returns how many went in."""
    if not rows:
        return 0
    columns = tuple(rows[0])
    statement = _insert_from_arrays(table, columns, unless_exists)
    arrays = {name: _array(table.c[name].type, [row[name] for row in rows]) for name in columns}
    return connection.execute(statement, arrays).rowcount


def _array(type_: sa.types.TypeEngine[Any], values: list[Any]) -> str:
    """An array as PostgreSQL writes it: a tenth of the time that the driver takes over a long list."""
    write = next((write for kind, write in _WRITTEN.items() if isinstance(type_, kind)), _quoted)
    return "{" + ",".join(["NULL" if value is None else write(value) for value in values]) + "}"


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _stamp(value: datetime) -> str:
    return f'"{value.isoformat()}"'


def _hex(value: bytes) -> str:
    return f'"\\\\x{value.hex()}"'


_WRITTEN: dict[type[sa.types.TypeEngine[Any]], Callable[[Any], str]] = {
    sa.LargeBinary: _hex,
    sa.Uuid: str,
    sa.DateTime: _stamp,
    sa.Boolean: str,
    sa.Integer: str,
}


def among(column: sa.Column[Any], parameter: str) -> sa.ColumnElement[bool]:
    """``column = ANY(:parameter)``: one plan, however many values; they come by ``as_array``.

    For statements that are built once, because building one costs as much as running it.
    """
    return column == sa.any_(sa.cast(sa.bindparam(parameter, type_=sa.Text), sa.ARRAY(column.type)))


def as_array(column: sa.Column[Any], values: Iterable[Any]) -> str:
    """The values of an ``among``."""
    return _array(column.type, list(values))


def any_of(column: sa.Column[Any], values: Iterable[Any]) -> sa.ColumnElement[bool]:
    """``among`` with its values, for a statement that is built where it is run."""
    array = sa.cast(sa.literal(as_array(column, values), sa.Text), sa.ARRAY(column.type))
    return column == sa.any_(array)


def table_of(record: type[Base]) -> sa.Table:
    """The Core table behind a record class, for the hot path."""
    table = record.__table__
    if not isinstance(table, sa.Table):
        raise TypeError(f"{record.__name__} has no table of its own")
    return table
