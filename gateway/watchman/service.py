"""The watchman: looks from other processes whether the clock does its work, and says so by a way of its own."""

import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final

import sqlalchemy as sa
from redis import RedisError
from sqlalchemy.dialects.postgresql import insert

from gateway.alerts import handover
from gateway.alerts.codes import told_to_nobody
from gateway.alerts.desk import Desk, OfficerOnFile, clock_time
from gateway.alerts.records import Alert, Incident
from gateway.duty.roster import on_duty
from gateway.duty.service import read_rota
from gateway.inbox import direct, standby
from gateway.inbox.direct import Direct
from gateway.inbox.records import InboundRecord
from gateway.inbox.spool import Spool
from gateway.observability import get_logger, where
from gateway.outbox import drafts
from gateway.outbox.drafts import ALERT_SLOT, Draft
from gateway.outbox.records import OutboundRecord
from gateway.outbox.service import queue
from gateway.people.records import Officer
from gateway.reports.records import QuestionRecord, ReportRecord
from gateway.services import Services
from gateway.silence.records import AgentWatch, PostRhythm
from gateway.storage import audit
from gateway.storage.audit import Decision
from gateway.storage.database import DATABASE_TROUBLE, table_of
from gateway.text.render import phrase, render
from gateway.watching import rounds
from gateway.watching.listening import Listening
from gateway.watching.operators import operators
from gateway.watching.records import Outage
from gateway.watching.trouble import What
from gateway.watchman import alive, cover, heartbeat
from gateway.watchman.lateness import DONE_WITHIN, STEADY_FOR, Late, Step, is_late, late
from gateway.watchman.records import AllWell, Lapse

log = get_logger(__name__)

ALERT, INCIDENT = table_of(Alert), table_of(Incident)
OUT, IN = table_of(OutboundRecord), table_of(InboundRecord)
QUESTION, POST, AGENT = table_of(QuestionRecord), table_of(PostRhythm), table_of(AgentWatch)
OFFICER, REPORT = table_of(Officer), table_of(ReportRecord)
LAPSE, DAY, OUTAGE = table_of(Lapse), table_of(AllWell), table_of(Outage)
LOOKS_EVERY: Final = 10.0
_HUNG: Final = timedelta(seconds=5)
_NOTING: Final = 0x5649_574D
_AS_DUE: Final = {
    Step.ALERTS: sa.select(
        sa.func.least(
            sa.select(sa.func.min(ALERT.c.due_at)).where(ALERT.c.due_at.is_not(None)).scalar_subquery(),
            sa.select(sa.func.min(INCIDENT.c.update_due_at))
            .where(INCIDENT.c.update_due_at.is_not(None))
            .scalar_subquery(),
        )
    ),
    # What a sender died over is due when its lease runs out.
    Step.TEXTS: sa.select(
        sa.func.least(
            sa.select(sa.func.min(OUT.c.due_at))
            .where(OUT.c.state == "queued", OUT.c.rank < ALERT_SLOT)
            .scalar_subquery(),
            sa.select(sa.func.min(OUT.c.claimed_until)).where(OUT.c.state == "sending").scalar_subquery(),
        )
    ),
    Step.INBOX: sa.select(sa.func.min(IN.c.received_at)).where(IN.c.state == "received", IN.c.urgent),
    Step.SILENCE: sa.select(
        sa.func.least(
            sa.select(sa.func.min(POST.c.due_at)).scalar_subquery(),
            sa.select(sa.func.min(AGENT.c.due_at)).scalar_subquery(),
        )
    ),
    Step.QUESTIONS: sa.select(sa.func.min(QUESTION.c.until)).where(QUESTION.c.state == "open"),
}


@dataclass(frozen=True, slots=True)
class View:
    """How things stand: what is late, and everything else that keeps the heartbeat back, in sentences."""

    late: tuple[Late, ...]
    else_wrong: tuple[str, ...]
    settled: bool
    """Nothing kept us from watching for as long as a step may take: only then what is not late is well."""

    @property
    def well(self) -> bool:
        return self.settled and not self.late and not self.else_wrong


def due_steps(connection: sa.Connection, spool: Spool) -> dict[Step, datetime]:
    """Since when the earliest of each kind is due, or will be. Texts on this disk are to be read, too."""
    row = connection.execute(
        sa.select(*(query.scalar_subquery().label(step.value) for step, query in _AS_DUE.items()))
    ).one()
    due = {step: at for step, at in zip(_AS_DUE, row, strict=True) if at is not None}
    if spooled := spool.waiting():
        due[Step.INBOX] = min(spooled[0].received_at, due.get(Step.INBOX, spooled[0].received_at))
    return due


def open_lapse(connection: sa.Connection) -> sa.Row[Any] | None:
    """The trouble that lasts, if there is one."""
    return connection.execute(sa.select(LAPSE).where(LAPSE.c.ended_at.is_(None))).one_or_none()


def last_told(connection: sa.Connection) -> datetime | None:
    """When the chiefs last got their daily text."""
    at: datetime | None = connection.scalar(sa.select(sa.func.max(DAY.c.told_at)))
    return at


def wrong_besides(connection: sa.Connection, services: Services, now: datetime) -> tuple[str, ...]:
    """What else is not as it should be: a sentence each."""
    found = []
    for several in rounds.canaries(connection).values():
        found += [f"No text from {it.name} comes in in time." for it in several if it.late_since(now)]
    # A battery that runs low is told of while its phone still works.
    lasting = sa.select(OUTAGE.c.channel).where(OUTAGE.c.ended_at.is_(None), OUTAGE.c.what != What.BATTERY)
    found += [
        f"Channel {name} is out of service: `vigie channels` says why."
        for name in connection.scalars(lasting.order_by(OUTAGE.c.channel))
    ]
    if not on_duty(read_rota(connection, now), now):
        found.append("Nobody is on duty.")
    if untold := told_to_nobody(connection):
        found.append(untold)
    try:
        found += alive.unheard(services.redis, alive.CLOCK_KEY, alive.WATCHED_KEY).values()
    except RedisError:
        found.append("Redis cannot be reached.")
    return tuple(found)


class Watchman:
    """One a process, in any that is not the clock; several tell of one trouble once."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._listening = Listening(services.now())
        self._hung = False
        self._spool = Spool(services.settings.spool_dir)
        self._missing: dict[Step, datetime] = {}
        """Since when what has no due time in the database was found undone."""
        self._direct = Direct(
            services.settings.data_dir / direct.FOLDER,
            services.cipher,
            services.channels,
            services.now,
            by="watchman",
        )

    def start(self) -> None:
        threading.Thread(target=self._run, name="watchman", daemon=True).start()

    def _run(self) -> None:
        pause = threading.Event()
        self.look()
        while not pause.wait(LOOKS_EVERY):
            self.look()

    def look(self) -> View | None:
        """Look once, tell what is late, call the heartbeat if all is well. None while the database is away."""
        self._say(alive.WATCHMAN_KEY)
        try:
            return self._look()
        except DATABASE_TROUBLE as error:
            # The blind watch tells of this. Nothing could be done meanwhile, and nothing is late at once after.
            self._listening = Listening(self._services.now())
            log.warning("watchman_waits_for_database", error=type(error).__name__)
        except Exception as error:  # noqa: BLE001 - the last to watch must go on, whatever it finds
            log.error("watchman_failed", error=where(error))
        return None

    def _look(self) -> View:
        services, now, pace = self._services, self._services.now(), self._services.settings.pace
        self._listening.look(now)
        with services.engine.connect() as connection:
            due = due_steps(connection, self._spool)
            self._note_missing(Step.HANDOVER, handover.is_due(connection, now), now)
            self._note_missing(Step.CLOCK, self._clock_is_mute(), now)
            self._excuse_what_hung(now)
            found = late(due | self._missing, self._listening.since, now, pace)
            settled = is_late(self._listening.since, now, pace)
            if settled:
                self._say(alive.WATCHED_KEY)
            besides = wrong_besides(connection, services, now)
        lapse = self._note(found, now, settled=settled)
        if lapse is not None and self._tell(found):
            self._told(lapse, found)
        view = View(found, besides, settled)
        heartbeat.beat(services, well=view.well)
        return view

    def _excuse_what_hung(self, began: datetime) -> None:
        """While the database hung, the clock could do nothing. One that hangs look after look is no excuse."""
        now, hung_before = self._services.now(), self._hung
        self._hung = now - began > _HUNG
        if self._hung and not hung_before:
            self._listening = Listening(now)

    def _say(self, key: str) -> None:
        with suppress(RedisError):  # nobody hears it, which is told
            self._services.redis.set(key, 1, ex=alive.WATCHMAN_SECONDS)

    def _note_missing(self, step: Step, missing: bool, now: datetime) -> None:
        if missing:
            self._missing[step] = min(
                now, self._missing.get(step, now)
            )  # the machine's clock may be set back
        else:
            self._missing.pop(step, None)

    def _clock_is_mute(self) -> bool:
        try:
            return not self._services.redis.exists(alive.CLOCK_KEY)
        except RedisError:
            return False  # nobody can tell: what it leaves undone does

    def _note(self, found: Sequence[Late], now: datetime, *, settled: bool) -> int | None:
        """Write down what is late, or that it is over. Returns the lapse that this process is to tell of."""
        services, pace = self._services, self._services.settings.pace
        with services.engine.begin() as connection:
            if not connection.execute(sa.select(sa.func.pg_try_advisory_xact_lock(_NOTING))).scalar_one():
                return None  # another one is at it
            lapse = open_lapse(connection)
            if not found:
                if lapse is not None and settled and (now - lapse.late_at) * pace >= STEADY_FOR:
                    self._change(connection, lapse.id, ended_at=now)
                    decision = Decision("watchman", "steps in time again", f"lapse {lapse.id}")
                    audit.append(connection, services.cipher.derive("audit"), now, [decision])
                return None
            claimed = {"late_at": now, "claimed_until": now + DONE_WITHIN}
            if lapse is not None and not found[0].step.is_graver_than(Step(lapse.step)):
                untold = lapse.told_at is None and lapse.claimed_until <= now
                self._change(connection, lapse.id, **(claimed if untold else {"late_at": now}))
                return lapse.id if untold else None
            news = {"step": found[0].step.value, "since": found[0].since, "told_at": None, **claimed}
            if lapse is None:
                statement = sa.insert(LAPSE).values(**news).returning(LAPSE.c.id)
                id_: int = connection.execute(statement).scalar_one()
            else:
                id_ = lapse.id
                self._change(connection, id_, **news)
            steps = [it.step.value for it in found]
            log.error("steps_late", steps=steps)
            decision = Decision("watchman", "steps not done in time", f"lapse {id_}", {"steps": steps})
            audit.append(connection, services.cipher.derive("audit"), now, [decision])
            return id_

    def _change(self, connection: sa.Connection, lapse: int, **columns: Any) -> None:
        connection.execute(sa.update(LAPSE).where(LAPSE.c.id == lapse).values(**columns))

    def _tell(self, found: Sequence[Late]) -> bool:
        """Text whoever looks after the machines, by another channel than alerts leave by. Whether somebody was reached."""
        services, now = self._services, self._services.now()
        with services.engine.connect() as connection:
            desk = Desk(connection, services)
            lines = standby.gather(connection, services.cipher).lines
            to = _whom(connection, desk, now)
        at = clock_time(services, found[0].since)

        def words(language: str) -> str:
            what = phrase(f"late_{found[0].step.value}", language)
            return render("watchman", language, what=what, time=at)

        # Each, not until one: any() would stop at the first.
        reached = [
            self._direct.reach(one.number, words(one.language), lines, last=desk.channel) for one in to
        ]
        return any(reached)

    def _told(self, lapse: int, found: Sequence[Late]) -> None:
        """Unless something graver is to be told by now."""
        same = sa.and_(LAPSE.c.id == lapse, LAPSE.c.step == found[0].step)
        with self._services.engine.begin() as connection:
            connection.execute(sa.update(LAPSE).where(same).values(told_at=self._services.now()))


def _chiefs(connection: sa.Connection, desk: Desk) -> list[OfficerOnFile]:
    """The country's."""
    national = sa.select(OFFICER.c.id).where(OFFICER.c.chief, OFFICER.c.chief_region.is_(None))
    ids = set(connection.scalars(national))
    return [one for id_, one in desk.officers.items() if id_ in ids]


def _whom(connection: sa.Connection, desk: Desk, now: datetime) -> list[OfficerOnFile]:
    """Whoever looks after the machines, and the country's chiefs; without any of them every officer."""
    named = operators(connection, desk, now)
    found = named + [one for one in _chiefs(connection, desk) if one not in named]
    return found or list(desk.officers.values())


def tell_chiefs(services: Services) -> None:
    """Once a day, at its hour: a text that is as long whether all is well or not. Without chiefs to the last step."""
    settings, now = services.settings, services.now()
    here = now.astimezone(settings.zone)
    if not settings.all_well_at or not cover.is_due(here, time.fromisoformat(settings.all_well_at)):
        return
    with services.engine.begin() as connection:
        desk = Desk(connection, services)
        last = desk.on_duty(now)
        behind = [desk.officers[one] for one in (last[max(last)] if last else ())]
        to = _chiefs(connection, desk) or behind
        if not to or not desk.line:
            return  # whoever is there at the next look gets it
        row = insert(DAY).values(day=here.date(), told_at=now).on_conflict_do_nothing()
        if not connection.execute(row.returning(DAY.c.day)).all():
            return  # told already
        well = open_lapse(connection) is None and not wrong_besides(connection, services, now)
        figures = _figures(connection, now)
        texts = [
            Draft(
                drafts.ALL_WELL,
                drafts.ANSWER,
                desk.channel,
                desk.line,
                one.number,
                cover.text(one.language, here, well=well, **figures),
            )
            for one in to
        ]
        queue(connection, services.cipher, texts, now)
        about = {"well": well, "officers": [str(one.id) for one in to]}
        decision = Decision("vigie", "chiefs told that all is well or not", f"day {here.date()}", about)
        audit.append(connection, services.cipher.derive("audit"), now, [decision])


def _figures(connection: sa.Connection, now: datetime) -> dict[str, int]:
    standing = sa.select(ALERT.c.state, sa.func.count().label("number")).where(ALERT.c.due_at.is_not(None))
    states = {row.state: row.number for row in connection.execute(standing.group_by(ALERT.c.state))}
    since = sa.select(sa.func.count()).where(REPORT.c.received_at > now - timedelta(days=1))
    return {
        "alerts": states.get("open", 0),
        "taken": states.get("acknowledged", 0),
        "reports": connection.scalar(since) or 0,
    }
