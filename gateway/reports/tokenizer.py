"""A text as tokens: normalised for matching, each with its span in the original text.

The original text stays untouched; what a token *is* comes from the vocabulary, once, here.
"""

import re
from typing import Final

from gateway.places.coordinates import Fix, find, half_said
from gateway.places.gazetteer import Point
from gateway.reports.lexicon import FILLERS, Vocabulary, Word
from gateway.text.folding import fold_letter

_TOKEN: Final = re.compile(
    r"(?P<word>[^\W\d_]+)"
    # Most numbers: nothing near them makes them part of an hour, a date or a telephone number.
    r"|(?P<plain>\d{1,6}(?![\d:./'\-hao]|\s[\dh]))"
    r"|(?P<clock>(?<![\w.:])(?:\d{1,2}h[0-5]\d(?!\d)(?:\s?mns?|\s?min)?(?![^\W_])"
    r"|\d{1,2}\s?h\s?[0-5]\d\s?(?:mns?|min)(?![^\W_])|\d{1,2}:[0-5]\d(?!:?\d)))"
    r"|(?P<phone>(?:\+|00)(?:227[ .-]?\d{2}(?:[ .-]?\d{2}){3}|\d{8,14}|\d[\d .-]{7,14}\d)(?!\d)|(?<!\d)\d{2}([ .-])\d{2}(?:\5\d{2}){2}(?!\d)|(?<!\d)\d{7,})"
    r"|(?P<date>(?<![\d/.])(?:\d{4}-\d\d-\d\d|\d{1,2}/\d{1,2}(?:/\d{2,4})?|\d{1,2}-\d{1,2}(?:-\d{2,4})?"
    r"|\d{1,2}\.\d{1,2}\.\d{2,4})(?![\d/]))"
    r"|(?P<about>\d{1,5}aines?(?![^\W_]))"
    r"|(?P<plus>\+(?=\s*d(?:e\b|['\s])))"
    r"|(?P<number>\d+(?:o+\d*)+(?![^\W\d_])|\d+)"
    r"|(?P<other>[^\s\x00-\x7f°±]+)"
)
_NO_WORD: Final = Word("")


class Token:
    """A word, a number, or a phrase, place, time or position that reads as one.

    No slots: what most tokens lack is left on the class, which makes a token cheaper to build.
    """

    key = ""
    value = 0
    elided = False
    """A letter before an apostrophe: `l'enquete`, `m'a dit`."""
    points: tuple[Point, ...] = ()
    fix: Fix | None = None
    field: str | None = None
    """The field that this token gave, once a rule has read it."""

    def __init__(self, text: str, start: int, end: int, gap: str, sort: str) -> None:
        self.text = text
        self.start = start
        self.end = end
        self.gap = gap
        """What stands between this token and the one before; empty when they are joined."""
        self.sort = sort

    def __repr__(self) -> str:
        return f"<{self.sort or '?'} {self.text!r} -> {self.field}>"


class Source:
    """The text, its normalised form, and the way back."""

    __slots__ = ("half_said", "normal", "origins", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.origins: list[int] | None = None
        self._normalise()
        self.half_said = half_said(self.normal)
        """A position was begun and cannot be read: looked for once, however many incidents there are."""

    def _normalise(self) -> None:
        text = self.text
        if text.isascii() and text.isprintable():
            self.normal = text.lower()
            return
        letters: list[str] = []
        origins: list[int] = []
        for index, letter in enumerate(text):
            folded = fold_letter(letter)
            letters.append(folded)
            origins.extend([index] * len(folded))
        self.normal = "".join(letters)
        if " " not in self.normal:  # every word on a line of its own: no line is a sentence
            self.normal = self.normal.replace("\n", " ")
        self.origins = origins

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The stretch of the original text that a stretch of the normalised one came from."""
        if self.origins is None:
            return start, end
        return self.origins[start], self.origins[end - 1] + 1

    def original(self, token: Token) -> str:
        start, end = self.span(token.start, token.end)
        return self.text[start:end]


def tokenize(source: Source, vocabulary: Vocabulary) -> list[Token]:
    """The tokens of a text. Beside a code no phrase names an incident: its words are read each for itself."""
    tokens = _tokens(source, vocabulary, aliases=True)
    sorts = {token.sort for token in tokens}
    if {"code", "alias"} <= sorts and any(token.sort == "alias" and " " in token.text for token in tokens):
        return _tokens(source, vocabulary, aliases=False)
    return tokens


def _tokens(source: Source, vocabulary: Vocabulary, *, aliases: bool) -> list[Token]:
    raw = _lex_around_positions(source.normal)
    tokens: list[Token] = []
    index, count = 0, len(raw)
    starts, phrases = vocabulary.gazetteer.starts, vocabulary.phrases
    while index < count:
        token = raw[index]
        if token.sort:  # not a word
            length = _phrase(raw, index, vocabulary, aliases=aliases) if token.text in phrases else 1
            if token.sort != "absorbed":
                tokens.append(token)
            index += length
            continue
        length = 1
        first = token.text  # a phrase takes its place, and a longer name may take the phrase's
        if first in phrases:
            length = _phrase(raw, index, vocabulary, aliases=aliases)
        if first in starts:
            length = _place(raw, index, first, length, vocabulary)
        if length == 1 and not token.sort:
            pieces = _single(raw, index, vocabulary)
            tokens.extend(pieces)
        else:
            tokens.append(token)
        index += length
    return tokens


def _lex_around_positions(normal: str) -> list[Token]:
    fixes = find(normal)
    if not fixes:
        return _lex(normal)
    tokens: list[Token] = []
    start = 0
    for fix in fixes:
        tokens += _lex_from(normal, start, fix.start)
        gap = normal[tokens[-1].end if tokens else 0 : fix.start] or " "
        position = Token(normal[fix.start : fix.end], fix.start, fix.end, gap, "position")
        position.fix = fix
        tokens.append(position)
        start = fix.end
    return tokens + _lex_from(normal, start, len(normal))


def _lex_from(normal: str, start: int, end: int) -> list[Token]:
    tokens = _lex(normal[start:end])
    for token in tokens:
        token.start += start
        token.end += start
    return tokens


def _lex(normal: str) -> list[Token]:
    tokens: list[Token] = []
    last = 0
    for match in _TOKEN.finditer(normal):
        start, end = match.span()
        sort = match.lastgroup or ""
        token = Token(match[0], start, end, normal[last:start] if start > last else "", "")
        last = end
        if sort == "plain":
            token.sort = "number"
            token.value = int(token.text)
        elif sort == "number":
            token.sort = sort
            token.text = token.text.replace("o", "0")
            token.value = int(token.text)
        elif sort == "about":  # 400aine
            token.sort, token.key = "number", "approximate"
            token.text = token.text.partition("a")[0]
            token.value = int(token.text)
        elif sort == "plus":  # + d'eau, + de 50
            token.text = "plus"
        elif sort != "word":
            token.sort = sort
        elif token.gap == "'" and tokens and len(tokens[-1].text) == 1:
            tokens[-1].elided = True
        tokens.append(token)
    if tokens:
        tokens[0].gap = tokens[0].gap or " "
    return tokens


def _phrase(raw: list[Token], index: int, vocabulary: Vocabulary, *, aliases: bool) -> int:
    """The longest phrase that starts here; the first token becomes it.

    Without ``aliases`` one is left only when a code is a word of it: `plus d eau`.
    """
    for phrase, word in vocabulary.phrases[raw[index].text]:
        if word.sort == "alias" and not aliases and vocabulary.codes.keys().isdisjoint(phrase):
            continue
        length = _phrase_length(raw, index, phrase, fillers=word.sort in ("alias", "caller"))
        if length:
            _become(raw[index], raw[index + length - 1], word, " ".join(phrase))
            return length
    return 1


def _phrase_length(raw: list[Token], index: int, phrase: tuple[str, ...], *, fillers: bool) -> int:
    position = index + 1
    for wanted in phrase[1:]:
        while (
            fillers and position < len(raw) and raw[position].text in FILLERS and raw[position].text != wanted
        ):
            position += 1
        if position >= len(raw) or raw[position].text != wanted or not _near(raw[position]):
            return 0
        position += 1
    if (
        len(phrase[-1]) == 1
        and position < len(raw)
        and not raw[position].gap
        and raw[position].sort == "number"
    ):
        return 0  # `500 mil F25`
    return position - index


def _near(token: Token) -> bool:
    """Nothing but spaces, apostrophes, hyphens and the like between two words of one phrase."""
    return not any(sign in token.gap for sign in ",;!?\n|>")


def _place(raw: list[Token], index: int, first: str, beaten: int, vocabulary: Vocabulary) -> int:
    """The longest name of a place that starts here, if longer than `beaten` tokens of a phrase; points first."""
    gazetteer = vocabulary.gazetteer
    prefixes, by_name, towns = gazetteer.prefixes, gazetteer.by_name, gazetteer.towns
    joined = spaced = first
    points = by_name.get(joined) or towns.get(joined, ())
    best = 1 if points else 0
    for position in range(index + 1, min(index + 9, len(raw))):
        following = raw[position]
        if following.sort not in ("", "number") or not _near(following) or not following.gap:
            break
        if following.text in vocabulary.keys and _numbered(raw, position):
            break
        joined += following.text
        spaced += " " + following.text
        if joined not in prefixes:
            break
        found = by_name.get(joined) or (towns.get(joined) if spaced in gazetteer.written else None)
        ending = vocabulary.words.get(following.text)
        if found and (ending is None or ending.sort != "small"):  # `Kan, ce` is not Kance
            best, points = position - index + 1, found
    if best < beaten or (best == beaten == 1 and raw[index].sort) or not best:
        return beaten
    if best == 1 and raw[index].text in vocabulary.words:
        return beaten
    token = raw[index]
    found_by = "code" if best == 1 and token.text in vocabulary.points else "name"
    _become(token, raw[index + best - 1], Word("place", found_by), token.text if best == 1 else joined)
    token.points = points
    return best


def _numbered(raw: list[Token], index: int) -> bool:
    """A number follows: in `Bilma H12` the letter is a key, in `Bilmah` it is a part of the name."""
    return index + 1 < len(raw) and raw[index + 1].sort == "number" and _near(raw[index + 1])


def _become(token: Token, last: Token, word: Word, text: str) -> None:
    token.sort, token.key, token.value, token.end, token.text = (
        word.sort,
        word.key,
        word.value,
        last.end,
        text,
    )


def _single(raw: list[Token], index: int, vocabulary: Vocabulary) -> list[Token]:
    """One word: an incident code, a point code, a word of the lexicon, or several of these joined."""
    token = raw[index]
    text = token.text
    if len(text) == 3:
        if text in vocabulary.codes:
            token.sort, token.key = "code", vocabulary.codes[text]
            return [token]
        if text in vocabulary.points:
            token.sort, token.key, token.points = "place", "code", (vocabulary.points[text],)
            return [token]
    if len(text) == 1 and _dotted(raw, index, vocabulary):
        return [token]
    if text[0] == "o" and not token.gap and index:
        _give_zeros(raw[index - 1], token, vocabulary)
        text = token.text
    word = vocabulary.words.get(text)
    if word is not None:
        token.sort, token.key, token.value = word.sort, word.key, word.value
        return [token]
    if 3 < len(text) <= 12:
        return _joined(raw, index, vocabulary) or [token]
    return [token]


def _give_zeros(number: Token, token: Token, vocabulary: Vocabulary) -> None:
    """`1Opers`: between a figure and a word of people the letter is a zero."""
    rest = token.text.lstrip("o")
    zeros = len(token.text) - len(rest)
    word = vocabulary.words.get(rest)
    if number.sort != "number" or not number.text.isdigit() or word is None or word.sort != "people":
        return
    number.text += "0" * zeros
    number.value *= 10**zeros
    number.end += zeros
    token.text, token.start = rest, token.start + zeros


def _dotted(raw: list[Token], index: int, vocabulary: Vocabulary) -> bool:
    """`R.A.S.` is the code RAS: the first letter becomes it and takes the others in."""
    if index + 2 >= len(raw) or raw[index + 1].gap != ".":
        return False
    letters = raw[index : index + 3]
    if any(token.gap != "." for token in letters[1:]):
        return False
    word = "".join(token.text for token in letters)
    if word not in vocabulary.codes:
        return False
    _become(letters[0], letters[2], Word("code", vocabulary.codes[word]), word)
    for token in letters[1:]:
        token.sort = "absorbed"
    return True


def _joined(raw: list[Token], index: int, vocabulary: Vocabulary) -> list[Token]:
    """Letters join on to what follows only when that is a digit, a point code or a key with a digit."""
    token, following = raw[index], raw[index + 1] if index + 1 < len(raw) else None
    before_digit = (
        following is not None and not following.gap and following.sort in ("number", "clock", "phone")
    )
    cuts = _cut(token.text, vocabulary, before_digit=before_digit)
    if not cuts:
        return []
    pieces: list[Token] = []
    start = token.start
    for part in cuts:
        piece = Token(part, start, start + len(part), "" if pieces else token.gap, "")
        start += len(part)
        pieces += _single([piece], 0, vocabulary)
    return pieces


def _cut(text: str, vocabulary: Vocabulary, *, before_digit: bool) -> list[str]:
    """`rpzasm`, and before a digit also `rpzasmh`, `asmh`, `tmer`: codes first, then one key."""
    parts: list[str] = []
    rest = text
    if rest[:3] in vocabulary.codes:
        parts.append(rest[:3])
        rest = rest[3:]
    if rest[:3] in vocabulary.points:
        parts.append(rest[:3])
        rest = rest[3:]
    if not rest:
        return parts
    tail = (
        rest in vocabulary.keys or rest in vocabulary.iso or rest == "r" or _is_vehicle_code(rest, vocabulary)
    )
    return [*parts, rest] if parts and before_digit and tail else []


def _is_vehicle_code(text: str, vocabulary: Vocabulary) -> bool:
    word = vocabulary.words.get(text)
    return word is not None and word.sort == "vehicle" and len(text) == 3
