"""Supervisors are tried in processes of their own: they adopt and end every orphan below them."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

import gateway
from gateway.supervisor import proc

Script = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def script(tmp_path: Path) -> Iterator[Script]:
    """Run a Python text as a process; its standard output is a pipe."""
    started: list[subprocess.Popen[str]] = []
    environment = os.environ | {"PYTHONPATH": str(Path(gateway.__file__).parents[1])}

    def run(text: str, *arguments: object) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-c", text, *map(str, arguments)],
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=tmp_path,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.terminate()  # a supervisor clears up behind itself, even behind what ignores its end
    for process in started:
        with suppress(subprocess.TimeoutExpired):
            process.wait(5)
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


@pytest.fixture
def line() -> Callable[["subprocess.Popen[str]"], str]:
    """Read the next line that a script prints."""

    def read(process: "subprocess.Popen[str]") -> str:
        assert process.stdout is not None
        return process.stdout.readline().strip()

    return read


@pytest.fixture
def soon() -> Callable[..., None]:
    """Wait until something is so, or fail."""

    def wait(check: Callable[[], bool], seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not check():
            assert time.monotonic() < deadline, "it did not come to be"
            time.sleep(0.02)

    return wait


@pytest.fixture
def gone(soon: Callable[..., None]) -> Callable[..., None]:
    """Wait until none of these processes lives."""

    def wait(*pids: int) -> None:
        soon(lambda: not any(proc.is_alive(pid) for pid in pids))

    return wait


@pytest.fixture
def port() -> int:
    """A port of this machine that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
