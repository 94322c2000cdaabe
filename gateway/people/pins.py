"""The PIN that opens what is somebody's own. A rule: what is on file and what was typed in, a verdict out."""

import hmac
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

TRIES: Final = 3
LOCKED_FOR: Final = timedelta(minutes=30)
DIGITS: Final = (4, 8)
"""How many digits a PIN has, least and most."""


class Verdict(StrEnum):
    RIGHT = "PIN right"
    WRONG = "PIN wrong"
    LOCKED = "PIN locked"
    MISSING = "PIN missing"


@dataclass(frozen=True, slots=True)
class Pin:
    """What is on file. Right or wrong, nobody is let in before ``locked_until``."""

    hash: bytes
    failures: int = 0
    locked_until: datetime | None = None


def is_pin(text: str) -> bool:
    least, most = DIGITS
    return text.isascii() and text.isdecimal() and least <= len(text) <= most


def judged(pin: Pin, given: bytes, now: datetime) -> tuple[Verdict, Pin]:
    """The verdict on the hash of what was typed, and what is on file from now on."""
    if pin.locked_until is not None and now < pin.locked_until:
        return Verdict.LOCKED, pin
    if hmac.compare_digest(pin.hash, given):
        return Verdict.RIGHT, Pin(pin.hash)
    failures = pin.failures + 1
    if failures < TRIES:
        return Verdict.WRONG, replace(pin, failures=failures, locked_until=None)
    return Verdict.LOCKED, Pin(pin.hash, locked_until=now + LOCKED_FOR)
