"""What Python's library lacks of Linux: signals at a parent's death, orphans, one kept capability."""

import ctypes
import multiprocessing
import os
import signal
from dataclasses import dataclass

_PR_SET_PDEATHSIG = 1
_PR_SET_SECUREBITS = 28
_PR_SET_CHILD_SUBREAPER = 36
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_SECBIT_NO_SETUID_FIXUP = 1 << 2
_CAP_DAC_OVERRIDE = 1
_CAP_DAC_READ_SEARCH = 2
_CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)


class _CapHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _CapData(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


@dataclass(frozen=True)
class Identity:
    """Whom a child becomes. `reads_everything` lets it pass folders that are closed to that user."""

    uid: int
    gid: int
    reads_everything: bool = False


def die_with_parent(death_signal: signal.Signals = signal.SIGKILL, parent: int | None = None) -> None:
    """Have this process signalled when its parent dies; call it after any change of user, which clears it.

    Without `parent`, the one that multiprocessing knows is meant. If it died already, so do we:
    the signal is armed too late for a death that has happened.
    """
    _prctl(_PR_SET_PDEATHSIG, death_signal)
    known = multiprocessing.parent_process()
    parent = parent or (known.pid if known else None)
    if parent is not None and os.getppid() != parent:
        os.kill(os.getpid(), death_signal)
        os._exit(1)


def adopt_orphans() -> None:
    """From now on processes below us whose parent dies become our children, not init's."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def become(identity: Identity) -> None:
    """Leave root for good."""
    if identity.reads_everything:
        # Without this bit access(2) forgets the capability, and PostgreSQL asks it about its own files.
        _prctl(_PR_SET_SECUREBITS, _SECBIT_NO_SETUID_FIXUP)
    os.setgroups([])
    os.setresgid(identity.gid, identity.gid, identity.gid)
    os.setresuid(identity.uid, identity.uid, identity.uid)
    if identity.reads_everything:
        _keep_one_capability()


def _keep_one_capability() -> None:
    """Drop all of root's powers but that of passing closed folders (containers may grant only the second)."""
    try:
        _keep(_CAP_DAC_READ_SEARCH)
    except PermissionError:
        _keep(_CAP_DAC_OVERRIDE)


def _keep(capability: int) -> None:
    mask = 1 << capability
    data = (_CapData * 2)(_CapData(mask, mask, mask))
    _check(_libc.capset(ctypes.byref(_CapHeader(_CAPABILITY_VERSION_3, 0)), data))
    _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability)


def _prctl(option: int, *arguments: int) -> None:
    padded = (*arguments, 0, 0, 0)[:4]
    _check(_libc.prctl(option, *(ctypes.c_ulong(value) for value in padded)))


def _check(result: int) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
