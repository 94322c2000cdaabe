"""Alerts: what officers were told of, and who took it."""

from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa

from gateway.alerts.records import Alert
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
    Row,
    column,
    one_of,
    or_null,
    within,
)


def _rows(page: Page, _: Mapping[str, str]) -> sa.Select[Any]:
    alert = table_of(Alert)
    shown = [alert.c[field.name] for field in ALERTS.fields if field.name in alert.c]
    reports = sa.select(sa.func.array_agg(ReportRecord.id)).where(ReportRecord.alert_id == alert.c.id)
    return (
        sa.select(
            *(item for item in shown if item.name != "acknowledged_by"),
            reports.scalar_subquery().label("report_ids"),
            Officer.id.label("who_id"),
            Officer.name.label("who_name"),
        )
        .join(Officer, Officer.id == alert.c.acknowledged_by, isouter=True)
        .where(*within(alert.c.id, page))
        .order_by(alert.c.id)
        .limit(page.limit)
    )


def _officer(row: Row) -> dict[str, str] | None:
    return {"id": str(row["who_id"]), "name": row["who_name"]} if row["who_id"] else None


ALERTS: Final = Resource(
    name="alerts",
    item="Alert",
    summary="Alerts, and who took them",
    fields=(
        column("id", ID, "UUIDv7"),
        column("reference", TEXT, "that of the report that raised it"),
        column(
            "incident_id", or_null(ID), "the event that it is about; null of one about an officer or a post"
        ),
        column("severity", NUMBER, "1 is the gravest"),
        column("state", one_of("open", "acknowledged", "closed"), "acknowledged: somebody took it"),
        column("step", NUMBER, "how many steps of the escalation were done"),
        column("raised_at", TIME, "when it was raised"),
        column("due_at", or_null(TIME), "when the next step, or the acknowledgement's end, is due"),
        column("acknowledged_at", or_null(TIME), "when it was taken"),
        Field("acknowledged_by", or_null(PERSON), "the officer who took it", _officer),
        Field("report_ids", IDS, "the reports that it is about", lambda row: sorted(row["report_ids"] or [])),
    ),
    rows=_rows,
)
