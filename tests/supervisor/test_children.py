import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.supervisor import proc
from gateway.supervisor.children import Child, ChildSpec, describe
from gateway.supervisor.kernel import Identity

Script = Callable[..., "subprocess.Popen[str]"]
Line = Callable[["subprocess.Popen[str]"], str]
Gone = Callable[..., None]
Soon = Callable[..., None]

PARENT = """
import sys, time
from gateway.supervisor.children import Child, ChildSpec
from gateway.supervisor.kernel import Identity
uid, closed = int(sys.argv[1]), sys.argv[2] == "True"
child = Child(ChildSpec("sleeper", ("sleep", "1000"), identity=Identity(uid, uid, closed) if uid else None))
print(child.pid, flush=True)
time.sleep(1000)
"""

GRANDPARENT = """
import os, time
from gateway.supervisor.children import Child, ChildSpec

def middle():
    print(os.getpid(), Child(ChildSpec("grandchild", ("sleep", "1000"))).pid, flush=True)
    time.sleep(1000)

Child(ChildSpec("middle", middle))
time.sleep(1000)
"""

MULTIPROCESSING = """
import multiprocessing, os, time
from gateway.supervisor.children import die_with_parent

def work():
    die_with_parent()
    print(os.getpid(), flush=True)
    time.sleep(1000)

multiprocessing.get_context("fork").Process(target=work).start()
time.sleep(1000)
"""

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="changes its user, which only root can")


def test_a_child_dies_when_its_parent_is_killed(script: Script, line: Line, gone: Gone) -> None:
    parent = script(PARENT, 0, False)
    child = int(line(parent))
    assert proc.is_alive(child)
    parent.kill()
    gone(child)


@as_root
@pytest.mark.parametrize("passes_closed_folders", [False, True])
def test_a_child_that_left_root_dies_when_its_parent_is_killed(
    script: Script, line: Line, gone: Gone, passes_closed_folders: bool
) -> None:
    parent = script(PARENT, 59347, passes_closed_folders)
    child = int(line(parent))
    parent.kill()
    gone(child)


def test_grandchildren_die_with_the_grandparent(script: Script, line: Line, gone: Gone) -> None:
    top = script(GRANDPARENT)
    middle, grandchild = map(int, line(top).split())
    top.kill()
    gone(middle, grandchild)


def test_grandchildren_die_with_the_parent_between(script: Script, line: Line, gone: Gone) -> None:
    middle, grandchild = map(int, line(script(GRANDPARENT)).split())
    os.kill(middle, signal.SIGKILL)
    gone(grandchild)


def test_a_worker_of_multiprocessing_dies_with_its_parent(script: Script, line: Line, gone: Gone) -> None:
    parent = script(MULTIPROCESSING)
    worker = int(line(parent))
    parent.kill()
    gone(worker)


def test_a_child_whose_parent_died_before_it_could_arm_itself_ends_at_once(script: Script) -> None:
    late = script("from gateway.supervisor.children import die_with_parent; die_with_parent(parent=1 << 22)")
    assert late.wait(30) == -signal.SIGKILL


def test_a_child_has_a_process_group_of_its_own_and_the_signals_of_a_fresh_process(
    soon: Soon,
) -> None:
    old = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    try:
        child = Child(ChildSpec("sleeper", ("sleep", "1000")))
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, old)
    soon(lambda: os.getpgid(child.pid) == child.pid)
    assert os.getpgid(0) != child.pid
    assert child.stop() == -signal.SIGTERM


def test_a_child_that_does_not_hear_is_killed_after_its_time_limit(tmp_path: Path, soon: Soon) -> None:
    ready = tmp_path / "ready"
    hear_nothing = ("sh", "-c", 'trap "" TERM; : > "$0"; sleep 1000', str(ready))
    deaf = Child(ChildSpec("deaf", hear_nothing, stop_seconds=0.3))
    soon(ready.exists)
    assert deaf.stop() == -signal.SIGKILL


def test_how_a_child_ended_is_told_in_words() -> None:
    assert describe(-9) == "signal 9"
    assert describe(3) == "exit code 3"


def test_a_program_that_is_not_there_is_an_exit_code_and_a_line_in_the_log(
    tmp_path: Path,
) -> None:
    log = tmp_path / "log"
    child = Child(ChildSpec("nothing", ("/nowhere/at/all",), log=log, identity=None))
    assert child.wait(30) == 127
    assert "/nowhere/at/all cannot be started" in log.read_text()


@as_root
def test_a_child_that_left_root_cannot_come_back() -> None:
    become_root = ("sh", "-c", "grep -q '^CapEff:.0*4$' /proc/self/status && [ $(id -u) = 59347 ]")
    assert (
        Child(ChildSpec("small", become_root, identity=Identity(59347, 59347, reads_everything=True))).wait(
            30
        )
        == 0
    )
