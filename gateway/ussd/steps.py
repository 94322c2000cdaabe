"""What a provider's request adds to a session. A rule: the request before and this one in, answers out."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Self

from gateway.messages import SessionStep

REPEATED_WITHIN: Final = timedelta(seconds=2)
"""The same answer in so short a time is a provider's second attempt, where it does not count its requests."""
DIALLED_WITHIN: Final = timedelta(minutes=1)
"""The same for the dialling, which nobody does twice in a hurry, while a provider may take its time."""

Hashed = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class Asked:
    """A session's last request, known again without holding what was typed: a PIN may be in it."""

    hash: bytes
    length: int
    sequence: int | None
    at: datetime

    @classmethod
    def by(cls, step: SessionStep, hashed: Hashed) -> Self:
        return cls(hashed(step.text), len(step.text), step.sequence, step.received_at)


def meant(step: SessionStep, *, under_way: bool) -> SessionStep:
    """The step itself; where it may be a dialling or an answer, the answer in a session that is under way."""
    if step.or_answer is None or not under_way:
        return step
    return replace(step, text=step.or_answer, first=False)


def is_dialled_anew(last: Asked | None, step: SessionStep, hashed: Hashed) -> bool:
    """Whether a provider uses a session's id again: the next to dial must not be shown what was there."""
    return step.first and last is not None and not _is_same_dialling(last, step, hashed)


def is_repeated(last: Asked | None, step: SessionStep, hashed: Hashed) -> bool:
    """Whether the provider asks again for a screen that it has been given."""
    if last is None:
        return False
    if step.first:
        return _is_same_dialling(last, step, hashed)
    if step.sequence is not None and last.sequence is not None:
        return step.sequence <= last.sequence
    same = hashed(step.text) == last.hash
    if step.cumulative:
        return same or len(step.text) < last.length
    return same and step.received_at - last.at <= REPEATED_WITHIN


def _is_same_dialling(last: Asked, step: SessionStep, hashed: Hashed) -> bool:
    return hashed(step.text) == last.hash and step.received_at - last.at <= DIALLED_WITHIN


def answers(last: Asked | None, step: SessionStep, hashed: Hashed) -> list[str]:
    """What was typed since the last request.

    Behind the code answers are dialled between stars. Later a star may be part of an answer: of
    everything since the dialling what was there before is known by its hash, and the rest is the answer.
    """
    if last is None:
        return step.text.split("*") if step.text else []
    if not step.cumulative:
        return [step.text]
    before, rest = step.text[: last.length], step.text[last.length :]
    if hashed(before) == last.hash and (rest.startswith("*") or not before):
        return [rest[1:] if before else rest]
    return [step.text.rpartition("*")[2]]
