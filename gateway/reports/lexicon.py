"""The words of field texts, compiled once into one table: word -> what it may be."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.data.files import DataFile, Fault, remedy
from gateway.places.gazetteer import Gazetteer, Point
from gateway.reports.codebook import Codebook
from gateway.text.folding import fold_for_matching

FILE: Final = "lexicon.toml"
HELP_IS: Final = "SOS"
"""The code of a caller who says no more than that help is needed."""

PROMISED: Final = {
    "correction": "corr", "cancel": "annu", "addition": "plus", "drill": "test", "help": "aide", "stop": "stop",
}  # fmt: skip
"""The service words that the card and our texts tell people to write."""

# Between the words of an alias these may stand: `convoi de migrants`, `manque de l eau`.
FILLERS: Final = frozenset({"de", "du", "la", "les"})

PEOPLE_SUMMED: Final = ("men", "women", "boys", "girls", "minors", "adults")
PEOPLE_KEYS: Final = ("total", *PEOPLE_SUMMED, "under_5", "pregnant", "elderly", "disabled")


@dataclass(frozen=True, slots=True)
class Word:
    """What a word or phrase is: its sort (a table of the lexicon) and its meaning there."""

    sort: str
    key: str = ""
    value: int = 0


_Wrong = tuple[str, str, str]
Phrase = tuple[tuple[str, ...], Word]


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """Everything that reading looks up, as plain tables."""

    book: Codebook
    gazetteer: Gazetteer
    words: dict[str, Word] = field(default_factory=dict)
    phrases: dict[str, list[Phrase]] = field(default_factory=dict)
    """By first word, the longest first."""
    keys: dict[str, str] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    points: dict[str, Point] = field(default_factory=dict)
    callers: dict[str, str] = field(default_factory=dict)
    """What a caller's word tells, also where it is first of all something else: a child, a pregnancy."""
    iso: frozenset[str] = frozenset()
    iso_words: frozenset[str] = frozenset()
    place_words: frozenset[str] = frozenset()
    languages: dict[str, str] = field(default_factory=dict)
    known: frozenset[str] = frozenset()
    services: dict[str, str] = field(default_factory=dict)
    bearings: dict[str, str] = field(default_factory=dict)
    months: dict[str, int] = field(default_factory=dict)
    numerals: frozenset[str] = frozenset()
    calendar: frozenset[str] = frozenset()
    """A text with none of these words says no number, no day or hour in words."""
    sets: dict[str, frozenset[str]] = field(default_factory=dict)


# Tables whose keys the agency may add to; of the others every key has its rule.
_OPEN: Final = frozenset(
    {
        "demonyms", "countries", "ambiguous_nationalities", "hotline", "numbers", "approximate_numbers",
        "time.days", "time.parts", "time.weekdays",
    }
)  # fmt: skip


def parse_lexicon(file: DataFile, faults: list[Fault]) -> dict[str, Any]:
    """The tables of words; none at all when one of them is not as the packaged file has it."""
    before = len(faults)
    tables = file.tables(faults)
    packaged = DataFile.find(FILE)
    if len(faults) == before and file.text != packaged.text:
        model = packaged.tables(faults)
        faults += [
            file.fault(words, file.line_of(f"[{table}]", key)) for table, key, words in _faults(tables, model)
        ]
    if len(faults) == before:
        faults += [
            file.fault(words, file.line_of("[service]", kind))
            for kind, words in _faulty_service(tables["service"])
        ]
    return tables if len(faults) == before else {}


def _faults(tables: Mapping[str, Any], packaged: Mapping[str, Any], path: str = "") -> Iterator[_Wrong]:
    """What differs in form from the packaged file: the table, the key, and what to do."""
    for name, model in packaged.items():
        where = f"{path}{name}"
        if name not in tables:
            if path.removesuffix(".") not in _OPEN:
                yield (
                    path.removesuffix("."),
                    "",
                    f"{where} is missing: add it, as in a file of `vigie codebook export`",
                )
        elif not isinstance(model, dict):
            if not _like(model, tables[name]):
                yield path.removesuffix("."), name, f"{where} must be {_form(model)}"
        elif isinstance(tables[name], dict):
            yield from _faults(tables[name], model, f"{where}.")
        else:
            yield where, "", f"{where} must be a table: [{where}]"
    model = next((one for one in packaged.values() if not isinstance(one, dict)), None)
    for name in tables.keys() - packaged.keys():
        if path.removesuffix(".") not in _OPEN:
            what = remedy(name, sorted(packaged.keys() - tables.keys()))
            yield path.removesuffix(".") or name, name, f"{path}{name} is unknown: {what}"
        elif not _like(model, tables[name]):
            yield path.removesuffix("."), name, f"{path}{name} must be {_form(model)}"


def _faulty_service(service: Mapping[str, list[str]]) -> Iterator[tuple[str, str]]:
    """What the card promises is understood, and each kind has a word."""
    for kind, words in service.items():
        promised = PROMISED.get(kind)
        if promised and (promised,) not in map(split, words):
            yield kind, f"service.{kind} lacks {promised!r}, which the card tells people to write: add it"
        elif not words:
            yield kind, f"service.{kind} is empty: add a word"


def _like(model: object, value: object) -> bool:
    if isinstance(model, list):
        return isinstance(value, list) and all(isinstance(one, str) and one.strip() for one in value)
    return type(value) is type(model)


def _form(model: object) -> str:
    if isinstance(model, list):
        return "a list of words in quotes"
    return "a number" if isinstance(model, int) else "words in quotes"


def compile_vocabulary(
    tables: Mapping[str, Any], partners: Mapping[str, Iterable[str]], book: Codebook, gazetteer: Gazetteer
) -> Vocabulary:
    words = _all_words(tables, partners, book)
    languages = _languages(tables)
    return Vocabulary(
        book=book,
        gazetteer=gazetteer,
        words={phrase[0]: word for phrase, word in words.items() if len(phrase) == 1},
        phrases=_phrases(words),
        keys={letter: key for key, letters in tables["keys"].items() for letter in letters},
        codes={code.lower(): code for code in book.codes},
        points={code.lower(): point for code, point in gazetteer.by_code.items()},
        callers={" ".join(split(word)): code for code, said in tables["hotline"].items() for word in said},
        iso=frozenset(code.lower() for code in tables["nationalities"]["iso"].split()),
        iso_words=frozenset(tables["nationalities"]["not_alone"]),
        place_words=frozenset(tables["places"]["words"]) | frozenset(tables["places"]["town_words"]),
        languages=languages,
        known=frozenset(languages)
        | {phrase[0] for phrase in words}
        | set(tables["language"]["known"])
        | {
            *tables["places"]["no_slips"],
            *tables["places"]["elsewhere"],
            *tables["words"]["labels"],
            *tables["places"]["titles"],
        },
        services={" ".join(split(word)): kind for kind, words in tables["service"].items() for word in words},
        bearings={" ".join(split(word)): key for key, words in tables["bearings"].items() for word in words},
        months=tables["time"]["months"],
        numerals=frozenset({*tables["numbers"], *tables["hausa_numbers"]}),
        calendar=_calendar(tables["time"]),
        sets=_sets(tables),
    )


def _calendar(time: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(
        {*time["months"], *time["qualifier"], *time["weekdays"], *time["words"]}
        | {"le", "du", "the", "on", "er", "ier", "am", "pm", "karfe"}
    )


def _sets(tables: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    words, time = tables["words"], tables["time"]
    return {
        "before_number": frozenset(tables["people_before_number"]["words"]),
        "number_parts": frozenset(words["number_parts"]),
        "only_before_people": frozenset(words["only_before_people"]),
        "ransom": frozenset(words["money_beside"]),
        "denials": frozenset(words["denials"]),
        "numbered": frozenset({*words["numbered"], *words["labels"]}),
        "labels": frozenset(words["labels"]),
        "one_child": frozenset(words["one_child"]),
        "each": frozenset(words["each"]),
        "crews": frozenset(words["crews"]),
        "of_things": frozenset(words["of_things"]),
        "things": frozenset(words["things"]),
        "makes": frozenset(words["makes"]),
        "networks": frozenset(words["networks"]),
        "possessives": frozenset(words["possessives"]),
        "cries": frozenset(" ".join(split(cry)) for cry in tables["help"]["phrases"]),
        "controls": frozenset(tables["controls"]["codes"]),
        "around": frozenset(tables["prepositions"]["around"]),
        "leading": frozenset(tables["nationalities"]["leading"]),
        "articles": frozenset(tables["prepositions"]["articles"]),
        "persons": frozenset(tables["places"]["persons"]),
        "titles": frozenset(tables["places"]["titles"]),
        "small": frozenset(words["small"]),
        "time_words": frozenset(time["words"]),
        "doubtful_months": frozenset(time["doubtful_months"]),
        "spans": frozenset(time["spans"]),
        "since": frozenset(time["since"]),
    }


def _all_words(
    tables: Mapping[str, Any], partners: Mapping[str, Iterable[str]], book: Codebook
) -> dict[tuple[str, ...], Word]:
    """Later tables do not displace earlier ones: the order is the order of trust."""
    found: dict[tuple[str, ...], Word] = {}

    def put(sort: str, by_key: Mapping[str, Iterable[str]]) -> None:
        for key, entries in by_key.items():
            for entry in entries:
                found.setdefault(split(entry), Word(sort, key))

    put("friend", {"": tables["false_friends"]["phrases"]})
    put("people", tables["people"])
    put("nation", tables["demonyms"])
    put("country", tables["countries"])
    put("ambiguous", tables["ambiguous_nationalities"])
    put("urgent", {"": tables["words"]["urgent"]})
    put("manner", {"PIE": tables["words"]["pedestrian"]})
    put("vehicle", tables["transport"])
    put("partner", partners)
    put("control", {code.upper(): [code] for code in tables["controls"]["codes"]})
    put("alias", {code.code: code.aliases for code in book.codes.values()})
    put("approximate", {"": tables["words"]["approximate"]})
    put("limit", {"": tables["words"]["at_most"]})
    _put_numbers(tables, found)
    put("quantity", {"": tables["quantities"]["words"]})
    put("money", {"": tables["words"]["money"]})
    put("ransom", {"": tables["words"]["money_beside"]})
    put("age", {"": tables["words"]["ages"]})
    put("covers", {"": tables["words"]["covers"]})
    _put_times(tables, found)
    for key in ("origin", "destination", "place", "other"):
        put("preposition", {key: tables["prepositions"][key]})
    put("road", {"": tables["roads"]["words"]})
    put("unit", {"": tables["words"]["units"]})
    put("greeting", {"": tables["words"]["greetings"]})
    put("caller", tables["hotline"])
    put("help", {HELP_IS: tables["help"]["phrases"]})
    put("service", tables["service"])
    put("small", {"": tables["words"]["small"]})
    put("bearing", tables["bearings"])
    return found


def _put_numbers(tables: Mapping[str, Any], found: dict[tuple[str, ...], Word]) -> None:
    for entry, value in tables["numbers"].items():
        found.setdefault(split(entry), Word("number", "", value))
    for entry, value in tables["hausa_numbers"].items():
        found.setdefault(split(entry), Word("number", "ha", value))
    for entry, value in tables["approximate_numbers"].items():
        found.setdefault(split(entry), Word("number", "approximate", value))


def _put_times(tables: Mapping[str, Any], found: dict[tuple[str, ...], Word]) -> None:
    for key in ("days", "parts", "weekdays", "qualifier", "future", "vague"):
        for entry, value in tables["time"][key].items():
            found.setdefault(split(entry), Word("time", key, value))


def _languages(tables: Mapping[str, Any]) -> dict[str, str]:
    """A word of two languages tells neither, nor does a letter, which may be a key: `T12`, `a`."""
    seen: defaultdict[str, set[str]] = defaultdict(set)
    for language in ("fr", "en", "ha"):
        for word in tables["language"][language]:
            seen[word].add(language)
    return {
        word: next(iter(found)) if len(found) == 1 and len(word) > 1 else "" for word, found in seen.items()
    }


def _phrases(words: dict[tuple[str, ...], Word]) -> dict[str, list[Phrase]]:
    phrases: defaultdict[str, list[Phrase]] = defaultdict(list)
    for phrase, word in words.items():
        if len(phrase) > 1:
            phrases[phrase[0]].append((phrase, word))
    for starting in phrases.values():
        starting.sort(key=lambda entry: -len(entry[0]))
    return dict(phrases)


def split(entry: str) -> tuple[str, ...]:
    return tuple(re.findall(r"[^\W\d_]+|\d+", fold_for_matching(entry)))
