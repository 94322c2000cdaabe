"""A text sent from one of our lines to another, to see that it arrives. A rule.

Its words are one word of consonants, half drawn and half a keyed hash of that: no code, no answer and no stop
word, nothing that tells whoever holds the phone what it is for, and by itself proof that it is ours.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

IN_TIME: Final = timedelta(minutes=10)
"""What takes longer would be of no use as an alert."""
LETTERS: Final = "bcdfghjklmnpqrstvwxz"
HALF: Final = 8
_WORD: Final = re.compile(f"[{LETTERS}]{{{2 * HALF}}}")

Digest = Callable[[str], bytes]
"""The cipher's keyed hash."""


def word(drawn: str, digest: Digest) -> str:
    """The words of a canary: ``drawn`` is HALF of LETTERS, a new one for each."""
    hashed = digest(f"canary {drawn}")[:HALF]
    return drawn + "".join(LETTERS[byte % len(LETTERS)] for byte in hashed)


def is_word(text: str, digest: Digest) -> bool:
    """Whether a text is a canary of ours, whoever it seems to come from: a network may write another sender."""
    said = text.strip().lower()
    return _WORD.fullmatch(said) is not None and word(said[:HALF], digest) == said


@dataclass(frozen=True, slots=True)
class Canary:
    """A pair of lines, by their ids, and its latest round. ``took`` is of the last text that came back."""

    from_line: int
    to_line: int
    every: timedelta
    sent_at: datetime | None = None
    away: bool = False
    """The text of this round has not come back."""
    took: timedelta | None = None
    missed_since: datetime | None = None
    """When the first of the earlier rounds in a row was sent that was not back in time."""

    @property
    def name(self) -> str:
        return f"line {self.from_line} to line {self.to_line}"

    def late_since(self, now: datetime) -> datetime | None:
        """Since when nothing has come back in time; a round that is under way changes nothing yet."""
        if self.missed_since is not None:
            return self.missed_since
        return self.sent_at if self.sent_at and self.away and now - self.sent_at >= IN_TIME else None

    def missed_after(self, took: timedelta) -> datetime | None:
        """``missed_since`` once this round's text is back."""
        return (self.missed_since or self.sent_at) if took >= IN_TIME else None
