"""Rules for asking about what is unclear, and for knowing the answer when it comes.

One question at a time, the gravest first, in one segment, with lettered choices where there are any.
"""

import re
import string
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from gateway.places.gazetteer import Gazetteer, Point
from gateway.reports.codebook import Codebook
from gateway.reports.reader import Reader
from gateway.reports.reading import Place, Problem, Reading
from gateway.reports.revision import completed, corrected
from gateway.text.folding import fold_for_matching, squeeze
from gateway.text.render import count, phrase

WAITS_FOR: Final = timedelta(minutes=30)
GRAVEST_FIRST: Final = (
    "code_suggested", "missing_place", "ambiguous_place", "coordinates_swapped", "coordinates_out_of_area",
    "missing_people", "total_unclear", "total_mismatch", "ambiguous_hour", "missing_destination",
    "missing_quantity", "missing_partners", "ambiguous_nationality", "future_time", "bad_reference",
)  # fmt: skip
_MOST_CHOICES: Final = 4
_HOUR: Final = re.compile(r"(?<!\d)(?:(\d{1,2})\s?h(?![a-z0-9])|([01]\d|2[0-3])([0-5]\d)(?!\d))")
_TOTAL_OF: Final = ("men", "women", "boys", "girls", "minors", "adults")
_HOME: Final = "NE"


@dataclass(frozen=True, slots=True)
class Choice:
    """What is shown behind a letter, and the words that it stands for."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about a report. ``about`` is the word that is unclear, as we know it."""

    problem: str
    about: str
    choices: tuple[Choice, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {
            "problem": self.problem,
            "about": self.about,
            "choices": [[choice.label, choice.value] for choice in self.choices],
        }

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> "Question":
        choices = tuple(Choice(label, value) for label, value in plain["choices"])
        return cls(plain["problem"], plain["about"], choices)

    def lettered(self, at_most: int = 40) -> str:
        """`A) Nigeria B) Tahoua`, each label cut to so many letters."""
        return " ".join(
            f"{letter}) {choice.label[:at_most].rstrip()}"
            for letter, choice in zip(string.ascii_uppercase, self.choices, strict=False)
        )


def question(reading: Reading, text: str, reader: Reader, language: str) -> Question | None:
    """The one question that this reading calls for; None when nothing is unclear or nothing can be asked."""
    problems = {problem.code: problem for problem in reading.problems}
    for code in GRAVEST_FIRST:
        if code in problems and (reading.code is not None or code == "code_suggested"):
            about, choices = _CHOICES.get(code, _no_choices)(
                problems[code], reading, _Context(text, reader, language)
            )
            return Question(code, about, choices)
    return None


@dataclass(frozen=True, slots=True)
class _Context:
    text: str
    reader: Reader
    language: str


_Choices = tuple[str, tuple[Choice, ...]]


def _no_choices(_problem: Problem, _reading: Reading, _context: _Context) -> _Choices:
    return "", ()


def _codes(problem: Problem, _reading: Reading, context: _Context) -> _Choices:
    book: Codebook = context.reader.book
    codes = [code for code in problem.candidates if code in book][:_MOST_CHOICES]
    labels = (f"{code} {book.label(code, context.language)}" for code in codes)
    return "", tuple(Choice(label, code) for label, code in zip(labels, codes, strict=True))


def _places(problem: Problem, _reading: Reading, context: _Context) -> _Choices:
    """Namesakes are told apart by country or region, other candidates by their names."""
    called = map(context.reader.gazetteer.called, problem.candidates[:_MOST_CHOICES])
    points = [point for point in called if point is not None]
    names = {point.bare_name for point in points}
    where = [_where(point, context.language) for point in points]
    if len({squeeze(name) for name in names}) > 1 or len(set(where)) < len(points):
        labels = [f"{point.bare_name} {point.code or point.region}" for point in points]
        return "", tuple(Choice(label, point.label) for label, point in zip(labels, points, strict=True))
    about = min(sorted(names), key=len, default="")
    return about, tuple(Choice(label, point.label) for label, point in zip(where, points, strict=True))


def _where(point: Point, language: str) -> str:
    """A region of Niger, or the country."""
    return point.region if point.country == _HOME else phrase(f"country_{point.country}", language)


def _positions(problem: Problem, _reading: Reading, context: _Context) -> _Choices:
    choices = []
    for candidate in problem.candidates:
        lat, lon, _ = _position(candidate)
        near = _nearest(context.reader.gazetteer, lat, lon)
        choices.append(Choice(f"{lat:g}N {lon:g}E ({near})", candidate))
    return "", tuple(choices)


def _position(candidate: str) -> tuple[float, float, float]:
    """`20.55 13.41`: latitude, longitude, and how far off that may be, in km."""
    lat, lon = re.findall(r"-?\d+(?:\.\d+)?", candidate)[:2]
    decimals = min(len(part.partition(".")[2]) for part in (lat, lon))
    return float(lat), float(lon), {0: 100.0, 1: 10.0, 2: 1.0}.get(decimals, 0.1)


def _nearest(gazetteer: Gazetteer, lat: float, lon: float) -> str:
    points = [
        point for point in gazetteer.by_code.values() if point.lat is not None and point.lon is not None
    ]
    nearest = min(points, key=lambda p: ((p.lat or 0) - lat) ** 2 + ((p.lon or 0) - lon) ** 2)
    return nearest.bare_name


def _totals(_problem: Problem, reading: Reading, _context: _Context) -> _Choices:
    """What was stated, or what the parts come to."""
    stated = reading.people.get("total", 0)
    counted = sum(reading.people.get(key, 0) for key in _TOTAL_OF)
    return "", (Choice(str(stated), f"T{stated}"), Choice(str(counted), f"T{counted}"))


def _hours(_problem: Problem, _reading: Reading, context: _Context) -> _Choices:
    """`12h` and `1430` may be people or an hour; two such numbers are asked about in the open."""
    found = _HOUR.findall(fold_for_matching(context.text))
    if len(found) != 1:
        return "", ()
    hour, first, last = found[0]
    people = phrase("people", context.language)
    if hour:
        men = phrase("men", context.language)
        return f"{hour}h", (Choice(f"{hour} {men}", f"H{hour}"), Choice(f"{int(hour):02}:00", f"{hour}:00"))
    number = int(first + last)
    return f"{first}{last}", (
        Choice(f"{count(number)} {people}", f"T{number}"),
        Choice(f"{first}:{last}", f"{first}:{last}"),
    )


def _nationalities(problem: Problem, _reading: Reading, context: _Context) -> _Choices:
    return "", tuple(
        Choice(phrase(f"country_{code}", context.language).upper(), code) for code in problem.candidates
    )


_CHOICES: Final[dict[str, Callable[[Problem, Reading, _Context], _Choices]]] = {
    "code_suggested": _codes,
    "ambiguous_place": _places,
    "coordinates_swapped": _positions,
    "coordinates_out_of_area": _positions,
    "total_mismatch": _totals,
    "ambiguous_hour": _hours,
    "ambiguous_nationality": _nationalities,
}


def answered(
    asked: Question,
    report: Reading,
    text: str,
    reader: Reader,
    at: datetime,
    with_code: Callable[[str], Reading],
) -> Reading | None:
    """The report with this answer in it; None when the text is no bare choice or value that answers it.

    ``with_code`` reads the report's own text again with a code settled on: it is called only then.
    """
    chosen = _chosen(asked, text)
    if asked.problem == "code_suggested":
        return with_code(chosen.value) if chosen else None
    value = chosen.value if chosen else _bare_value(text)
    if chosen and asked.problem.startswith("coordinates"):
        lat, lon, radius = _position(value)
        place = Place(None, f"{lat:g} {lon:g}", lat, lon, radius, "coordinates")
        return completed(report, Reading(report.kind, place=place), reader.book)
    answer = _value(asked, report, value, reader, at)
    if answer is None:
        return None
    wanted, _ = _ASKED[asked.problem]
    if not any(getattr(answer, field) for field in wanted):
        doubts = tuple(problem for problem in answer.problems if problem.field in wanted)
        others = tuple(problem for problem in report.problems if problem.code != asked.problem)
        return replace(report, problems=others + doubts)
    return completed(report, answer, reader.book)


def _chosen(asked: Question, text: str) -> Choice | None:
    """`B`, `b)`, `reponse B`, `Tahoua`, `ILL`, `B) Tahoua`."""
    polite = _COURTESY.sub("", fold_for_matching(text).strip())
    letter_said = squeeze(_LETTER.sub("", polite))
    said = squeeze(_BEFORE.sub("", polite))
    for letter, choice in zip(string.ascii_lowercase, asked.choices, strict=False):
        label = squeeze(choice.label)
        if letter_said in {letter, f"{letter}{label}"}:
            return choice
        if said in {label, squeeze(choice.value)} and said != squeeze(asked.about):
            return choice
    return None


_PLACE, _PEOPLE = ("place",), ("people",)
# What an answer may fill, and how it is said so that it can mean nothing else.
_ASKED: Final[dict[str, tuple[tuple[str, ...], str]]] = {
    "missing_place": (_PLACE, "{}"),
    "ambiguous_place": (_PLACE, "{}"),
    "coordinates_swapped": (_PLACE, "{}"),
    "coordinates_out_of_area": (_PLACE, "{}"),
    "missing_people": (_PEOPLE, "{}"),
    "total_unclear": (_PEOPLE, "{}"),
    "total_mismatch": (_PEOPLE, "{}"),
    "ambiguous_hour": (("people", "occurred_at"), "{}"),
    "missing_destination": (("destination",), "vers {}"),
    "missing_quantity": (("quantity",), "{}"),
    "missing_partners": (("partners",), "{}"),
    "ambiguous_nationality": (("nationalities",), "{}"),
    "future_time": (("occurred_at",), "{}"),
    "bad_reference": (("reference",), "ref {}"),
}
_COURTESY: Final = re.compile(
    r"^(?:(?:oui|ok|bjr|bonjour|chef|yes|c est|c'est|cest|it is|it's)\b\W*)+"
    r"|(?:\W+(?:svp|stp|chef|merci|please|pls|thanks|na gode)\b)+\W*$"
)
_LETTER: Final = re.compile(
    r"^(?:(?:rep|reponse|choix|option|lettre|le|la|the|answer|amsa|da)\b\W*|rep(?=.$))+"
)
_BEFORE: Final = re.compile(r"^(?:(?:il y a|y a|ya|a|au|en|vers|to|na|ne|i)\b\s*)+")
_JOINING: Final = frozenset(
    {"et", "dont", "dt", "and", "with", "avec", "da", "ils", "on", "sont", "est", "ne"}
)
_MOST_DIGITS: Final = 4  # of a bare number: a longer one is a reference or a telephone


def _value(asked: Question, report: Reading, text: str, reader: Reader, at: datetime) -> Reading | None:
    """The answer read as though it stood behind the report's code; None when it says anything else besides."""
    wanted, _ = _ASKED[asked.problem]
    if text.isdecimal() and len(text) > _MOST_DIGITS and wanted != ("reference",):
        return None
    if asked.about and text.replace(" ", "").rstrip("h") == fold_for_matching(asked.about).rstrip("h"):
        return None  # the doubted words again
    words = _said(asked, text)
    parse = reader.read(f"{report.code} {words}", line="agents", at=at, post=None)
    reading = parse.readings[0]
    bare = (
        len(parse.readings) == 1
        and reading.code == report.code
        and not reading.also
        and not _words_left(reading)
    )
    says = any(getattr(reading, field) for field in wanted)
    if not (bare and says) and not _is_doubtful(asked, reading, wanted, text):
        return None
    return None if _contradicts(report, reading, wanted) else reading


def _words_left(reading: Reading) -> set[str]:
    """What an answer says besides, but for what only joins its words: `10 hommes et 4 femmes`."""
    return set(re.findall(r"[^\W_]+", fold_for_matching(reading.note or ""))) - _JOINING


def _is_doubtful(asked: Question, answer: Reading, wanted: tuple[str, ...], text: str) -> bool:
    """`Illela` to the question where: it answers, and calls for the next question, which of the two."""
    doubts = [problem for problem in answer.problems if problem.field in wanted and problem.candidates]
    return (
        bool(doubts)
        and asked.problem.startswith("missing_")
        and squeeze(fold_for_matching(answer.note or "")) == squeeze(text)
        and not answer.also
    )


def _said(asked: Question, text: str) -> str:
    """The value as it can mean nothing but what was asked for."""
    wanted, said = _ASKED[asked.problem]
    if text.isdecimal() and wanted == _PEOPLE:
        return f"T{text}"
    if text.isdecimal() and len(text) == 4 and wanted == ("occurred_at",):
        return f"a {text}"
    return said.format(text)


def _contradicts(report: Reading, answer: Reading, wanted: tuple[str, ...]) -> bool:
    """`ASM 50` on a report of 40 that lacks its place: what was certain is not for an answer to change."""
    others = [field for field in ("place", "people", "destination", "quantity", "occurred_at")
              if field not in wanted and getattr(report, field)]  # fmt: skip
    return any(getattr(answer, field) not in ({}, None, getattr(report, field)) for field in others)


def _bare_value(text: str) -> str:
    """What is left of an answer without its courtesies."""
    return _BEFORE.sub("", _COURTESY.sub("", fold_for_matching(text).strip()))


def as_correction(asked: Question, report: Reading, text: str, reader: Reader, at: datetime) -> str:
    """The answer in words that a correction understands: `ILL` for `B`, `T14` for `14`, `KIT 200` for `200`."""
    chosen = _chosen(asked, text)
    value = chosen.value if chosen else _said(asked, _bare_value(text)).upper()
    people = phrase("people", "fr").upper().rstrip(".")
    wanted, _ = _ASKED.get(asked.problem, (("code",), ""))
    for words in (value, f"{value} {people}", f"{report.code} {value}"):
        correction = reader.read(f"CORR {words}", line="agents", at=at, post=None).readings[0]
        fills = any(getattr(correction, field) for field in wanted)
        if fills and not correction.note and corrected(report, correction, reader.book):
            return words
    return value
