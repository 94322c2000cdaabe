"""Which user the embedded servers run as: PostgreSQL refuses to be root."""

import os
import pwd
from pathlib import Path

from gateway.supervisor.errors import CannotStartError
from gateway.supervisor.kernel import Identity

# At the top of the range for people's accounts, which are given out from 1000 upwards: nobody has it,
# so nobody else can touch the servers or their files, and it exists in containers with 65,536 users.
_SERVER_UID = 59347


def server_identity(data_dir: Path, *needed: Path) -> Identity | None:
    """Give a user of the servers' own where we are root, else None: as whoever we are.

    That user can read the needed paths even below a home closed to others, where root's clone usually is.
    A folder that a plain user made stays that user's.
    """
    if os.geteuid() != 0:
        return None
    closed = any(not _open_to_all(path) for path in (data_dir, *needed))
    owner = _owner(data_dir / "postgres") or (_SERVER_UID, _SERVER_UID)
    return Identity(*owner, reads_everything=closed)


def initdb_identity(data_dir: Path, *needed: Path) -> Identity | None:
    """Give a user with a name, which initdb insists on; the cluster changes hands afterwards."""
    found = server_identity(data_dir, *needed)
    if found is None:
        return None
    nobody = pwd.getpwnam("nobody")
    return Identity(nobody.pw_uid, nobody.pw_gid, found.reads_everything)


def own_name() -> str:
    """Our user's name, as PostgreSQL's peer authentication sees it."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        raise CannotStartError(
            f"The user with number {os.geteuid()} has no name on this machine, which the embedded PostgreSQL "
            "needs; run as a user that is in /etc/passwd, or set VIGIE_DATABASE_URL."
        ) from None


def _open_to_all(path: Path) -> bool:
    real = path.resolve()
    return real.stat().st_mode & 0o005 == 0o005 and all(
        parent.stat().st_mode & 0o001 for parent in real.parents
    )


def _owner(folder: Path) -> tuple[int, int] | None:
    """Who has a folder, when it is there and not root's (a backup that root unpacked is)."""
    try:
        facts = folder.stat()
    except FileNotFoundError:
        return None
    return (facts.st_uid, facts.st_gid) if facts.st_uid else None
