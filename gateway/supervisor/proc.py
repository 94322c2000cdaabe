"""Questions to /proc about processes that are not (or no longer) ours to wait for."""

import os
from collections.abc import Iterator
from pathlib import Path


def all_pids() -> Iterator[int]:
    return (int(name) for name in os.listdir("/proc") if name.isdigit())  # noqa: PTH208 - a thousand Paths for nothing


def parent_and_state(pid: int) -> tuple[int, str] | None:
    """The parent's pid and the state letter (`Z` has ended, `T` is stopped); None when there is no such process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, parent = stat.rpartition(")")[2].split()[:2]
    return int(parent), state


def is_alive(pid: int) -> bool:
    found = parent_and_state(pid)
    return found is not None and found[1] not in "ZX"


def children_of(parent: int) -> set[int]:
    """Direct children, those that have ended and wait to be reaped included."""
    found = ((pid, parent_and_state(pid)) for pid in all_pids())
    return {pid for pid, facts in found if facts is not None and facts[0] == parent}


def working_in(folder: Path, program: str) -> set[int]:
    """Living processes of a program's name whose working folder is this one."""
    wanted = os.path.realpath(folder)
    return {pid for pid in all_pids() if _is(pid, program, wanted) and is_alive(pid)}


def _is(pid: int, program: str, folder: str) -> bool:
    try:
        return (
            Path(f"/proc/{pid}/comm").read_text().strip() == program
            and os.readlink(f"/proc/{pid}/cwd") == folder  # noqa: PTH115 - the raw text, a deleted folder's too
        )
    except OSError:
        return False  # ended meanwhile, or another user's
