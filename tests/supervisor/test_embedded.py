"""The embedded servers, as root (who becomes another user for them) or as whoever runs the tests."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from gateway.supervisor import proc
from gateway.supervisor.children import Child, ChildSpec
from gateway.supervisor.embedded import Embedded, running_urls, start_embedded
from gateway.supervisor.errors import CannotStartError
from gateway.supervisor.kernel import Identity
from gateway.supervisor.lock import FolderLock
from gateway.supervisor.sockets import find_sockets

Script = Callable[..., "subprocess.Popen[str]"]
Line = Callable[["subprocess.Popen[str]"], str]
Soon = Callable[..., None]
Start = Callable[[Path], Embedded]

HOLD = """
import sys, time
from pathlib import Path
from gateway.supervisor.embedded import start_embedded
servers = start_embedded(Path(sys.argv[1]), fsync=False)
print(servers.postgres.pid, servers.redis.pid, flush=True)
time.sleep(60)
"""

KEEP = """
import sys
from pathlib import Path
from gateway.supervisor.embedded import prepare_folder
from gateway.supervisor.postgres import Postgres
from gateway.supervisor.supervisor import Supervisor
data = Path(sys.argv[1])
with Supervisor(lambda text: print(text, flush=True)) as supervisor:
    server = Postgres(data, prepare_folder(data))
    server.prepare()
    supervisor.start(server.spec())
    supervisor.wait_until(server.ready, 30, "PostgreSQL")
    print("up", flush=True)
    supervisor.run()
"""


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[Embedded] = []

    def run(folder: Path) -> Embedded:
        started.append(start_embedded(folder, fsync=False))
        return started[-1]

    yield run
    for servers in started:
        servers.stop()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a database in it, stopped."""
    folder = tmp_path_factory.mktemp("made")
    servers = start_embedded(folder, fsync=False)
    with connect(folder) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept AS SELECT 647 AS people")
    servers.stop()
    return folder


def connect(folder: Path, user: str = "vigie") -> psycopg.Connection[tuple[int]]:
    return psycopg.connect(host=str(find_sockets(folder)), user=user, dbname="vigie", connect_timeout=2)


def people(folder: Path) -> int:
    with connect(folder) as connection:
        row = connection.execute("SELECT people FROM kept").fetchone()
    assert row is not None
    return row[0]


def test_both_answer_at_their_addresses_and_leave_nothing_when_stopped(made: Path) -> None:
    servers = start_embedded(made, fsync=False)
    assert running_urls(made) == (servers.database_url, servers.redis_url)
    client = redis.Redis.from_url(servers.redis_url)
    assert client.ping()
    client.close()
    assert people(made) == 647
    sockets = find_sockets(made)
    assert sockets is not None
    assert sockets.stat().st_mode & 0o077 == 0
    servers.stop()
    assert running_urls(made) is None
    assert not sockets.exists()
    assert not proc.working_in(made / "postgres", "postgres")


def test_a_data_folder_deeper_than_a_socket_path_works(tmp_path: Path, start: Start) -> None:
    deep = tmp_path / ("a-rather-long-name-" * 6) / ("and-another-" * 6)
    servers = start(deep)
    assert len(str(deep)) > 107
    assert servers.postgres.poll() is None
    with connect(deep) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_two_parents_of_one_folder_are_kept_apart(tmp_path: Path) -> None:
    with (
        FolderLock(tmp_path),
        pytest.raises(CannotStartError, match=rf"process {os.getpid()}\); stop it first"),
    ):
        FolderLock(tmp_path)
    FolderLock(tmp_path).release()


def test_a_stale_lock_file_is_not_believed_though_its_number_belongs_to_a_living_process(
    made: Path, start: Start
) -> None:
    (made / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n{made}/postgres\n1\n5432\n/tmp\n\n")
    start(made)
    assert people(made) == 647


def test_a_database_that_was_killed_while_being_made_is_made_anew(tmp_path: Path, start: Start) -> None:
    half = tmp_path / "postgres.new-abc"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    start(tmp_path)
    assert not half.exists()


def test_killing_the_parent_ends_both_servers(
    made: Path, script: Script, line: Line, gone: Soon, start: Start
) -> None:
    holder = script(HOLD, made)
    pids = [int(pid) for pid in line(holder).split()]
    holder.kill()
    gone(*pids)
    assert running_urls(made) is None
    start(made)
    assert people(made) == 647


def test_the_next_start_may_follow_a_kill_at_once(
    made: Path, script: Script, line: Line, start: Start
) -> None:
    holder = script(HOLD, made)
    assert line(holder)
    holder.kill()
    start(made)
    assert people(made) == 647


def test_a_stopped_leftover_is_ended_by_the_next_start(
    made: Path, script: Script, line: Line, start: Start
) -> None:
    holder = script(HOLD, made)
    postmaster = int(line(holder).split()[0])
    os.kill(postmaster, signal.SIGSTOP)
    holder.kill()
    holder.wait()
    assert proc.is_alive(postmaster)
    start(made)
    assert not proc.is_alive(postmaster)
    assert people(made) == 647


def test_a_killed_postgres_is_started_again_with_its_data(
    made: Path, script: Script, line: Line, soon: Soon
) -> None:
    keeper = script(KEEP, made)
    assert line(keeper) == "up"
    first = int((made / "postgres" / "postmaster.pid").read_text().split()[0])
    session = connect(made)
    session.execute("SELECT 1")
    os.kill(first, signal.SIGKILL)
    assert line(keeper) == "postgres died (signal 9), started again"
    session.close()

    def answers() -> bool:
        try:
            return people(made) == 647
        except psycopg.OperationalError:
            return False

    soon(answers)
    keeper.terminate()
    assert keeper.wait(20) == 0
    assert not proc.working_in(made / "postgres", "postgres")


def test_the_gateway_is_no_superuser_of_its_database(made: Path, start: Start) -> None:
    start(made)
    with connect(made) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("SELECT pg_read_file('/etc/passwd')")


def test_no_text_reaches_the_log_of_the_database(made: Path, start: Start) -> None:
    start(made)
    for statement in ("SELECT 1/0 WHERE %s <> ''", "SELECT %s::int", "INSERT INTO nowhere VALUES (%s)"):
        with connect(made) as connection, pytest.raises(psycopg.Error):
            connection.execute(statement, ("SOS ASM 647",))
    log = (made / "log" / "postgres.log").read_text()
    assert "ready to accept connections" in log
    assert "SOS ASM" not in log


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes other users, which only root can")
def test_another_user_cannot_connect(made: Path, start: Start) -> None:
    start(made)
    sockets = find_sockets(made)

    def intrude() -> None:
        for user in ("vigie", "postgres"):
            with pytest.raises(psycopg.OperationalError):
                psycopg.connect(host=str(sockets), user=user, dbname="vigie")

    # One who cannot enter the folder, and one whom only PostgreSQL itself can refuse.
    for identity in (
        Identity(65534, 65534),
        Identity(59347, 59347),
        Identity(65534, 65534, reads_everything=True),
    ):
        assert Child(ChildSpec("intruder", intrude, identity=identity)).wait(20) == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user, which only root can")
def test_a_plain_user_can_run_it_too(tmp_path: Path, start: Start) -> None:
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, 65534, 65534)

    def run() -> None:
        servers = start_embedded(home / "var", fsync=False)
        with connect(home / "var") as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        servers.stop()

    # It may read everything, for this machine's Python may be in a home that is closed to it.
    plain = Identity(65534, 65534, reads_everything=True)
    assert Child(ChildSpec("plain", run, identity=plain)).wait(60) == 0
    # And root after that: the cluster stays its owner's.
    start(home / "var")
    assert (home / "var" / "postgres").stat().st_uid == 65534


@pytest.mark.skipif(os.geteuid() != 0, reason="changes owners, which only root can")
def test_a_database_that_root_unpacked_is_given_to_the_servers_user(made: Path, start: Start) -> None:
    for path in [made / "postgres", *(made / "postgres").rglob("*")]:
        os.chown(path, 0, 0)
    start(made)
    assert people(made) == 647
    assert (made / "postgres").stat().st_uid == 59347
