"""Builds everything once: the engine, Redis, the keys, the channels, and the services on top."""

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import sqlalchemy as sa
from redis import RedisError

from gateway.alerts import delivery

# Every module with tables, so that the metadata is whole.
from gateway.alerts import records as _alerts  # noqa: F401
from gateway.channels.base import Channel
from gateway.channels.registry import build_channel, channels_from_settings
from gateway.digest import records as _digest  # noqa: F401
from gateway.duty import records as _duty  # noqa: F401
from gateway.hotline import records as _hotline  # noqa: F401
from gateway.inbox import calls, standby
from gateway.inbox.accept import Acceptor
from gateway.inbox.calls import Calls
from gateway.inbox.service import Inbox
from gateway.inbox.spool import Spool
from gateway.messages import Receipt
from gateway.observability import get_logger, where
from gateway.outbox.service import Outbox, record_receipt
from gateway.queueing import Doorbell, connect
from gateway.reports.agency import load_agency
from gateway.reports.reader import Reader, load_reader
from gateway.services import Services
from gateway.settings import BadSettingsError, Settings, secret_keys
from gateway.silence import records as _silence  # noqa: F401
from gateway.storage import schema
from gateway.storage.cipher import (
    CannotDecryptError,
    Cipher,
    SecretKey,
    Wrap,
    read_keyring,
    stored_wraps,
    write_keyring,
)
from gateway.storage.database import Base, create_engine
from gateway.ussd import sessions as _ussd  # noqa: F401
from gateway.ussd.menu import Menu
from gateway.ussd.service import Accepts, Ussd
from gateway.watching import records as _watching  # noqa: F401
from gateway.watchman import records as _watchman  # noqa: F401

log = get_logger(__name__)

METADATA = Base.metadata
KEYRING, STANDBY, ANCHORS = "keyring.json", "standby", "audit-anchors"
REFRESH_SECONDS = 3.0


class CannotStartError(Exception):
    """A process cannot do its work; the message says in one sentence why and what to do."""


def now() -> datetime:
    return datetime.now(UTC)


def migrate(settings: Settings, database_url: str | None = None) -> list[str]:
    """Bring the schema to head and make the first data keys; the revisions that were run."""
    engine = create_engine(database_url or settings.database_url)
    try:
        run = schema.upgrade(engine, METADATA)
        schema.make_data_keys(engine, secret_keys_of(settings, create=True))
    finally:
        engine.dispose()
    return run


def secret_keys_of(settings: Settings, *, create: bool = False) -> list[SecretKey]:
    return [SecretKey(words) for words in secret_keys(settings, create=create)]


def build_services(settings: Settings, *, clock: Callable[[], datetime] = now) -> Services:
    """Raise CannotStartError or BadSettingsError with one sentence."""
    if not settings.database_url or not settings.redis_url:
        raise BadSettingsError(
            "VIGIE_DATABASE_URL and VIGIE_REDIS_URL are empty and no `vigie up` runs on "
            f"{settings.data_dir}: start `vigie up`, or set both."
        )
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    engine = create_engine(settings.database_url, pool_size=settings.send_slots)
    redis = connect(settings.redis_url)
    cipher = open_cipher(settings, engine)
    known = _standby_now(settings, engine, cipher)
    return Services(
        settings=settings,
        engine=engine,
        redis=redis,
        doorbell=Doorbell(redis),
        cipher=cipher,
        channels=_channels(settings, known.channels),
        now=clock,
    )


def open_cipher(settings: Settings, engine: sa.Engine) -> Cipher:
    """The keys from the database, or from their copy beside the spool when it is away."""
    path = settings.data_dir / KEYRING
    keys = secret_keys_of(settings)
    try:
        wraps = _wraps(engine)
        write_keyring(path, wraps)
    except sa.exc.OperationalError as error:
        if not path.exists():
            raise CannotStartError(
                "The database cannot be reached and this machine holds no copy of its keys yet: "
                "check VIGIE_DATABASE_URL (`vigie doctor` tells more)."
            ) from error
        wraps = read_keyring(path)
    except sa.exc.ProgrammingError as error:
        raise CannotStartError("The database has no tables yet: run `vigie migrate`.") from error
    try:
        return Cipher.from_wraps(wraps, keys)
    except CannotDecryptError as error:
        raise CannotStartError(f"The stored data cannot be opened: {error}.") from error


def _wraps(engine: sa.Engine) -> list[Wrap]:
    with engine.connect() as connection:
        return stored_wraps(connection)


def _standby_now(settings: Settings, engine: sa.Engine, cipher: Cipher) -> standby.Standby:
    try:
        with engine.connect() as connection:
            return standby.gather(connection, cipher)
    except sa.exc.OperationalError:
        return standby.read(settings.data_dir / STANDBY, cipher)


def _channels(settings: Settings, configured: Sequence[standby.StandbyChannel]) -> dict[str, Channel]:
    """Those of the database; the environment's win over them."""
    stored = {
        channel.name: build_channel(channel.name, channel.kind, channel.secrets, settings)
        for channel in configured
    }
    return stored | channels_from_settings(settings)


class Watch:
    """A thread in every process that takes in new keys, lines and channels, and says "alive"."""

    def __init__(self, services: Services, name: str) -> None:
        self._services = services
        self._name = name
        self.hotlines: frozenset[bytes] = frozenset()
        self.lines: Sequence[standby.StandbyLine] = ()
        known = _standby_now(services.settings, services.engine, services.cipher)
        self._channels = known.channels
        self._take_in(known)

    def start(self) -> None:
        threading.Thread(target=self._run, name="watch", daemon=True).start()

    def _run(self) -> None:
        pause = threading.Event()
        while not pause.wait(REFRESH_SECONDS):
            self.refresh()

    def refresh(self) -> None:
        services = self._services
        try:
            services.redis.set(f"vigie:alive:{self._name}", 1, ex=10)
        except RedisError:
            log.debug("redis_away")
        try:
            with services.engine.connect() as connection:
                wraps = stored_wraps(connection)
                if max(wrap.data_key for wrap in wraps) > services.cipher.current:
                    services.cipher.adopt(Cipher.from_wraps(wraps, secret_keys_of(services.settings)))
                    write_keyring(services.settings.data_dir / KEYRING, wraps)
                self._take_in(standby.gather(connection, services.cipher))
        except Exception as error:  # noqa: BLE001 - it must go on watching, whatever it finds
            log.warning("watch_skipped", error=where(error))

    def _take_in(self, known: standby.Standby) -> None:
        self.hotlines = known.hotlines(self._services.cipher)
        self.lines = known.lines
        channels, changed = self._services.channels, known.channels != self._channels
        if not changed and channels.keys() >= {channel.name for channel in known.channels}:
            return
        built = _channels(self._services.settings, known.channels)
        for name in channels.keys() - built.keys():
            del channels[name]
        channels.update(built if changed else built | channels)
        self._channels = known.channels


def build_inbox(services: Services) -> Inbox:
    return Inbox(services, build_reader(services.settings))


def build_reader(settings: Settings) -> Reader:
    """Raise DataError when the agency's data files are wrong."""
    return load_reader(settings.timezone, settings.agency_dir)


def build_outbox(services: Services) -> Outbox:
    return Outbox(
        services,
        lambda connection, texts: delivery.no_longer_wanted(connection, services, texts),
        delivery.hurry,
        delivery.seen,
    )


def build_spool(settings: Settings) -> Spool:
    spool = Spool(settings.spool_dir)
    try:
        spool.prepare()
    except OSError as error:
        raise CannotStartError(
            f"The spool {settings.spool_dir} cannot be written ({error.strerror}): messages would be lost "
            "while the database is away, so free the disk or set VIGIE_DATA_DIR to a writable folder."
        ) from error
    return spool


def build_acceptor(services: Services, watch: Watch) -> Acceptor:
    return Acceptor(
        services.engine,
        build_spool(services.settings),
        services.cipher,
        services.doorbell,
        services.settings.lanes,
        lambda: watch.hotlines,
    )


def build_ussd(services: Services, inbox: Accepts, watch: Watch) -> Ussd:
    agency = load_agency(services.settings.agency_dir)
    return Ussd(
        services,
        Menu(agency.book, agency.gazetteer, agency.partners),
        inbox,
        lambda: watch.lines,
    )


def build_calls(services: Services, inbox: calls.Accepts, watch: Watch) -> Calls:
    return Calls(services, inbox, lambda: watch.lines)


def receipts(services: Services) -> Callable[[Receipt], None]:
    """What the web hands delivery receipts to."""
    return lambda receipt: record_receipt(services, receipt, delivery.hurry, delivery.seen)
