"""Parts of a concatenated SMS that arrive apart, put together in any order. Rules.

Phones count the reference up and begin anew, some never count at all: parts are one message's when number
and total fit, and they were sent together by the SMSC's clock, or where it tells no time, came soon after.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from gateway.inbox.clocks import trusted_sent_at
from gateway.messages import Part

WAITS_FOR: Final = timedelta(seconds=60)
# How long after the first a part can still come; an SMSC tries for a day and more.
COMES_WITHIN: Final = timedelta(hours=24)
_SENT_WITHIN: Final = timedelta(minutes=10)
_UNTIMED_WITHIN: Final = timedelta(hours=1)
_SAME_MOMENT: Final = timedelta(seconds=2)
_GAP: Final = "[...]"


@dataclass(frozen=True, slots=True)
class Piece:
    """A part as it lies in the inbox. ``of`` is the message that it was read as, None before.

    ``sent_at`` is only given when it can be believed.
    """

    id: UUID
    sender_hash: bytes
    recipient_hash: bytes
    part: Part
    text: str = field(repr=False)
    urgent: bool
    sent_at: datetime | None
    received_at: datetime
    of: UUID | None = None

    @property
    def order(self) -> tuple[datetime, UUID]:
        return self.received_at, self.id

    @property
    def key(self) -> tuple[bytes, bytes, int, int]:
        return self.sender_hash, self.recipient_hash, self.part.reference, self.part.total

    def sent_apart(self, other: "Piece") -> timedelta | None:
        """By the SMSC's clock, where it told the time of both."""
        return abs(self.sent_at - other.sent_at) if self.sent_at and other.sent_at else None

    def may_go_with(self, other: "Piece") -> bool:
        came_apart, sent_apart = abs(self.received_at - other.received_at), self.sent_apart(other)
        if self.key != other.key or came_apart > COMES_WITHIN:
            return False
        return came_apart <= _UNTIMED_WITHIN if sent_apart is None else sent_apart <= _SENT_WITHIN

    def is_copy_of(self, other: "Piece") -> bool:
        """The network's copy, not the person's repeat: that has a later time."""
        same = self.part == other.part and self.text == other.text and self.may_go_with(other)
        return same and (self.sent_apart(other) or _SAME_MOMENT) <= _SAME_MOMENT


@dataclass(frozen=True, slots=True)
class LongMessage:
    """Parts of one message, by their numbers; ``pieces`` in the order in which they came."""

    pieces: Sequence[Piece]

    @property
    def first(self) -> Piece:
        return self.pieces[0]

    @property
    def read_as(self) -> UUID | None:
        """The message as which it was read, while parts of it were missing."""
        return next((piece.of for piece in self.pieces if piece.of), None)

    @property
    def unread(self) -> list[Piece]:
        return [piece for piece in self.pieces if piece.of is None]

    @property
    def is_complete(self) -> bool:
        return len(self.pieces) == self.first.part.total

    @property
    def text(self) -> str:
        """The words in their order; where parts are missing a gap."""
        by_number = {piece.part.number: piece.text for piece in self.pieces}
        text, in_gap = "", False
        for number in range(1, self.first.part.total + 1):
            if number in by_number:
                text += by_number[number]
            elif not in_gap:
                text += f" {_GAP} "
            in_gap = number not in by_number
        return text if self.is_complete else text.strip()

    def is_due(self, now: datetime) -> bool:
        """Whether it is to be read as it is: complete, urgent, or waited for long enough."""
        return (
            self.is_complete
            or any(piece.urgent for piece in self.pieces)
            or abs(now - self.first.received_at) >= WAITS_FOR  # ahead: the clock was set back
        )


@dataclass(frozen=True, slots=True)
class Whole:
    """What a message becomes with its other parts. ``completes`` is the message that was read without them."""

    text: str = field(repr=False)
    others: tuple[UUID, ...]
    incomplete: bool = False
    completes: UUID | None = None
    read_as_of: datetime | None = None

    @classmethod
    def of(cls, message: LongMessage) -> "Whole":
        _, *others = message.unread
        head = next((piece for piece in message.pieces if piece.id == message.read_as), None)
        return cls(
            message.text,
            tuple(piece.id for piece in others),
            not message.is_complete,
            message.read_as,
            (trusted_sent_at(head.sent_at, head.received_at) or head.received_at) if head else None,
        )


def put_together(pieces: Iterable[Piece]) -> tuple[list[LongMessage], dict[UUID, UUID]]:
    """The messages that these parts make, and the copies among them with what they are copies of.

    What was read together stays together; of the rest each part goes, in the order of receipt, to the
    message that lacks it and was sent nearest to it, else to the latest.
    """
    alike: dict[object, dict[UUID, list[Piece]]] = defaultdict(
        dict
    )  # by key, then by the first part or message
    copies: dict[UUID, UUID] = {}
    for piece in sorted(pieces, key=lambda one: (one.of is None, one.order)):
        messages = alike[piece.key]
        if piece.of:
            messages.setdefault(piece.of, []).append(piece)
            continue
        known = next((one for message in messages.values() for one in message if piece.is_copy_of(one)), None)
        lacking = [message for message in messages.values() if _lacks(message, piece)]
        if known:
            copies[piece.id] = known.id
        elif lacking:
            _nearest(lacking, piece).append(piece)
        else:
            messages[piece.id] = [piece]
    return [LongMessage(message) for messages in alike.values() for message in messages.values()], copies


def _lacks(message: Sequence[Piece], piece: Piece) -> bool:
    return piece.may_go_with(message[0]) and all(one.part != piece.part for one in message)


def _nearest(messages: Iterable[list[Piece]], piece: Piece) -> list[Piece]:
    """Phones that never count their reference send two alike within minutes, and a part of the first may be late."""

    def distance(message: list[Piece]) -> timedelta:
        apart = piece.sent_apart(message[0])
        return timedelta.max if apart is None else apart

    return min(sorted(messages, key=lambda message: message[0].order, reverse=True), key=distance)


def to_be_read(
    messages: Iterable[LongMessage], whole: Mapping[bytes, tuple[datetime, UUID]], now: datetime
) -> list[LongMessage]:
    """Which of these are read now. ``whole`` is each sender's last whole text that is read now.

    What somebody sent before it is read before it, as it is: the later text may speak of it.
    """
    last = dict(whole)
    now_read = []
    for message in sorted(messages, key=lambda one: one.first.order, reverse=True):
        first = message.first
        if message.read_as:
            now_read.append(message)
        elif message.is_due(now) or first.order < last.get(first.sender_hash, first.order):
            now_read.append(message)
            last.setdefault(first.sender_hash, first.order)
            last[first.sender_hash] = max(last[first.sender_hash], first.order)
    return now_read
