"""The rota as it stands in the database."""

import hmac
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from gateway.duty.feed import LOOKS_BACK, calendar
from gateway.duty.records import Holiday, OverrideRecord, RotationRecord, ShiftRecord
from gateway.duty.roster import Override, Rota, Shift
from gateway.duty.rotations import Hours, OnHolidays, Rotation, Unit
from gateway.people.records import Officer
from gateway.services import Services
from gateway.storage.cipher import Cipher
from gateway.storage.database import table_of
from gateway.text.render import phrase

SHIFT, ROTATION, OVERRIDE = table_of(ShiftRecord), table_of(RotationRecord), table_of(OverrideRecord)
HOLIDAY, OFFICER = table_of(Holiday), table_of(Officer)


def read_rota(connection: sa.Connection, since: datetime) -> Rota:
    """Everything that may put somebody on duty at or after ``since``; each kind in the order of its entry."""
    shifts = connection.execute(
        sa.select(SHIFT)
        .where(sa.or_(SHIFT.c.ends_at.is_(None), SHIFT.c.ends_at > since))
        .order_by(SHIFT.c.id)
    )
    rotations = connection.execute(
        sa.select(ROTATION)
        .where(sa.or_(ROTATION.c.ends_at.is_(None), ROTATION.c.ends_at > since))
        .order_by(ROTATION.c.id)
    )
    overrides = connection.execute(
        sa.select(OVERRIDE).where(OVERRIDE.c.ends_at > since).order_by(OVERRIDE.c.id)
    )
    away = connection.execute(sa.select(OFFICER.c.id).where(~OFFICER.c.active)).scalars()
    return Rota(
        shifts=tuple(
            Shift(row.officer_id, row.step, row.starts_at, row.ends_at, row.region) for row in shifts
        ),
        rotations=tuple(_rotation(row) for row in rotations),
        overrides=tuple(
            Override(row.starts_at, row.ends_at, row.absent_id, row.instead_id, row.step, row.region)
            for row in overrides
        ),
        holidays=frozenset(connection.execute(sa.select(HOLIDAY.c.day)).scalars()),
        away=frozenset(away),
    )


def _rotation(row: sa.Row[Any]) -> Rotation:
    return Rotation(
        id=row.id,
        name=row.name,
        step=row.step,
        officers=tuple(row.officers),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        zone=ZoneInfo(row.zone),
        unit=Unit(row.unit),
        length=row.length,
        hours=Hours(frozenset(row.weekdays), row.opens, row.closes, OnHolidays(row.holidays)),
        region=row.region,
    )


def feed_path(cipher: Cipher, officer: UUID, renewed: int) -> str:
    """The address of an officer's calendar, below the public one; only who was given it can know it."""
    words = f"{officer.hex}/{renewed}".encode()
    return f"duty/{officer.hex}/{hmac.digest(cipher.derive('duty feed'), words, 'sha256').hex()[:32]}.ics"


def feed(connection: sa.Connection, services: Services, path: str, officer: UUID) -> bytes | None:
    """The calendar of an active officer at this address; None where there is none."""
    row = connection.execute(
        sa.select(OFFICER.c.feed, OFFICER.c.language).where(OFFICER.c.id == officer, OFFICER.c.active)
    ).one_or_none()
    if row is None or not hmac.compare_digest(
        feed_path(services.cipher, officer, row.feed).encode(), path.encode()
    ):
        return None
    now = services.now()
    words = {name: phrase(name, row.language) for name in ("duty", "call")}
    return calendar(read_rota(connection, now - LOOKS_BACK), officer, now, words)
