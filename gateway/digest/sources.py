"""What a digest is made of, as it stands in the database: three queries, each by an index."""

from datetime import datetime, time, timedelta
from typing import Any, Final

import sqlalchemy as sa

from gateway.alerts.desk import read_facts
from gateway.alerts.records import NOT_CLOSED, Alert, Incident
from gateway.digest.figures import DAYS, AlertRow, Material, Report, SilentPost, Spot
from gateway.duty.cover import gaps
from gateway.duty.service import read_rota
from gateway.places.gazetteer import Gazetteer, load_gazetteer
from gateway.reports.records import ReportRecord
from gateway.services import Services
from gateway.silence.records import PostRhythm
from gateway.storage.database import table_of

REPORT, ALERT = table_of(ReportRecord), table_of(Alert)
INCIDENT, POST = table_of(Incident), table_of(PostRhythm)
GAPS_AHEAD: Final = timedelta(days=7)
_PLACE, _PEOPLE = REPORT.c.reading["place"], REPORT.c.reading["people"]


_REPORTS = (
    sa.select(
        REPORT.c.reference,
        REPORT.c.line,
        REPORT.c.contact_id,
        REPORT.c.kind,
        REPORT.c.code,
        REPORT.c.severity,
        REPORT.c.state,
        REPORT.c.drill,
        REPORT.c.verified,
        REPORT.c.repeat_of.is_not(None).label("repeat"),
        REPORT.c.received_at,
        _PLACE["code"].astext.label("place_code"),
        _PLACE["name"].astext.label("place"),
        sa.cast(_PLACE["lat"].astext, sa.Float).label("lat"),
        sa.cast(_PLACE["lon"].astext, sa.Float).label("lon"),
        *(
            sa.cast(_PEOPLE[key].astext, sa.Integer).label(key)
            for key in ("total", "minors", "boys", "girls")
        ),
    )
    .where(REPORT.c.received_at >= sa.bindparam("since"), REPORT.c.received_at < sa.bindparam("until"))
    .order_by(REPORT.c.received_at)
)
_ALERTS = (
    sa.select(ALERT, INCIDENT.c.reports, INCIDENT.c.people)
    .join(INCIDENT, INCIDENT.c.id == ALERT.c.incident_id, isouter=True)
    .where(
        sa.or_(
            sa.text(NOT_CLOSED),
            sa.and_(ALERT.c.raised_at >= sa.bindparam("since"), ALERT.c.raised_at < sa.bindparam("until")),
        )
    )
)


def gather(connection: sa.Connection, services: Services, since: datetime, until: datetime) -> Material:
    """All that can be told of [since, until), for the whole country and each region."""
    zone, now = services.settings.zone, services.now()
    first_day = until.astimezone(zone).date() - timedelta(days=DAYS)
    earliest = min(since, datetime.combine(first_day, time(), zone))
    gazetteer = load_gazetteer(services.settings.agency_dir)
    spots = _Spots(gazetteer)
    reports = connection.execute(_REPORTS, {"since": earliest, "until": until})
    alerts = connection.execute(_ALERTS, {"since": since, "until": until})
    return Material(
        since=since,
        until=until,
        zone=zone,
        reports=[_report(row, spots) for row in reports],
        alerts=[_alert(row, services) for row in alerts],
        gaps=gaps(read_rota(connection, now), now, now + GAPS_AHEAD, gazetteer.regions),
        silent=_silent(connection, gazetteer),
    )


def _silent(connection: sa.Connection, gazetteer: Gazetteer) -> list[SilentPost]:
    """Posts whose silence lasts, by when the officers were told of it."""
    rows = connection.execute(sa.select(POST).where(POST.c.told_at.is_not(None)).order_by(POST.c.told_at))
    return [
        SilentPost(
            gazetteer.by_code[row.post].bare_name if row.post in gazetteer.by_code else row.post,
            gazetteer.region(row.post, None, None),
            row.told_at,
        )
        for row in rows
    ]


class _Spots:
    """Places with their regions, each looked up once."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self._gazetteer = gazetteer
        self._known: dict[tuple[Any, ...], Spot] = {}

    def of(self, row: sa.Row[Any]) -> Spot | None:
        if row.place is None:
            return None
        key = row.place_code, row.place, row.lat, row.lon
        if key not in self._known:
            region = self._gazetteer.region(row.place_code, row.lat, row.lon)
            name = row.place.partition("(")[0].strip() or row.place
            self._known[key] = Spot(name, region, row.lat, row.lon)
        return self._known[key]


def _report(row: sa.Row[Any], spots: _Spots) -> Report:
    parts = [one for one in (row.boys, row.girls) if one is not None]
    return Report(
        reference=row.reference,
        at=row.received_at,
        kind=row.kind,
        code=row.code,
        severity=row.severity,
        spot=spots.of(row),
        people=row.total,
        minors=row.minors if row.minors is not None or not parts else sum(parts),
        contact=row.contact_id,
        hotline=row.line == "hotline",
        drill=row.drill,
        repeat=row.repeat,
        cancelled=row.state == "cancelled",
        verified=row.verified,
    )


def _alert(row: sa.Row[Any], services: Services) -> AlertRow:
    facts = read_facts(services.cipher, row.facts)
    return AlertRow(
        reference=row.reference,
        severity=row.severity,
        raised_at=row.raised_at,
        taken_at=row.taken_at,
        state=row.state,
        hotline=facts.hotline,
        code=facts.code,
        doubt=facts.doubt,
        place=facts.place,
        region=facts.region,
        people=facts.people if row.people is None else row.people,
        reports=row.reports or 1,
        outcome=row.outcome,
    )
