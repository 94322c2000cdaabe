"""The watch changes: whoever comes and whoever goes is told, with what is open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from gateway.alerts.codes import codes_for
from gateway.alerts.desk import Desk, read_facts
from gateway.alerts.facts import Facts
from gateway.alerts.records import Alert
from gateway.duty.cover import LOOKS_AHEAD, leaves_at
from gateway.duty.handover import Change, Place, changes, concerns, places
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
# More leave no room in their one segment for who was there before.
_NAMED: Final = 3


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
            texts = _Texts(services, desk, now, _open_alerts(connection, services), standing)
            named = {one.officer: texts.alerts(one)[:_NAMED] for one in changed if one.comes}
            codes = _codes(connection, named, now)
            queue(connection, services.cipher, [texts.of(change, codes) for change in changed], now)
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


@dataclass(frozen=True, slots=True)
class _Open:
    """An alert that is not closed; nobody holds it while it is open."""

    id: UUID
    reference: str
    holder: UUID | None
    facts: Facts


def _open_alerts(connection: sa.Connection, services: Services) -> list[_Open]:
    """The gravest first. They are locked, as they must be before codes for them are drawn."""
    rows = connection.execute(
        sa.select(ALERT).where(ALERT.c.state != "closed").order_by(ALERT.c.id).with_for_update()
    ).all()
    return [
        _Open(
            row.id,
            row.reference,
            row.acknowledged_by if row.state == "acknowledged" else None,
            read_facts(services.cipher, row.facts),
        )
        for row in sorted(rows, key=lambda row: (row.severity, row.raised_at))
    ]


def _codes(
    connection: sa.Connection, named: Mapping[UUID, Sequence[_Open]], now: datetime
) -> Mapping[tuple[UUID, UUID], int]:
    """By (alert, officer): whoever comes may be past the step at which others were told."""
    told: dict[UUID, list[UUID]] = {}
    for officer, several in named.items():
        for one in several:
            told.setdefault(one.id, []).append(officer)
    return codes_for(connection, told, now)


@dataclass(frozen=True, slots=True)
class _Texts:
    """The words of a change, in each officer's language."""

    services: Services
    desk: Desk
    now: datetime
    open: Sequence[_Open]
    standing: Mapping[Place, tuple[UUID, ...]]

    def alerts(self, change: Change) -> list[_Open]:
        """What is theirs to know: their own, and what nobody holds or who was there before."""
        return [one for one in self.open if self._is_told(change, one)]

    def _is_told(self, change: Change, alert: _Open) -> bool:
        if alert.holder == change.officer:
            return True
        passed_on = alert.holder is None or (change.comes and alert.holder in change.others)
        about = alert.facts.officer == str(change.officer)
        return passed_on and not about and concerns(change.places, alert.facts.region, self.standing)

    def of(self, change: Change, codes: Mapping[tuple[UUID, UUID], int]) -> Draft:
        """Whoever comes is told the code of each alert that is named."""
        officer = self.desk.officers[change.officer]
        language, mine = officer.language, self.alerts(change)
        others = [self.desk.officers[one].name for one in change.others if one in self.desk.officers]
        named = [
            f"{one.reference} {phrase('reply_code', language)} {codes[one.id, officer.id]}"
            if change.comes
            else one.reference
            for one in mine[:_NAMED]
        ]
        fields = {
            "where": _where(change.places, language),
            "until": self._until(self.desk.rota, change.officer) if change.comes else None,
            "who": ", ".join(others) or None,
        }
        name = "duty_begins" if change.comes else "duty_ends"
        text = render(name, language, **fields, open=_told(named, len(mine), language))
        return Draft(drafts.DUTY, drafts.ANSWER, self.desk.channel, self.desk.line, officer.number, text)

    def _until(self, rota: Rota, officer: UUID) -> str | None:
        at = leaves_at(rota, officer, self.now, self.now + LOOKS_AHEAD)
        return f"{at.astimezone(self.services.settings.zone):%d/%m %H:%M}" if at else None


def _where(at: Sequence[Place], language: str) -> str:
    """The first place, as an officer says it: which call, and where unless it is the whole country."""
    region, step = at[0]
    return f"{phrase('call', language)} {step + 1}" + (f", {region}" if region else "")


def _told(named: Sequence[str], number: int, language: str) -> str:
    """How many alerts are open, the gravest of them by name, and how many more."""
    if not number:
        return phrase("nothing_open", language)
    more = [f"+ {count(number - len(named))}"] if number > len(named) else []
    return f"{count(number)} ({', '.join([*named, *more])})"
