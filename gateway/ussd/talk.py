"""A USSD menu as a conversation. A rule: what was typed so far in, a screen out.

A menu is a generator: each `yield` puts a question and is sent what was typed in answer, and what it
returns ends the session. The keys are gone through from the beginning each time, so that the same keys
show the same screen, however often a provider asks.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Generic, TypeVar

from gateway.messages import Screen
from gateway.people.safety import Hours
from gateway.ussd.screens import Words, laid_out

BACK: Final = "0"
START: Final = "00"
ANSWERS: Final = 50
"""So many are more than anybody needs: then the session ends, and is dialled anew."""
_DIGITS: Final = "123456789"

Answer = TypeVar("Answer")


class Show(StrEnum):
    """What is looked up when a session ends with it."""

    MINE = "mine"
    DUTY = "duty"


@dataclass(frozen=True, slots=True)
class CallBack:
    """What a caller says of being called: never, at these hours, or, where there are none, at once."""

    language: str
    never: bool
    hours: Hours | None


@dataclass(frozen=True, slots=True)
class Ending:
    """The last screen, and what is to be done."""

    text: str = field(repr=False)
    message: str | None = field(default=None, repr=False)
    """What the caller would have texted."""
    show: Show | None = None
    call_back: CallBack | None = None
    goes_on: bool | None = None
    """No end at all: the session that was cut goes on, or a new one begins."""


@dataclass(frozen=True, slots=True)
class Question(Generic[Answer]):
    """What is asked: choices by digit, and what else may be typed."""

    say: Words
    heading: str = field(repr=False)
    choices: Sequence[tuple[str, Answer]] = field(default=(), repr=False)
    typed: Callable[[str], Answer | None] = lambda _: None
    """What it means, or None."""
    unknown: str = "again"
    """What is said of something that means nothing."""
    draft: str | None = field(default=None, repr=False)
    """What has been said so far; None while it is nothing."""
    enough: bool = True
    """Whether that is worth filing if nothing more comes."""
    pin: bool = False

    def read(self, typed: str) -> Answer | None:
        if len(typed) == 1 and typed in _DIGITS[: len(self.choices)]:
            return self.choices[int(typed) - 1][1]
        return self.typed(typed)

    def shown(self, *, wrong: bool, foot: bool) -> str:
        heading = f"{self.say[self.unknown]} {self.heading}" if wrong else self.heading
        lines = [f"{digit} {label}" for digit, (label, _) in zip(_DIGITS, self.choices, strict=False)]
        return laid_out(heading, lines, self.say["back"] if foot else "")


Talk = Generator[Question[Any], str, Ending]


def ask(question: Question[Answer]) -> Generator[Question[Any], str, Answer]:
    """Put a question; the walk sends nothing that is no answer to it."""
    answer = question.read((yield question))
    if answer is None:
        raise ValueError("what was sent answers nothing")
    return answer


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a session stands: what it shows, and what is to be done where it has ended."""

    screen: Screen
    ending: Ending | None = None
    draft: str | None = field(default=None, repr=False)
    enough: bool = False
    asks_pin: bool = False
    answers: tuple[str, ...] = field(default=(), repr=False)
    """The keys that led here, without detours."""


def standing(talk: Callable[[], Talk], typed: Sequence[str]) -> Standing:
    """Where these keys lead. Every sequence of keys leads somewhere, and none goes on for ever."""
    walk = _Walk(talk)
    for keys in typed[:ANSWERS]:
        walk.take(keys.strip())
    answers, question = tuple(walk.answers), walk.question
    if walk.ending is not None:
        return Standing(Screen(walk.ending.text, goes_on=False), walk.ending, answers=answers)
    if len(typed) >= ANSWERS:
        over = Screen(laid_out(question.say["ended"]), goes_on=False)
        return Standing(over, draft=question.draft, enough=question.enough, answers=answers)
    screen = Screen(question.shown(wrong=walk.wrong, foot=bool(answers)), goes_on=True)
    return Standing(
        screen, draft=question.draft, enough=question.enough, asks_pin=question.pin, answers=answers
    )


class _Walk:
    """A conversation with the keys that were typed so far."""

    def __init__(self, talk: Callable[[], Talk]) -> None:
        self._begin = talk
        self.answers: list[str] = []
        self.ending: Ending | None = None
        self.wrong = False
        self._start_again([])

    def take(self, keys: str) -> None:
        """One answer; after the end nothing counts."""
        if self.ending is not None:
            return
        self.wrong = False
        if keys == START:
            self._start_again([])
        elif keys == BACK:
            self._start_again(self.answers[:-1])
        elif self.question.read(keys) is None:
            self.wrong = True
        else:
            self._go_on(keys)

    def _start_again(self, answers: Sequence[str]) -> None:
        self._talk, self.answers = self._begin(), []
        self.question = next(self._talk)
        for keys in answers:
            self._go_on(keys)

    def _go_on(self, keys: str) -> None:
        self.answers.append(keys)
        try:
            self.question = self._talk.send(keys)
        except StopIteration as end:
            self.ending = end.value
