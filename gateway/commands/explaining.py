"""`vigie parse --explain`: the text with the words that gave each field marked, and below it what they gave."""

import os
import string
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from gateway.inbox.wording import ask, language_of
from gateway.reports.dialogue import GRAVEST_FIRST, question
from gateway.reports.explanation import Explanation, Finding, Piece
from gateway.reports.reading import Parse, Reading
from gateway.text.words import LANGUAGES, word

# One sign each, so that a mark is never wider than the words above it.
LABELS: Final = "123456789" + string.ascii_letters
_COLOURS: Final = {
    "code": "red", "also": "red", "kind": "red", "place": "green", "origin": "green", "destination": "green",
    "people": "cyan", "nationalities": "magenta", "transport": "yellow", "occurred_at": "blue",
}  # fmt: skip
_OTHER_COLOUR: Final = "yellow"
_MARGIN: Final = "  "
_NARROWEST: Final = 20
_SOME_REFERENCE: Final = "......"


def language_here() -> str:
    """The language of the terminal, if we have it; else French."""
    named = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return named[:2] if named[:2] in LANGUAGES else LANGUAGES[0]


@dataclass(frozen=True, slots=True)
class Page:
    """Where explanations are printed, and in which words."""

    console: Console
    explanation: Explanation

    def show(self, parse: Parse) -> None:
        for line in self.lines(parse):
            self.console.print(line, soft_wrap=True, highlight=False, markup=False, emoji=False)

    def lines(self, parse: Parse) -> Iterator[Text]:
        found = [self.explanation.findings(parse.text, reading) for reading in parse.readings]
        marked = sorted(
            (piece for findings in found for finding in findings for piece in finding.pieces),
            key=lambda piece: piece.start,
        )
        labels = dict(zip(marked, LABELS, strict=False))
        yield from _marked_text(parse.text, labels, max(self.console.width - len(_MARGIN), _NARROWEST))
        for number, (reading, findings) in enumerate(zip(parse.readings, found, strict=True), start=1):
            yield Text()
            if len(parse.readings) > 1:
                yield Text(self._say("reading", number=number, count=len(parse.readings)), "bold")
            yield from self._findings(parse.text, findings, labels)
            yield from self._doubts(reading)
        yield self._asked(parse)
        yield Text()

    def _findings(self, text: str, findings: list[Finding], labels: dict[Piece, str]) -> Iterator[Text]:
        language = self.explanation.language
        if not findings:
            yield Text(_MARGIN + self._say("unread" if text.strip() else "empty"))
        names = {finding.field: word(language, "fields", finding.field) for finding in findings}
        widest = max((cell_len(name) for name in names.values()), default=0)
        for finding in findings:
            name = names[finding.field]
            signs = "".join(labels.get(piece, "^") for piece in finding.pieces)
            line = Text(f"{_MARGIN}{signs:<3} ")
            line.append(name + " " * (widest - cell_len(name)), f"bold {_colour(finding.field)}")
            line.append(f"  {finding.value or '?'}")
            words = " … ".join(_harmless(text[piece.start : piece.end]) for piece in finding.pieces)
            if words:
                line.append(f'  ("{words}")', "dim")
            yield line

    def _doubts(self, reading: Reading) -> Iterator[Text]:
        if reading.note:
            yield Text(f"{_MARGIN}{self._say('note')}: ").append(f'"{_harmless(reading.note)}"', "italic")
        if reading.problems:
            told = "; ".join(map(self.explanation.problem, reading.problems))
            yield Text(f"{_MARGIN}{self._say('problems')}: {told}.", "bold")

    def _asked(self, parse: Parse) -> Text:
        """The text that the sender would get: one question a message, about the gravest doubt. Callers get none."""
        language = language_of(parse.language, self.explanation.language)
        questions = [
            (asked, reading)
            for reading in parse.readings
            if parse.line == "agents"
            and (asked := question(reading, parse.text, self.explanation.reader, language))
            and (reading.kind in ("report", "drill") or asked.problem == "code_suggested")
        ]
        if not questions:
            return Text(_MARGIN + self._say("nothing_asked"))
        asked, reading = min(questions, key=lambda pair: GRAVEST_FIRST.index(pair[0].problem))
        text = ask(asked, reading, _SOME_REFERENCE, language, drill=reading.kind == "drill")
        return Text(f'{_MARGIN}{self._say("asked")}: "{text}"')

    def _say(self, key: str, **values: object) -> str:
        return word(self.explanation.language, "explain", key).format(**values)


def _colour(field: str) -> str:
    return _COLOURS.get(field, _OTHER_COLOUR)


def _marked_text(text: str, labels: dict[Piece, str], width: int) -> Iterator[Text]:
    """The text in lines that fit, each with its marks below.

    No marks below a line that holds letters written from right to left: terminals do not agree on where these
    stand. The list below quotes the words in any case.
    """
    shown = _harmless(text)
    for start, end in _stretches(shown, width):
        line = Text(_MARGIN + shown[start:end].rstrip())
        marks = [" "] * (cell_len(shown[start:end]) + 1)
        for piece, label in labels.items():
            first = max(piece.start, start)
            last = first + len(shown[first : min(piece.end, end)].rstrip())
            if first >= last:
                continue
            offset = len(_MARGIN) - start
            line.stylize(f"underline {_colour(piece.field)}", first + offset, last + offset)
            column, cells = cell_len(shown[start:first]), cell_len(shown[first:last])
            marks[column : column + cells] = (label + "^" * cells)[:cells]
        yield line
        below = "".join(marks).rstrip()
        if below and not any(map(_from_right, shown[start:end])):
            yield Text(_MARGIN + below)


def _stretches(text: str, width: int) -> Iterator[tuple[int, int]]:
    """The lines of a text, broken at blanks where they are too long, and anywhere where there is none."""
    position = 0
    for line in text.split("\n"):
        start, end = position, position + len(line)
        while cell_len(text[start:end]) > width:
            cut = start + _fitting(text[start:end], width)
            blank = text.rfind(" ", start, cut)
            cut = blank + 1 if blank > start else cut
            yield start, cut
            start = cut
        if end > start:
            yield start, end
        position = end + 1


def _fitting(text: str, width: int) -> int:
    """How many letters fit; at least one."""
    lengths = [0]
    for letter in text:
        lengths.append(lengths[-1] + cell_len(letter))
    return max(1, sum(1 for _, after in pairwise(lengths) if after <= width))


def _harmless(text: str) -> str:
    """What a terminal may show, letter for letter: no escape sequence, nothing that turns the writing round."""
    return "".join(letter if letter == "\n" else _harmless_letter(letter) for letter in text)


def _harmless_letter(letter: str) -> str:
    if letter in "\t\r\u00a0":
        return " "
    return "·" if unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp") else letter


def _from_right(letter: str) -> bool:
    return unicodedata.bidirectional(letter) in ("R", "AL")
