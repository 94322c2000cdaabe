"""What somebody at the hotline said, and what an officer is told of it. Rules.

A word of duress is answered like any other text and makes the alert a crisis; a wish for silence is
honoured at once. A call without a word counts: for somebody who is watched it may be the message.
"""

import hmac
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final

from gateway.hotline.voice import CALL, SPEAK
from gateway.reports.reading import Reading
from gateway.text.folding import fold_for_matching

CRISIS: Final = 1
# Of a hotline text in which no class was found, and of a call: somebody is there, so somebody looks.
UNCLEAR: Final = 2

# So many calls without a word within the hour are no mistake.
INSISTS: Final = 3
LATELY: Final = timedelta(hours=1)

# "No" to a text of ours that asks with digits.
_STOP_DIGIT: Final = "0"
# Around a wish for silence: `stop svp`. More than that says more.
_BESIDE_STOP: Final = 2
# No text that a phone sends has so many words: the word agreed upon may be the last.
_LONGEST_SEARCHED: Final = 2000
# What is looked for: a word, or two neighbours.
_BESIDE_EACH_OTHER: Final = 2
_WORD: Final = re.compile(r"[^\W_]+")


class Notice(StrEnum):
    """What an officer must hear besides the words; each has its phrase in every language."""

    DURESS = "duress"
    WORD_WRONG = "word_wrong"
    WORD_RIGHT = "word_right"
    ANSWERS = "answers"
    STOP = "stop"
    MISSED_CALL = "missed_call"
    SILENT_CALL = "silent_call"
    VOICE_MESSAGE = "voice_message"
    CALL_ME = "call_me"


@dataclass(frozen=True, slots=True)
class Triage:
    """How grave it is, 1 or 2, and what to tell."""

    severity: int
    notice: Notice | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """The words agreed upon with a contact, as keyed hashes, and whether one was just asked for."""

    code: bytes | None = None
    duress: bytes | None = None
    asked: bool = False


def of_text(reading: Reading, notice: Notice | None) -> Triage:
    if notice is Notice.DURESS:
        return Triage(CRISIS, notice)
    return Triage(min(reading.severity or UNCLEAR, UNCLEAR), notice)


def of_call(*, silent: bool, lately: int, to_be_called: bool) -> Triage | None:
    """A call that nobody took, or in which nothing was chosen; None when it is only counted.

    ``lately`` is how many such calls the same person made within the hour, with this one. One may be a
    mistake, three are not. Whoever is marked safe to be called agreed upon it: one call says "call me".
    """
    if not to_be_called and lately != INSISTS:
        return None
    return Triage(UNCLEAR, Notice.SILENT_CALL if silent else Notice.MISSED_CALL)


def of_unfinished(chosen: str) -> Triage | None:
    """A call that was cut after a choice that is only told once more is known: to be called, to leave a message."""
    notice = {CALL: Notice.CALL_ME, SPEAK: Notice.SILENT_CALL}.get(chosen)
    return Triage(UNCLEAR, notice) if notice else None


def of_reporters_call(lately: int) -> Triage | None:
    """A reporter's call on the agents' line, where nobody answers: told once an hour, however often it rings."""
    return Triage(UNCLEAR, Notice.MISSED_CALL) if lately == 1 else None


def word_in(text: str, words: Words, digest: Callable[[str], bytes]) -> Notice | None:
    """Which of the agreed words a text says; the wrong one if one was asked for and none is there.

    The same work is done whatever the text says: nothing may show from outside which it was.
    """
    found = {Notice.DURESS: False, Notice.WORD_RIGHT: False}
    kept = ((Notice.DURESS, words.duress), (Notice.WORD_RIGHT, words.code))
    for said in map(digest, _candidates(text)):
        for notice, word in kept:
            found[notice] |= hmac.compare_digest(said, word or b"")
    said_one = next((notice for notice, holds in found.items() if holds), None)
    return said_one or (Notice.WORD_WRONG if words.asked else None)


def is_found_anywhere(word: str) -> bool:
    """Whether a word to be agreed upon would be found wherever it stands in a text: it is one word or two."""
    return len(_WORD.findall(fold_for_matching(word))) <= _BESIDE_EACH_OTHER


def _candidates(text: str) -> Iterator[str]:
    """Each word of a text, each two neighbours, and the text as one word."""
    said = _WORD.findall(fold_for_matching(text))[:_LONGEST_SEARCHED]
    yield from said
    yield from (one + other for one, other in pairwise(said))
    yield "".join(said)


def asks_for_silence(text: str, reading: Reading, stops: Collection[str]) -> bool:
    """`STOP`, `stop svp`, `n'ecrivez plus`, `0`: with hardly a word besides, and none that tells of a need."""
    said = _WORD.findall(fold_for_matching(text))
    if said == [_STOP_DIGIT] or reading.kind == "stop":
        return True
    if reading.code is not None:
        return False
    for stop in stops:
        phrase = stop.split()
        more = len(said) - len(phrase)
        if 0 <= more <= _BESIDE_STOP and phrase in (said[: len(phrase)], said[more:]):
            return True
    return False
