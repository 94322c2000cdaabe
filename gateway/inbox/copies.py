"""One SMS that two devices took: two phones of one SIM, a phone and a modem. Rules."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

# Two devices are told the SMSC's time, not their own: it differs by rounding.
SENT_WITHIN: Final = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Sighting:
    """A text as one device took it. ``path`` is the channel and the device."""

    id: UUID
    sender_hash: bytes
    recipient_hash: bytes
    words: str = field(repr=False)
    sent_at: datetime
    path: tuple[str, str]

    def is_seen_again_in(self, other: "Sighting") -> bool:
        return (
            self.path != other.path
            and (self.sender_hash, self.recipient_hash) == (other.sender_hash, other.recipient_hash)
            and abs(self.sent_at - other.sent_at) <= SENT_WITHIN
            and self.words.split() == other.words.split()
        )


def copies(
    new: Iterable[Sighting], read: Iterable[Sighting], known: Iterable[tuple[UUID, tuple[str, str]]]
) -> dict[UUID, UUID]:
    """Which of the new ones, in their order, are copies, and of what.

    ``known`` are the copies that were found before: each device takes a text once, so that the second by the
    same device is the person's repeat.
    """
    originals = list(read)
    taken = set(known)
    found: dict[UUID, UUID] = {}
    for one in new:
        same = [
            other for other in originals if one.is_seen_again_in(other) and (other.id, one.path) not in taken
        ]
        if same:
            original = min(same, key=lambda other: abs(other.sent_at - one.sent_at))
            found[one.id] = original.id
            taken.add((original.id, one.path))
        else:
            originals.append(one)
    return found
