"""Rules for what stands on the pocket card: the codes from the live codebook, the words from `gateway/text/words.toml`.

Nothing here names a code: the letters and words to write come from the codebook, the lexicon and the points,
and the example is read by the reader itself.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from gateway.places.gazetteer import Point
from gateway.reports.codebook import REQUIRABLE, Code, Codebook
from gateway.reports.explanation import Explanation
from gateway.reports.lexicon import PEOPLE_SUMMED, Vocabulary
from gateway.reports.reader import Reader
from gateway.text.words import word, words

NEIGHBOURS = 10
_NATIONS = 16
"""Those that are met most on these roads stand first among the words."""


@dataclass(frozen=True, slots=True)
class Heading:
    words: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    words: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Sample:
    """Words to be written as they stand."""

    words: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A code: how grave, its name, and what to give with it where that is not the usual."""

    severity: int
    code: str
    label: str
    needs: str


@dataclass(frozen=True, slots=True)
class Scale:
    """The signs of severity with their words."""

    severities: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Pairs:
    """What is written, and what it means, so many beside each other."""

    pairs: tuple[tuple[str, str], ...]
    columns: int


Block = Heading | Paragraph | Sample | Entry | Scale | Pairs


@dataclass(frozen=True, slots=True)
class Side:
    title: str
    aside: str
    """At the right of the title."""
    top: tuple[Block, ...]
    """Across the page; below it the blocks, in so many columns."""
    blocks: tuple[Block, ...]
    columns: int


def codes_side(book: Codebook, language: str) -> Side:
    """The codes by family; the family with the gravest code first, and in it the gravest code.

    What most codes ask for is said once, at the top; what the others ask for stands with each.
    """
    card = words(language)["card"]
    usual = Counter(needs(code, language) for code in book.codes.values()).most_common(1)[0][0]
    blocks: list[Block] = []
    for family, codes in groupby(_gravest_first(book), key=lambda code: code.family):
        blocks.append(Heading(word(language, "families", family)))
        for code in codes:
            asked = needs(code, language)
            blocks.append(
                Entry(code.severity, code.code, code.label(language), "" if asked == usual else asked)
            )
    top = (_scale(book, language), Paragraph(card["required"].format(usual=usual)))
    return Side(card["title"], "", top, tuple(blocks), columns=2)


def _scale(book: Codebook, language: str) -> Scale:
    shown = sorted({code.severity for code in book.codes.values()})
    return Scale(tuple((severity, word(language, "severities", severity)) for severity in shown))


def _gravest_first(book: Codebook) -> list[Code]:
    codes = list(book.codes.values())
    gravest: dict[str, int] = {}
    for code in codes:
        gravest[code.family] = min(gravest.get(code.family, code.severity), code.severity)
    families = sorted(gravest, key=gravest.__getitem__)
    return sorted(codes, key=lambda code: (families.index(code.family), code.severity))


def needs(code: Code, language: str) -> str:
    """What the sender must give with the code."""
    wanted = (field for field in REQUIRABLE if field in code.required)
    return ", ".join(word(language, "required", field) for field in wanted)


def writing_side(
    reader: Reader, language: str, *, number: str | None, post: str | None, near: int = NEIGHBOURS
) -> Side:
    """How to write a message, and so many of the points that lie nearest to a post."""
    card = words(language)["card"]
    return Side(
        card["write"],
        f"{card['send_to']}: {number or card['blank']}",
        (),
        tuple(_writing(reader, language, post, near)),
        columns=1,
    )


def _writing(reader: Reader, language: str, post: str | None, near: int) -> Iterator[Block]:
    card = words(language)["card"]
    vocabulary = reader.vocabulary
    here = reader.gazetteer.by_code[post] if post else next(iter(reader.gazetteer.by_code.values()))
    yield Sample(card["pattern"])
    yield Paragraph(card["order"])
    yield from _example(reader, language, here)
    summed, subsets = _people(vocabulary, language)
    yield Heading(card["people"])
    yield Pairs(summed, 4)
    yield Heading(card["of_whom"])
    yield Pairs(subsets, 4)
    yield Heading(card["nations"])
    yield Pairs(tuple(words(language)["countries"].items())[:_NATIONS], 4)
    yield Heading(card["transport"])
    yield Pairs(_named("transport", _codes_of(vocabulary, "vehicle", "manner"), language), 4)
    yield Heading(card["controls"])
    yield Pairs(_named("controls", sorted(code.upper() for code in vocabulary.sets["controls"]), language), 4)
    yield Heading(card["where_when"])
    yield Pairs(_places_and_times(card, here), 2)
    yield Heading(card["services"])
    yield Pairs(_services(vocabulary, card), 2)
    if post and near:
        yield Heading(card["near"].format(post=here.bare_name))
        yield Pairs(tuple((point.label, point.bare_name) for point in neighbours(reader, here)[:near]), 3)
    yield Paragraph(card["privacy"], strong=True)


def _people(vocabulary: Vocabulary, language: str) -> tuple[tuple[tuple[str, str], ...], ...]:
    """The letter keys: those that add up to the total, and those that are among the others."""
    letters: dict[str, str] = {}
    for letter, key in vocabulary.keys.items():
        letters.setdefault(key, letter.upper())
    parts = {key: (letter, word(language, "people", key)) for key, letter in letters.items()}
    adding = (*PEOPLE_SUMMED, "total")
    return (
        tuple(parts[key] for key in adding if key in parts),
        tuple(pair for key, pair in parts.items() if key not in adding),
    )


def _codes_of(vocabulary: Vocabulary, *sorts: str) -> list[str]:
    return list(dict.fromkeys(entry.key for entry in vocabulary.words.values() if entry.sort in sorts))


def _named(table: str, codes: list[str], language: str) -> tuple[tuple[str, str], ...]:
    """Codes of the lexicon: those that have a word, in the order of the words, then the others."""
    order = [*words(language)[table], *codes]
    return tuple((code, word(language, table, code)) for code in sorted(codes, key=order.index))


def _places_and_times(card: Mapping[str, str], here: Point) -> tuple[tuple[str, str], ...]:
    place = here.bare_name
    position = "20,55 13,41" if here.lat is None else f"{here.lat:.2f} {here.lon:.2f}".replace(".", ",")
    return (
        (here.label, card["place_code"]),
        ("14h30", card["time_hour"]),
        (place, card["place_name"]),
        (card["time_yesterday"], card["time_yesterday_says"]),
        (f"15km N {place}", card["place_offset"]),
        (card["time_day"], card["time_day_says"]),
        (position, card["place_position"]),
        ("URG", card["urgent"]),
        (f"{card['origin']} {place}", card["origin_says"]),
        (f"{card['destination']} {place}", card["destination_says"]),
    )


def _services(vocabulary: Vocabulary, card: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    kinds = {kind: entry.upper() for entry, kind in reversed(vocabulary.services.items())}
    return (
        (card["correction"], card["correction_says"]),
        (kinds["cancel"], card["cancel"]),
        (card["addition"], card["addition_says"]),
        (kinds["help"], card["help"]),
        (card["drill"], card["drill_says"]),
    )


def _example(reader: Reader, language: str, here: Point) -> Iterator[Block]:
    """A message in full, and what the reader makes of each of its words."""
    card = words(language)["card"]
    text = example(reader.book, here)
    evening = datetime(2026, 1, 1, 20, tzinfo=reader.zone)
    (reading,) = reader.read(text, line="agents", at=evening, post=None).readings
    yield Heading(card["example"])
    yield Sample(text)
    explanation = Explanation(language, reader)
    short = {
        "code": reader.book.label(reading.code or "", language),
        "place": here.name,
        "occurred_at": card["time_hour"],
    }
    yield Pairs(
        tuple(
            (" ".join(text[piece.start : piece.end] for piece in pieces), short.get(field, value))
            for field, pieces, value in explanation.findings(text, reading)
            if pieces
        ),
        2,
    )


def example(book: Codebook, here: Point) -> str:
    """The gravest code that asks for place and people only, with people, a nationality and an hour."""
    codes = _gravest_first(book)
    usual = next((code for code in codes if code.required == {"place", "people"}), codes[0])
    return f"{usual.code} {here.label} F4 L2 NG6 14h30"


def neighbours(reader: Reader, here: Point) -> Sequence[Point]:
    """The points nearest to a post, itself first."""
    return reader.gazetteer.neighbours(here)[:NEIGHBOURS]
