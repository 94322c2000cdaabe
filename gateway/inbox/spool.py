"""Messages on disk while PostgreSQL is away: one encrypted file each, safe once its folder is synced.

A sender's files stand in a folder of their own, so that one look tells whether somebody's earlier
messages still wait here; a file's name begins with the time of receipt:
``<sender hash>/<received µs>-<message id>.msg``.
"""

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from gateway import files
from gateway.messages import InboundMessage, Kind, Part
from gateway.storage.cipher import CannotDecryptError, Cipher, UnknownKeyError

_SUFFIX = ".msg"


@dataclass(frozen=True, slots=True)
class Spooled:
    """A file of the spool, unopened."""

    path: Path
    sender_hash: bytes

    @property
    def received_at(self) -> datetime:
        """As its name begins."""
        return datetime.fromtimestamp(int(self.path.name.partition("-")[0]) / 1e6, UTC)


class Spool:
    """The folder. Every method raises OSError when the disk refuses."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._unreadable = folder / "unreadable"

    def prepare(self) -> None:
        """Make the folder and try a write: whoever cannot spool must not start."""
        self._unreadable.mkdir(parents=True, exist_ok=True)
        probe = self._folder / f".probe-{os.getpid()}"
        files.replace(probe, b"vigie")
        probe.unlink()

    def put(self, message: InboundMessage, cipher: Cipher) -> None:
        """Write one message down: temporary name, fsync, rename, fsync of the folders."""
        sealed = cipher.encrypt(json.dumps(_as_json(message)))
        stamp = int(message.received_at.timestamp() * 1_000_000)
        folder = self._folder / cipher.digest(message.sender).hex()
        path = folder / f"{stamp:017d}-{message.id.hex}{_SUFFIX}"
        for last_try in (False, False, True):
            try:
                _make_folder(folder)
                files.replace(path, sealed)
            except FileNotFoundError:  # emptied and removed by the clock at this very moment
                if last_try:
                    raise
            else:
                return

    def holds(self, sender_hash: bytes) -> bool:
        """Whether messages of this sender may wait here: later ones must queue behind them."""
        return (self._folder / sender_hash.hex()).exists()

    def waiting(self) -> list[Spooled]:
        """The files in order of receipt."""
        found = [
            Spooled(path, bytes.fromhex(folder.name))
            for folder in self._folder.glob("*")
            if folder.is_dir() and folder != self._unreadable
            for path in _messages_in(folder)
        ]
        return sorted(found, key=lambda item: item.path.name)

    def read(self, items: Iterable[Spooled], cipher: Cipher) -> Iterator[tuple[Spooled, InboundMessage]]:
        """Open files; one that cannot be read is put aside, never deleted."""
        for item in items:
            try:
                message = _from_json(json.loads(cipher.decrypt(item.path.read_bytes())))
            except FileNotFoundError:
                continue  # another clock was faster
            except UnknownKeyError:
                continue  # this process takes the key in within seconds
            except (CannotDecryptError, ValueError, KeyError):
                self.put_aside(item)
                continue
            yield item, message

    def put_aside(self, item: Spooled) -> None:
        """Keep a file where nobody tries it again; `vigie doctor` and the metrics count it."""
        item.path.rename(self._unreadable / item.path.name)

    def remove(self, items: Iterable[Spooled]) -> None:
        for item in items:
            item.path.unlink(missing_ok=True)

    def remove_empty_folders(self) -> None:
        for folder in self._folder.iterdir():
            if folder.is_dir() and folder != self._unreadable:
                with suppress(OSError):  # not empty: somebody wrote meanwhile
                    folder.rmdir()

    def rewrite(self, item: Spooled, cipher: Cipher) -> None:
        """Encrypt one file anew with the current key."""
        with suppress(FileNotFoundError):
            files.replace(item.path, cipher.encrypt(cipher.decrypt(item.path.read_bytes())))

    def unreadable(self) -> int:
        """How many files were put aside."""
        return len(list(self._unreadable.glob(f"*{_SUFFIX}")))


def _messages_in(folder: Path) -> list[Path]:
    try:
        return list(folder.glob(f"*{_SUFFIX}"))
    except FileNotFoundError:  # emptied and removed by the clock at this very moment
        return []


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir()
    except FileExistsError:
        return
    files.sync_folder(folder.parent)


def _as_json(message: InboundMessage) -> dict[str, Any]:
    return {
        "id": str(message.id),
        "kind": message.kind.value,
        "channel": message.channel,
        "provider_id": message.provider_id,
        "sender": message.sender,
        "recipient": message.recipient,
        "text": message.text,
        "received_at": message.received_at.isoformat(),
        "sent_at": message.sent_at.isoformat() if message.sent_at else None,
        "part": asdict(message.part) if message.part else None,
        "device": message.device,
    }


def _from_json(value: dict[str, Any]) -> InboundMessage:
    needed = {name: value[name] or "" for name in ("channel", "provider_id", "sender", "recipient", "text")}
    sent_at, part = value["sent_at"], value.get("part")
    return InboundMessage(
        id=UUID(value["id"]),
        kind=Kind(value.get("kind") or Kind.TEXT),
        received_at=datetime.fromisoformat(value["received_at"] or ""),
        sent_at=datetime.fromisoformat(sent_at) if sent_at else None,
        part=Part(**part) if part else None,
        device=value.get("device"),
        **needed,
    )
