"""What an examination finds."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from gateway.observability import where


class Level(StrEnum):
    OK = "ok"
    NOTE = "note"
    """Nothing is wrong, but somebody should look at what no program can see."""
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One part and how it is. The sentence of what is not well says how to mend it. Never a phone's number."""

    part: str
    level: Level
    sentence: str


def ok(part: str, sentence: str) -> Finding:
    return Finding(part, Level.OK, sentence)


def note(part: str, sentence: str) -> Finding:
    return Finding(part, Level.NOTE, sentence)


def warning(part: str, sentence: str) -> Finding:
    return Finding(part, Level.WARNING, sentence)


def wrong(part: str, sentence: str) -> Finding:
    return Finding(part, Level.WRONG, sentence)


def examined(part: str, examine: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """An examination that itself fails is a finding too, not a traceback."""
    try:
        yield from list(examine())
    except Exception as error:  # noqa: BLE001 - the doctor goes on to the next part
        yield wrong(part, f"could not be examined ({where(error)}); please report it.")
