import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from gateway.supervisor import proc

Script = Callable[..., "subprocess.Popen[str]"]
Line = Callable[["subprocess.Popen[str]"], str]
Soon = Callable[..., None]

KEEP = """
import sys
from gateway.supervisor.children import ChildSpec
from gateway.supervisor.supervisor import Supervisor
with Supervisor(lambda text: print(text, flush=True), together=sys.argv[1] == "together") as supervisor:
    for name, command in zip(sys.argv[2::2], sys.argv[3::2]):
        supervisor.start(ChildSpec(name, ("sh", "-c", command), stop_seconds=2))
    print("up", flush=True)
    supervisor.run()
"""

# A web server whose worker, in a session of its own, holds the port and hears no SIGTERM.
WEB = """
import pathlib, signal, socket, subprocess, sys, time
port = socket.socket()
port.bind(("127.0.0.1", int(sys.argv[1])))
port.listen()
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen(["sleep", "60"], start_new_session=True, pass_fds=[port.fileno()])
with pathlib.Path("generations").open("a") as file:
    file.write(f"{__import__('os').getpid()}\\n")
time.sleep(60)
"""

GENERATIONS = """
import sys
from gateway.supervisor.children import ChildSpec
from gateway.supervisor.supervisor import Supervisor
with Supervisor(lambda text: print(text, flush=True)) as supervisor:
    supervisor.start(ChildSpec("web", (sys.executable, "-c", sys.argv[1], sys.argv[2]), stop_seconds=0.2))
    print("up", flush=True)
    supervisor.run()
"""

HOPELESS = """
from gateway.supervisor.children import ChildSpec
from gateway.supervisor.errors import CannotStartError
from gateway.supervisor.supervisor import Supervisor
try:
    with Supervisor(lambda text: None) as supervisor:
        supervisor.start(ChildSpec("web", ("false",)))
        supervisor.wait_until(lambda: False, 30, "web")
except CannotStartError as error:
    print(error, flush=True)
"""

ERRAND = """
from gateway.supervisor.children import ChildSpec
from gateway.supervisor.supervisor import Supervisor
with Supervisor(lambda text: None) as supervisor:
    print(supervisor.errand(ChildSpec("errand", ("sh", "-c", "exit 3")), 10), flush=True)
"""


def _lines(path: Path) -> list[str]:
    return path.read_text().split() if path.exists() else []


def test_whatever_dies_is_started_again(script: Script, line: Line, tmp_path: Path, soon: Soon) -> None:
    keeper = script(KEEP, "ordered", "web", "echo $$ >> pids; exec sleep 60")
    assert line(keeper) == "up"
    pids = tmp_path / "pids"
    soon(lambda: len(_lines(pids)) == 1)
    os.kill(int(_lines(pids)[0]), signal.SIGKILL)
    assert line(keeper) == "web died (signal 9), started again"
    soon(lambda: len(_lines(pids)) == 2)


def test_no_two_generations_share_a_port(
    script: Script, line: Line, tmp_path: Path, soon: Soon, port: int
) -> None:
    keeper = script(GENERATIONS, WEB, port)
    assert line(keeper) == "up"
    born = tmp_path / "generations"
    for generation in (1, 2, 3):
        soon(lambda wanted=generation: len(_lines(born)) == wanted)
        os.kill(int(_lines(born)[-1]), signal.SIGKILL)
        assert line(keeper) == "web died (signal 9), started again"
    soon(lambda: len(_lines(born)) == 4)
    assert len([pid for pid in proc.all_pids() if _holds(pid, tmp_path)]) == 1
    keeper.terminate()
    assert keeper.wait(30) == 0
    assert not [pid for pid in proc.all_pids() if _holds(pid, tmp_path)]


def _holds(pid: int, folder: Path) -> bool:
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == folder and Path(
            f"/proc/{pid}/cmdline"
        ).read_bytes().startswith(b"sleep")
    except OSError:
        return False


def test_children_are_stopped_one_by_one_in_the_reverse_order(
    script: Script, line: Line, tmp_path: Path, soon: Soon
) -> None:
    wait = "trap 'sleep 0.2; echo {0} >> stopped; exit 0' TERM; : > ready-{0}; while :; do sleep 0.05; done"
    names = ("postgres", "redis", "web")
    keeper = script(KEEP, "ordered", *(part for name in names for part in (name, wait.format(name))))
    assert line(keeper) == "up"
    soon(lambda: all((tmp_path / f"ready-{name}").exists() for name in names))
    keeper.send_signal(signal.SIGINT)
    assert keeper.wait(30) == 0
    assert _lines(tmp_path / "stopped") == ["web", "redis", "postgres"]


def test_a_pool_is_stopped_all_at_once(script: Script, line: Line, tmp_path: Path, soon: Soon) -> None:
    """Each ends only when all were asked; one by one, each would be killed while it waits for the next."""
    wait = (
        "trap ': > asked-{0}; until [ $(ls asked-* | wc -l) = 4 ]; do sleep 0.05; done; echo {0} >> ended; exit' TERM;"
        ": > ready-{0}; while :; do sleep 0.05; done"
    )
    keeper = script(KEEP, "together", *(part for name in "abcd" for part in (name, wait.format(name))))
    assert line(keeper) == "up"
    soon(lambda: all((tmp_path / f"ready-{name}").exists() for name in "abcd"))
    keeper.terminate()
    assert keeper.wait(30) == 0
    assert sorted(_lines(tmp_path / "ended")) == ["a", "b", "c", "d"]


def test_what_keeps_dying_is_started_ever_more_slowly(
    script: Script, line: Line, tmp_path: Path, soon: Soon
) -> None:
    """The fourth time after 0.2, 0.4 and 0.8 seconds, however fast the machine is."""
    begun = time.monotonic()
    keeper = script(KEEP, "ordered", "web", "echo $$ >> pids; exit 1")
    assert line(keeper) == "up"
    soon(lambda: len(_lines(tmp_path / "pids")) == 4)
    assert time.monotonic() - begun > 1.4


def test_what_keeps_dying_at_the_start_up_ends_it_with_a_sentence(script: Script, line: Line) -> None:
    assert line(script(HOPELESS)) == "web does not stay up (exit code 1)."


def test_an_errand_is_run_once_and_its_end_is_told(script: Script, line: Line) -> None:
    assert line(script(ERRAND)) == "3"


def test_a_killed_supervisor_leaves_nothing(script: Script, line: Line, tmp_path: Path, soon: Soon) -> None:
    keeper = script(
        KEEP, "ordered", "web", "echo $$ >> pids; exec sleep 60", "worker", "echo $$ >> pids; exec sleep 9"
    )
    assert line(keeper) == "up"
    soon(lambda: len(_lines(tmp_path / "pids")) == 2)
    keeper.kill()
    soon(lambda: not any(proc.is_alive(int(pid)) for pid in _lines(tmp_path / "pids")))


def test_under_nohup_the_end_of_the_terminal_is_not_the_end(script: Script, line: Line, soon: Soon) -> None:
    keeper = script(
        "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n" + KEEP, "ordered", "web", "sleep 60"
    )
    assert line(keeper) == "up"
    keeper.send_signal(signal.SIGHUP)
    time.sleep(0.3)
    assert keeper.poll() is None
