"""What must be known while PostgreSQL is away: our lines, our channels, who is on duty.

One encrypted file, renewed by the clock; the web process starts from it, the blind watch acts on it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from gateway import files
from gateway.channels.records import ChannelRecord, Line
from gateway.duty.roster import Shift, on_duty
from gateway.duty.service import shifts
from gateway.outbox.operators import prefixes_of
from gateway.people.records import Officer
from gateway.storage.cipher import CannotDecryptError, Cipher
from gateway.storage.database import table_of


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
        rota = [
            Shift(UUID(int=place), officer.step, _moment(officer.starts_at), _moment(officer.ends_at))
            for place, officer in enumerate(self.officers)
            if officer.step is not None
        ]
        duty = on_duty(rota, now)
        steps = [[self.officers[place.int] for place in duty[step]] for step in sorted(duty)]
        return [
            list({one.number: one for one in officers}.values())
            for officers in steps or [list(self.officers)]
        ]


def gather(connection: sa.Connection, cipher: Cipher) -> Standby:
    """As it stands in the database now."""
    officers = {row.id: row for row in connection.execute(sa.select(table_of(Officer)).order_by(Officer.id))}
    rota = shifts(connection)
    without_shift = [
        row for id_, row in officers.items() if row.active and id_ not in {shift.officer_id for shift in rota}
    ]
    return Standby(
        lines=[
            StandbyLine(
                cipher.decrypt(row.number), row.profile, row.channel, prefixes_of(row.reach), row.cost
            )
            for row in connection.execute(sa.select(table_of(Line)).order_by(Line.id))
        ],
        officers=[
            StandbyOfficer(
                cipher.decrypt(officers[shift.officer_id].number),
                officers[shift.officer_id].language,
                shift.step,
                shift.starts_at.isoformat() if shift.starts_at else None,
                shift.ends_at.isoformat() if shift.ends_at else None,
            )
            for shift in rota
        ]
        + [StandbyOfficer(cipher.decrypt(row.number), row.language, None) for row in without_shift],
        channels=[
            StandbyChannel(row.name, row.kind, json.loads(cipher.decrypt(row.secrets)))
            for row in connection.execute(
                sa.select(table_of(ChannelRecord)).where(ChannelRecord.active).order_by(ChannelRecord.name)
            )
        ],
    )


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
