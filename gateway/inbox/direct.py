"""Texts that go to a provider at once, past the outbox: where the usual way cannot be trusted.

What was sent is kept on disk, encrypted, and put on record by the clock when the database is there.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from gateway import files
from gateway.channels.base import (
    Channel,
    OptedOutSendError,
    PermanentSendError,
    SendError,
    TextChannel,
    UncertainSendError,
)
from gateway.channels.numbers import on_whatsapp
from gateway.inbox.standby import StandbyLine
from gateway.messages import OutboundMessage
from gateway.observability import get_logger, where
from gateway.outbox.records import OutboundRecord
from gateway.outbox.routing import Route, in_order, is_troubled
from gateway.storage import audit
from gateway.storage.audit import Decision
from gateway.storage.cipher import CannotDecryptError, Cipher
from gateway.storage.database import insert_many, table_of
from gateway.text.segments import segments

log = get_logger(__name__)

FOLDER = "blind"
"""Below the data folder."""


@dataclass(slots=True)
class Direct:
    """``by`` is who it goes on record for."""

    folder: Path
    cipher: Cipher
    channels: Mapping[str, Channel]
    now: Callable[[], datetime]
    by: str
    _failed_at: dict[str, datetime] = field(default_factory=dict)
    """When each channel last failed, until it takes a text."""

    def reach(self, number: str, text: str, lines: Sequence[StandbyLine], *, last: str | None = None) -> bool:
        """Text an officer by the first of the agents' lines that takes it; those of the channel ``last`` come last."""
        channels = {name: it for name, it in self.channels.items() if isinstance(it, TextChannel)}
        routes = self._routes(lines, channels)
        if not routes:
            log.error("no_channel_to_text_by")
            return False
        own = min(routes, key=lambda route: route.thread_only)
        shunned = [route.line for route in routes if route.channel == last]
        for route in in_order(number, own, routes, shunned, alert=True):
            if route.channel not in channels:
                continue  # another of its lines was just tried
            try:
                self._send(channels[route.channel], route, number, text)
            except SendError as error:
                log.error("direct_text_not_sent", reason=error.reason)
                if error.trouble:
                    self._failed_at[route.channel] = self.now()
                if error.retry:
                    del channels[route.channel]
                if isinstance(error, PermanentSendError) and not isinstance(error, OptedOutSendError):
                    return False
            else:
                self._failed_at.pop(route.channel, None)
                return True
        return False

    def _routes(self, lines: Sequence[StandbyLine], channels: Collection[str]) -> list[Route]:
        """The agents' lines, as far as their channels send texts."""
        return [
            Route(
                line=place,
                number=line.number,
                channel=line.channel,
                profile=line.profile,
                prefixes=tuple(line.reach),
                cost=line.cost,
                troubled=is_troubled(self._failed_at.get(line.channel), self.now()),
                thread_only=on_whatsapp(line.number),
            )
            for place, line in enumerate(lines)
            if line.profile == "agents" and line.channel in channels
        ]

    def _send(self, channel: TextChannel, route: Route, number: str, text: str) -> None:
        """Hand it over, and keep it for the record if the disk takes it. Raise a SendError."""
        message = OutboundMessage(uuid7(), route.number, number, text)
        try:
            accepted = channel.send(message)
        except SendError:
            raise
        except Exception as error:  # noqa: BLE001 - an adapter broke its word: another line may still take it
            raise UncertainSendError(f"the channel failed: {where(error)}") from None
        entry = {
            "id": str(message.id),
            "channel": route.channel,
            "sender": route.number,
            "recipient": number,
            "text": text,
            "provider_id": accepted.provider_id,
            "state": accepted.state.value,
            "at": self.now().isoformat(),
            "by": self.by,
        }
        name = f"{message.id.hex}-{self._short(number)}.sent"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            files.replace(self.folder / name, self.cipher.encrypt(json.dumps(entry)))
        except OSError as error:  # it has gone: to fail here would be to send it again
            log.error("direct_text_not_kept", message=str(message.id), error=type(error).__name__)

    def count(self, number: str) -> int:
        """How many of the texts that are still on disk went to this number."""
        return sum(1 for _ in self.folder.glob(f"*-{self._short(number)}.sent"))

    def _short(self, number: str) -> str:
        return self.cipher.digest(number).hex()[:16]


def put_on_record(connection: sa.Connection, cipher: Cipher, folder: Path, now: datetime) -> list[Path]:
    """Write what was sent past the outbox into its record. Returns the files, to be removed after commit.

    A file that cannot be opened stays, and keeps no other waiting.
    """
    files, entries = [], []
    for file in sorted(folder.glob("*.sent")) if folder.exists() else []:
        try:
            entries.append(json.loads(cipher.decrypt(file.read_bytes())))
        except (CannotDecryptError, OSError):
            log.error("direct_text_not_opened", file=file.name)
        else:
            files.append(file)
    rows = [_row(entry, cipher) for entry in entries]
    try:
        with connection.begin_nested():
            insert_many(connection, table_of(OutboundRecord), rows, unless_exists=("id",))
    except sa.exc.IntegrityError:  # a provider gave an id twice: that they went matters more
        nameless = [row | {"provider_id": None} for row in rows]
        insert_many(connection, table_of(OutboundRecord), nameless, unless_exists=("id",))
    decisions = [
        Decision(
            entry.get("by", "blind watch"), "text sent", entry["id"], {"purpose": "alert", "at": entry["at"]}
        )
        for entry in entries
    ]
    audit.append(connection, cipher.derive("audit"), now, decisions)
    return files


def _row(entry: dict[str, Any], cipher: Cipher) -> dict[str, Any]:
    at = datetime.fromisoformat(entry["at"])
    return {
        "id": entry["id"],
        "purpose": "alert",
        "rank": 0,
        "channel": entry["channel"],
        "sender": cipher.encrypt(entry["sender"]),
        "recipient": cipher.encrypt(entry["recipient"]),
        "recipient_hash": cipher.digest(entry["recipient"]),
        "text": cipher.encrypt(entry["text"]),
        "segments": segments(entry["text"]),
        "state": entry["state"],
        "attempts": 1,
        "created_at": at,
        "due_at": at,
        "expires_at": at,
        "sent_at": at,
        "provider_id": entry["provider_id"],
    }
