"""One child process: started so that it cannot outlive us, and stopped so that nothing of it remains."""

import os
import select
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from gateway.supervisor.errors import SupervisorError
from gateway.supervisor.kernel import Identity, become
from gateway.supervisor.kernel import die_with_parent as die_with_parent  # noqa: PLC0414 - offered here as well

_LOG_LIMIT = 10 * 1024 * 1024


def _nothing() -> None:
    pass


@dataclass(frozen=True)
class ChildSpec:
    """How to start and stop one child. `run` is a command line, or a Python function to run in a fork."""

    name: str
    run: Sequence[str] | Callable[[], None]
    env: Mapping[str, str] | None = None
    identity: Identity | None = None
    log: Path | None = None
    standard_input: bytes = b""
    death_signal: signal.Signals = signal.SIGKILL
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10
    before: Callable[[], None] = _nothing
    """Runs in the parent before every start: clears what a dead generation left."""


class Child:
    """A started child. Its process group is its own, so a Ctrl-C at the terminal reaches the parent alone."""

    def __init__(self, spec: ChildSpec) -> None:
        if threading.current_thread() is not threading.main_thread():
            raise SupervisorError("Children are started from the main thread only: they die with the thread.")
        spec.before()
        self.spec = spec
        self.started = time.monotonic()
        self.status: int | None = None
        parent = os.getpid()
        sys.stdout.flush()  # else a fork prints it a second time
        self.pid = os.fork()
        if self.pid == 0:
            _live(spec, parent)

    def poll(self) -> int | None:
        """Exit code, or minus the signal that ended it; None while it lives."""
        if self.status is None:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            if ended:
                self.status = os.waitstatus_to_exitcode(status)
        return self.status

    def wait(self, seconds: float) -> int | None:
        """Like poll, but gives it time to end."""
        if self.poll() is None:
            watch = os.pidfd_open(self.pid)
            try:
                select.select([watch], [], [], seconds)
            finally:
                os.close(watch)
        return self.poll()

    def send(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def ask(self) -> None:
        """Ask it to stop, and let it."""
        self.send(self.spec.stop_signal)

    def finish(self) -> int | None:
        """Wait for what was asked, then insist."""
        self.wait(self.spec.stop_seconds)
        self.kill()
        return self.wait(5)

    def kill(self) -> None:
        """End it and whatever is in its process group, at once."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self.send(signal.SIGKILL)  # it may not have come to found its group yet

    def stop(self) -> int | None:
        self.ask()
        return self.finish()


def describe(status: int) -> str:
    """`exit code 3` or `signal 9`."""
    return f"signal {-status}" if status < 0 else f"exit code {status}"


def _live(spec: ChildSpec, parent: int) -> NoReturn:
    """The child's whole life; never returns into the parent's code."""
    code = 1
    try:
        os.setsid()
        _take_streams(spec)
        _reset_signals()
        if spec.identity is not None:
            become(spec.identity)
        die_with_parent(spec.death_signal, parent)
        code = _run(spec)
    except SystemExit as exit_:
        code = exit_.code if isinstance(exit_.code, int) else 1
    except BaseException:  # noqa: BLE001 - whatever it is, it must not unwind into the parent's stack
        traceback.print_exc()
    finally:
        with suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _run(spec: ChildSpec) -> int:
    if callable(spec.run):
        spec.run()
        return 0
    env = os.environ if spec.env is None else spec.env
    try:
        os.execvpe(spec.run[0], list(spec.run), dict(env))  # noqa: S606 - no shell is wanted
    except OSError as error:
        sys.stderr.write(f"{spec.run[0]} cannot be started: {error.strerror}\n")
        return 127


def _take_streams(spec: ChildSpec) -> None:
    reading, writing = os.pipe()
    os.write(writing, spec.standard_input)  # a few statements: fits the pipe's buffer
    os.close(writing)
    os.dup2(reading, 0)
    if spec.log is not None:
        log = _open_log(spec.log)
        os.dup2(log, 1)
        os.dup2(log, 2)
    # Whatever the parent had put in the place of these is the parent's.
    sys.stdout = open(1, "w", buffering=1, closefd=False)  # noqa: SIM115 - lives as long as the process
    sys.stderr = open(2, "w", buffering=1, closefd=False)  # noqa: SIM115


def _open_log(path: Path) -> int:
    if path.exists() and path.stat().st_size > _LOG_LIMIT:
        path.replace(path.with_suffix(path.suffix + ".1"))
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def _reset_signals() -> None:
    """A child starts with the signals of a fresh process, not with its supervisor's."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
