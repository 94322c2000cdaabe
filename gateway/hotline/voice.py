"""The hotline's voice menu. A rule: the keys that were pressed so far in, what the caller hears out.

The keys stand in the address that the provider calls next, which it signs, so that a menu needs no
memory and goes on while the database is away. Each way through it ends: a question is put three times,
and a caller chooses a few times.
"""

import tomllib
from collections.abc import Collection, Generator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

from gateway.hotline.needs import CALL_BACK, NEEDS
from gateway.messages import SPOKE, Then

BY_KEY: Final[Mapping[str, str]] = {"1": "fr", "2": "ha", "3": "en"}
_PUT: Final = 3
"""How often a question is put to a caller who is silent or presses another key."""
_CHOICES: Final = 4
SPEAK: Final = "speak"
CALL: Final = "call"
NEVER: Final = "never"
_MENU: Final = {str(key): need for key, need in enumerate((*NEEDS, SPEAK, CALL), start=1)}
_WHEN: Final = {str(key): when for key, when in enumerate((*CALL_BACK, NEVER), start=1)}


class Prompt(NamedTuple):
    language: str
    name: str


class What(StrEnum):
    """What happened in a call."""

    BEGAN = "began"
    CHOSE = "chose"
    """A need, or what more must be asked about: to speak, to be called back."""
    CALL_BACK = "call-back"
    SPOKE = "spoke"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Event:
    """``detail`` is what was chosen, when to call back, or the provider's id of a recording."""

    what: What
    detail: str = ""
    language: str = ""

    @property
    def words(self) -> str:
        """What the caller would have texted."""
        return NEEDS.get(self.detail) or CALL_BACK.get(self.detail) or ""

    def id_in(self, call: str) -> str:
        """Of one call each event is taken in once."""
        return f"{call}:{self.what}:{self.detail}:{self.language}"


def event_of(id_: str) -> tuple[str, Event]:
    """The call and the event behind such an id."""
    call, what, detail, language = id_.rsplit(":", 3)
    return call, Event(What(what), detail, language)


@dataclass(frozen=True, slots=True)
class Turn:
    """What the caller hears, and what the last key brought about."""

    prompts: tuple[Prompt, ...]
    then: Then
    event: Event | None = None


Talk = Generator[Turn, str, Turn]


def turn(keys: str, offered: Collection[str]) -> Turn:
    """Where these keys lead; ``offered`` are the languages that there is a voice for."""
    talk = _talk(offered)
    heard = next(talk)
    for place, key in enumerate(keys, start=1):
        try:
            heard = talk.send(key)
        except StopIteration as end:
            last: Turn = end.value
            return last if place == len(keys) else replace(last, event=None)
    return heard


def busy(offered: Collection[str]) -> Turn:
    """Nothing can be written down: the caller must not think that it was heard."""
    return Turn(tuple(Prompt(language, "busy") for language in offered), Then.NOTHING)


def _talk(offered: Collection[str]) -> Talk:
    spoken = {key: language for key, language in BY_KEY.items() if language in offered}
    greetings = tuple(Prompt(language, "greeting") for language in spoken.values())
    language = yield from _ask(greetings, spoken, Event(What.BEGAN))
    if language is None:
        return _end(next(iter(spoken.values())))
    event = None
    for _ in range(_CHOICES):
        menu = Prompt(language, "menu")
        prompts = (Prompt(language, "noted"), menu) if event else (menu,)
        need = yield from _ask(prompts, _MENU, event)
        if need is None:
            return _end(language)
        event = Event(What.CHOSE, need, language)
        if need == SPEAK:
            return (yield from _speak(language, event))
        if need == CALL:
            return (yield from _call_back(language, event))
    return _end(language, event)


def _speak(language: str, event: Event) -> Talk:
    key = yield Turn((Prompt(language, "speak"),), Then.SPEECH, event)
    return _end(language, Event(What.SPOKE, language=language) if key == SPOKE else None)


def _call_back(language: str, event: Event) -> Talk:
    when = yield from _ask((Prompt(language, "when"),), _WHEN, event)
    return _end(language, Event(What.CALL_BACK, when, language) if when else None)


def _ask(
    prompts: tuple[Prompt, ...], choices: Mapping[str, str], event: Event | None = None
) -> Generator[Turn, str, str | None]:
    """What is chosen; None where nothing is, however often it is asked."""
    key = yield Turn(prompts, Then.KEY, event)
    for _ in range(_PUT - 1):
        if key in choices:
            break
        key = yield Turn(prompts, Then.KEY)
    return choices.get(key)


def _end(language: str, event: Event | None = None) -> Turn:
    """The same last words, whatever was chosen."""
    noted = (Prompt(language, "noted"),) if event else ()
    return Turn((*noted, Prompt(language, "goodbye")), Then.NOTHING, event)


@cache
def sentences() -> Mapping[Prompt, str]:
    """All that a caller may hear, in each language."""
    read = tomllib.loads(files("gateway.hotline").joinpath("voice.toml").read_text(encoding="utf-8"))
    return {Prompt(language, name): words for language in read for name, words in read[language].items()}
