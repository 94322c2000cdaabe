"""The watch changes: whoever comes and whoever goes is told, with what is open."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from gateway.alerts.desk import Desk
from gateway.alerts.records import Alert
from gateway.duty.cover import LOOKS_AHEAD, leaves_at
from gateway.duty.handover import Change, Place, changes, places
from gateway.duty.records import Watch
from gateway.duty.roster import Rota, posts
from gateway.duty.service import read_rota
from gateway.outbox import drafts
from gateway.outbox.drafts import Draft
from gateway.outbox.service import queue
from gateway.services import Services
from gateway.storage import audit
from gateway.storage.audit import Decision
from gateway.storage.database import table_of
from gateway.text.render import count, phrase, render

ALERT, WATCH = table_of(Alert), table_of(Watch)
_CHANGING: Final = 0x5649_4855


def hand_over(services: Services) -> None:
    """Tell of the change since the last look, in one transaction with the note of who stands there now.

    The first look of all only notes: nobody comes on duty because the gateway was installed.
    """
    now = services.now()
    with services.engine.begin() as connection:
        if not connection.execute(sa.select(sa.func.pg_try_advisory_xact_lock(_CHANGING))).scalar_one():
            return  # another clock is at it
        noted, standing = _looked_up(connection, now)
        if noted == standing:
            return
        _note(connection, standing, now)
        if not noted:
            return
        desk = Desk(connection, services)
        changed = [one for one in changes(noted, standing) if one.officer in desk.officers]
        if desk.line:
            texts = _Texts(connection, services, desk, now)
            queue(connection, services.cipher, [texts.of(change) for change in changed], now)
        decisions = [
            Decision("vigie", "came on duty" if one.comes else "went off duty", f"officer {one.officer}")
            for one in changed
        ]
        audit.append(connection, services.cipher.derive("audit"), now, decisions)


def is_due(connection: sa.Connection, now: datetime) -> bool:
    """Whether somebody comes or goes who was not told yet."""
    noted, standing = _looked_up(connection, now)
    return noted != standing


def _looked_up(
    connection: sa.Connection, now: datetime
) -> tuple[dict[Place, tuple[UUID, ...]], dict[Place, tuple[UUID, ...]]]:
    """Who stood where at the last look, and who stands there now."""
    noted = _noted(connection)
    # Where nobody stands any more is noted too: whoever comes there next is told.
    return noted, dict.fromkeys(noted, ()) | places(posts(read_rota(connection, now), now))


def _noted(connection: sa.Connection) -> dict[Place, tuple[UUID, ...]]:
    rows = connection.execute(sa.select(WATCH))
    return {(row.region or None, row.step): tuple(row.officers) for row in rows}


def _note(connection: sa.Connection, standing: dict[Place, tuple[UUID, ...]], now: datetime) -> None:
    connection.execute(sa.delete(WATCH))
    if standing:
        connection.execute(
            sa.insert(WATCH),
            [
                {"region": region or "", "step": step, "officers": list(officers), "since": now}
                for (region, step), officers in standing.items()
            ],
        )


class _Texts:
    """The words of a change, in each officer's language."""

    def __init__(self, connection: sa.Connection, services: Services, desk: Desk, now: datetime) -> None:
        self._desk, self._now, self._zone = desk, now, services.settings.zone
        self._open = _open_alerts(connection)

    def of(self, change: Change) -> Draft:
        officer = self._desk.officers[change.officer]
        language = officer.language
        others = [self._desk.officers[one].name for one in change.others if one in self._desk.officers]
        holders = (None, change.officer, *(change.others if change.comes else ()))
        mine = [reference for holder in holders for reference in self._open.get(holder, ())]
        text = render(
            "duty_begins" if change.comes else "duty_ends",
            language,
            where=_where(change.places, language),
            until=self._until(self._desk.rota, change.officer) if change.comes else None,
            who=", ".join(others) or None,
            open=_told(mine, language),
        )
        return Draft(drafts.DUTY, drafts.ANSWER, self._desk.channel, self._desk.line, officer.number, text)

    def _until(self, rota: Rota, officer: UUID) -> str | None:
        at = leaves_at(rota, officer, self._now, self._now + LOOKS_AHEAD)
        return f"{at.astimezone(self._zone):%d/%m %H:%M}" if at else None


def _open_alerts(connection: sa.Connection) -> Mapping[UUID | None, list[str]]:
    """References of alerts that are not closed, by who holds them; nobody (None) holds the open ones."""
    found: dict[UUID | None, list[str]] = defaultdict(list)
    rows = connection.execute(
        sa.select(ALERT.c.reference, ALERT.c.acknowledged_by, ALERT.c.state)
        .where(ALERT.c.state != "closed")
        .order_by(ALERT.c.severity, ALERT.c.raised_at)
    )
    for row in rows:
        found[row.acknowledged_by if row.state == "acknowledged" else None].append(row.reference)
    return found


def _where(at: Sequence[Place], language: str) -> str:
    """The first place, as an officer says it: which call, and where unless it is the whole country."""
    region, step = at[0]
    return f"{phrase('call', language)} {step + 1}" + (f", {region}" if region else "")


def _told(references: Sequence[str], language: str) -> str:
    """How many alerts are open, and the gravest of them by name."""
    if not references:
        return phrase("nothing_open", language)
    named = " ".join(references[:3])
    return f"{count(len(references))} ({named}{'...' if len(references) > 3 else ''})"
