"""`vigie up`: the whole gateway of one machine as one parent with its children."""

import http.client
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from gateway.supervisor.children import ChildSpec
from gateway.supervisor.embedded import prepare_folder
from gateway.supervisor.errors import StopRequestedError
from gateway.supervisor.lock import FolderLock
from gateway.supervisor.ports import require_port
from gateway.supervisor.postgres import Postgres
from gateway.supervisor.postgres import database_url as database_url_at
from gateway.supervisor.redis import Redis
from gateway.supervisor.redis import redis_url as redis_url_at
from gateway.supervisor.sockets import close_sockets
from gateway.supervisor.supervisor import Supervisor

_READY_SECONDS = 60


@dataclass(frozen=True)
class Plan:
    """What to run. Empty addresses mean the embedded servers; `environment` is added to every child's."""

    data_dir: Path
    port: int
    database_url: str
    redis_url: str
    environment: Mapping[str, str]
    migrate: Callable[[str], None]
    workers: int = 2


@dataclass(frozen=True)
class Running:
    """Everything is up."""

    plan: Plan
    database_url: str
    redis_url: str
    supervisor: Supervisor

    @property
    def web_url(self) -> str:
        return f"http://127.0.0.1:{self.plan.port}"

    def errand(self, *arguments: str, seconds: float = 60) -> int:
        """Run another `vigie` command against this gateway, its output going to the terminal."""
        return self.supervisor.errand(_command(self, *arguments), seconds)


def run_up(plan: Plan, on_ready: Callable[[Running], None], say: Callable[[str], None]) -> None:
    """Start everything, tell when it is ready, keep it running until asked to stop, and stop it."""
    say = _regardless(say)
    with ExitStack() as ending:
        ending.enter_context(FolderLock(plan.data_dir))
        require_port(plan.port)
        (plan.data_dir / "log").mkdir(exist_ok=True)
        ending.callback(close_sockets, plan.data_dir)
        supervisor = ending.enter_context(Supervisor(say))
        ending.push(lambda *_: say("stopping"))
        try:
            on_ready(_start(plan, supervisor, say))
            supervisor.run()
        except StopRequestedError:
            return


def _regardless(say: Callable[[str], None]) -> Callable[[str], None]:
    """A terminal or pipe that has gone away is no reason to stop a gateway."""

    def speak(line: str) -> None:
        with suppress(OSError):
            say(line)

    return speak


def _start(plan: Plan, supervisor: Supervisor, say: Callable[[str], None]) -> Running:
    database_url, redis_url = _start_servers(plan, supervisor, say)
    say("bringing the database's schema up to date")
    plan.migrate(database_url)
    running = Running(plan, database_url, redis_url, supervisor)
    say("starting clock, workers and web")
    # They are stopped in the reverse order: web first, so that no message comes in that nobody reads.
    for name, arguments in (
        ("clock", ()),
        ("worker", ("-n", str(plan.workers))),
        ("web", ("--port", str(plan.port))),
    ):
        supervisor.start(_command(running, name, *arguments, log=plan.data_dir / "log" / f"{name}.log"))
    supervisor.wait_until(lambda: _is_ready(plan.port), _READY_SECONDS, "The web process")
    return running


def _start_servers(plan: Plan, supervisor: Supervisor, say: Callable[[str], None]) -> tuple[str, str]:
    """Start those of the two servers for which no address is set, and wait for them."""
    database_url, redis_url = plan.database_url, plan.redis_url
    if database_url and redis_url:
        return database_url, redis_url
    sockets = prepare_folder(plan.data_dir)
    # Both are looked for before one is started: what is missing is said at once.
    postgres = None if database_url else Postgres(plan.data_dir, sockets)
    bell = None if redis_url else Redis(plan.data_dir, sockets)
    if postgres is not None:
        say(
            "starting PostgreSQL"
            if postgres.cluster.exists()
            else "making the database (the first time only)"
        )
        postgres.prepare()
        supervisor.start(postgres.spec())
    if bell is not None:
        say("starting Redis")
        supervisor.start(bell.spec())
    started = [server for server in (postgres, bell) if server is not None]
    supervisor.wait_until(
        lambda: all(server.ready() for server in started), _READY_SECONDS, "The database or Redis"
    )
    return database_url or database_url_at(sockets), redis_url or redis_url_at(sockets)


def _command(running: Running, *arguments: str, log: Path | None = None) -> ChildSpec:
    plan = running.plan
    return ChildSpec(
        name=arguments[0],
        # -P: a folder named `gateway` where the operator happens to stand is not ours
        run=(sys.executable, "-P", "-m", "gateway.cli", *arguments),
        env=os.environ
        | dict(plan.environment)
        | {
            "VIGIE_DATA_DIR": str(plan.data_dir.resolve()),
            "VIGIE_DATABASE_URL": running.database_url,
            "VIGIE_REDIS_URL": running.redis_url,
        },
        log=log,
    )


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
