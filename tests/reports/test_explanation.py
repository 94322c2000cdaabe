"""What a person is told about a reading: every piece of the text that was read, and nothing that was not."""

from collections import defaultdict
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.reports.codebook import REQUIRABLE
from gateway.reports.explanation import FIELDS, Explanation, pieces
from gateway.reports.reader import load_reader
from gateway.reports.reading import Reading
from gateway.text.words import LANGUAGES, all_words

AT = datetime(2026, 11, 21, 13, 0, tzinfo=UTC)
READER = load_reader("Africa/Niamey")
WRITTEN = st.lists(
    st.sampled_from(
        [
            "RPZ",
            "ASM",
            "12 pers",
            "H5",
            "F3",
            "ng",
            "14h30",
            "vers",
            "DRK",
            "bjr",
            "\n",
            "urg",
            "VEH2",
            "دركو",
            "xx",
            ",",
        ]
    ),
    max_size=12,
).map(" ".join)


def read(text: str, *, post: str | None = None) -> Reading:
    return READER.read(text, line="agents", at=AT, post=post).readings[0]


def told(text: str, language: str = "en", *, post: str | None = None) -> dict[str, tuple[str, str]]:
    """By field: the words that gave it, and its value."""
    return {
        field: (" + ".join(text[piece.start : piece.end] for piece in own), value)
        for field, own, value in Explanation(language, READER).findings(text, read(text, post=post))
    }


@settings(max_examples=150, deadline=None)
@given(WRITTEN | st.text(max_size=80))
def test_every_word_that_gave_a_field_is_in_a_piece_of_that_field(text: str) -> None:
    reading = read(text)
    parts = pieces(text, reading)
    for field, start, end in reading.evidence:
        assert any(part.field == field and part.start <= start and end <= part.end for part in parts)
    assert all(one.end <= other.start for one, other in pairwise(parts))


@settings(max_examples=150, deadline=None)
@given(WRITTEN | st.text(max_size=80))
def test_a_word_that_was_not_read_is_in_no_piece(text: str) -> None:
    reading = read(text)
    inside = "".join(text[part.start : part.end] for part in pieces(text, reading))
    assert "xx" not in inside.split()


def test_neighbouring_words_of_a_field_are_one_piece() -> None:
    assert told("RPZ ASM 647 H590 F32 svp G15")["people"][0] == "647 H590 F32 + G15"


def test_each_field_is_told_in_words() -> None:
    found = told("RPZ Illela 40")
    assert "place" not in found
    found = told("CVM ASM env 40 pers ML12 vers Libye VEH2 14h30 urg OIM")
    assert {field: value for field, (_, value) in found.items()} == {
        "code": "CVM Migrant convoy; severity 3, the same day",
        "place": "Assamaka [ASM]; 19.367, 5.8, within 2 km",
        "people": "in all 40, about",
        "nationalities": "Mali 12",
        "destination": "Libya",
        "transport": "car 2",
        "occurred_at": "21/11/2026 14:30",
        "urgent": "urgent",
        "partners": "OIM",
    }


def test_a_place_that_nobody_wrote_says_where_it_comes_from() -> None:
    assert told("RAS", post="AGZ")["place"] == (
        "",
        "Agadez [AGZ]; 16.973, 7.991, within 2 km; the agent's post, no place is named",
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("RPZ Illela 40", "the place may be Illela (Nigeria) [ILN] / Illéla (Niger) [ILL]"),
        ("RPZ ASM", "the number of people is missing"),
        ("MNA AGZ L2 NG ou NE", "the nationality may be Nigeria / Niger"),
        ("RPS ASM 12", "the code is misspelt: perhaps RPZ Pushback, Point Zero / RAS Nothing to report"),
    ],
)
def test_a_doubt_is_told_with_what_it_may_be(text: str, words: str) -> None:
    explanation = Explanation("en", READER)
    assert words in [explanation.problem(problem) for problem in read(text).problems]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_words_with_the_same_values_in_them(language: str) -> None:
    french, other = all_words()["fr"], all_words()[language]
    assert {table: [*found] for table, found in other.items()} == {
        table: [*found] for table, found in french.items()
    }
    for table, found in french.items():
        for key, words in found.items():
            assert words.count("{") == other[table][key].count("{"), (table, key)


def test_exclamation_marks_say_that_they_made_it_urgent() -> None:
    assert told("RPZ ASM 12 !!")["urgent"] == ("", "exclamation marks")
    assert told("RPZ ASM 12 urgent")["urgent"] == ("urgent", "urgent")


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_that_comes_with_us_has_a_word_in_every_language(language: str) -> None:
    tables, vocabulary = all_words()[language], READER.vocabulary
    by_sort: defaultdict[str, set[str]] = defaultdict(set)
    for entry in vocabulary.words.values():
        by_sort[entry.sort].add(entry.key)
    assert by_sort["nation"] | by_sort["country"] <= tables["countries"].keys()
    assert by_sort["vehicle"] | by_sort["manner"] <= tables["transport"].keys()
    assert {control.upper() for control in vocabulary.sets["controls"]} <= tables["controls"].keys()
    assert {*vocabulary.keys.values()} <= tables["people"].keys()
    assert {code.family for code in READER.book.codes.values()} <= tables["families"].keys()
    assert tables["required"].keys() >= set(REQUIRABLE)
    assert set(FIELDS) <= tables["fields"].keys()
