"""A text to be sent, and its place in the queue. Rules."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from uuid import UUID

from gateway.people.safety import Audience

# Lowest first; that a report of something already taken is taken comes after its receipt. What stands below ALERT_SLOT has a sending slot of its own.
NOBODY, SEVERITY_1, SEVERITY_2, REMINDER, HOTLINE, ANSWER, TAKEN, RECEIPT = 5, 10, 20, 30, 45, 50, 60, 70
TAKEN_BEFORE = 75
ALERT_SLOT = 40

_VALID_FOR = {
    "alert": timedelta(hours=24),
    "nobody": timedelta(hours=24),
    "more": timedelta(hours=24),
    "reminder": timedelta(hours=4),
    "help": timedelta(hours=4),
    "merged": timedelta(hours=24),
    "answer": timedelta(hours=1),
    "taken": timedelta(hours=4),
    "receipt": timedelta(hours=4),
    "unknown_senders": timedelta(hours=12),
    "hotline": timedelta(minutes=10),
    "outage": timedelta(hours=12),
    "canary": timedelta(minutes=10),
    "duty": timedelta(hours=4),
    "digest": timedelta(hours=6),
    "all_well": timedelta(hours=4),
    "call": timedelta(minutes=5),
    "cap": timedelta(hours=12),
}
# Their subject is an alert, and they are only worth sending as long as it stands as it stood.
ABOUT_ALERTS = frozenset({"alert", "nobody", "more", "merged", "reminder", "call", "help"})
# They call an officer to take it; the others tell something about it.
CALLING = frozenset({"alert", "call"})
TO_OFFICERS = ABOUT_ALERTS | {
    "answer", "unknown_senders", "outage", "duty", "digest", "all_well", "cap",
}  # fmt: skip
# A voice call about an alert. Its text is what is said, as far as it was known when it was called for.
CALL: Final = "call"
# That a channel of ours is out of service, or works again.
OUTAGE: Final = "outage"
# From one of our lines to another, to see that it arrives: by the line it names, and never twice.
CANARY: Final = "canary"
# That somebody's duty begins, or is over.
DUTY: Final = "duty"
# That the day's texts of crises are used up.
CAP: Final = "cap"
# How things stand, to a chief.
DIGEST: Final = "digest"
# To a chief, every day: as long whether all is well or not.
ALL_WELL: Final = "all_well"
# To a hotline contact, its subject: neutral words, minutes long, and never twice.
TO_CONTACT: Final = "hotline"


def audience_of(purpose: str) -> Audience:
    """Whom a text of this purpose is meant for: the gate goes by it."""
    if purpose in TO_OFFICERS:
        return Audience.OFFICERS
    return {TO_CONTACT: Audience.CONTACT, CANARY: Audience.OUR_LINES}.get(purpose, Audience.REPORTER)


@dataclass(frozen=True, slots=True)
class Draft:
    """A text called for. ``subject`` is the alert or report that it is about."""

    purpose: str
    rank: int
    channel: str
    sender: str = field(repr=False)
    recipient: str = field(repr=False)
    text: str = field(repr=False)
    subject: UUID | None = None

    @property
    def valid_for(self) -> timedelta:
        return _VALID_FOR[self.purpose]
