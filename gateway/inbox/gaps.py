"""The gap finder: what a provider has on its list and never reached us is taken in, late."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from gateway.channels import periods
from gateway.channels.base import AskError, ListingChannel
from gateway.channels.records import ChannelState
from gateway.inbox.accept import insert, to_row
from gateway.inbox.people import our_lines
from gateway.inbox.records import InboundRecord
from gateway.messages import InboundMessage
from gateway.observability import GAPS, get_logger
from gateway.services import Services
from gateway.storage import audit
from gateway.storage.audit import Decision
from gateway.storage.database import any_of, table_of

log = get_logger(__name__)

IN, STATE = table_of(InboundRecord), table_of(ChannelState)
LOOKS_BACK: Final = timedelta(days=3)
EVERY: Final = timedelta(days=1)
AGAIN_AFTER: Final = timedelta(hours=1)
# One this young may still be on its way: a provider calls again after an error.
SETTLES: Final = timedelta(minutes=5)
_AT_ONCE: Final = 500

Told = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Gaps:
    """How many texts a provider's list holds, and how many of them were missing and are taken in."""

    listed: int
    missing: int


def due(services: Services) -> list[str]:
    """The channels whose list nobody has compared for a day."""
    names = [name for name, channel in services.channels.items() if isinstance(channel, ListingChannel)]
    if not names:
        return []
    with services.engine.connect() as connection:
        return periods.due(connection, names, STATE.c.listed_at, EVERY, services.now())


def find_daily(services: Services, name: str) -> None:
    """Once a day, however many clocks ring; an hour later again when the list was not to be had."""
    channel = services.channels.get(name)
    if not isinstance(channel, ListingChannel) or not _claim(services, name):
        return
    try:
        gaps = find(services, channel, services.now() - LOOKS_BACK)
    except AskError as error:
        log.warning("gaps_not_sought", channel=name, reason=error.reason)
    else:
        with services.engine.begin() as connection:
            connection.execute(
                sa.update(STATE).where(STATE.c.channel == name).values(listed_at=services.now())
            )
        log.info("gaps_sought", channel=name, listed=gaps.listed, missing=gaps.missing)


def _claim(services: Services, name: str) -> bool:
    """For an hour: whatever ends it early, another clock seeks then."""
    with services.engine.begin() as connection:
        now = services.now()
        return periods.claim(connection, name, STATE.c.listed_at, EVERY, now, again_after=AGAIN_AFTER)


def find(
    services: Services,
    channel: ListingChannel,
    since: datetime,
    *,
    actor: str = "vigie",
    told: Told = lambda _listed, _missing: None,
) -> Gaps:
    """Compare the list of what came in to our lines, and take in what is missing.

    ``told`` hears the counts so far. Raise the first AskError, once whatever is to be had is taken in.
    """
    listed, missing, errors = 0, list[InboundMessage](), list[AskError]()
    for chunk in _chunks(_listed(services, channel, since, errors)):
        listed += len(chunk)
        missing += _unknown(services, channel.name, chunk)
        told(listed, len(missing))
    taken = _take_in(services, channel.name, missing, since, actor)
    if errors:
        raise errors[0]
    return Gaps(listed, taken)


def _listed(
    services: Services, channel: ListingChannel, since: datetime, errors: list[AskError]
) -> Iterator[InboundMessage]:
    """Only what came to our lines: the account may have numbers that are none of ours.

    What goes wrong with one line is put down in ``errors``, and keeps no other from being listed.
    """
    with services.engine.connect() as connection:
        lines = our_lines(connection, services.cipher).values()
    until = services.now() - SETTLES
    for line in lines:
        if line.channel == channel.name:
            try:
                yield from channel.list_inbound(line.number, since, until)
            except AskError as error:
                errors.append(error)


def _chunks(messages: Iterator[InboundMessage]) -> Iterator[list[InboundMessage]]:
    while chunk := list(islice(messages, _AT_ONCE)):
        yield chunk


def _unknown(services: Services, name: str, messages: list[InboundMessage]) -> list[InboundMessage]:
    """Those that are not here, also not from when the channel had another name."""
    query, unknown = sa.select(IN.c.provider_id), messages
    with services.engine.connect() as connection:
        # No index serves the second: it is for the few that the first left over.
        for under_names in (query.where(IN.c.channel == name), query):
            if unknown:
                ids = [message.provider_id for message in unknown]
                known = set(connection.execute(under_names.where(any_of(IN.c.provider_id, ids))).scalars())
                unknown = [message for message in unknown if message.provider_id not in known]
    return unknown


def _take_in(
    services: Services, name: str, missing: Sequence[InboundMessage], since: datetime, actor: str
) -> int:
    """Into the inbox as received now and sent then, in the order of sending. Returns how many were new."""
    if not missing:
        return 0
    now, cipher = services.now(), services.cipher
    in_order = sorted(missing, key=lambda message: message.received_at)
    late = [replace(message, id=uuid7(), received_at=now) for message in in_order]
    with services.engine.begin() as connection:
        lines = our_lines(connection, cipher)
        hotlines = frozenset(number for number, line in lines.items() if line.profile == "hotline")
        rows = [to_row(message, cipher, services.settings.lanes, hotlines) for message in late]
        taken = insert(connection, rows)
        detail = {"texts": taken, "sent_since": since.isoformat()}
        decision = Decision(actor, "missing texts taken in", f"channel {name}", detail)
        audit.append(connection, cipher.derive("audit"), now, [decision] if taken else [])
    GAPS.labels(name).inc(taken)
    services.doorbell.lanes(
        (row["lane"] for row in rows), urgent=(row["lane"] for row in rows if row["urgent"])
    )
    return taken
