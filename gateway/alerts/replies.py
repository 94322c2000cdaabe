"""An officer's answer to an alert, and the codes that it goes by. Rules."""

import random
import re
from collections.abc import Collection
from dataclasses import dataclass

# Four digits, with a "1" (taken) or "ok" before or behind; spaces and punctuation do not matter.
_ANSWER = re.compile(r"(?:ok\W*)?(?P<code>\d{4})(?:\W+(?P<verb>1|ok))?", re.IGNORECASE)
_FIRST, _LAST = 1000, 9999


@dataclass(frozen=True, slots=True)
class Answer:
    """An officer takes the alert of ``code``."""

    code: int


def parse(text: str) -> Answer | None:
    """``4821``, ``4821 1``, ``ok 4821``; None for anything else."""
    match = _ANSWER.fullmatch(text.strip().strip("\"'#.,;:!*- "))
    return Answer(int(match["code"])) if match else None


def draw_code(taken: Collection[int], chance: random.Random) -> int | None:
    """A four-digit code that is not taken; None when all are.

    Random, because a sender's number can be forged and 1, 2, 3 would be guessed.
    """
    for _ in range(20):
        code = chance.randint(_FIRST, _LAST)
        if code not in taken:
            return code
    free = [code for code in range(_FIRST, _LAST + 1) if code not in taken]
    return chance.choice(free) if free else None
