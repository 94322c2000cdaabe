"""Who can be reached, from which line, and by which names incidents go."""

from dataclasses import dataclass, field
from uuid import UUID

import sqlalchemy as sa

from gateway.channels.numbers import on_whatsapp
from gateway.channels.records import Line
from gateway.duty.roster import Shift
from gateway.duty.service import shifts
from gateway.people.records import Officer
from gateway.reports.codebook import load_codebook
from gateway.services import Services
from gateway.storage.database import table_of


@dataclass(frozen=True, slots=True)
class OfficerOnFile:
    id: UUID
    name: str
    number: str = field(repr=False)
    language: str


class Desk:
    """The officers, the rota and the line to text from, read once a transaction."""

    def __init__(self, connection: sa.Connection, services: Services) -> None:
        cipher = services.cipher
        self.book = load_codebook(services.settings.agency_dir)
        officers = connection.execute(sa.select(table_of(Officer)).where(Officer.active))
        self.officers = {
            row.id: OfficerOnFile(row.id, row.name, cipher.decrypt(row.number), row.language)
            for row in officers
        }
        self.shifts: list[Shift] = shifts(connection)
        rows = connection.execute(
            sa.select(Line.number, Line.channel).where(Line.profile == "agents").order_by(Line.id)
        )
        lines = [(cipher.decrypt(row.number), row.channel) for row in rows]
        # As (number, channel), those first from which anybody may be written to.
        self.lines: list[tuple[str, str]] = sorted(lines, key=lambda line: on_whatsapp(line[0]))
        self.line, self.channel = self.lines[0] if lines else ("", "none")
