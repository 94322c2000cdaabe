"""An officer's answer to an alert, and the codes that it goes by. Rules."""

import random
import re
from collections.abc import Collection
from dataclasses import dataclass

_TOKEN = re.compile(r"[^\W\d]+|\d+")
_CODE = re.compile(r"\d{4}")
_REFERENCE = re.compile(r"\d{6}")
# What an officer half asleep writes around the digits, the alert's own words among it. Any other word
# may mean something else ("non", "2", a report's code), so it is not read as an answer.
_AROUND = frozenset(
    _TOKEN.findall(
        "1 ok oui yes eh i je j prends prend pris take taken it mine recu merci bien thanks thank you "
        "chef repondez reponds reply amsa da na karba ref"
    )
)
_FIRST, _LAST = 1000, 9999


@dataclass(frozen=True, slots=True)
class Answer:
    """An officer takes the alert of ``code``."""

    code: int


def parse(text: str) -> Answer | None:
    """``4821``, ``4821 1``, ``ok 4821``, ``oui 4821 merci``, ``4 8 2 1``; None for anything else."""
    words = _TOKEN.findall(text.lower())
    if len(words) == 4 and all(len(word) == 1 and word.isdecimal() for word in words):
        return Answer(int("".join(words)))
    codes = [word for word in words if _CODE.fullmatch(word)]
    others = [word for word in words if not _CODE.fullmatch(word) and not _REFERENCE.fullmatch(word)]
    if len(codes) == 1 and _AROUND.issuperset(others):
        return Answer(int(codes[0]))
    return None


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
