"""The last resort: PostgreSQL has been away for a minute, and people still write.

The spool is read with the pure rules, and whoever the standby file says is on duty is texted at
once. What was sent is kept on disk and put on record when the database is back.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from gateway import files
from gateway.channels.base import Channel, SendError, TextChannel
from gateway.channels.numbers import on_whatsapp
from gateway.inbox.intake import Incoming, OurLine, Writer, alert_facts
from gateway.inbox.spool import Spool
from gateway.inbox.standby import Standby, StandbyOfficer
from gateway.messages import InboundMessage, Kind, OutboundMessage
from gateway.observability import get_logger
from gateway.outbox.records import OutboundRecord
from gateway.reports.reader import Reader
from gateway.storage import audit
from gateway.storage.audit import Decision
from gateway.storage.cipher import Cipher
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

    def act(self, since: datetime) -> int:
        """Tell the officers on duty what is not told yet. Returns how many texts went out."""
        self.folder.mkdir(parents=True, exist_ok=True)
        standby = self.standby()
        zone = self.reader.zone
        sent = 0
        if not self._told("blind"):
            time = f"{since.astimezone(zone):%H:%M}"
            sent += self._tell(standby, "blind", lambda language: render("blind", language, time=time))
        for name, message in self._untold():
            text = self._text(message, standby, zone)
            if text is None:
                self._mark(name)
            elif self._count() < AT_MOST:
                sent += self._tell(standby, name, text)
        return sent

    def forget(self) -> None:
        """The database is back: the next outage is told anew."""
        if self.folder.exists():
            for marker in self.folder.glob("*.told"):
                marker.unlink(missing_ok=True)

    def _untold(self) -> Iterator[tuple[str, InboundMessage]]:
        fresh = [item for item in self.spool.waiting() if not self._told(item.path.stem)]
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
        """Text everybody on duty; told once one of them was reached."""
        ours = (line for line in standby.lines if line.profile == "agents")
        line = min(ours, key=lambda line: on_whatsapp(line.number), default=None)
        channel = self.channels.get(line.channel) if line else None
        if line is None or not isinstance(channel, TextChannel):
            log.error("blind_and_no_channel")
            return 0
        reached = 0
        for officer in standby.first_on_duty(self.now()):
            reached += self._send(channel, line.channel, line.number, officer, text(officer.language))
        if reached:
            self._mark(name)
        return reached

    def _send(
        self, channel: TextChannel, channel_name: str, line: str, officer: StandbyOfficer, text: str
    ) -> bool:
        message = OutboundMessage(uuid7(), line, officer.number, text)
        try:
            accepted = channel.send(message)
        except SendError as error:
            log.error("blind_text_not_sent", reason=error.reason)
            return False
        entry = {
            "id": str(message.id),
            "channel": channel_name,
            "sender": line,
            "recipient": officer.number,
            "text": text,
            "provider_id": accepted.provider_id,
            "state": accepted.state.value,
            "at": self.now().isoformat(),
        }
        files.replace(self.folder / f"{message.id.hex}.sent", self.cipher.encrypt(json.dumps(entry)))
        return True

    def _told(self, name: str) -> bool:
        return (self.folder / f"{name}.told").exists()

    def _mark(self, name: str) -> None:
        files.replace(self.folder / f"{name}.told", b"")

    def _count(self) -> int:
        return sum(1 for _ in self.folder.glob("*.sent"))


def put_on_record(connection: sa.Connection, cipher: Cipher, folder: Path, now: datetime) -> list[Path]:
    """Write what was sent blindly into the outbox's record. Returns the files, to be removed after commit."""
    files = sorted(folder.glob("*.sent")) if folder.exists() else []
    entries = [json.loads(cipher.decrypt(file.read_bytes())) for file in files]
    insert_many(
        connection,
        table_of(OutboundRecord),
        [_row(entry, cipher) for entry in entries],
        unless_exists=("id",),
    )
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
