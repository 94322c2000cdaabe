"""Who can be reached, from which line, and by which names incidents go."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, partial
from uuid import UUID

import sqlalchemy as sa

from gateway.alerts.codes import declined
from gateway.alerts.escalation import without
from gateway.alerts.facts import Facts
from gateway.channels.base import CallingChannel
from gateway.channels.numbers import on_whatsapp
from gateway.channels.records import Line
from gateway.duty.policy import Pace, load_policy
from gateway.duty.roster import posts, steps
from gateway.duty.service import read_rota
from gateway.people.records import Officer
from gateway.reports.codebook import load_codebook
from gateway.services import Services
from gateway.storage.cipher import Cipher
from gateway.storage.database import table_of


@dataclass(frozen=True, slots=True)
class OfficerOnFile:
    id: UUID
    name: str
    number: str = field(repr=False)
    language: str


def read_facts(cipher: Cipher, sealed: bytes) -> Facts:
    """What an alert says, of its column ``facts``."""
    return Facts.from_json(cipher.decrypt(sealed))


def clock_time(services: Services, moment: datetime) -> str:
    """An hour as our texts say it, by the agency's clock."""
    return f"{moment.astimezone(services.settings.zone):%H:%M}"


def pace_of(services: Services, facts: Facts) -> Pace:
    """How fast and by which way an alert goes up the rota."""
    settings = services.settings
    return load_policy(settings.agency_dir).pace(facts.severity, facts.code).hurried(settings.pace)


def can_call(services: Services, number: str, channel: str) -> bool:
    """Whether officers can be called from this line of ours."""
    return isinstance(services.channels.get(channel), CallingChannel) and not on_whatsapp(number)


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
        self.rota = read_rota(connection, services.now())
        self._posts = cache(partial(posts, self.rota))
        rows = connection.execute(
            sa.select(Line.number, Line.channel).where(Line.profile == "agents").order_by(Line.id)
        )
        lines = [(cipher.decrypt(row.number), row.channel) for row in rows]
        # As (number, channel), those first from which anybody may be written to.
        self.lines: list[tuple[str, str]] = sorted(lines, key=lambda line: on_whatsapp(line[0]))
        self.line, self.channel = self.lines[0] if lines else ("", "none")
        # That to call from; None where no channel of ours can.
        self.voice = next((line for line in self.lines if can_call(services, *line)), None)

    def on_duty(self, now: datetime, region: str | None = None) -> dict[int, list[UUID]]:
        """The officers of each step, for what happens in a region or in none."""
        told = steps(self._posts(now), region)
        # The officers were read first: one who comes or goes between is left for the next look.
        here = {step: [one for one in several if one in self.officers] for step, several in told.items()}
        return {step: several for step, several in here.items() if several}


def who_is_asked(
    connection: sa.Connection, desk: Desk, alerts: Mapping[UUID, Facts], now: datetime
) -> dict[UUID, dict[int, list[UUID]]]:
    """By alert the officers of each step: neither whom it is about nor those who said that they cannot."""
    duties = {region: desk.on_duty(now, region) for region in {facts.region for facts in alerts.values()}}
    said_no = declined(connection, alerts)
    return {
        alert: without(duties[facts.region], facts.officer, *said_no[alert])
        for alert, facts in alerts.items()
    }
