"""When an alert goes to whom. A rule: facts and a moment in, decision out.

Steps are numbered from 0; a step beyond the last is the last one again. The last one repeats until
somebody takes the alert: an escalation never ends quietly.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

STEP_DELAY = timedelta(minutes=5)
LAST_STEP_REPEATS = timedelta(minutes=10)
ACKNOWLEDGEMENT_LASTS = timedelta(minutes=60)
# The last step of the shortest rota: a lone officer is asked as often as three would be.
LAST_STEP = 2


@dataclass(frozen=True, slots=True)
class Step:
    """What to do now: text ``officers`` and look again at ``next_at`` as step ``next_step``."""

    officers: tuple[UUID, ...]
    nobody: bool
    next_step: int
    next_at: datetime


def take_step(step: int, duty: dict[int, list[UUID]], now: datetime, pace: float = 1) -> Step:
    """The step that is due.

    A step without anybody on duty is passed over at once in favour of the nearest later one that has
    somebody, else of the nearest earlier one; with nobody on duty at all it says so and looks again.
    """
    last = max([LAST_STEP, *duty])
    wanted = min(step, last)
    reachable = sorted(duty, key=lambda one: (one < wanted, abs(one - wanted)))
    if not reachable:
        return Step((), nobody=True, next_step=step, next_at=now + STEP_DELAY / pace)
    taken = reachable[0]
    wait = LAST_STEP_REPEATS if max(taken, wanted) >= last else STEP_DELAY
    return Step(
        tuple(duty[taken]),
        nobody=False,
        next_step=max(taken, wanted) + 1,
        next_at=now + wait / pace,
    )


def without(duty: dict[int, list[UUID]], officer: str | None) -> dict[int, list[UUID]]:
    """Who is on duty besides this officer: an alert about somebody is for the others."""
    others = {step: [one for one in several if str(one) != officer] for step, several in duty.items()}
    return {step: several for step, several in others.items() if several}


def step_after_reminder(officer: UUID, duty: dict[int, list[UUID]]) -> int:
    """Where the rota begins again when a reminder is not answered: not with whoever did not answer it."""
    return 1 if officer in duty.get(0, ()) else 0


def expires_at(acknowledged_at: datetime, pace: float = 1) -> datetime:
    """When a taken alert is asked about again."""
    return acknowledged_at + ACKNOWLEDGEMENT_LASTS / pace
