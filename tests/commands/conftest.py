"""The command line as an operator meets it: words in; output, error and exit status out."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import redis
import sqlalchemy as sa
from click.testing import CliRunner

from gateway import bootstrap, cli, demo, queueing
from gateway.services import Services
from gateway.settings import Settings
from gateway.storage.audit import AuditEntry
from tests.conftest import SECRET


@dataclass(frozen=True)
class Ran:
    status: int
    out: str
    err: str


Run = Callable[..., Ran]


@contextmanager
def _closing(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A process would end here and take its connections with it."""
    connect, create = queueing.connect, sa.create_engine
    with ExitStack() as ending, monkeypatch.context() as patch:

        def create_engine(*arguments: Any, **options: Any) -> sa.Engine:
            engine = create(*arguments, **options)
            ending.callback(engine.dispose)
            return engine

        def connect_redis(url: str) -> redis.Redis:
            client = connect(url)
            ending.callback(client.close)
            return client

        patch.setattr(sa, "create_engine", create_engine)
        patch.setattr(bootstrap, "connect", connect_redis)
        yield


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Run:
    for name in [name for name in os.environ if name.startswith("VIGIE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("VIGIE_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("VIGIE_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("VIGIE_REDIS_URL", settings.redis_url)
    monkeypatch.setenv("VIGIE_SECRET_KEYS", SECRET)

    def vigie(*words: str, typed: str = "", **environment: str | None) -> Ran:
        monkeypatch.setattr(sys, "argv", ["vigie", *words])
        status = 0
        with (
            CliRunner().isolation(typed, env={"COLUMNS": "200", **environment}) as (out, err, _),
            _closing(monkeypatch),
        ):
            try:
                cli.main()
            except SystemExit as end:
                status = int(end.code or 0)
            sys.stdout.flush()
            said, complained = out.getvalue().decode(), err.getvalue().decode()
        assert "Traceback" not in said + complained
        return Ran(status, said, complained)

    return vigie


@pytest.fixture
def agency(services: Services) -> Services:
    """The services of the demo agency."""
    with services.engine.begin() as connection:
        demo.seed(connection, services.cipher, services.settings)
    return services


@pytest.fixture
def decisions(engine: sa.Engine) -> Callable[[], list[tuple[str, str]]]:
    """What is on record: (action, subject and detail), oldest first."""

    def look() -> list[tuple[str, str]]:
        with engine.connect() as connection:
            rows: Any = connection.execute(sa.select(AuditEntry.__table__).order_by(AuditEntry.seq)).all()
        return [(row.action, f"{row.subject} {json.dumps(row.detail)}") for row in rows]

    return look
