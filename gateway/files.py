"""Files that outlive a crash and are nobody else's: mode 0600, synced, whole at any moment."""

import os
import threading
from pathlib import Path


def replace(path: Path, content: bytes) -> None:
    """Write a file under another name, sync it, rename it, sync its folder. Raise OSError."""
    partial = path.with_name(f"{path.name}.{threading.get_native_id()}")
    try:
        _write(partial, content)
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        if os.geteuid() == 0:  # a command of root's must not close a file to the gateway's own user
            owner = path.parent.stat()
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def sync_folder(folder: Path) -> None:
    """Make what was created or renamed in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
