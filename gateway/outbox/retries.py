"""What becomes of a text that was not handed over. A rule.

Alerts are sent at least once: a duplicate costs a few francs, a missing one a life. Everything else
is sent at most once: where it may have been taken, it is not repeated.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.outbox.drafts import ABOUT_ALERTS

_FIRST_WAIT = timedelta(seconds=2)
_LONGEST_WAIT = timedelta(minutes=5)
LONGEST_PAUSE = _LONGEST_WAIT * 1.5


@dataclass(frozen=True, slots=True)
class Again:
    at: datetime


@dataclass(frozen=True, slots=True)
class GiveUp:
    reason: str


def pause(tries: int, jitter: float) -> timedelta:
    """Before the next try; ``jitter`` in [0, 1) spreads the waits."""
    wait: timedelta = min(_FIRST_WAIT * 2 ** min(tries - 1, 10), _LONGEST_WAIT)
    return wait * (0.5 + jitter)


def after_failure(
    purpose: str,
    *,
    retry: bool,
    uncertain: bool,
    fresh_line: bool = False,
    reason: str,
    attempts: int,
    tries: int,
    now: datetime,
    expires_at: datetime,
    jitter: float,
) -> Again | GiveUp:
    """``attempts`` counts this one, ``tries`` those of them by the same channel, which the waits grow with.

    With a ``fresh_line``, which was tried less, there is nothing to wait for.
    """
    if not retry:
        return GiveUp(reason)
    if uncertain and purpose not in ABOUT_ALERTS:
        return GiveUp(f"{reason}; it may have been taken, so it is not repeated")
    if fresh_line:
        return Again(now)
    wait = pause(tries, jitter)
    if now + wait >= expires_at:
        return GiveUp(f"{reason}; given up after {attempts} attempts")
    return Again(now + wait)
