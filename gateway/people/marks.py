"""Contacts' safety as it is on file, read within the caller's transaction."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.selectable import LateralFromClause

from gateway.people.records import Contact, SafetyMark
from gateway.people.safety import UNKNOWN, Hours, Safety, State, Way
from gateway.storage.database import any_of, table_of

CONTACT, MARK = table_of(Contact), table_of(SafetyMark)


def newest_mark() -> LateralFromClause:
    """The mark that counts, beside each row of ``contacts``."""
    marks = sa.select(MARK).where(MARK.c.contact_id == CONTACT.c.id)
    return marks.order_by(MARK.c.id.desc()).limit(1).lateral("mark")


def safety_by_number(connection: sa.Connection, hashes: Iterable[bytes]) -> dict[bytes, Safety]:
    """How each of these numbers stands that is a contact's."""
    mark = newest_mark()
    rows = connection.execute(
        sa.select(CONTACT.c.number_hash, mark)
        .join(mark, sa.true(), isouter=True)
        .where(any_of(CONTACT.c.number_hash, list(hashes)))
    )
    return {bytes(row.number_hash): safety_of(row) for row in rows}


def safety_of(row: sa.Row[Any]) -> Safety:
    """The safety that a row's columns of a mark say; unknown where there is none."""
    if row.state is None:
        return UNKNOWN
    hours = Hours(row.starts, row.ends, frozenset(map(int, row.days))) if row.days else None
    return Safety(State(row.state), Way(row.way) if row.way else None, hours, row.until)
