"""The two USSD menus. A rule: what is known of the caller and what was typed so far in, a screen out.

Reporters and officers get the agents' menu, whoever else dials the hotline's.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from typing import Final

from gateway.people.pins import Verdict
from gateway.people.safety import Hours
from gateway.places.gazetteer import Gazetteer, Point
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
_LONGEST_PLACE: Final = 60
CUT: Final = ", session coupee"
"""Stands behind what a session said that was cut: nobody has confirmed it."""
_CALL: Final = "call"
# What a caller would have texted, in words that the hotline's reading knows.
_NEEDS: Final = {"danger": "danger", "water": "pas d'eau", "held": "retenu", "ill": "malade"}
_TIMES: Final = {
    "morning": Hours(time(6), time(12)),
    "afternoon": Hours(time(12), time(17)),
    "evening": Hours(time(17), time(21)),
    "night": Hours(time(21), time(6)),
}
_RANG: Final = "rappelez-moi"
_CALL_BACK: Final = {
    "now": f"{_RANG} maintenant",
    "morning": f"{_RANG} le matin",
    "afternoon": f"{_RANG} l'apres-midi",
    "evening": f"{_RANG} le soir",
    "night": f"{_RANG} la nuit",
}


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
    cut: str | None = field(default=None, repr=False)
    """What an earlier session had come to when it was cut; None when there is none to go on with."""


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
            return Ending("", goes_on=goes_on)
        choices = [(say["report"], self._report(facts, say)), (say["mine"], _own(say, Show.MINE))]
        if facts.officer:
            choices.append((say["duty"], _own(say, Show.DUTY)))
        chosen = yield from ask(Question(say, say["main"], choices))
        return (yield from chosen)

    def _report(self, facts: Facts, say: Words) -> Talk:
        code = yield from ask(self._which_code(facts, say))
        place = yield from ask(self._which_place(facts, say, code.code))
        said = f"{code.code} {place.label}"
        for name in REQUIRABLE:
            if name in code.required and name != "place":
                said = _joined(said, (yield from ask(self._which(name, place, facts, say, said))))
        if code.severity > 1:
            said = _joined(said, (yield from ask(_is_urgent(say, said))))
        told = f"{say['confirm']} {said}: {code.label(facts.language)}, {place.bare_name}"
        yield from ask(Question(say, told, ((say["send"], True),), draft=said))
        return Ending(laid_out(say["sent"]), message=said)

    def _which_code(self, facts: Facts, say: Words) -> Question[Code]:
        offered = [self.book[code] for code in facts.kinds if code in self.book]
        return Question(
            say,
            say["kind"],
            [(f"{code.code} {code.label(facts.language)}", code) for code in offered],
            lambda typed: self.book.codes.get(typed.upper()),
            unknown="unknown_kind",
        )

    def _which_place(self, facts: Facts, say: Words, draft: str) -> Question[Point]:
        offered = [self.gazetteer.by_code[code] for code in facts.near if code in self.gazetteer.by_code]
        choices = [(_told(point), point) for point in offered]
        return Question(
            say, say["place"], choices, self._point, unknown="unknown_place", draft=draft, enough=False
        )

    def _which(self, name: str, place: Point, facts: Facts, say: Words, draft: str) -> Question[str]:
        """The question for a field that the code requires; its answer is what the message says of it."""
        match name:
            case "people":
                return Question(say, say[name], typed=_people, draft=draft)
            case "quantity":
                return Question(say, say[name], typed=_quantity, draft=draft)
            case "partners":
                choices = [(partner, partner) for partner in facts.partners]
                return Question(say, say[name], choices, self._partner, draft=draft)
            case _:
                towns = [(_told(point), _towards(point)) for point in self._onwards(place)[:CHOICES]]
                return Question(say, say[name], towns, self._towards, unknown="unknown_place", draft=draft)

    def _point(self, typed: str) -> Point | None:
        """A point by its code, or by a name that no other has."""
        named = self.gazetteer.by_name.get(squeeze(typed), ())
        return self.gazetteer.by_code.get(typed.upper()) or (named[0] if len(named) == 1 else None)

    def _towards(self, typed: str) -> str | None:
        point = self._point(typed)
        return None if point is None else _towards(point)

    def _onwards(self, place: Point) -> list[Point]:
        """The towns that a journey may go on to, the nearest first."""
        towns = [point for point in self.gazetteer.neighbours(place) if point.kind in _GONE_TO]
        return [point for point in towns if not _is_here(place, point)]

    def _partner(self, typed: str) -> str | None:
        """A partner by any of its names."""
        called = squeeze(typed)
        known = self.partners.values()
        return next((one.short_name for one in known if called in map(squeeze, one.names)), None)


def _is_here(place: Point, other: Point) -> bool:
    if place.position is None or other.position is None:
        return place is other
    return distance(place.position, other.position) < _FAR_KM


def _told(point: Point) -> str:
    return f"{point.label} {point.bare_name}"


def _towards(point: Point) -> str:
    return f">{point.label}"


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


def _own(say: Words, show: Show) -> Talk:
    """What is somebody's own is shown for a PIN. What was typed comes as the verdict on it."""
    verdict = yield from ask(Question(say, say["pin"], typed=_SETTLED.get, unknown="wrong_pin", pin=True))
    match verdict:
        case Verdict.RIGHT:
            return Ending("", show=show)
        case Verdict.LOCKED:
            return Ending(laid_out(say["locked"]))
        case _:
            return Ending(laid_out(say["no_pin"]))


def _hotline() -> Talk:
    """The same last words, whatever was chosen: who looks over a shoulder, or finds the phone, learns nothing."""
    spoken = [(words(HOTLINE, language)["name"], language) for language in languages(HOTLINE)]
    first = words(HOTLINE, spoken[0][1])
    language = yield from ask(Question(first, "", spoken))
    say = words(HOTLINE, language)
    choices = [(say[need], need) for need in (*_NEEDS, _CALL)]
    need = yield from ask(Question(say, say["need"], choices))
    if need == _CALL:
        return (yield from _call_back(say, language))
    message = _NEEDS[need]
    where = yield from ask(Question(say, say["where"], typed=_free, draft=message))
    return Ending(laid_out(say["ended"]), message=f"{message}, {where}" if where else message)


def _call_back(say: Words, language: str) -> Talk:
    """When a call is safe, asked in words that fit any conversation."""
    answers = [(say[key], key) for key in ("now", "later", "never")]
    when = yield from ask(Question(say, say["when"], answers, draft=_RANG))
    if when == "later":
        when = yield from ask(Question(say, say["which"], [(say[key], key) for key in _TIMES], draft=_RANG))
    wish = CallBack(language, never=when == "never", hours=_TIMES.get(when))
    return Ending(laid_out(say["ended"]), message=_CALL_BACK.get(when), call_back=wish)


def _free(typed: str) -> str | None:
    if typed == _SKIP:
        return ""
    return typed if 1 < len(typed) <= _LONGEST_PLACE else None
