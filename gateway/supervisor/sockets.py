"""The short private folder for Unix sockets: a socket's path holds 107 bytes, a data folder's may be longer."""

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from gateway.supervisor.errors import CannotStartError

_LINK = "run"


def find_sockets(data_dir: Path) -> Path | None:
    """The data folder's socket folder, if there is one that can be trusted."""
    try:
        target = (data_dir / _LINK).readlink()
        facts = target.lstat()
    except OSError:
        return None
    ours = facts.st_uid in {os.geteuid(), data_dir.stat().st_uid, _server_owner(data_dir)}
    return (
        target if target.is_dir() and not target.is_symlink() and ours and not facts.st_mode & 0o077 else None
    )


def open_sockets(data_dir: Path, owner: tuple[int, int] | None) -> Path:
    """Make it, or take the one that a killed parent left; `owner` is the servers' user where that is not us."""
    found = find_sockets(data_dir)
    if found is None:
        found = Path(tempfile.mkdtemp(prefix="vigie-", dir="/tmp"))
        link = data_dir / _LINK
        with suppress(FileNotFoundError):
            link.unlink()
        try:
            link.symlink_to(found)
        except OSError as error:
            raise CannotStartError(
                f"The data folder {data_dir} cannot be written: {error.strerror}."
            ) from error
    if owner is not None:
        os.chown(found, *owner)
    return found


def close_sockets(data_dir: Path) -> None:
    """After a clean stop nothing stays in /tmp."""
    found = find_sockets(data_dir)
    if found is not None:
        shutil.rmtree(found, ignore_errors=True)
        (data_dir / _LINK).unlink(missing_ok=True)


def _server_owner(data_dir: Path) -> int | None:
    try:
        return (data_dir / "postgres").stat().st_uid
    except OSError:
        return None
