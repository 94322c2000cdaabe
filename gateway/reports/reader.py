"""The way in: a text and what is known about its sender in, a reading out."""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from gateway.places.gazetteer import Gazetteer
from gateway.reports import calendar, codes, grammar, numerals
from gateway.reports.agency import load_vocabulary
from gateway.reports.codebook import Codebook
from gateway.reports.draft import LEFT_ALONE, Draft
from gateway.reports.lexicon import Vocabulary
from gateway.reports.location import previous
from gateway.reports.reading import PARSER_VERSION, Line, Parse
from gateway.reports.tokenizer import Source, Token, tokenize
from gateway.reports.urgency import cheaply_urgent

LONGEST: Final = 4000  # letters: 26 segments; phones give up at ten or so
_MOST_READINGS: Final = 4

__all__ = ["Reader", "cheaply_urgent", "load_reader"]


@dataclass(frozen=True, slots=True)
class Reader:
    """What reading needs, compiled once a process."""

    vocabulary: Vocabulary
    zone: ZoneInfo

    @property
    def book(self) -> Codebook:
        return self.vocabulary.book

    @property
    def gazetteer(self) -> Gazetteer:
        return self.vocabulary.gazetteer

    def read(
        self, text: str, *, line: Line, at: datetime, post: str | None, code: str | None = None
    ) -> Parse:
        """Every text yields a reading; nothing raises.

        ``code`` is what the sender chose when asked which code a misspelt one means. What goes on beyond
        any text of a phone's is kept in the note unread, so that no text takes long.
        """
        begin = text if len(text) <= LONGEST else _whole_words(text[:LONGEST])
        parse = _read(begin, self.vocabulary, line=line, at=at, post=post, code=code, zone=self.zone)
        return parse if begin is text else _with_rest(parse, text)


def _whole_words(text: str) -> str:
    return text[: text.rfind(" ")] if " " in text.strip() else text


def _with_rest(parse: Parse, text: str) -> Parse:
    *before, last = parse.readings
    note = " ".join(filter(None, (last.note, text[len(parse.text) :].strip())))
    return replace(parse, text=text, readings=(*before, replace(last, note=note or None)))


def load_reader(timezone: str, folder: str = "") -> Reader:
    """With the agency's own data files where ``folder`` has them. Raise DataError."""
    return Reader(load_vocabulary(folder), ZoneInfo(timezone))


def _read(
    text: str,
    vocabulary: Vocabulary,
    *,
    line: Line,
    at: datetime,
    post: str | None,
    code: str | None,
    zone: ZoneInfo,
) -> Parse:
    source = Source(text)
    tokens = tokenize(source, vocabulary)
    texts = {token.text for token in tokens}
    if not texts.isdisjoint(vocabulary.numerals):
        tokens = numerals.compose(tokens, vocabulary)
    if not texts.isdisjoint(vocabulary.calendar):
        tokens = calendar.compose(tokens, vocabulary)
    if "/" in source.normal:
        tokens = calendar.split_dates(tokens, vocabulary)
    if code is not None:
        codes.settle(tokens, vocabulary, code)
    all_capitals = text.isupper()

    def draft(part: list[Token]) -> Draft:
        return Draft(
            source, part, vocabulary, line=line, at=at, post=post, zone=zone, all_capitals=all_capitals
        )  # fmt: skip

    language = grammar.language(tokens, vocabulary)
    first = draft(tokens)
    if line == "hotline":
        drafts = [_hotline(first)]
    else:
        found = _open(first)
        drafts = [_agents(first, found)] if len(found) < 2 else _several(draft, first, found)
    readings = tuple(grammar.finish(each) for each in drafts)
    return Parse(text, line, language, PARSER_VERSION, readings)


def _hotline(draft: Draft) -> Draft:
    grammar.service(draft)
    codes.hotline_class(draft)
    grammar.fill(draft)
    if not draft.tokens:
        draft.problem("empty", "code")
    return draft


def _open(draft: Draft) -> list[int]:
    grammar.service(draft)
    return codes.code_words(draft)


def _agents(draft: Draft, found: list[int]) -> Draft:
    """One incident, with or without a code."""
    if found:
        codes.take_code(draft, found[0])
    elif draft.kind in ("unknown", "drill"):
        codes.take_alias(draft, codes.aliases(draft))
    grammar.fill(draft)
    if draft.kind == "unknown":
        grammar.suggestion(draft)
    else:
        grammar.doubted_code(draft)
    return draft


def _several(make: Callable[[list[Token]], Draft], first: Draft, found: list[int]) -> list[Draft]:
    """One draft an incident: a later code with nothing of its own is only mentioned.

    What says an earlier incident again is no second one; what comes after the fourth is left in the note.
    """
    cuts = [0]
    if first.kind in ("unknown", "drill"):
        cuts += [
            start
            for start, end in pairwise([*found[1:], len(first.tokens)])
            if _has_own(make, first, start, end)
        ]
    drafts: list[Draft] = []
    for start, end in pairwise([*cuts, len(first.tokens)]):
        part = first.tokens[start:end]
        if len(drafts) == _MOST_READINGS:
            for token in part:
                token.field = LEFT_ALONE
            drafts[-1].tokens += part
            continue
        draft = make(part)
        draft.kind = first.kind
        words = codes.code_words(draft)
        codes.take_code(draft, words[0])
        codes.mention(draft, words[1:])
        grammar.fill(draft)
        grammar.doubted_code(draft)
        if drafts:
            previous(draft, drafts[0])
        if any(codes.says_again(draft, earlier) for earlier in drafts):
            drafts[-1].tokens += part
        else:
            drafts.append(draft)
    return drafts


def _has_own(make: Callable[[list[Token]], Draft], first: Draft, start: int, end: int) -> bool:
    trial = make([copy(token) for token in first.tokens[start:end]])
    codes.take_code(trial, 0)
    grammar.fill(trial)
    return codes.more_than_a_word(trial)
