"""The channels' traffic is noted, looked at, and the operator is told of an outage: once, and when it is over."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from gateway.alerts.desk import Desk, OfficerOnFile, clock_time
from gateway.channels import periods
from gateway.channels.records import ChannelState
from gateway.messages import PhoneHealth
from gateway.outbox import drafts
from gateway.outbox.drafts import OUTAGE, Draft
from gateway.outbox.service import queue
from gateway.services import Services
from gateway.storage import audit
from gateway.storage.audit import Decision
from gateway.storage.database import any_of, table_of
from gateway.text.render import phrase, render
from gateway.watching import rounds, spending
from gateway.watching.canary import Canary
from gateway.watching.listening import Listening
from gateway.watching.operators import operators
from gateway.watching.records import ChannelHour, Outage, Phone
from gateway.watching.rhythm import REMEMBERS, expected, hour_of
from gateway.watching.trouble import Trouble, What, is_news, is_steady, trouble

STATE, HOUR, OUTAGE_ROW = table_of(ChannelState), table_of(ChannelHour), table_of(Outage)
PHONE = table_of(Phone)
TIDIES_EVERY: Final = timedelta(days=1)
_WATCHING: Final = 0x5649_5743
_FRESH: Final = timedelta(minutes=10)
"""A channel that brought something so lately is not silent: its history is left where it is."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a channel does. ``expected`` is how many texts should have come since the last; None: unknown."""

    channel: str
    last_in: datetime | None = None
    last_out: datetime | None = None
    expected: float | None = None
    trouble: Trouble | None = None
    credit: str | None = None
    battery: int | None = None
    """Percent: that of its emptiest phone."""
    canaries: Sequence[Canary] = ()
    """Those that it sends."""


def note_arrivals(connection: sa.Connection, arrivals: Iterable[tuple[str, datetime]], now: datetime) -> None:
    """Texts that came in, as (channel, when), within the caller's transaction, shortly before its end."""
    hours: Counter[tuple[str, datetime]] = Counter()
    latest: dict[str, datetime] = {}
    for channel, at in arrivals:
        hours[channel, hour_of(at)] += 1
        latest[channel] = max(at, latest.get(channel, at))
    for channel in sorted(latest):  # in one order, so that two readers never deadlock
        row = insert(STATE).values(channel=channel, last_in_at=latest[channel])
        newer = sa.func.greatest(STATE.c.last_in_at, row.excluded.last_in_at)
        newer = sa.func.least(newer, now)  # whatever a clock that was ahead put down
        connection.execute(row.on_conflict_do_update(index_elements=["channel"], set_={"last_in_at": newer}))
    for (channel, hour), texts in sorted(hours.items()):
        row = insert(HOUR).values(channel=channel, hour=hour, texts=texts)
        more = HOUR.c.texts + row.excluded.texts
        connection.execute(
            row.on_conflict_do_update(index_elements=["channel", "hour"], set_={"texts": more})
        )


def note_phone(services: Services, health: PhoneHealth) -> None:
    """What a phone said of itself, unless it said later things already: then it is a copy, sent by whomever."""
    row = {
        "battery": health.battery,
        "charging": health.charging,
        "seen_at": health.at,
        "signed_at": health.signed_at,
    }
    statement = insert(PHONE).values(channel=health.channel, device=health.device, **row)
    is_later = sa.func.coalesce(statement.excluded.signed_at > PHONE.c.signed_at, sa.true())
    with services.engine.begin() as connection:
        connection.execute(
            statement.on_conflict_do_update(index_elements=["channel", "device"], set_=row, where=is_later)
        )


def phones(connection: sa.Connection) -> list[PhoneHealth]:
    """Each phone that said how it is, by channel and device."""
    rows = connection.execute(sa.select(PHONE).order_by(PHONE.c.channel, PHONE.c.device))
    return [PhoneHealth(row.channel, row.device, row.seen_at, row.battery, row.charging) for row in rows]


def forget_phone(connection: sa.Connection, channel: str, device: str) -> None:
    """A phone that no longer has a SIM of ours, within the caller's transaction."""
    connection.execute(sa.delete(PHONE).where(PHONE.c.channel == channel, PHONE.c.device == device))


def forget_channel(connection: sa.Connection, channel: str) -> None:
    """Its phones, its rhythm and its failures, within the caller's transaction: the next of its name is another."""
    for table in (PHONE, HOUR):
        connection.execute(sa.delete(table).where(table.c.channel == channel))
    well = {"failures": 0, "failing_since": None, "failed_at": None, "reason": None}
    connection.execute(sa.update(STATE).where(STATE.c.channel == channel).values(**well))


def standings(connection: sa.Connection, services: Services, now: datetime) -> dict[str, Standing]:
    """How each channel does that is set up, by its name."""
    states = {
        row.channel: row
        for row in connection.execute(
            sa.select(STATE).where(any_of(STATE.c.channel, list(services.channels)))
        )
    }
    quiet = [
        name for name, row in states.items() if row.last_in_at is not None and now - row.last_in_at > _FRESH
    ]
    rhythms, theirs = _rhythms(connection, quiet, now), dict[str, list[PhoneHealth]]()
    for phone in phones(connection):
        theirs.setdefault(phone.channel, []).append(phone)
    canaries = rounds.canaries(connection)
    return {
        name: _standing(
            name,
            states.get(name),
            rhythms.get(name, {}),
            theirs.get(name, ()),
            canaries.get(name, ()),
            services,
            now,
        )
        for name in sorted(services.channels)
    }


def _rhythms(
    connection: sa.Connection, channels: Sequence[str], now: datetime
) -> dict[str, dict[datetime, int]]:
    found: dict[str, dict[datetime, int]] = {}
    rows = connection.execute(
        sa.select(HOUR).where(any_of(HOUR.c.channel, channels), HOUR.c.hour > now - REMEMBERS)
    )
    for row in rows:
        found.setdefault(row.channel, {})[row.hour] = row.texts
    return found


def _standing(
    name: str,
    state: sa.Row[Any] | None,
    texts: Mapping[datetime, int],
    phones: Sequence[PhoneHealth],
    canaries: Sequence[Canary],
    services: Services,
    now: datetime,
) -> Standing:
    last_in = state.last_in_at if state else None
    awaited = expected(texts, last_in, now, services.settings.zone) if texts and last_in else None
    it = trouble(
        failing_since=state.failing_since if state else None,
        failed_at=state.failed_at if state else None,
        reason=state.reason if state else None,
        last_in=last_in,
        expected=awaited,
        canaries=canaries,
        phones=phones,
        now=now,
        pace=services.settings.pace,
    )
    return Standing(
        name,
        last_in,
        state.last_out_at if state else None,
        awaited,
        it,
        state.credit if state else None,
        min((phone.battery for phone in phones if phone.battery is not None), default=None),
        canaries,
    )


def send_canaries(services: Services) -> None:
    """Those whose round is due."""
    with services.engine.begin() as connection:
        rounds.begin(connection, services.cipher, services.now())


class Watcher:
    """Looks at the channels again and again, and knows for how long nothing has kept it from looking."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._listening = Listening(services.now())

    def look(self) -> None:
        look(self._services, listening=self._listening.look(self._services.now()))


def look(services: Services, *, listening: timedelta = timedelta.max) -> None:
    """Open, worsen and end outages, each with its text to the operator, in one transaction."""
    now = services.now()
    with services.engine.begin() as connection:
        if not connection.execute(sa.select(sa.func.pg_try_advisory_xact_lock(_WATCHING))).scalar_one():
            return  # another clock is at it
        found = standings(connection, services, now)
        lasting = _lasting(connection, found, now)
        told = {name: What(row.what) for name, row in lasting.items()}
        pace = services.settings.pace
        news = [
            (name, it.trouble)
            for name, it in found.items()
            if it.trouble and is_news(it.trouble, told.get(name), listening, pace)
        ]
        over = [
            row for name, row in lasting.items() if name not in found or is_steady(row.well_since, now, pace)
        ]
        if not news and not over:
            return
        desk = Desk(connection, services)
        bulletin = _Bulletin(connection, services, desk, operators(connection, desk, now), now)
        decisions = [bulletin.tell(name, it, known=name in told) for name, it in news if bulletin.is_heard]
        decisions += [bulletin.end(row, watched=_is_watched(row, found)) for row in over]
        audit.append(connection, services.cipher.derive("audit"), now, decisions)


def _lasting(
    connection: sa.Connection, found: Mapping[str, Standing], now: datetime
) -> dict[str, sa.Row[Any]]:
    """The open outages by channel, once it is noted since when nothing is the matter any more."""
    is_open = OUTAGE_ROW.c.ended_at.is_(None)
    ill = any_of(OUTAGE_ROW.c.channel, [name for name, it in found.items() if it.trouble])
    recovered = OUTAGE_ROW.c.well_since.is_(None) | (OUTAGE_ROW.c.well_since > now)
    change = sa.update(OUTAGE_ROW).where(is_open)
    connection.execute(change.where(ill, OUTAGE_ROW.c.well_since.is_not(None)).values(well_since=None))
    connection.execute(change.where(~ill, recovered).values(well_since=now))
    return {row.channel: row for row in connection.execute(sa.select(OUTAGE_ROW).where(is_open))}


def _is_watched(outage: sa.Row[Any], found: Mapping[str, Standing]) -> bool:
    """Whether what the matter was would still be seen: neither the channel nor its canaries were removed."""
    it = found.get(outage.channel)
    return it is not None and (outage.what != What.LATE or bool(it.canaries))


@dataclass(frozen=True, slots=True)
class _Bulletin:
    """Outages put down and told, within the caller's transaction."""

    connection: sa.Connection
    services: Services
    desk: Desk
    to: Sequence[OfficerOnFile]
    now: datetime

    @property
    def is_heard(self) -> bool:
        """Otherwise nothing is put down as told: whoever is there at the next look hears of it."""
        return bool(self.to and self.desk.line)

    def tell(self, channel: str, it: Trouble, *, known: bool) -> Decision:
        """Of an outage, or that one that is known has grown graver."""
        news = {"what": it.what.value, "told_at": self.now}
        if known:
            self.connection.execute(
                sa.update(OUTAGE_ROW)
                .where(OUTAGE_ROW.c.channel == channel, OUTAGE_ROW.c.ended_at.is_(None))
                .values(**news)
            )
        else:
            self.connection.execute(sa.insert(OUTAGE_ROW).values(channel=channel, since=it.since, **news))
        self._send(
            channel,
            lambda language: render(
                "outage",
                language,
                channel=channel,
                what=phrase(f"outage_{it.what.value}", language),
                time=clock_time(self.services, it.since),
            ),
        )
        told = {"what": it.what.value, "reason": it.reason, "officers": [str(one.id) for one in self.to]}
        return Decision("vigie", "channel out of service", channel, told)

    def end(self, outage: sa.Row[Any], *, watched: bool) -> Decision:
        ended_at = outage.well_since or self.now
        self.connection.execute(
            sa.update(OUTAGE_ROW).where(OUTAGE_ROW.c.id == outage.id).values(ended_at=ended_at)
        )
        channel, at = outage.channel, clock_time(self.services, ended_at)
        if watched:
            self._send(channel, lambda language: render("outage_over", language, channel=channel, time=at))
        return Decision("vigie", "channel in service again", channel, {"removed": not watched})

    def _send(self, channel: str, wording: Callable[[str], str]) -> None:
        """By a line of another channel where there is one."""
        desk = self.desk
        line, by = next((one for one in desk.lines if one[1] != channel), (desk.line, desk.channel))
        outgoing = [
            Draft(OUTAGE, drafts.ANSWER, by, line, officer.number, wording(officer.language))
            for officer in self.to
        ]
        if line:
            queue(self.connection, self.services.cipher, outgoing, self.now)


def tell_of_cap(services: Services) -> None:
    """Tell the operator, once a day, that the day's texts of crises are used up."""
    now = services.now()
    with services.engine.begin() as connection:
        decisions = spending.tell(connection, services, now)
        audit.append(connection, services.cipher.derive("audit"), now, decisions)


def forget(services: Services) -> None:
    """Hours that no rhythm goes back to: once a day with each channel, however many clocks ring."""
    now, done = services.now(), STATE.c.tidied_at
    with services.engine.begin() as connection:
        for name in periods.due(connection, sorted(services.channels), done, TIDIES_EVERY, now):
            if periods.claim(connection, name, done, TIDIES_EVERY, now):
                old = sa.delete(HOUR).where(HOUR.c.channel == name, HOUR.c.hour < now - REMEMBERS)
                connection.execute(old)
