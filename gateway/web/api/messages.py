"""Messages in and out: how far each has come. Neither text nor number: no token may see them yet."""

from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa

from gateway.inbox.records import InboundRecord
from gateway.outbox.records import OutboundRecord
from gateway.storage.database import table_of
from gateway.web.api.paging import Page
from gateway.web.api.resource import (
    ID,
    NUMBER,
    TEXT,
    TIME,
    Parameter,
    Resource,
    column,
    one_of,
    or_null,
    within,
)

_STATES: Final = (
    *("received", "waiting", "read", "ignored", "dead"),
    *("queued", "sending", "sent", "delivered", "failed", "withheld"),
)
_SHARED: Final = ("id", "channel", "provider_id", "state", "segments", "error", "sent_at")
_NO_TIME: Final = sa.null().cast(sa.DateTime(timezone=True))
_NO_TEXT: Final = sa.null().cast(sa.Text)


def _rows(page: Page, query: Mapping[str, str]) -> sa.Select[Any]:
    direction = query.get("direction")
    halves = [half(page) for name, half in _HALVES.items() if direction in {None, name}]
    both = sa.union_all(*(half.subquery().select() for half in halves)).subquery()
    return sa.select(both).order_by(both.c.id).limit(page.limit)


def _inbound(page: Page) -> sa.Select[Any]:
    table = table_of(InboundRecord)
    own = (
        *(table.c.received_at, table.c.read_at),
        *(_NO_TIME.label(name) for name in ("created_at", "due_at", "held_since")),
        _NO_TEXT.label("purpose"),
    )
    return _half("in", table, own, page)


def _outbound(page: Page) -> sa.Select[Any]:
    table = table_of(OutboundRecord)
    own = (
        _NO_TIME.label("received_at"),
        _NO_TIME.label("read_at"),
        *(table.c[name] for name in ("created_at", "due_at", "held_since", "purpose")),
    )
    return _half("out", table, own, page)


def _half(
    direction: str, table: sa.Table, own: tuple[sa.ColumnElement[Any], ...], page: Page
) -> sa.Select[Any]:
    columns = (sa.literal(direction).label("direction"), *(table.c[name] for name in _SHARED), *own)
    return sa.select(*columns).where(*within(table.c.id, page)).order_by(table.c.id).limit(page.limit)


_HALVES: Final = {"in": _inbound, "out": _outbound}

MESSAGES: Final = Resource(
    name="messages",
    item="Message",
    summary="Messages in and out, without their text and numbers",
    fields=(
        column("id", ID, "UUIDv7"),
        column("direction", one_of("in", "out"), "from our side"),
        column("channel", TEXT, "the channel's short name"),
        column("provider_id", or_null(TEXT), "the provider's own id, once there is one"),
        column(
            "state",
            one_of(*_STATES),
            "in: received (a part of a long text: waiting), then read, ignored or dead; out: the others",
        ),
        column("received_at", or_null(TIME), "in: when it arrived here"),
        column("read_at", or_null(TIME), "in: when it was read"),
        column("created_at", or_null(TIME), "out: when it was called for"),
        column("due_at", or_null(TIME), "out: when it goes at the earliest, while it is queued"),
        column("held_since", or_null(TIME), "out: since when it waits because its officer got many lately"),
        column("sent_at", or_null(TIME), "in: when the provider says it was sent; out: when it left"),
        column("segments", NUMBER, "how many SMS it takes"),
        column("purpose", or_null(TEXT), "out: what it is for"),
        column("error", or_null(TEXT), "why it failed, waits, was withheld or is dead"),
    ),
    rows=_rows,
    parameters=(Parameter("direction", one_of("in", "out"), "only one direction"),),
)
