"""The agency's data files as one whole: what is wrong in them, and the vocabulary that they make.

A fault stops the start, because a text would be read wrongly; `vigie codebook check` tells them all.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from itertools import chain, combinations
from typing import Any, Final, TypeVar

from gateway.data.files import DataError, DataFile, Fault, strays
from gateway.duty import policy
from gateway.duty.policy import Policy
from gateway.places import gazetteer as points
from gateway.places import roads
from gateway.places.gazetteer import Gazetteer, Point, within_one_edit
from gateway.places.roads import Road
from gateway.reports import codebook, lexicon, partners
from gateway.reports.codebook import Codebook
from gateway.reports.lexicon import Vocabulary, compile_vocabulary, split
from gateway.reports.partners import Partner
from gateway.text.folding import squeeze

Parsed = TypeVar("Parsed")

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
class _Parts:
    """What the files hold, as far as they can be understood, and where it stands."""

    book: Codebook
    gazetteer: Gazetteer
    tables: Mapping[str, Any]
    """Of the lexicon; none if one of them is faulty."""
    partners: Mapping[str, Partner]
    roads: tuple[Road, ...]
    policy: Policy
    book_file: DataFile
    points_file: DataFile
    lexicon_file: DataFile
    partners_file: DataFile
    roads_file: DataFile
    policy_file: DataFile
    whole_book: bool
    """No code of it is faulty."""


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
    return load_agency(folder).vocabulary()


@cache
def load_agency(folder: str = "") -> Agency:
    """The files as they were when a process first asked for them."""
    return examine(folder)


def examine(folder: str = "") -> Agency:
    """Read every file and compare them with one another."""
    faults = strays(folder) if folder else []
    parts = _read(folder, faults)
    faults += chain.from_iterable(check(parts) for check in _CHECKS)
    return Agency(parts.book, parts.gazetteer, parts.tables, parts.partners, tuple(sorted(set(faults))))


def _read(folder: str, faults: list[Fault]) -> _Parts:
    """Of a file that cannot be read nothing is known, and no more is said than that."""

    def read(name: str, parse: Callable[[DataFile, list[Fault]], Parsed]) -> tuple[DataFile, Parsed]:
        try:
            file = DataFile.find(name, folder)
        except DataError as error:
            faults.extend(error.faults)
            nothing = DataFile(name, "")
            return nothing, parse(nothing, [])
        return file, parse(file, faults)

    before = len(faults)
    book_file, book = read(codebook.FILE, codebook.parse_codebook)
    whole_book = len(faults) == before
    points_file, known_points = read(points.FILE, points.parse_points)
    _, towns = read(points.TOWNS_FILE, points.parse_towns)
    lexicon_file, tables = read(lexicon.FILE, lexicon.parse_lexicon)
    partners_file, known = read(partners.FILE, partners.parse_partners)
    roads_file, known_roads = read(roads.FILE, partial(roads.parse_roads, points=known_points))
    policy_file, pace = read(policy.FILE, policy.parse_policy)
    gazetteer = points.build(known_points, towns)
    return _Parts(
        book=book,
        gazetteer=gazetteer,
        tables=tables,
        partners=known,
        roads=known_roads,
        policy=pace,
        book_file=book_file,
        points_file=points_file,
        lexicon_file=lexicon_file,
        partners_file=partners_file,
        roads_file=roads_file,
        policy_file=policy_file,
        whole_book=whole_book,
    )


def _near_codes(parts: _Parts) -> Iterator[Fault]:
    """One slip must never turn a code into another one."""
    for one, other in combinations(parts.book.codes.values(), 2):
        if within_one_edit(one.code, other.code):
            words = f"{other.code} is one slip away from {one.code}: choose another code"
            yield parts.book_file.fault(words, codebook.line_of(parts.book_file, other.number))


def _aliases_near_codes(parts: _Parts) -> Iterator[Fault]:
    """One slip must never turn a code into the name of another incident."""
    for one in _sayings_of_aliases(parts):
        word = one.word.strip().upper()
        near = next((code for code in parts.book.codes if within_one_edit(code, word)), None)
        if near and word not in parts.book:
            yield one.fault(
                f"the alias {one.word!r} of {one.meaning} is one slip away from {near}: remove it"
            )


def _namesakes(parts: _Parts) -> Iterator[Fault]:
    """Two points of one name are asked about each time: that must be meant."""
    named: defaultdict[str, list[Point]] = defaultdict(list)
    for point in parts.gazetteer.by_code.values():
        for name in dict.fromkeys(map(squeeze, point.spellings)):
            named[name].append(point)
    for name, found in named.items():
        if len(found) > 1 and not any(_KNOWN_NAMESAKE in point.source for point in found):
            codes = " and ".join(point.label for point in found)
            words = f"{codes} share the name {name}: rename one, or write {_KNOWN_NAMESAKE} in its source"
            yield parts.points_file.fault(words, found[-1].line)


def _points_of_no_country(parts: _Parts) -> Iterator[Fault]:
    countries = parts.tables["nationalities"]["iso"].split() if parts.tables else ()
    for point in parts.gazetteer.by_code.values() if countries else ():
        if point.country not in countries:
            words = f"{point.code}: there is no country {point.country}: write its ISO code, such as NE"
            yield parts.points_file.fault(words, point.line)


def _signs_of_two_meanings(parts: _Parts) -> Iterator[Fault]:
    """What is written as a code means one thing, also among the names of incidents and partners."""
    yield from _two_meanings(
        _sayings_of_signs(parts),
        _sayings_of_lexicon(parts, _SERVICE),
        _sayings_of_points(parts),
        _sayings_of_codes(parts),
        _sayings_of_aliases(parts),
        _sayings_of_partners(parts),
    )


def _words_of_two_meanings(parts: _Parts) -> Iterator[Fault]:
    """A word that fills a field fills one, with one meaning."""
    yield from _two_meanings(
        _sayings_of_aliases(parts),
        _sayings_of_lexicon(parts, _FILLING),
        _sayings_of_lexicon(parts, _SERVICE),
        _sayings_of_numbers(parts),
        _sayings_of_partners(parts),
    )


def _callers_of_two_meanings(parts: _Parts) -> Iterator[Fault]:
    """Apart from the others: on the hotline a child is counted and is a class, and a caller's word goes first."""
    yield from _two_meanings(_sayings_of_lexicon(parts, _CALLERS))


def _two_meanings(*sayings: Iterable[_Saying]) -> Iterator[Fault]:
    """A word means one thing; of two files the agency's own is to be mended, else where it stands again."""
    first: dict[tuple[str, ...], _Saying] = {}
    for one in chain(*sayings):
        key = split(one.word)
        if not key:
            yield one.fault(f"{one.word!r} has no letter or digit: remove it")
            continue
        other = first.setdefault(key, one)
        if other.meaning != one.meaning:
            here, there = (other, one) if other.file.own and not one.file.own else (one, other)
            yield here.fault(
                f"{here.word!r} means {there.meaning} elsewhere and {here.meaning} here: keep one"
            )


def _sayings_of_signs(parts: _Parts) -> Iterator[_Saying]:
    file, tables = parts.lexicon_file, parts.tables
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


def _sayings_of_points(parts: _Parts) -> Iterator[_Saying]:
    for code, point in parts.gazetteer.by_code.items():
        yield _Saying(code, f"point {code}", parts.points_file, partial(int, point.line))


def _sayings_of_codes(parts: _Parts) -> Iterator[_Saying]:
    for code in parts.book.codes.values():
        line = partial(codebook.line_of, parts.book_file, code.number)
        yield _Saying(code.code, f"incident {code.code}", parts.book_file, line)


def _sayings_of_aliases(parts: _Parts) -> Iterator[_Saying]:
    for code in parts.book.codes.values():
        for alias in code.aliases:
            line = partial(codebook.line_of, parts.book_file, code.number, "aliases", alias)
            yield _Saying(alias, f"incident {code.code}", parts.book_file, line)


def _sayings_of_partners(parts: _Parts) -> Iterator[_Saying]:
    for partner in parts.partners.values():
        for name in partner.names:
            line = partial(int, partner.line)
            yield _Saying(name, f"partner {partner.short_name}", parts.partners_file, line)


def _sayings_of_lexicon(parts: _Parts, kinds: Mapping[str, str]) -> Iterator[_Saying]:
    file = parts.lexicon_file
    for table, kind in kinds.items() if parts.tables else ():
        for key, words in parts.tables[table].items():
            for word in words:
                yield _Saying(word, f"{kind} {key}", file, partial(file.line_of, f"[{table}]", key, word))


def _sayings_of_numbers(parts: _Parts) -> Iterator[_Saying]:
    file, tables = parts.lexicon_file, parts.tables
    if not tables:
        return
    numbers = {table: tables[table] for table in ("numbers", "approximate_numbers")}
    times = {f"time.{part}": tables["time"][part] for part in ("days", "parts", "weekdays")}
    for table, by_word in (numbers | times).items():
        for word, value in by_word.items():
            yield _Saying(word, f"{table} {value}", file, partial(file.line_of, f"[{table}]", word))


def _callers_of_no_code(parts: _Parts) -> Iterator[Fault]:
    """What callers say stands under a code of the book, once each code of it could be read."""
    if not (parts.whole_book and parts.tables):
        return
    said = {"[hotline]": parts.tables["hotline"], "[help]": [lexicon.HELP_IS]}
    for table, codes in said.items():
        for code in codes:
            if code not in parts.book:
                line = parts.lexicon_file.line_of(table, code)
                yield parts.lexicon_file.fault(f"{code} is no code of the codebook: add it there", line)


def _roads_of_no_family(parts: _Parts) -> Iterator[Fault]:
    """What travels on a road is a family of the book, once each code of it could be read."""
    families = {code.family for code in parts.book.codes.values()}
    for road in parts.roads if parts.whole_book and parts.roads_file.own else ():
        for family in sorted(road.families - families):
            words = f"{road.name}: no code is of the family {family}: use one of the codebook's"
            yield parts.roads_file.fault(words, road.line)


def _paces_of_no_code(parts: _Parts) -> Iterator[Fault]:
    """A pace that is some code's own, once each code could be read."""
    for code in parts.policy.codes if parts.whole_book and parts.policy_file.own else ():
        if code not in parts.book:
            line = policy.line_of(parts.policy_file, code)
            yield parts.policy_file.fault(
                f"{code} is no code of the codebook: mend it, or add it there", line
            )


_CHECKS: Final = (
    _near_codes,
    _aliases_near_codes,
    _namesakes,
    _points_of_no_country,
    _signs_of_two_meanings,
    _words_of_two_meanings,
    _callers_of_two_meanings,
    _callers_of_no_code,
    _roads_of_no_family,
    _paces_of_no_code,
)
