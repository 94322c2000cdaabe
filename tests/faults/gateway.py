"""A real `vigie up --demo` in a process of its own, and the hands to hurt it with."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import redis
import sqlalchemy as sa
from rq import Worker
from sqlalchemy.pool import NullPool

import gateway as package
from gateway.bootstrap import open_cipher
from gateway.inbox.spool import Spool
from gateway.settings import Settings
from gateway.storage.cipher import Cipher
from gateway.supervisor import proc
from gateway.supervisor.embedded import running_urls
from tests.standins.twilio import TwilioStandIn

REPOSITORY = Path(package.__file__).parents[1]
_READY_SECONDS, _STOP_SECONDS = 60.0, 45.0


def eventually(check: Callable[[], Any], what: str, within: float = 30) -> Any:
    """The first answer that is true; a server that is away just now has not answered yet."""
    deadline = time.monotonic() + within
    while True:
        with suppress(sa.exc.OperationalError, redis.RedisError, OSError):
            if answer := check():
                return answer
        assert time.monotonic() < deadline, f"not within {within:.0f} s: {what}"
        time.sleep(0.05)


class Gateway:
    """Use as a context manager. Its texts go to a strict stand-in of Twilio."""

    def __init__(
        self,
        folder: Path,
        standin: TwilioStandIn,
        *,
        pace: float = 1,
        hooks: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.data_dir = folder / "var"
        self.standin = standin
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._pace = pace
        self._environment = environment or {}
        self._python_path = os.pathsep.join(map(str, filter(None, (hooks, REPOSITORY))))
        self._process: subprocess.Popen[bytes] | None = None
        self._output = folder / "up.log"

    def __enter__(self) -> Self:
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-P", "-m", "gateway.cli", "up", "--demo", "--pace", str(self._pace)),
                    *("--port", str(self.port), "--data-dir", str(self.data_dir)),
                ],
                env=self._surroundings(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            eventually(self._says_ready, f"ready; {self._output}", _READY_SECONDS)
            self._connect()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.redis.close()
        self._end()

    def _surroundings(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("VIGIE_")}
        return inherited | {
            "PYTHONPATH": self._python_path,
            "VIGIE_TWILIO_ACCOUNT_SID": self.standin.account_sid,
            "VIGIE_TWILIO_AUTH_TOKEN": self.standin.auth_token,
            "VIGIE_TWILIO_API_URL": self.standin.url,
            **self._environment,
        }

    def _says_ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self._output.read_text()
        return b"Vigie is ready" in self._output.read_bytes()

    def _connect(self) -> None:
        urls = running_urls(self.data_dir)
        assert urls is not None
        settings = Settings.read(data_dir=self.data_dir, database_url=urls[0], redis_url=urls[1])
        # No pool: its connections would be dead after each fault.
        self.engine = sa.create_engine(
            urls[0], poolclass=NullPool, hide_parameters=True, connect_args={"connect_timeout": 2}
        )
        self.redis = redis.Redis.from_url(urls[1], socket_timeout=2)
        self.cipher: Cipher = open_cipher(settings, self.engine)
        self.settings = settings

    def _end(self) -> None:
        assert self._process is not None
        for pid in (self._process.pid, *self._tree(self._process.pid)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        finally:
            self._process.kill()
            self._process.wait()

    # ---- looking

    def rows(self, statement: sa.Select[Any]) -> Sequence[sa.Row[Any]]:
        with self.engine.connect() as connection:
            return connection.execute(statement).all()

    def count(self, *conditions: sa.ColumnElement[bool]) -> int:
        """How many rows of the conditions' table there are."""
        with self.engine.connect() as connection:
            return connection.execute(sa.select(sa.func.count()).where(*conditions)).scalar_one()

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=15)
        try:
            connection.request("GET", path, headers=dict(headers or {}))
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def health(self) -> tuple[int, dict[str, Any]]:
        status, body = self.get("/health/ready")
        answer: dict[str, Any] = json.loads(body)
        return status, answer

    def is_well(self) -> bool:
        status, answer = self.health()
        return status == 200 and set(answer["parts"].values()) == {"ok"}

    def spooled(self) -> int:
        """How many messages wait on disk."""
        return len(Spool(self.data_dir / "spool").waiting())

    # ---- doing

    def vigie(self, *arguments: str) -> str:
        """What another `vigie` command prints."""
        done = subprocess.run(
            [sys.executable, "-P", "-m", "gateway.cli", *arguments],
            env=self._surroundings() | {"VIGIE_DATA_DIR": str(self.data_dir)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    # ---- its processes

    @property
    def parent(self) -> int:
        assert self._process is not None
        return self._process.pid

    def child(self, name: str) -> int:
        """`web`, `worker`, `clock`, `postgres` or `redis`."""
        found = [pid for pid in proc.children_of(self.parent) if _is(pid, name)]
        assert len(found) == 1, f"{len(found)} processes named {name}"
        return found[0]

    def lives(self, *names: str) -> bool:
        children = list(proc.children_of(self.parent))
        return all(any(_is(pid, name) for pid in children) for name in names)

    def web_workers(self) -> set[int]:
        return {pid for pid in proc.children_of(self.child("web")) if _is(pid, "web")}

    def workers(self, role: str) -> set[int]:
        """Those of a role: `inbox`, `alerts` or `outbox`."""
        queue = {"inbox": "inbox", "alerts": "outbox-alerts", "outbox": "outbox"}[role]
        living = proc.children_of(self.child("worker"))
        listed = Worker.all(connection=self.redis)
        return {one.pid for one in listed if queue in one.queue_names() and one.pid in living}

    def _tree(self, root: int) -> Iterator[int]:
        for pid in proc.children_of(root):
            yield pid
            yield from self._tree(pid)

    # ---- what is done to them

    def kill(self, *names: str) -> None:
        for name in names:
            kill(self.child(name))

    @contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """Stop a child and all below it: it holds its connections and answers nothing."""
        root = self.child(name)
        with stopped([root]), stopped(list(self._tree(root))):
            yield

    @contextmanager
    def gone(self, *names: str) -> Iterator[None]:
        """Kill children, and keep their parent from starting them again."""
        with stopped([self.parent]):
            self.kill(*names)
            yield


def kill(*pids: int) -> None:
    send(signal.SIGKILL, pids)


@contextmanager
def stopped(pids: Collection[int]) -> Iterator[None]:
    send(signal.SIGSTOP, pids)
    try:
        yield
    finally:
        send(signal.SIGCONT, pids)


def send(number: signal.Signals, pids: Iterable[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _is(pid: int, name: str) -> bool:
    """A server by its program's name, one of ours by its command."""
    try:
        program = Path(f"/proc/{pid}/comm").read_text().strip()
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False  # ended meanwhile
    named = b"gateway.cli" in words and name.encode() in words
    return (named or program.startswith(name)) and proc.is_alive(pid)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
