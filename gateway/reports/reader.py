"""The way in: a text and what is known about its sender in, a reading out."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from gateway.places.gazetteer import Gazetteer, load_gazetteer
from gateway.reports import codes, grammar
from gateway.reports.codebook import Codebook, load_codebook
from gateway.reports.draft import Draft
from gateway.reports.lexicon import compile_vocabulary
from gateway.reports.location import previous
from gateway.reports.reading import PARSER_VERSION, Line, Parse
from gateway.reports.tokenizer import Source, Token, tokenize
from gateway.reports.urgency import cheaply_urgent

__all__ = ["Reader", "cheaply_urgent", "load_reader", "read"]


@dataclass(frozen=True, slots=True)
class Reader:
    """The data that reading needs, compiled once a process."""

    book: Codebook
    gazetteer: Gazetteer
    zone: ZoneInfo

    def read(self, text: str, *, line: Line, at: datetime, post: str | None) -> Parse:
        return read(text, line=line, at=at, post=post, book=self.book, gazetteer=self.gazetteer, zone=self.zone)


def load_reader(timezone: str) -> Reader:
    reader = Reader(load_codebook(), load_gazetteer(), ZoneInfo(timezone))
    compile_vocabulary(reader.book, reader.gazetteer)
    return reader


def read(
    text: str,
    *,
    line: Line,
    at: datetime,
    post: str | None,
    book: Codebook,
    gazetteer: Gazetteer,
    zone: ZoneInfo,
) -> Parse:
    """Every text yields a reading; nothing raises."""
    vocabulary = compile_vocabulary(book, gazetteer)
    source = Source(text)
    tokens = tokenize(source, vocabulary)
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
        drafts = [_agents(first, found)] if len(found) < 2 else _several(draft, tokens, found)
    readings = tuple(grammar.finish(each) for each in drafts)
    return Parse(text, line, language, PARSER_VERSION, readings)
