"""What must be known while PostgreSQL is away: our lines, our channels, who is on duty.

One encrypted file, renewed by the clock; the web process starts from it, the blind watch acts on it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from gateway import files
from gateway.channels.records import ChannelRecord, Line
from gateway.duty.cover import as_shifts
from gateway.duty.roster import Rota, Shift, on_duty
from gateway.duty.service import read_rota
from gateway.outbox.operators import prefixes_of
from gateway.people.records import Officer
from gateway.storage.cipher import CannotDecryptError, Cipher
from gateway.storage.database import table_of

# An outage of the database that lasts longer is nobody's first worry any more.
_KEEPS = timedelta(days=8)


@dataclass(frozen=True, slots=True)
class StandbyLine:
    """``reach`` are the beginnings of the numbers that it can text; a file of an older version tells none."""

    number: str = field(repr=False)
    profile: str
    channel: str
    reach: Sequence[str] = ("",)
    cost: int = 0


@dataclass(frozen=True, slots=True)
class StandbyOfficer:
    """One of their shifts; without any they stand at no ``step``."""

    number: str = field(repr=False)
    language: str
    step: int | None
    starts_at: str | None = None
    ends_at: str | None = None


@dataclass(frozen=True, slots=True)
class StandbyChannel:
    name: str
    kind: str
    secrets: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Standby:
    lines: Sequence[StandbyLine] = ()
    officers: Sequence[StandbyOfficer] = ()
    channels: Sequence[StandbyChannel] = ()

    def hotlines(self, cipher: Cipher) -> frozenset[bytes]:
        return frozenset(cipher.digest(line.number) for line in self.lines if line.profile == "hotline")

    def steps(self, now: datetime) -> list[list[StandbyOfficer]]:
        """The officers on duty at this moment, step by step, each once a step; with nobody on duty all there are."""
        shifts = tuple(
            Shift(UUID(int=place), officer.step, _moment(officer.starts_at), _moment(officer.ends_at))
            for place, officer in enumerate(self.officers)
            if officer.step is not None
        )
        duty = on_duty(Rota(shifts), now)
        steps = [[self.officers[place.int] for place in duty[step]] for step in sorted(duty)]
        return [
            list({one.number: one for one in officers}.values())
            for officers in steps or [list(self.officers)]
        ]


def gather(connection: sa.Connection, cipher: Cipher) -> Standby:
    """Lines and channels, as they stand in the database now."""
    return Standby(
        lines=[
            StandbyLine(
                cipher.decrypt(row.number), row.profile, row.channel, prefixes_of(row.reach), row.cost
            )
            for row in connection.execute(sa.select(table_of(Line)).order_by(Line.id))
        ],
        channels=[
            StandbyChannel(row.name, row.kind, json.loads(cipher.decrypt(row.secrets)))
            for row in connection.execute(
                sa.select(table_of(ChannelRecord)).where(ChannelRecord.active).order_by(ChannelRecord.name)
            )
        ],
    )


def _rota(connection: sa.Connection, cipher: Cipher, now: datetime) -> list[StandbyOfficer]:
    """Who is on duty in the days to come, and behind them all who never are."""
    shifts = as_shifts(read_rota(connection, now), now, now + _KEEPS)
    officers = {row.id: row for row in connection.execute(sa.select(table_of(Officer)).order_by(Officer.id))}
    standing = {shift.officer_id for shift in shifts}
    return [
        *(_officer(cipher, officers[shift.officer_id], shift) for shift in shifts),
        *(_officer(cipher, row, None) for id_, row in officers.items() if row.active and id_ not in standing),
    ]


def _officer(cipher: Cipher, row: sa.Row[Any], shift: Shift | None) -> StandbyOfficer:
    return StandbyOfficer(
        cipher.decrypt(row.number),
        row.language,
        shift.step if shift else None,
        shift.starts_at.isoformat() if shift and shift.starts_at else None,
        shift.ends_at.isoformat() if shift and shift.ends_at else None,
    )


def renew(path: Path, connection: sa.Connection, cipher: Cipher, now: datetime) -> None:
    """Write down how everything stands in the database now."""
    write(path, replace(gather(connection, cipher), officers=_rota(connection, cipher, now)), cipher)


def write(path: Path, standby: Standby, cipher: Cipher) -> None:
    """Keep it beside the spool, encrypted."""
    files.replace(path, cipher.encrypt(json.dumps(asdict(standby))))


def read(path: Path, cipher: Cipher) -> Standby:
    """The file's content; empty where there is none that opens."""
    try:
        value: dict[str, list[dict[str, Any]]] = json.loads(cipher.decrypt(path.read_bytes()))
    except (OSError, CannotDecryptError):
        return Standby()
    return Standby(
        lines=[StandbyLine(**line) for line in value["lines"]],
        officers=[StandbyOfficer(**officer) for officer in value["officers"]],
        channels=[StandbyChannel(**channel) for channel in value["channels"]],
    )


def _moment(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None
