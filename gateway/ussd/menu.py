"""The two USSD menus. A rule: what is known of the caller and what was typed so far in, a screen out.

Reporters and officers get the agents' menu, whoever else dials the hotline's.
"""

import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import Any, Final, Generic, TypeVar

from gateway.alerts.verbs import VERBS, Verb
from gateway.hotline.needs import CALL_BACK, NEEDS, RANG, TIMES
from gateway.people.pins import Verdict
from gateway.places.gazetteer import Gazetteer, Point, within_one_edit
from gateway.places.locate import distance
from gateway.reports.codebook import REQUIRABLE, Code, Codebook
from gateway.reports.partners import Partner
from gateway.text.folding import squeeze
from gateway.ussd.screens import Words, laid_out, languages, words
from gateway.ussd.talk import CallBack, Ending, Question, Show, Standing, Talk, ask, standing

AGENTS: Final = "agents"
HOTLINE: Final = "hotline"
CHOICES: Final = 7
"""So many by digit can still be read on a screen, and leave room for words behind each."""
_FAR_KM: Final = 25.0
_GONE_TO: Final = frozenset({"foreign_town", "transit_town", "capital"})
_NOT_KNOWN: Final = "X"
_SKIP: Final = "1"
_SETTLED: Final = {str(verdict): verdict for verdict in Verdict if verdict is not Verdict.WRONG}
_COUNT: Final = re.compile(r"[1-9][0-9]{0,3}")  # a longer number is a telephone
_QUANTITY: Final = re.compile(r"[1-9][0-9]{0,5}")
CUT: Final = ", session coupee"
"""Stands behind what a session said that was cut: nobody has confirmed it."""
Thing = TypeVar("Thing")

_CALL: Final = "call"
_HANDED: Final = "remis:"
"""Stands before whom people were handed over to, so that a number there is no number of people."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a session goes by. It is settled when the session begins, and with it what each digit means."""

    profile: str
    language: str = "fr"
    officer: bool = False
    kinds: tuple[str, ...] = ()
    """The codes behind the digits of the question what happened."""
    near: tuple[str, ...] = ()
    """The codes of the points behind the digits of the question where."""
    partners: tuple[str, ...] = ()
    """The partners behind the digits of the question who."""
    alerts: tuple[str, ...] = field(default=(), repr=False)
    """An officer's alerts behind the digits, as they are told."""
    codes: tuple[str, ...] = field(default=(), repr=False)
    """The officer's code of each of them."""
    cut: str | None = field(default=None, repr=False)
    """What an earlier session had come to when it was cut; None when there is none to go on with.

    Empty of a discreet reporter, whose phone others may look at: going on asks for the PIN.
    """


@dataclass(frozen=True, slots=True)
class Found(Generic[Thing]):
    """What something typed means: a thing for sure, or one of several."""

    things: tuple[Thing, ...]
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Menu:
    """The menus over an agency's codes, points and partners."""

    book: Codebook
    gazetteer: Gazetteer
    partners: Mapping[str, Partner]

    def standing(self, facts: Facts, typed: Sequence[str]) -> Standing:
        """Where these keys lead."""
        if facts.profile == HOTLINE:
            return standing(_hotline, typed)
        say = words(AGENTS, facts.language)
        return standing(lambda: self._agents(facts, say), typed)

    def kinds(self, used: Sequence[str]) -> tuple[str, ...]:
        """The codes to offer: those used most, then the gravest."""
        gravest = sorted(self.book.codes.values(), key=lambda code: (code.severity, code.number))
        offered = [*(code for code in used if code in self.book), *(code.code for code in gravest)]
        return tuple(dict.fromkeys(offered))[:CHOICES]

    def near(self, post: str | None) -> tuple[str, ...]:
        """The codes of the points nearest to a post, itself first."""
        here = self.gazetteer.by_code.get(post or "")
        return tuple(point.label for point in self.gazetteer.neighbours(here)[:CHOICES]) if here else ()

    def present(self, today: date) -> tuple[str, ...]:
        """The partners to offer: those who are there on this day."""
        here = (name for name, partner in self.partners.items() if partner.is_active(today))
        return tuple(here)[:CHOICES]

    def _agents(self, facts: Facts, say: Words) -> Talk:
        if facts.cut is not None:
            either = ((say["go_on"], True), (say["anew"], False))
            goes_on = yield from ask(Question(say, f"{say['resume']} {facts.cut}", either))
            proven = Ending("", goes_on=goes_on)
            return (yield from _own(say, proven)) if goes_on and not facts.cut else proven
        choices = [
            (say["report"], self._report(facts, say)),
            (say["mine"], _own(say, Ending("", show=Show.MINE))),
        ]
        if facts.officer:
            choices.append((say["duty"], _own(say, Ending("", show=Show.DUTY))))
            choices.append((say["alerts"], _answers(facts, say)))
        chosen = yield from ask(Question(say, say["main"], choices))
        return (yield from chosen)

    def _report(self, facts: Facts, say: Words) -> Talk:
        found = yield from ask(self._which_code(facts, say))
        code = yield from _settled(say, found, lambda code: _told_code(code, facts.language))
        near = [self.gazetteer.by_code[code] for code in facts.near if code in self.gazetteer.by_code]
        place = yield from self._where("place", near, say, code.code, enough=False)
        said = f"{code.code} {place.label}"
        for name in REQUIRABLE:
            if name == "destination" and name in code.required:
                onwards = tuple(islice(self._onwards(place), CHOICES))
                said += f" >{(yield from self._where(name, onwards, say, said)).label}"
            elif name != "place" and name in code.required:
                said = _joined(said, (yield from ask(self._how_much(name, facts, say, said))))
        if code.severity > 1:
            said = _joined(said, (yield from ask(_is_urgent(say, said))))
        told = f"{say['confirm']} {said}: {code.label(facts.language)}, {place.bare_name}"
        yield from ask(Question(say, told, ((say["send"], True),), draft=said))
        return Ending(laid_out(say["sent"]), message=said)

    def _which_code(self, facts: Facts, say: Words) -> Question[Found[Code]]:
        offered = [self.book[code] for code in facts.kinds if code in self.book]
        choices = [(_told_code(code, facts.language), Found((code,))) for code in offered]
        return Question(say, say["kind"], choices, self._code, unknown="unknown_kind")

    def _where(
        self, name: str, offered: Sequence[Point], say: Words, draft: str, *, enough: bool = True
    ) -> Generator[Question[Any], str, Point]:
        """A place, by digit, code or name."""
        choices = [(f"{point.label} {point.bare_name}", Found((point,))) for point in offered]
        found = yield from ask(
            Question(
                say, say[name], choices, self._point, unknown="unknown_place", draft=draft, enough=enough
            )
        )
        return (yield from _settled(say, found, lambda point: f"{point.label} {point.name}", draft, enough))

    def _how_much(self, name: str, facts: Facts, say: Words, draft: str) -> Question[str]:
        """The question for people, a quantity or a partner; its answer is what the message says of it."""
        match name:
            case "people":
                return Question(say, say[name], typed=_people, draft=draft)
            case "quantity":
                return Question(say, say[name], typed=_quantity, draft=draft)
            case _:
                choices = [(partner, partner) for partner in facts.partners]
                return Question(say, say[name], choices, self._partner, draft=draft)

    def _code(self, typed: str) -> Found[Code] | None:
        name, codes = typed.upper(), self.book.codes
        if name in codes:
            return Found((codes[name],))
        return _alike(code for code in codes.values() if within_one_edit(name, code.code))

    def _point(self, typed: str) -> Found[Point] | None:
        """A point by its code, or by a name; where that is misspelt or not its alone, those that it may mean."""
        name, code, points = squeeze(typed), typed.upper(), self.gazetteer.by_code
        named = (points[code],) if code in points else self.gazetteer.by_name.get(name, ())
        if named:
            return Found(named, sure=len(named) == 1)
        similar = [point for point in self.gazetteer.similar(name) if point.code]
        return _alike(similar or (point for point in points.values() if within_one_edit(code, point.label)))

    def _onwards(self, place: Point) -> Iterator[Point]:
        """The towns that a journey may go on to, the nearest first."""
        towns = (point for point in self.gazetteer.neighbours(place) if point.kind in _GONE_TO)
        return (point for point in towns if not _is_here(place, point))

    def _partner(self, typed: str) -> str | None:
        """A partner by any of its names."""
        called = squeeze(typed)
        known = self.partners.values()
        return next((one.short_name for one in known if called in map(squeeze, one.names)), None)


def _is_here(place: Point, other: Point) -> bool:
    if place.position is None or other.position is None:
        return place is other
    return distance(place.position, other.position) < _FAR_KM


def _told_code(code: Code, language: str) -> str:
    return f"{code.code} {code.label(language)}"


def _alike(things: Iterable[Thing]) -> Found[Thing] | None:
    found = tuple(things)[:CHOICES]
    return Found(found, sure=False) if found else None


def _settled(
    say: Words,
    found: Found[Thing],
    told: Callable[[Thing], str],
    draft: str | None = None,
    enough: bool = True,
) -> Generator[Question[Any], str, Thing]:
    """What was found; where it is not sure, which of those. Nothing is corrected behind anybody's back."""
    if found.sure:
        return found.things[0]
    choices = [(told(thing), thing) for thing in found.things]
    return (yield from ask(Question(say, say["which"], choices, draft=draft, enough=enough)))


def _joined(said: str, more: str) -> str:
    return f"{said} {more}" if more else said


def _people(typed: str) -> str | None:
    """How many; nothing is said of what is not known, and it will be asked for."""
    if typed.upper() == _NOT_KNOWN:
        return ""
    return f"T{typed}" if _COUNT.fullmatch(typed) else None


def _quantity(typed: str) -> str | None:
    return typed if _QUANTITY.fullmatch(typed) else None


def _is_urgent(say: Words, draft: str) -> Question[str]:
    return Question(say, say["urgent"], ((say["yes"], "URG"), (say["no"], "")), draft=draft)


def _own(say: Words, proven: Ending) -> Talk:
    """What is somebody's own is shown for a PIN."""
    return (yield from _refused(say)) or proven


def _refused(say: Words) -> Generator[Question[Any], str, Ending | None]:
    """Ask for the PIN; None where it was right. What was typed comes as the verdict on it."""
    verdict = yield from ask(Question(say, say["pin"], typed=_SETTLED.get, unknown="wrong_pin", pin=True))
    match verdict:
        case Verdict.RIGHT:
            return None
        case Verdict.LOCKED:
            return Ending(laid_out(say["locked"]))
        case _:
            return Ending(laid_out(say["no_pin"]))


def _answers(facts: Facts, say: Words) -> Talk:
    """An officer's alerts, and what to answer: by the digits that stand behind the code in a text."""
    if refused := (yield from _refused(say)):
        return refused
    if not facts.alerts:
        return Ending(laid_out(say["no_alert"]))
    told = dict(zip(facts.codes, facts.alerts, strict=True))
    code = yield from ask(Question(say, say["which"], [(line, code) for code, line in told.items()]))
    verbs = [(say[verb], digit) for digit, verb in VERBS.items()]
    digit = yield from ask(Question(say, told[code], verbs))
    to = ""
    if VERBS[digit] is Verb.HANDED_OVER:
        to = yield from ask(Question(say, say["to_whom"], typed=_free))
    said = f"{code} {digit} {_HANDED} {to}" if to else f"{code} {digit}"
    return Ending(laid_out(say["sent"]), message=said)


def _hotline() -> Talk:
    """The same last words, whatever was chosen: who looks over a shoulder, or finds the phone, learns nothing."""
    spoken = [(words(HOTLINE, language)["name"], language) for language in languages(HOTLINE)]
    first = words(HOTLINE, spoken[0][1])
    language = yield from ask(Question(first, "", spoken))
    say = words(HOTLINE, language)
    choices = [(say[need], need) for need in (*NEEDS, _CALL)]
    need = yield from ask(Question(say, say["need"], choices))
    if need == _CALL:
        return (yield from _call_back(say, language))
    message = NEEDS[need]
    where = yield from ask(Question(say, say["where"], typed=_free, draft=message))
    return Ending(laid_out(say["ended"]), message=f"{message}, {where}" if where else message)


def _call_back(say: Words, language: str) -> Talk:
    """When a call is safe, asked in words that fit any conversation."""
    answers = [(say[key], key) for key in ("now", "later", "never")]
    when = yield from ask(Question(say, say["when"], answers, draft=RANG))
    if when == "later":
        when = yield from ask(Question(say, say["which"], [(say[key], key) for key in TIMES], draft=RANG))
    wish = CallBack(language, never=when == "never", hours=TIMES.get(when))
    return Ending(laid_out(say["ended"]), message=CALL_BACK.get(when), call_back=wish)


def _free(typed: str) -> str | None:
    if typed == _SKIP:
        return ""
    return typed if len(typed) > 1 else None
