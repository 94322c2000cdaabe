"""Alerts: what officers were told of, and who took it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by

from gateway.alerts.answering import NOTE
from gateway.alerts.records import Acknowledgement, Alert
from gateway.alerts.verbs import OUTCOMES, Verb
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
    Schema,
    Sealed,
    column,
    one_of,
    or_null,
    who,
    within,
)


def _rows(page: Page, _: Mapping[str, str]) -> sa.Select[Any]:
    alert = table_of(Alert)
    shown = [alert.c[field.name] for field in ALERTS.fields if field.name in alert.c]
    said, who = table_of(Acknowledgement), table_of(Officer).alias()
    answers = (
        sa.select(
            sa.func.json_agg(
                aggregate_order_by(
                    sa.func.json_build_object(
                        *("at", said.c.at, "answer", said.c.answer),
                        *("id", who.c.id, "name", who.c.name),
                        *("note", sa.func.encode(said.c.note, "hex")),
                    ),
                    said.c.at,
                    said.c.id,
                )
            )
        )
        .join(who, who.c.id == said.c.officer_id)
        .where(said.c.alert_id == alert.c.id)
    )
    reports = sa.select(sa.func.array_agg(ReportRecord.id)).where(ReportRecord.alert_id == alert.c.id)
    return (
        sa.select(
            *(item for item in shown if item.name != "acknowledged_by"),
            reports.scalar_subquery().label("report_ids"),
            answers.scalar_subquery().label("answers"),
            Officer.id.label("who_id"),
            Officer.name.label("who_name"),
        )
        .join(Officer, Officer.id == alert.c.acknowledged_by, isouter=True)
        .where(*within(alert.c.id, page))
        .order_by(alert.c.id)
        .limit(page.limit)
    )


def _answers(row: Row) -> list[dict[str, Any]]:
    return [
        {
            "at": datetime.fromisoformat(one["at"]),
            "officer": {"id": one["id"], "name": one["name"]},
            "answer": one["answer"],
            "note": Sealed(bytes.fromhex(one["note"])) if one["note"] else None,
        }
        for one in row["answers"] or ()
    ]


_ANSWER: Final[Schema] = {
    "type": "object",
    "required": ["at", "officer", "answer", "note"],
    "properties": {
        "at": TIME,
        "officer": PERSON,
        "answer": one_of(*Verb, NOTE),
        "note": {
            **or_null(TEXT),
            "description": "the officer's words; null, too, for a token whose name does not end in +notes",
        },
    },
    "additionalProperties": False,
}


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
        Field("acknowledged_by", or_null(PERSON), "the officer who took it", who),
        column("seen_at", or_null(TIME), "when its text was first on an officer's phone, or was answered"),
        column("taken_at", or_null(TIME), "when somebody first took it"),
        column("on_site_at", or_null(TIME), "when somebody was first on site"),
        column("safe_at", or_null(TIME), "when the persons were first said to be safe"),
        column("outcome", or_null(one_of(*sorted(OUTCOMES))), "how it goes, or ended; the desk closes it"),
        Field("answers", {"type": "array", "items": _ANSWER}, "what officers answered, in order", _answers),
        Field("report_ids", IDS, "the reports that it is about", lambda row: sorted(row["report_ids"] or [])),
    ),
    rows=_rows,
)
