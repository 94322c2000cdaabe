"""Which of the clock's steps were not done in time. A rule: when each was due and a moment in, the late ones out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

DONE_WITHIN: Final = timedelta(minutes=1)
_LEAST: Final = timedelta(seconds=20)
"""However fast the pace: some steps are looked at every ten seconds."""
STEADY_FOR: Final = timedelta(minutes=10)
"""Steps that are late now and then are one trouble, of which nobody is told again and again."""


class Step(StrEnum):
    """What must be done when it is due; the gravest first."""

    ALERTS = "alerts"
    TEXTS = "texts"
    INBOX = "inbox"
    CLOCK = "clock"
    SILENCE = "silence"
    QUESTIONS = "questions"
    HANDOVER = "handover"

    def is_graver_than(self, other: "Step") -> bool:
        gravest_first = list(Step)
        return gravest_first.index(self) < gravest_first.index(other)


@dataclass(frozen=True, slots=True)
class Late:
    step: Step
    since: datetime


def is_late(due: datetime, now: datetime, pace: float = 1) -> bool:
    return now - due >= max(DONE_WITHIN / pace, _LEAST)


def late(
    due: Mapping[Step, datetime], looking_since: datetime, now: datetime, pace: float = 1
) -> tuple[Late, ...]:
    """The late ones, the gravest first. After an outage of the database each has its time anew."""
    return tuple(
        Late(step, due[step])
        for step in Step
        if step in due and is_late(max(due[step], looking_since), now, pace)
    )
