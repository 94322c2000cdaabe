"""The agency's data files as one whole: what is wrong in them, and the vocabulary that they make.

A fault stops the start, because a text would be read wrongly; `vigie codebook check` tells them all.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from itertools import combinations
from typing import Any, Final, TypeVar

from gateway.data.files import DataError, DataFile, Fault, strays
from gateway.places import gazetteer as points
from gateway.places.gazetteer import Gazetteer, Point, within_one_edit
from gateway.reports import codebook, lexicon, partners
from gateway.reports.codebook import Code, Codebook
from gateway.reports.lexicon import Vocabulary, compile_vocabulary, split
from gateway.reports.partners import Partner
from gateway.text.folding import squeeze

Parsed = TypeVar("Parsed")
_WrongCode = tuple[Code, str, str, str]
"""A code, the key and the value that are to be mended, and what to do."""

_FILLING: Final = {
    "people": "people",
    "demonyms": "nationality",
    "ambiguous_nationalities": "nationality",
    "countries": "country",
    "transport": "transport",
}
"""Tables of words that fill a field, and what they tell."""
_SERVICE: Final = {"service": "service"}
_CALLERS: Final = {"hotline": "incident"}

# Words in the column `source` that say: this point shares its name with another one, and we know it.
_KNOWN_NAMESAKE: Final = "NAMESAKE"


@dataclass(frozen=True, slots=True)
class _Saying:
    """A word that fills a field, what it means, and where it stands."""

    word: str
    meaning: str
    file: DataFile
    line: Callable[[], int]

    def fault(self, words: str) -> Fault:
        return self.file.fault(words, self.line())


@dataclass(frozen=True, slots=True)
class Agency:
    """What the files hold, as far as they can be understood, and their faults."""

    book: Codebook
    gazetteer: Gazetteer
    tables: Mapping[str, Any]
    partners: Mapping[str, Partner]
    faults: tuple[Fault, ...]

    def summary(self) -> str:
        """How much there is."""
        return f"{len(self.book.codes)} codes, {len(self.gazetteer.by_code)} points, {len(self.partners)} partners"

    def vocabulary(self) -> Vocabulary:
        if self.faults:
            raise DataError(self.faults)
        names = {partner.short_name: partner.names for partner in self.partners.values()}
        return compile_vocabulary(self.tables, names, self.book, self.gazetteer)


@cache
def load_vocabulary(folder: str = "") -> Vocabulary:
    """Raise DataError when the files would make us read wrongly."""
    return examine(folder).vocabulary()


def examine(folder: str = "") -> Agency:
    """Read every file and compare them with one another."""
    faults: list[Fault] = []

    def read(name: str, parse: Callable[[DataFile, list[Fault]], Parsed]) -> tuple[DataFile, Parsed]:
        try:
            file = DataFile.find(name, folder)
        except DataError as error:
            faults.extend(error.faults)
            nothing = DataFile(name, "")
            return nothing, parse(nothing, [])
        return file, parse(file, faults)

    faults += strays(folder) if folder else []
    before = len(faults)
    book_file, book = read(codebook.FILE, codebook.parse_codebook)
    whole_book = len(faults) == before
    points_file, known_points = read(points.FILE, points.parse_points)
    _, towns = read(points.TOWNS_FILE, points.parse_towns)
    gazetteer = points.build(known_points, towns)
    lexicon_file, tables = read(lexicon.FILE, lexicon.parse_lexicon)
    partners_file, known = read(partners.FILE, partners.parse_partners)
    faults += [
        book_file.fault(words, codebook.line_of(book_file, code.number, value=value, key=key))
        for code, key, value, words in (
            *_near_codes(book),
            *_aliases_near_codes(book),
        )
    ]
    faults += [
        points_file.fault(words, point.line)
        for point, words in (*_namesakes(gazetteer), *_nowhere(gazetteer, tables))
    ]
    # What is written as a code, and what may be written beside it.
    faults += _two_meanings(
        (
            *_sayings_of_signs(lexicon_file, tables),
            *_sayings_of_points(points_file, gazetteer),
            *_sayings_of_book(book_file, book),
            *_sayings_of_codes(book_file, book),
            *_sayings_of_partners(partners_file, known),
        )
    )
    faults += _two_meanings(
        (
            *_sayings_of_codes(book_file, book),
            *_sayings_of_lexicon(lexicon_file, tables, _FILLING),
            *_sayings_of_lexicon(lexicon_file, tables, _SERVICE),
            *_sayings_of_numbers(lexicon_file, tables),
            *_sayings_of_partners(partners_file, known),
        )
    )
    # Apart from the others: on the hotline a child is counted and is a class, and a caller's word goes first.
    faults += _two_meanings(_sayings_of_lexicon(lexicon_file, tables, _CALLERS))
    if whole_book:
        faults += _callers_of_no_code(lexicon_file, book, tables)
    return Agency(book, gazetteer, tables, known, tuple(sorted(set(faults))))


def _near_codes(book: Codebook) -> Iterator[_WrongCode]:
    """One slip must never turn a code into another one."""
    for one, other in combinations(book.codes.values(), 2):
        if within_one_edit(one.code, other.code):
            yield other, "code", "", f"{other.code} is one slip away from {one.code}: choose another code"


def _aliases_near_codes(book: Codebook) -> Iterator[_WrongCode]:
    """One slip must never turn a code into the name of another incident."""
    for code in book.codes.values():
        for alias in code.aliases:
            word = alias.strip().upper()
            near = next((other for other in book.codes if within_one_edit(other, word)), None)
            if near and word not in book.codes:
                words = f"{code.code}: the alias {alias!r} is one slip away from {near}: remove it"
                yield code, "aliases", alias, words


def _nowhere(gazetteer: Gazetteer, tables: Mapping[str, Any]) -> Iterator[tuple[Point, str]]:
    """A point lies in a country that there is."""
    countries = tables["nationalities"]["iso"].split() if tables else ()
    for point in gazetteer.by_code.values() if countries else ():
        if point.country not in countries:
            yield point, f"{point.code}: there is no country {point.country}: write its ISO code, such as NE"


def _namesakes(gazetteer: Gazetteer) -> Iterator[tuple[Point, str]]:
    """Two points of one name are asked about each time: that must be meant."""
    named: defaultdict[str, list[Point]] = defaultdict(list)
    for point in gazetteer.by_code.values():
        for name in dict.fromkeys(map(squeeze, point.spellings)):
            named[name].append(point)
    for name, found in named.items():
        if len(found) > 1 and not any(_KNOWN_NAMESAKE in point.source for point in found):
            codes = " and ".join(point.label for point in found)
            yield (
                found[-1],
                f"{codes} share the name {name}: rename one, or write {_KNOWN_NAMESAKE} in its source",
            )


def _two_meanings(words: Iterable[_Saying]) -> Iterator[Fault]:
    """A word means one thing; of two files the agency's own is to be mended, else where it stands again."""
    first: dict[tuple[str, ...], _Saying] = {}
    for one in words:
        key = split(one.word)
        if not key:
            yield one.fault(f"{one.word!r} has no letter or digit: remove it")
            continue
        other = first.setdefault(key, one)
        if other.meaning != one.meaning:
            here, there = (other, one) if other.file.own > one.file.own else (one, other)
            yield here.fault(
                f"{here.word!r} means {there.meaning} elsewhere and {here.meaning} here: keep one"
            )


def _sayings_of_signs(file: DataFile, tables: Mapping[str, Any]) -> Iterator[_Saying]:
    """What a code cannot be."""
    if not tables:
        return
    signs = (
        ("nationalities", "nationality", tables["nationalities"]["iso"].split()),
        ("transport", "transport", tables["transport"]),
        ("controls", "control", tables["controls"]["codes"]),
    )
    for table, kind, codes in signs:
        for code in codes:
            yield _Saying(code, f"{kind} {code.upper()}", file, partial(file.line_of, f"[{table}]", code))
    yield from _sayings_of_lexicon(file, tables, _SERVICE)


def _sayings_of_points(file: DataFile, gazetteer: Gazetteer) -> Iterator[_Saying]:
    for code, point in gazetteer.by_code.items():
        yield _Saying(code, f"point {code}", file, partial(int, point.line))


def _sayings_of_book(file: DataFile, book: Codebook) -> Iterator[_Saying]:
    for code in book.codes.values():
        yield _Saying(code.code, f"incident {code.code}", file, partial(codebook.line_of, file, code.number))


def _sayings_of_codes(file: DataFile, book: Codebook) -> Iterator[_Saying]:
    for code in book.codes.values():
        for alias in code.aliases:
            line = partial(codebook.line_of, file, code.number, "aliases", alias)
            yield _Saying(alias, f"incident {code.code}", file, line)


def _sayings_of_partners(file: DataFile, known: Mapping[str, Partner]) -> Iterator[_Saying]:
    for partner in known.values():
        for name in partner.names:
            yield _Saying(name, f"partner {partner.short_name}", file, partial(int, partner.line))


def _sayings_of_lexicon(
    file: DataFile, tables: Mapping[str, Any], kinds: Mapping[str, str]
) -> Iterator[_Saying]:
    for table, kind in kinds.items() if tables else ():
        for key, words in tables[table].items():
            for word in words:
                yield _Saying(word, f"{kind} {key}", file, partial(file.line_of, f"[{table}]", key, word))


def _sayings_of_numbers(file: DataFile, tables: Mapping[str, Any]) -> Iterator[_Saying]:
    if not tables:
        return
    numbers = {table: tables[table] for table in ("numbers", "approximate_numbers")}
    times = {f"time.{part}": tables["time"][part] for part in ("days", "parts", "weekdays")}
    for table, by_word in (numbers | times).items():
        for word, value in by_word.items():
            yield _Saying(word, f"{table} {value}", file, partial(file.line_of, f"[{table}]", word))


def _callers_of_no_code(file: DataFile, book: Codebook, tables: Mapping[str, Any]) -> Iterator[Fault]:
    """What callers say stands under a code of the book."""
    said = {"[hotline]": tables["hotline"], "[help]": [lexicon.HELP_IS]} if tables else {}
    for table, codes in said.items():
        for code in codes:
            if code not in book:
                yield file.fault(
                    f"{code} is no code of the codebook: add it there", file.line_of(table, code)
                )
