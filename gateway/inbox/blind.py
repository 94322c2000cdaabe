"""The last resort: PostgreSQL has been away for a minute, and people still write.

The spool is read with the pure rules, and whoever the standby file says is on duty is texted at
once. What was sent is kept on disk and put on record when the database is back.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from gateway import files
from gateway.channels.base import Channel
from gateway.inbox.direct import Direct
from gateway.inbox.intake import Incoming, OurLine, Writer, alert_facts
from gateway.inbox.spool import Spool
from gateway.inbox.standby import Standby
from gateway.messages import InboundMessage, Kind
from gateway.observability import get_logger
from gateway.outbox.retries import pause
from gateway.reports.reader import Reader
from gateway.storage.cipher import Cipher
from gateway.text.render import people, render
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
    _direct: Direct = field(init=False)
    _untaken: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    """How often a text was tried that nobody took, and when it is tried again: it may have arrived each time."""
    _told: set[str] = field(default_factory=set)
    """What was told since we began, for a disk that takes no marker."""
    _chance: random.Random = field(default_factory=random.Random)

    def __post_init__(self) -> None:
        self._direct = Direct(self.folder, self.cipher, self.channels, self.now, by="blind watch")

    def act(self, since: datetime) -> int:
        """Tell the officers on duty what is not told yet. Returns how many texts went out."""
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
        self._told.clear()

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
                self._direct.reach(officer.number, text(officer.language), standby.lines)
                for officer in officers
                if self._direct.count(officer.number) < AT_MOST
            )
            if reached:
                self._mark(name)
                return reached
        tries = self._untaken[name][0] + 1 if name in self._untaken else 1
        self._untaken[name] = tries, self.now() + pause(tries, self._chance.random())
        return 0

    def _is_due(self, name: str) -> bool:
        """Whether it is not told yet, and has not just been tried in vain."""
        if name in self._told or (self.folder / f"{name}.told").exists():
            return False
        return name not in self._untaken or self._untaken[name][1] <= self.now()

    def _mark(self, name: str) -> None:
        self._told.add(name)
        try:
            files.replace(self.folder / f"{name}.told", b"")
        except OSError as error:
            log.error("blind_text_not_marked", error=type(error).__name__)
