"""The last resort: PostgreSQL has been away for a minute, and people still write.

The spool is read with the pure rules, and whoever the standby file says is on duty is texted at
once. What was sent is kept on disk and put on record when the database is back.
"""

import json
import random
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

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
from gateway.inbox.intake import Incoming, OurLine, Writer, alert_facts
from gateway.inbox.spool import Spool
from gateway.inbox.standby import Standby, StandbyOfficer
from gateway.messages import InboundMessage, Kind, OutboundMessage
from gateway.observability import get_logger, where
from gateway.outbox.records import OutboundRecord
from gateway.outbox.retries import pause
from gateway.outbox.routing import Route, in_order, is_troubled
from gateway.reports.reader import Reader
from gateway.storage import audit
from gateway.storage.audit import Decision
from gateway.storage.cipher import CannotDecryptError, Cipher
from gateway.storage.database import insert_many, table_of
from gateway.text.render import people, render
from gateway.text.segments import segments
from gateway.watching.canary import is_word

log = get_logger(__name__)

# So many texts of one outage go to an officer one by one; beyond that more would only wear him out.
AT_MOST = 20


@dataclass(slots=True)
class BlindWatch:
    """Acts for as long as one outage lasts; ``forget`` ends it."""

    folder: Path
    spool: Spool
    reader: Reader
    cipher: Cipher
    channels: Mapping[str, Channel]
    standby: Callable[[], Standby]
    now: Callable[[], datetime]
    _failed_at: dict[str, datetime] = field(default_factory=dict)
    """When each channel last failed, until it takes a text."""
    _untaken: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    """How often a text was tried that nobody took, and when it is tried again: it may have arrived each time."""
    _chance: random.Random = field(default_factory=random.Random)

    def act(self, since: datetime) -> int:
        """Tell the officers on duty what is not told yet. Returns how many texts went out."""
        self.folder.mkdir(parents=True, exist_ok=True)
        standby = self.standby()
        zone = self.reader.zone
        sent = 0
        if self._is_due("blind"):
            time = f"{since.astimezone(zone):%H:%M}"
            sent += self._tell(standby, "blind", lambda language: render("blind", language, time=time))
        for name, message in self._untold():
            text = self._text(message, standby, zone)
            if text is None:
                self._mark(name)
            elif reached := self._tell(standby, name, text):
                sent += reached
            else:
                break  # the next one's turn at the next look: whoever hangs must not hold up what comes in
        return sent

    def forget(self) -> None:
        """The database is back: the next outage is told anew."""
        if self.folder.exists():
            for marker in self.folder.glob("*.told"):
                marker.unlink(missing_ok=True)
        self._untaken.clear()

    def _untold(self) -> Iterator[tuple[str, InboundMessage]]:
        fresh = [item for item in self.spool.waiting() if self._is_due(item.path.stem)]
        for item, message in self.spool.read(fresh, self.cipher):
            yield item.path.stem, message

    def _text(self, message: InboundMessage, standby: Standby, zone: ZoneInfo) -> Callable[[str], str] | None:
        """The text that an officer must get of a spooled message, by language; None when it can wait."""
        if message.kind is Kind.CALL and not message.text:
            return None  # it rang, or ended: what was chosen in it has words
        if is_word(message.text, self.cipher.digest):
            return None  # a canary: nobody wrote it
        line = next((line for line in standby.lines if line.number == message.recipient), None)
        incoming = Incoming(
            id=message.id,
            channel=message.channel,
            sender=message.sender,
            sender_hash=self.cipher.digest(message.sender),
            text=message.text,
            line=OurLine(line.number, line.profile, line.channel) if line else None,
            writer=Writer(),
            sent_at=message.sent_at,
            received_at=message.received_at,
        )
        try:
            parse = self.reader.read(
                message.text,
                line="hotline" if incoming.on_hotline else "agents",
                at=message.received_at,
                post=None,
            )
        except Exception as error:  # noqa: BLE001 - a text that cannot be read must not silence the others
            log.error("spooled_message_not_read", error=type(error).__name__)
            return None
        facts = [alert_facts(incoming, reading, zone) for reading in parse.readings]
        grave = [one for one in facts if one and (one.severity == 1 or one.hotline)]
        if not grave:
            return None
        worst = min(grave, key=lambda one: one.severity)

        def wording(language: str) -> str:
            return render(
                "blind_report",
                language,
                label=self.reader.book.label(worst.code, language) if worst.code else "?",
                place=worst.place,
                people=people(worst.people, language, approximate=worst.approximate),
                words=worst.words,
            )

        return wording

    def _tell(self, standby: Standby, name: str, text: Callable[[str], str]) -> int:
        """Text everybody of the first step where somebody is reached; then it is told."""
        for officers in standby.steps(self.now()):
            reached = sum(
                self._reach(officer, text(officer.language), standby)
                for officer in officers
                if self._count(officer) < AT_MOST
            )
            if reached:
                self._mark(name)
                return reached
        tries = self._untaken[name][0] + 1 if name in self._untaken else 1
        self._untaken[name] = tries, self.now() + pause(tries, self._chance.random())
        return 0

    def _reach(self, officer: StandbyOfficer, text: str, standby: Standby) -> bool:
        """Text one officer by the first line that takes it."""
        channels = {name: it for name, it in self.channels.items() if isinstance(it, TextChannel)}
        routes = self._routes(standby, channels)
        if not routes:
            log.error("blind_and_no_channel")
            return False
        own = min(routes, key=lambda route: route.thread_only)
        for route in in_order(officer.number, own, routes, (), alert=True):
            if route.channel not in channels:
                continue  # another of its lines was just tried
            try:
                self._send(channels[route.channel], route, officer, text)
            except SendError as error:
                log.error("blind_text_not_sent", reason=error.reason)
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

    def _routes(self, standby: Standby, channels: Collection[str]) -> list[Route]:
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
            for place, line in enumerate(standby.lines)
            if line.profile == "agents" and line.channel in channels
        ]

    def _send(self, channel: TextChannel, route: Route, officer: StandbyOfficer, text: str) -> None:
        """Hand it over and keep it for the record. Raise a SendError."""
        message = OutboundMessage(uuid7(), route.number, officer.number, text)
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
            "recipient": officer.number,
            "text": text,
            "provider_id": accepted.provider_id,
            "state": accepted.state.value,
            "at": self.now().isoformat(),
        }
        name = f"{message.id.hex}-{self._short(officer)}.sent"
        files.replace(self.folder / name, self.cipher.encrypt(json.dumps(entry)))

    def _is_due(self, name: str) -> bool:
        """Whether it is not told yet, and has not just been tried in vain."""
        if (self.folder / f"{name}.told").exists():
            return False
        return name not in self._untaken or self._untaken[name][1] <= self.now()

    def _mark(self, name: str) -> None:
        files.replace(self.folder / f"{name}.told", b"")

    def _count(self, officer: StandbyOfficer) -> int:
        return sum(1 for _ in self.folder.glob(f"*-{self._short(officer)}.sent"))

    def _short(self, officer: StandbyOfficer) -> str:
        return self.cipher.digest(officer.number).hex()[:16]


def put_on_record(connection: sa.Connection, cipher: Cipher, folder: Path, now: datetime) -> list[Path]:
    """Write what was sent blindly into the outbox's record. Returns the files, to be removed after commit.

    A file that cannot be opened stays, and keeps no other waiting.
    """
    files, entries = [], []
    for file in sorted(folder.glob("*.sent")) if folder.exists() else []:
        try:
            entries.append(json.loads(cipher.decrypt(file.read_bytes())))
        except CannotDecryptError:
            log.error("blind_text_not_opened", file=file.name)
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
        Decision("blind watch", "text sent", entry["id"], {"purpose": "alert", "at": entry["at"]})
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
