"""Incidents: events, each with the reports that tell of it."""

from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa

from gateway.alerts.records import Alert, Incident
from gateway.people.records import Officer
from gateway.reports.records import ReportRecord
from gateway.storage.database import table_of
from gateway.web.api.paging import Page
from gateway.web.api.resource import (
    ID,
    IDS,
    NUMBER,
    PERSON,
    TEXT,
    TIME,
    Field,
    Resource,
    column,
    one_of,
    or_null,
    who,
    within,
)


def _rows(page: Page, _: Mapping[str, str]) -> sa.Select[Any]:
    incident, alert, officer = table_of(Incident), table_of(Alert), table_of(Officer)
    shown = [incident.c[field.name] for field in INCIDENTS.fields if field.name in incident.c]
    reports = sa.select(sa.func.array_agg(ReportRecord.id)).where(ReportRecord.incident_id == incident.c.id)
    alerts = sa.select(sa.func.array_agg(alert.c.id)).where(alert.c.incident_id == incident.c.id)
    holder = (
        sa.select(officer.c.id, officer.c.name)
        .join(alert, alert.c.acknowledged_by == officer.c.id)
        .where(alert.c.incident_id == incident.c.id, alert.c.state == "acknowledged")
        .limit(1)
        .lateral()
    )
    return (
        sa.select(
            *shown,
            reports.scalar_subquery().label("report_ids"),
            alerts.scalar_subquery().label("alert_ids"),
            holder.c.id.label("who_id"),
            holder.c.name.label("who_name"),
        )
        .join(holder, sa.true(), isouter=True)
        .where(*within(incident.c.id, page))
        .order_by(incident.c.id)
        .limit(page.limit)
    )


INCIDENTS: Final = Resource(
    name="incidents",
    item="Incident",
    summary="Events, and the reports that tell of them",
    fields=(
        column("id", ID, "UUIDv7"),
        column("reference", TEXT, "that of its first report"),
        column("kind", or_null(TEXT), "the family of its reports' codes; null of a caller's words"),
        column("state", one_of("open", "closed"), "whether it is over"),
        column("severity", NUMBER, "of its gravest report; 1 is the gravest"),
        column("reports", NUMBER, "how many tell of it, without those that were taken back"),
        column("people", or_null(NUMBER), "the largest number that one of them names"),
        column("first_at", TIME, "when it happened by its earliest report"),
        column("last_at", TIME, "when by its latest"),
        column("opened_at", TIME, "when its first report was read"),
        column("closed_at", or_null(TIME), "when it was closed"),
        Field("taken_by", or_null(PERSON), "the officer who has its alert", who),
        column("follows", or_null(ID), "the closed incident of the same event before it"),
        column("merged_into", or_null(ID), "the incident that has its reports now"),
        Field("alert_ids", IDS, "its alerts", lambda row: sorted(row["alert_ids"] or [])),
        Field("report_ids", IDS, "its reports", lambda row: sorted(row["report_ids"] or [])),
    ),
    rows=_rows,
)
