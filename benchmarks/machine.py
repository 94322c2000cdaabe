"""The programs that are measured: started for one phase, counted by their CPU time, stopped."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import sqlalchemy as sa

from benchmarks.load import ACCOUNT, TOKEN
from gateway import bootstrap, demo
from gateway.services import Services
from gateway.settings import Settings
from gateway.supervisor.embedded import Embedded, start_embedded

_TICKS = os.sysconf("SC_CLK_TCK")
SECRET_KEY = "a secret key for benchmarks only"


@dataclass
class Machine:
    """PostgreSQL, Redis and whatever else a phase needs, all new."""

    folder: Path
    port: int
    servers: Embedded
    settings: Settings
    services: Services
    programs: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def public_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, *arguments: str) -> None:
        """Run a module of ours beside the servers."""
        log = (self.folder / f"{len(self.programs)}-{arguments[0]}.log").open("wb")
        environment = os.environ | self.environment()
        self.programs.append(
            subprocess.Popen(
                (sys.executable, "-m", *arguments),
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        )
        log.close()

    def environment(self) -> Mapping[str, str]:
        return {
            "VIGIE_DATA_DIR": str(self.folder / "var"),
            "VIGIE_SECRET_KEYS": SECRET_KEY,
            "VIGIE_DATABASE_URL": self.servers.database_url,
            "VIGIE_REDIS_URL": self.servers.redis_url,
            "VIGIE_PUBLIC_URL": self.public_url,
            "VIGIE_TWILIO_ACCOUNT_SID": ACCOUNT,
            "VIGIE_TWILIO_AUTH_TOKEN": TOKEN,
            "VIGIE_TWILIO_API_URL": self.settings.twilio_api_url,
            "VIGIE_LOG_LEVEL": "WARNING",
            "VIGIE_DEMO": "true",
        }

    def start_gateway(self, *, workers: int = 2, web: bool = True) -> None:
        """Web, readers and clock; the senders are measured apart."""
        self.start("gateway.cli", "clock")
        for number in range(workers):
            self.start("benchmarks.worker", f"inbox-{number}")
        if web:
            self.start("gateway.cli", "web", "--port", str(self.port))
            self.wait_for_port()

    def start_senders(self) -> None:
        """The outbox's two senders, and the stand-in of Twilio that takes what they send."""
        port = urlsplit(self.settings.twilio_api_url).port
        self.start(
            "tests.standins.twilio",
            "--port",
            str(port),
            "--account-sid",
            ACCOUNT,
            "--auth-token",
            TOKEN,
            "--no-callbacks",
        )
        self.wait_for_port(port)
        self.start("benchmarks.worker", "alerts")
        self.start("benchmarks.worker", "outbox")

    def wait_for_port(self, port: int | None = None) -> None:
        def open_() -> bool:
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port or self.port)) == 0

        wait_until(open_, 60)

    def cpu_seconds(self, *, but: "subprocess.Popen[bytes] | None" = None) -> float:
        """Of all the programs and servers and their children, the reaped ones included."""
        ours = {program.pid for program in self.programs if program is not but}
        ours |= {self.servers.postgres.pid, self.servers.redis.pid}
        return sum(_cpu(pid) for pid in _with_descendants(ours))

    def count(self, query: str) -> int:
        with self.services.engine.connect() as connection:
            number: int = connection.execute(sa.text(query)).scalar_one()
        return number

    def stop_programs(self) -> None:
        for program in self.programs:
            os.killpg(program.pid, signal.SIGKILL)
            program.wait()
        self.programs.clear()


@contextmanager
def machine() -> Iterator[Machine]:
    """Fresh servers with the demo agency in them, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="vigie-bench-"))
    folder.chmod(0o755)
    servers = start_embedded(folder / "var")
    try:
        port = _free_port()
        settings = Settings.read(
            data_dir=folder / "var",
            database_url=servers.database_url,
            redis_url=servers.redis_url,
            secret_keys=(SECRET_KEY,),
            public_url=f"http://127.0.0.1:{port}",
            twilio_account_sid=ACCOUNT,
            twilio_auth_token=TOKEN,
            twilio_api_url=f"http://127.0.0.1:{_free_port()}",
        )
        bootstrap.migrate(settings)
        services = bootstrap.build_services(settings)
        with services.engine.begin() as connection:
            demo.seed(connection, services.cipher, settings)
        running = Machine(folder, port, servers, settings, services)
        try:
            yield running
        finally:
            running.stop_programs()
            services.engine.dispose()
    finally:
        servers.stop()
        shutil.rmtree(folder, ignore_errors=True)


def wait_until(ready: Callable[[], bool], seconds: float, pause: float = 0.02) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not ready within {seconds} s")
        time.sleep(pause)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _cpu(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(int(value) for value in fields[11:15]) / _TICKS


def _with_descendants(pids: set[int]) -> set[int]:
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found, todo = set(), list(pids)
    while todo:
        pid = todo.pop()
        found.add(pid)
        todo += parents.get(pid, [])
    return found
