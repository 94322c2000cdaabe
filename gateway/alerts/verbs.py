"""What an officer can answer to an alert, and what that does to it. Rules."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID


class Verb(StrEnum):
    TAKEN = "taken"
    CANNOT = "cannot"
    ESCALATE = "escalate"
    ON_SITE = "on_site"
    SAFE = "safe"
    HANDED_OVER = "handed_over"
    NOTHING_FOUND = "nothing_found"


VERBS: Final[Mapping[int, Verb]] = dict(enumerate(Verb, start=1))
"""By the digit that is texted behind the code, typed into a menu, or pressed during a call."""


class Help(StrEnum):
    """Whoever holds an alert does not manage alone: somebody is called to help, or has said that they come."""

    WANTED = "wanted"
    PROMISED = "promised"


LASTS: Final[Mapping[Verb, timedelta]] = {Verb.ON_SITE: timedelta(hours=2)}
"""How long an outcome holds before whoever has the alert is asked again; an acknowledgement has a pace of its own."""
SETTLES: Final = frozenset({Verb.SAFE, Verb.HANDED_OVER, Verb.NOTHING_FOUND})
"""After these nobody is asked again: the desk closes it."""
OUTCOMES: Final = SETTLES | LASTS.keys()
_PASSES_ON: Final = frozenset({Verb.CANNOT, Verb.ESCALATE})
"""The next officer is called at once."""


class Move(StrEnum):
    """What an answer comes to; its value is the template that says so to the officer."""

    TAKES = "answer_taken"
    STEPS = "answer_outcome"
    RELEASES = "answer_cannot"
    CALLS_NEXT = "answer_escalated"
    CALLS_HELP = "answer_help"
    HELPS = "answer_helps"
    REPEATS = "answer_repeated"
    IS_LATE = "answer_already"
    SPEAKS = "answer_not_yours"
    NOTES = "answer_noted"
    IS_UNCLEAR = "answer_unclear"


def move(
    state: str, holder: UUID | None, officer: UUID, verb: Verb | None, *, helped: str | None, said: str | None
) -> Move:
    """What an officer's answer to an alert comes to that is not closed.

    ``verb`` is None where the text says nothing certain. ``helped`` is the ``Help`` that its holder asked for,
    ``said`` the officer's latest verb since they were last told of it. An alert that is open is anybody's, also
    after an acknowledgement that has run out.
    """
    taken = state == "acknowledged"
    if taken and holder != officer:
        return _of_another(verb, helped=helped is not None)
    help_is_called = verb is Verb.ESCALATE and helped == Help.WANTED
    if help_is_called if taken else {verb, said} <= _PASSES_ON:
        return Move.REPEATS
    comes_to = {
        Verb.TAKEN: Move.TAKES,
        Verb.CANNOT: Move.RELEASES,
        Verb.ESCALATE: Move.CALLS_HELP if taken else Move.CALLS_NEXT,
        None: Move.NOTES if taken else Move.IS_UNCLEAR,
    }
    return comes_to.get(verb, Move.STEPS)


def _of_another(verb: Verb | None, *, helped: bool) -> Move:
    if verb is Verb.TAKEN and helped:
        return Move.HELPS
    return Move.IS_LATE if verb in {Verb.TAKEN, Verb.CANNOT, Verb.ESCALATE} else Move.SPEAKS


def runs_out_at(verb: Verb, now: datetime, taken_lasts: timedelta, speed: float = 1) -> datetime | None:
    """When whoever says so is asked whether it goes on. ``taken_lasts`` is how long a bare acknowledgement does."""
    if verb in SETTLES:
        return None
    return now + (LASTS[verb] / speed if verb in LASTS else taken_lasts)
