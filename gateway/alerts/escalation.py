"""When an alert goes to whom. A rule: facts and a moment in, decision out.

Steps are numbered from 0; a step beyond the last is the last one again. The last one repeats until
somebody takes the alert: an escalation never ends quietly.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gateway.duty.policy import By, Pace

# The last step of the shortest rota: a lone officer is asked as often as three would be.
LAST_STEP = 2


@dataclass(frozen=True, slots=True)
class Step:
    """What to do now: tell ``officers`` in these ways and look again at ``next_at`` as step ``next_step``."""

    officers: tuple[UUID, ...]
    by: tuple[By, ...]
    nobody: bool
    next_step: int
    next_at: datetime


def take_step(step: int, duty: dict[int, list[UUID]], now: datetime, pace: Pace) -> Step:
    """The step that is due.

    A step without anybody on duty is passed over at once in favour of the nearest later one that has
    somebody, else of the nearest earlier one; with nobody on duty at all it says so and looks again.
    The last step, once it is repeated, also rings: whoever stands there has had a text already.
    """
    last = max([LAST_STEP, *duty])
    wanted = min(step, last)
    reachable = sorted(duty, key=lambda one: (one < wanted, abs(one - wanted)))
    if not reachable:
        return Step((), pace.by, nobody=True, next_step=step, next_at=now + pace.nobody)
    taken = reachable[0]
    wait = pace.repeat if max(taken, wanted) >= last else pace.step
    return Step(
        tuple(duty[taken]),
        tuple(By) if step > last else pace.by,
        nobody=False,
        next_step=max(taken, wanted) + 1,
        next_at=now + wait,
    )


def without(duty: dict[int, list[UUID]], *absent: UUID | str | None) -> dict[int, list[UUID]]:
    """Who is on duty besides these: whom an alert is about, and who said that they cannot."""
    away = {str(one) for one in absent}
    others = {step: [one for one in several if str(one) not in away] for step, several in duty.items()}
    return {step: several for step, several in others.items() if several}


def step_after_reminder(officer: UUID, duty: dict[int, list[UUID]]) -> int:
    """Where the rota begins again when a reminder is not answered: not with whoever did not answer it."""
    return next((step for step in sorted(duty) if officer not in duty[step]), 0)


def hastened(due_at: datetime, before: Pace, after: Pace, now: datetime) -> datetime:
    """When the next step of an open alert is due that has become graver: as if it had been so at the last one."""
    return min(due_at, max(now, due_at - before.step + after.step))


def step_elsewhere(step: int, here: dict[int, list[UUID]], there: dict[int, list[UUID]]) -> int:
    """Where an open alert goes on that is in another region: at the first step at which others stand there."""
    return next((one for one in range(step) if here.get(one) != there.get(one)), step)


def asked_again_at(runs_out_at: datetime | None, pace: Pace, now: datetime, *, graver: bool) -> datetime:
    """When whoever holds an alert of which there is news is asked whether it goes on.

    What its outcome had settled (``runs_out_at`` is None) begins anew. Whoever took something less grave has to say
    so again by the time at which the next step would be called.
    """
    until = runs_out_at or now + pace.lasts
    return min(until, now + pace.step) if graver else until
