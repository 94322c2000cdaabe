"""The rota as it stands in the database."""

import sqlalchemy as sa

from gateway.duty.records import ShiftRecord
from gateway.duty.roster import Shift
from gateway.people.records import Officer


def shifts(connection: sa.Connection) -> list[Shift]:
    """All shifts of active officers, in the order of the rota."""
    rows = connection.execute(
        sa.select(ShiftRecord.officer_id, ShiftRecord.step, ShiftRecord.starts_at, ShiftRecord.ends_at)
        .join(Officer, Officer.id == ShiftRecord.officer_id)
        .where(Officer.active)
        .order_by(ShiftRecord.id)
    )
    return [Shift(row.officer_id, row.step, row.starts_at, row.ends_at) for row in rows]
