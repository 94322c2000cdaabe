"""What is due about incidents: counted updates to those who hold their alerts, and the end of what nobody holds."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from gateway.alerts import texts
from gateway.alerts.amending import restate, tell_holders
from gateway.alerts.closing import close_incidents
from gateway.alerts.desk import read_facts
from gateway.alerts.facts import Facts
from gateway.alerts.grouping import UPDATES_EVERY
from gateway.alerts.incidents import ALERT, HAPPENED_AT, INCIDENT, REPORT, recount
from gateway.alerts.locks import decide
from gateway.places.gazetteer import Gazetteer, load_gazetteer
from gateway.services import Services
from gateway.storage import audit
from gateway.storage.audit import Decision
from gateway.storage.database import any_of

# Nobody was alerted, and nothing more was reported for so long: it is over.
QUIET_AFTER: Final = timedelta(hours=48)
_AT_ONCE: Final = 100


def tell(services: Services) -> int:
    """Tell whoever holds an alert how many reports of its event there are by now. Returns how many were due."""
    now = services.now()
    ahead = INCIDENT.c.update_due_at > now + UPDATES_EVERY / services.settings.pace  # the clock was set back
    due = (
        sa.select(INCIDENT.c.id)
        .where(sa.or_(INCIDENT.c.update_due_at <= now, ahead))
        .order_by(INCIDENT.c.update_due_at)
        .limit(_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    with services.engine.begin() as connection:
        ids = list(connection.execute(due).scalars())
        if not ids:
            return 0
        recount(connection, ids)
        connection.execute(
            sa.update(INCIDENT).where(any_of(INCIDENT.c.id, ids)).values(updated_at=now, update_due_at=None)
        )
        rows = connection.execute(
            sa.select(ALERT, INCIDENT.c.reports, INCIDENT.c.people, INCIDENT.c.severity.label("gravest"))
            .join(INCIDENT, INCIDENT.c.id == ALERT.c.incident_id)
            .where(any_of(INCIDENT.c.id, ids), ALERT.c.state != "closed")
            .order_by(ALERT.c.id)
            .with_for_update(of=ALERT)
        ).all()
        said = said_of(connection, load_gazetteer(services.settings.agency_dir), ids)
        decisions = [_tell(connection, services, row, said.get(row.incident_id), now) for row in rows]
        audit.append(connection, services.cipher.derive("audit"), now, decisions)
    return len(ids)


@dataclass(frozen=True, slots=True)
class Said:
    """What the reports of an incident say together: the gravest code, the place seen last, by somebody known."""

    code: str | None
    place: str | None
    at_post: bool
    region: str | None
    verified: bool


def _tell(
    connection: sa.Connection, services: Services, row: sa.Row[Any], said: Said | None, now: datetime
) -> Decision:
    before = read_facts(services.cipher, row.facts)
    after = as_reported(before, row, said)
    rings = restate(connection, services, row, before, after, now)
    wording = texts.update if said else texts.cancelled
    tell_holders(connection, services, row, after, wording, now, rings=rings)
    return Decision("vigie", "reports of an alert counted", str(row.id), {"reports": row.reports})


def as_reported(before: Facts, row: sa.Row[Any], said: Said | None) -> Facts:
    """What an alert says once all reports are looked at that were not taken back; none is left without ``said``.

    It grows no less grave: whoever holds a phone that takes a report back may have to.
    """
    if said is None:
        return before.taken_back()
    return replace(
        before.moved_to(said.place, at_post=said.at_post, region=said.region),
        severity=min(before.severity, row.gravest),
        code=said.code if row.gravest < before.severity or before.code is None else before.code,
        people=row.people,
        doubt=None if said.verified else "unverified",
        reports=row.reports,
    )


def said_of(connection: sa.Connection, gazetteer: Gazetteer, incidents: Sequence[UUID]) -> dict[UUID, Said]:
    """By incident, of those that have a report that was not taken back."""
    by = REPORT.c.incident_id
    mine = (any_of(by, incidents), REPORT.c.state != "cancelled")
    gravest = sa.select(by, REPORT.c.code).ext(distinct_on(by)).order_by(by, REPORT.c.severity, HAPPENED_AT)
    place = REPORT.c.reading["place"]
    latest = (
        sa.select(by, place.label("place"))
        .ext(distinct_on(by))
        .where(place["name"].astext.is_not(None))
        .order_by(by, HAPPENED_AT.desc())
    )
    known = sa.select(by, sa.func.bool_or(REPORT.c.verified).label("verified")).group_by(by)
    codes = {row.incident_id: row.code for row in connection.execute(gravest.where(*mine))}
    places = {row.incident_id: row.place for row in connection.execute(latest.where(*mine))}
    return {
        row.incident_id: _said(
            codes[row.incident_id], places.get(row.incident_id), gazetteer, verified=row.verified
        )
        for row in connection.execute(known.where(*mine))
    }


def _said(code: str | None, place: dict[str, Any] | None, gazetteer: Gazetteer, *, verified: bool) -> Said:
    if place is None:
        return Said(code, None, at_post=False, region=None, verified=verified)
    region = gazetteer.region(place["code"], place["lat"], place["lon"])
    return Said(code, place["name"], place["from"] == "post", region, verified)


def end_quiet_ones(services: Services) -> None:
    """Close what nobody was alerted to and nothing more was reported of; nobody else would ever."""
    now = services.now()
    held = sa.exists().where(ALERT.c.incident_id == INCIDENT.c.id, ALERT.c.state != "closed")
    quiet = sa.select(INCIDENT.c.id).where(
        INCIDENT.c.state == "open",
        INCIDENT.c.last_at < now - QUIET_AFTER,
        INCIDENT.c.opened_at < now - QUIET_AFTER,
        ~held,
    )
    with services.engine.begin() as connection:
        if not connection.execute(quiet.limit(1)).first():
            return
        decide(connection)
        ids = list(connection.execute(quiet.limit(_AT_ONCE)).scalars())
        decisions = close_incidents(connection, ids, "vigie", now)
        audit.append(connection, services.cipher.derive("audit"), now, decisions)
