"""Real PostgreSQL and Redis for the whole run; a clean schema for each test that asks for one.

Where the run is shared by several processes, each has servers of its own.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
import redis
import sqlalchemy as sa
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from gateway import bootstrap
from gateway.services import Services
from gateway.settings import Settings
from gateway.storage import schema
from gateway.storage.cipher import SecretKey
from gateway.storage.database import create_engine
from gateway.supervisor.embedded import Embedded, start_embedded
from tests.clock import Clock

SECRET = "a secret key for tests only"

FAULTS = "tests/faults/"
# These wait for real processes, and begin first, so that at the end nobody waits for them.
SLOW = (FAULTS, "tests/supervisor/", "tests/privacy/", "tests/packaging/", "tests/browser/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: [not item.nodeid.startswith(slow) for slow in SLOW])


def pytest_xdist_auto_num_workers() -> int:
    """Two where there are two cores: with more, the faults' deadlines would be a matter of luck."""
    return min(2, len(os.sched_getaffinity(0)))


class Sharing(LoadFileScheduling):  # type: ignore[misc]
    """A file's tests stay in one process, and so do all faults: they hurt the same gateways in turn."""

    def _split_scope(self, nodeid: str) -> str:
        return FAULTS if nodeid.startswith(FAULTS) else nodeid.partition("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Sharing:
    config.option.loadscopereorder = False  # else the files with the most tests begin first
    return Sharing(config, log)


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    running = start_embedded(tmp_path_factory.mktemp("servers"), fsync=False)
    yield running
    running.stop()


@pytest.fixture
def empty(servers: Embedded) -> Iterator[sa.Engine]:
    """A database of its own."""
    name = f"vigie_{uuid4().hex[:12]}"
    server = create_engine(servers.database_url).execution_options(isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    engine = create_engine(
        sa.make_url(servers.database_url).set(database=name).render_as_string(hide_password=False)
    )
    yield engine
    engine.dispose()
    with server.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


@pytest.fixture(scope="session")
def migrated(servers: Embedded) -> Iterator[sa.Engine]:
    engine = create_engine(servers.database_url)
    schema.upgrade(engine, bootstrap.METADATA)
    yield engine
    engine.dispose()


@pytest.fixture
def engine(migrated: sa.Engine) -> sa.Engine:
    """The migrated schema with nothing in it."""
    tables = ", ".join(table.name for table in bootstrap.METADATA.sorted_tables)
    with migrated.begin() as connection:
        connection.execute(sa.text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
        connection.execute(
            sa.text("INSERT INTO audit_head (id, seq, mac) VALUES (1, 0, decode(repeat('00', 32), 'hex'))")
        )
    schema.make_data_keys(migrated, [SecretKey(SECRET)])
    return migrated


@pytest.fixture
def clean_redis(servers: Embedded) -> Iterator[redis.Redis]:
    connection = redis.Redis.from_url(servers.redis_url)
    connection.flushall()
    yield connection
    connection.close()


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime(2026, 11, 21, 13, 0, tzinfo=UTC))


@pytest.fixture
def settings(servers: Embedded, tmp_path: Path) -> Settings:
    return Settings.read(
        data_dir=tmp_path / "var",
        database_url=servers.database_url,
        redis_url=servers.redis_url,
        secret_keys=(SECRET,),
    )


@pytest.fixture
def services(
    engine: sa.Engine, clean_redis: redis.Redis, settings: Settings, clock: Clock
) -> Iterator[Services]:
    built = bootstrap.build_services(settings, clock=clock)
    yield built
    built.redis.close()
    built.engine.dispose()
