"""The clock: every second, whatever is due."""

import signal
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from types import FrameType

import sqlalchemy as sa
from redis import RedisError

from gateway import bootstrap
from gateway.alerts import handover, updates
from gateway.alerts import service as alerts
from gateway.digest import mailing
from gateway.digest import service as digest
from gateway.hotline import recordings
from gateway.inbox import direct, gaps, standby
from gateway.inbox.blind import BlindWatch
from gateway.observability import get_logger, where
from gateway.services import Services
from gateway.silence.service import Silence
from gateway.storage import audit
from gateway.storage.database import DATABASE_TROUBLE
from gateway.watching import credit
from gateway.watching import service as watching
from gateway.watchman import alive
from gateway.watchman import service as watchman
from workers.process import Process, this_process, waits_for_database

log = get_logger(__name__)

TICK_SECONDS = 1.0
STALE_AFTER = timedelta(seconds=1)
BLIND_AFTER = 60.0
_KEEP_UP_SECONDS = 10.0
_FORGET_SECONDS = 3600.0
# A watchman that began with us needs a minute before it can say that all is well.
_WATCHED_AFTER = 120.0


class Clock:
    """One is enough; a second one does no harm, because whatever is due is claimed in the database."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._services = process.services
        settings = self._services.settings
        self._spool = bootstrap.build_spool(settings)
        self._watch = bootstrap.Watch(self._services, "clock-watch")
        inbox = bootstrap.build_acceptor(self._services, self._watch)
        self._ussd = bootstrap.build_ussd(self._services, inbox, self._watch)
        self._watcher = watching.Watcher(self._services)
        self._silence = Silence(self._services)
        self._calls = bootstrap.build_calls(self._services, inbox, self._watch)
        self._standby = settings.data_dir / bootstrap.STANDBY
        self._blind_folder = settings.data_dir / direct.FOLDER
        self._blind = BlindWatch(
            self._blind_folder,
            self._spool,
            bootstrap.build_reader(settings),
            self._services.cipher,
            self._services.channels,
            lambda: standby.read(self._standby, self._services.cipher),
            self._services.now,
        )
        self._fetching: threading.Thread | None = None
        self._began = self.database_seen = time.monotonic()
        self.database_seen_at = self._services.now()
        self._kept_up = 0.0
        self._forgot: float | None = None

    def run(self, stopping: threading.Event) -> None:
        self._watch.start()
        threading.Thread(target=self._watch_blind, args=(stopping,), name="blind", daemon=True).start()
        self._keep_up()  # first: the database may go the next moment
        while not stopping.is_set():
            began = time.monotonic()
            self.tick()
            stopping.wait(max(0.0, TICK_SECONDS - (time.monotonic() - began)))
        self._keep_up()

    def tick(self) -> None:
        """Everything that is due now; one part's trouble does not keep the others from their turn."""
        heard = self._say_alive()
        parts: list[Callable[[], object]] = [
            self.look_at_database,
            lambda: self._process.inbox.take_in_spool(self._spool, self._watch.hotlines),
            self._process.outbox.release_stranded,
            lambda: alerts.tell_of_stops(self._services),
            lambda: _until_done(alerts.tick, self._services),
            lambda: _until_done(updates.tell, self._services),
            self._process.inbox.end_waits,
            self._process.inbox.expire_questions,
            self._ussd.tick,
            self._seek_recordings,
            lambda: self._ring(heard=heard),
        ]
        if time.monotonic() - self._kept_up > _KEEP_UP_SECONDS:
            parts += [
                self._process.inbox.tell_of_unknown_senders,
                self._ussd.forget,
                self._calls.tick,
                self._seek_gaps,
                self._ask_for_credit,
                lambda: handover.hand_over(self._services),
                lambda: watching.send_canaries(self._services),
                self._watcher.look,
                lambda: watching.tell_of_cap(self._services),
                lambda: digest.tell(self._services),
                self._mail,
                self._silence.look,
                self._tell_chiefs,
                lambda: watching.forget(self._services),
                lambda: updates.end_quiet_ones(self._services),
                self._forget_recordings,
                self._keep_up,
            ]
        for part in parts:
            try:
                part()
            except DATABASE_TROUBLE as error:
                log.warning("clock_waits_for_database", error=type(error).__name__)
                return
            except Exception as error:  # noqa: BLE001 - the clock goes on, whatever one part does
                log.error("clock_part_failed", error=where(error))

    def _say_alive(self) -> bool:
        try:
            self._services.redis.set(alive.CLOCK_KEY, 1, ex=alive.CLOCK_SECONDS)
        except RedisError:
            return False
        return True

    def look_at_database(self) -> None:
        with self._services.engine.begin() as connection:
            files = direct.put_on_record(
                connection, self._services.cipher, self._blind_folder, self._services.now()
            )
        for file in files:
            file.unlink(missing_ok=True)
        self.database_seen = time.monotonic()
        self.database_seen_at = self._services.now()

    def _ring(self, *, heard: bool) -> None:
        lanes, urgent = self._process.inbox.stale_lanes(STALE_AFTER)
        due_alerts, due_others = self._process.outbox.due()
        bell = self._services.doorbell
        if heard and bell.lanes(lanes, urgent=urgent, insist=True):
            bell.outbox(alerts=due_alerts, others=due_others, insist=True)
            return
        self._work_alone()

    def _seek_recordings(self) -> None:
        if recordings.due(self._services) and not self._services.doorbell.recordings():
            self._take_in_recordings()

    def _take_in_recordings(self) -> None:
        """Redis is away. In a thread of its own: a provider may take its time, an alert may not wait for it."""
        if self._fetching is None or not self._fetching.is_alive():
            self._fetching = threading.Thread(target=self._fetch, name="recordings", daemon=True)
            self._fetching.start()

    def _fetch(self) -> None:
        with waits_for_database("recordings"):
            recordings.take_in(self._services)

    def _tell_chiefs(self) -> None:
        if time.monotonic() - self._began > _WATCHED_AFTER:
            watchman.tell_chiefs(self._services)

    def _forget_recordings(self) -> None:
        """They are kept for days: what an hour more adds is not worth going through them all each time."""
        if self._forgot is None or time.monotonic() - self._forgot > _FORGET_SECONDS:
            recordings.forget(self._services)
            self._forgot = time.monotonic()

    def _mail(self) -> None:
        if mailing.due(self._services):
            self._services.doorbell.mails()

    def _ask_for_credit(self) -> None:
        if due := credit.due(self._services):
            self._services.doorbell.credit(due)

    def _seek_gaps(self) -> None:
        if due := gaps.due(self._services):
            self._services.doorbell.gaps(due)

    def _work_alone(self) -> None:
        """Redis is away: do by hand what the workers would do."""
        lanes, urgent = self._process.inbox.stale_lanes(timedelta(0))
        for lane in sorted(lanes, key=lambda lane: lane not in urgent):
            self._process.inbox.drain(lane)
            self._process.outbox.deliver(alerts=True)
        self._process.outbox.deliver(alerts=False)

    def _keep_up(self) -> None:
        """Renew what others need when the database is away, and anchor the audit log outside of it."""
        self._kept_up = time.monotonic()
        data_dir = self._services.settings.data_dir
        try:
            with self._services.engine.connect() as connection:
                standby.renew(self._standby, connection, self._services.cipher, self._services.now())
                seq, mac = audit.anchor(connection, data_dir / bootstrap.ANCHORS)
        except (sa.exc.SQLAlchemyError, OSError) as error:
            log.warning("keeping_up_skipped", error=type(error).__name__)
        else:
            log.info("audit_anchor", seq=seq, mac=mac.hex())

    def _watch_blind(self, stopping: threading.Event) -> None:
        """A thread of its own: the tick itself may hang on a database that does not answer."""
        while not stopping.wait(TICK_SECONDS):
            self.look_blindly()

    def look_blindly(self) -> None:
        """Tell of an outage, and forget it once the database was seen again.

        One thread does both: forgotten by the tick meanwhile, an outage would be told twice.
        """
        away = time.monotonic() - self.database_seen
        try:
            if away > BLIND_AFTER / self._services.settings.pace:
                self._blind.act(self.database_seen_at)
            elif self.database_seen > self._began:
                self._blind.forget()
        except Exception as error:  # noqa: BLE001 - the last resort must be tried again, not die
            log.error("blind_watch_failed", error=where(error))


def _until_done(work: Callable[[Services], int], services: Services) -> None:
    while work(services):
        pass


def run() -> None:
    """Run until SIGTERM or SIGINT."""
    stopping = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    Clock(this_process()).run(stopping)
