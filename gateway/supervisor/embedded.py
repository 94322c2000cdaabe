"""PostgreSQL and Redis of a data folder without the rest: for tests, benchmarks and one-off commands."""

import os
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from gateway.supervisor.children import Child, describe
from gateway.supervisor.errors import CannotStartError
from gateway.supervisor.identity import server_identity
from gateway.supervisor.lock import FolderLock
from gateway.supervisor.postgres import Postgres, database_url
from gateway.supervisor.redis import Redis, redis_url
from gateway.supervisor.sockets import close_sockets, find_sockets, open_sockets

_READY_SECONDS = 60


@dataclass(frozen=True)
class Embedded:
    """Both servers, running; they die with the process that started them."""

    database_url: str
    redis_url: str
    postgres: Child
    redis: Child
    _ending: ExitStack

    def stop(self) -> None:
        self._ending.close()


def prepare_folder(data_dir: Path) -> Path:
    """Make the folders that the servers need; gives back the one for their sockets."""
    (data_dir / "log").mkdir(parents=True, exist_ok=True)
    user = server_identity(data_dir)
    return open_sockets(data_dir, None if user is None else (user.uid, user.gid))


def start_embedded(data_dir: Path, *, fsync: bool = True) -> Embedded:
    """Start both and wait until they answer. `fsync=False` is for data that may be lost: tests."""
    with ExitStack() as ending:
        ending.enter_context(FolderLock(data_dir))
        sockets = prepare_folder(data_dir)
        ending.callback(close_sockets, data_dir)
        postgres, redis = Postgres(data_dir, sockets, fsync=fsync), Redis(data_dir, sockets)
        postgres.prepare()
        database = Child(postgres.spec())
        ending.callback(database.stop)
        bell = Child(redis.spec())
        ending.callback(bell.stop)
        _await(database, postgres.ready)
        _await(bell, redis.ready)
        return Embedded(postgres.url, redis.url, database, bell, ending.pop_all())


def running_urls(data_dir: Path) -> tuple[str, str] | None:
    """Addresses (database, Redis) of the servers that a `vigie up` on this folder runs, for other commands."""
    sockets = find_sockets(data_dir)
    if sockets is None or not os.access(sockets, os.R_OK | os.X_OK):  # another user's
        return None
    if not any(_is_answered(path) for path in sockets.iterdir()):
        return None
    return database_url(sockets), redis_url(sockets)


def _is_answered(path: Path) -> bool:
    """Whether somebody listens at a socket; one that a kill left behind refuses."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def _await(child: Child, ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while not ready():
        status = child.poll()
        if status is not None:
            raise CannotStartError(
                f"{child.spec.name} ended with {describe(status)}; {child.spec.log} tells why."
            )
        if time.monotonic() > deadline:
            raise CannotStartError(f"{child.spec.name} does not answer; {child.spec.log} tells why.")
        time.sleep(0.03)
