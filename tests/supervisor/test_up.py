"""`vigie up` as a whole, with real kills: what dies comes back, and what is killed outright leaves nothing."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

import gateway
from gateway.supervisor import proc
from gateway.supervisor.sockets import find_sockets

_ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("VIGIE_")} | {
    "PYTHONPATH": str(Path(gateway.__file__).parents[1])
}
_LISTENING = "0A"
_WORKERS = 4  # two readers, a sender of alerts and one of the rest


@dataclass
class Up:
    """A running `vigie up`."""

    process: "subprocess.Popen[str]"
    folder: Path
    port: int

    def child(self, command: str) -> int:
        """The pid of `vigie COMMAND`, which the parent runs (or is just starting)."""
        found: list[int] = []

        def is_there() -> bool:
            found[:] = [pid for pid in proc.children_of(self.process.pid) if command in _words(pid)]
            return bool(found)

        soon(is_there)
        return found[0]

    def pool(self) -> tuple[int, set[int]]:
        """The pid of the worker pool, and those of its workers once all are there."""
        soon(lambda: len(proc.children_of(self.child("worker"))) == _WORKERS)
        pool = self.child("worker")
        return pool, proc.children_of(pool)

    def wait_ready(self) -> None:
        soon(self.is_ready, 60)

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/ready", timeout=2) as answer:
                return all(part == "ok" for part in json.load(answer)["parts"].values())
        except OSError:
            return False

    def line_with(self, words: str) -> str:
        assert self.process.stdout is not None
        return next(line for line in self.process.stdout if words in line)

    def finish(self) -> None:
        self.process.terminate()
        self.process.wait(60)
        assert self.process.stdout is not None
        self.process.stdout.close()


def start(folder: Path, port: int) -> Up:
    command = (sys.executable, "-P", "-m", "gateway.cli", "up", "--demo", "--port", str(port))
    process = subprocess.Popen(
        [*command, "--data-dir", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=_ENVIRONMENT,
    )
    return Up(process, folder, port)


def soon(check: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, "it did not come to be"
        time.sleep(0.05)


def _words(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    except OSError:
        return []


def belongings(folder: Path, sockets: Path | None) -> set[int]:
    """Every living process of a data folder: by environment, by working folder, by the sockets' folder."""
    marker = f"VIGIE_DATA_DIR={folder}\0".encode()
    found = proc.working_in(folder / "postgres", "postgres")
    for pid in filter(proc.is_alive, proc.all_pids()):
        try:
            ours = marker in Path(f"/proc/{pid}/environ").read_bytes()
        except OSError:
            continue
        if ours or (sockets is not None and str(sockets) in " ".join(_words(pid))):
            found.add(pid)
    return found


def listeners(port: int) -> set[int]:
    """Processes that hold a listening socket on a port."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    inodes = {row[9] for row in rows if row[3] == _LISTENING and int(row[1].split(":")[1], 16) == port}
    return {pid for pid in proc.all_pids() if inodes & _sockets_of(pid)}


def _sockets_of(pid: int) -> set[str]:
    try:
        links = [str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()]
    except OSError:
        return set()
    return {link.removeprefix("socket:[").rstrip("]") for link in links if link.startswith("socket:")}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    running = start(tmp_path_factory.mktemp("up") / "var", _free_port())
    running.wait_ready()
    yield running
    running.finish()


def test_a_killed_web_process_is_started_again_alone_on_its_port(up: Up) -> None:
    main = up.child("web")
    generation = {main, *proc.children_of(main)}
    os.kill(main, signal.SIGKILL)
    up.line_with("web died (signal 9), started again")
    up.wait_ready()
    assert not any(proc.is_alive(pid) for pid in generation)
    fresh = up.child("web")
    assert listeners(up.port) <= {fresh, *proc.children_of(fresh)}


def test_a_killed_worker_pool_is_started_again_without_the_old_workers(up: Up) -> None:
    pool, workers = up.pool()
    os.kill(pool, signal.SIGKILL)
    up.line_with("worker died (signal 9), started again")
    assert not any(proc.is_alive(pid) for pid in {pool, *workers})
    assert up.pool()[0] != pool


def test_one_killed_worker_is_started_again_by_its_pool(up: Up) -> None:
    pool, workers = up.pool()
    killed = min(workers)
    os.kill(killed, signal.SIGKILL)
    soon(lambda: killed not in up.pool()[1])
    assert up.pool()[0] == pool


def test_killed_servers_are_started_again_and_found_by_all(up: Up) -> None:
    servers = [pid for pid in proc.children_of(up.process.pid) if "gateway.cli" not in _words(pid)]
    assert len(servers) == 2
    for pid in servers:
        os.kill(pid, signal.SIGKILL)
    for _ in servers:
        up.line_with("died (signal 9), started again")
    up.wait_ready()


def test_a_second_parent_on_the_same_folder_is_refused_in_a_sentence(up: Up) -> None:
    second = start(up.folder, _free_port())
    said, _ = second.process.communicate(timeout=60)
    assert second.process.returncode == 1
    assert f"is in use by another vigie (process {up.process.pid}); stop it first." in said
    assert "Traceback" not in said


def test_a_port_in_use_is_refused_in_a_sentence(up: Up, tmp_path: Path) -> None:
    other = start(tmp_path / "var", up.port)
    said, _ = other.process.communicate(timeout=60)
    assert other.process.returncode == 1
    assert said.strip().splitlines()[-1] == (
        f"vigie: Port {up.port} is in use by another program; choose another with --port."
    )


def test_killed_outright_it_leaves_nothing_and_the_next_start_recovers(tmp_path: Path) -> None:
    folder, port = tmp_path / "var", _free_port()
    killed = start(folder, port)
    killed.wait_ready()
    sockets = find_sockets(folder)
    with psycopg.connect(host=str(sockets), user="vigie", dbname="vigie") as connection:
        connection.execute("CREATE TABLE kept AS SELECT 647 AS people")
    assert len(belongings(folder, sockets)) > 10
    killed.process.kill()
    killed.process.wait()
    soon(lambda: not belongings(folder, sockets))

    again = start(folder, port)
    again.wait_ready()
    with psycopg.connect(host=str(find_sockets(folder)), user="vigie", dbname="vigie") as connection:
        assert connection.execute("SELECT people FROM kept").fetchone() == (647,)
    again.process.terminate()
    assert again.process.wait(60) == 0
    assert not belongings(folder, find_sockets(folder) or sockets)
    assert sockets is not None
    assert not sockets.exists()
    for running in (killed, again):
        assert running.process.stdout is not None
        running.process.stdout.close()


def test_asked_to_stop_while_starting_it_stops_cleanly(tmp_path: Path) -> None:
    early = start(tmp_path / "var", _free_port())
    early.line_with("starting Redis")
    early.process.send_signal(signal.SIGINT)
    assert early.process.wait(60) == 0
    assert not belongings(tmp_path / "var", None)
    assert early.process.stdout is not None
    early.process.stdout.close()
