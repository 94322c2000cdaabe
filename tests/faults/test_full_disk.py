"""PostgreSQL is away and the spool's disk is full: nothing is accepted that could be stored nowhere."""

import ctypes
import os
import resource
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.faults import law
from tests.faults.gateway import Gateway
from tests.faults.load import Text, at_once, say

NoSpace = Callable[[Gateway], AbstractContextManager[None]]


@contextmanager
def full_disk(gateway: Gateway) -> Iterator[None]:
    """A small disk without space in the place of the spool."""
    spool = gateway.data_dir / "spool"
    if not _mount(spool):
        pytest.skip(f"a disk cannot be mounted here: {os.strerror(ctypes.get_errno())}")
    try:
        _fill(spool)
        yield
    finally:
        assert _libc.umount2(os.fsencode(spool), 0) == 0, os.strerror(ctypes.get_errno())


@contextmanager
def used_up_quota(gateway: Gateway) -> Iterator[None]:
    """The kernel lets the web write no file: the same for whoever may not mount."""
    for pid in gateway.web_workers():
        _limit_files(pid, 0)
    try:
        yield
    finally:
        for pid in gateway.web_workers():
            _limit_files(pid, None)


@pytest.mark.parametrize("no_space", [full_disk, used_up_quota])
def test_with_postgresql_away_and_no_space_on_disk_messages_are_refused_until_there_is_some(
    gateway: Gateway, no_space: NoSpace
) -> None:
    refused, accepted = Text("+22790002001", "FLX AGZ 51"), Text("+22790002002", "FLX AGZ 52")
    with gateway.gone("postgres"):
        with no_space(gateway):
            assert at_once(gateway.url, [[refused]]) == [503]
            status, health = gateway.health()
            assert status == 503
            assert health["ready"] is False
            assert health["parts"]["database"] == "PostgreSQL cannot be reached."
            assert health["parts"]["spool"].startswith("The spool cannot be written (")
        say(gateway.url, refused, accepted)
        assert gateway.health()[0] == 200
        assert gateway.spooled() == 2
    law.holds(gateway, [refused, accepted])


_libc = ctypes.CDLL(None, use_errno=True)


def _mount(folder: Path) -> bool:
    kind = b"tmpfs"
    status: int = _libc.mount(kind, os.fsencode(folder), kind, 0, b"size=16k,mode=700")
    return status == 0


def _fill(folder: Path) -> None:
    with (folder / "filler").open("wb", buffering=0) as filler:
        try:
            while True:
                filler.write(bytes(4096))
        except OSError:
            return


def _limit_files(pid: int, size: int | None) -> None:
    _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (most if size is None else size, most))
