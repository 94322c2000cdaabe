"""What holds for any text whatsoever."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.places.gazetteer import load_gazetteer
from gateway.reports.codebook import load_codebook
from gateway.reports.reader import Reader, cheaply_urgent, load_reader
from gateway.reports.tokenizer import Source, tokenize

AT = datetime(2026, 11, 21, 13, 0, tzinfo=UTC)
READER: Reader = load_reader("Africa/Niamey")
VOCABULARY = READER.vocabulary
CODES, POINTS = sorted(load_codebook().codes), sorted(load_gazetteer().by_code)

# Pieces of real texts in any order hit more rules than letters at random do.
SCRAPS = [
    "gn",
    "NE",
    "ml",
    "14h30",
    "14h",
    "24/03",
    "40-50",
    "1.277",
    "N19°22",
    "E5°48",
    "20,55",
    "13,41",
    "km",
    "nord",
    "depuis",
    "vers",
    "->",
    "!!",
    "482135",
    "R",
    "#",
    "+",
    "~",
    "0",
    "7",
    "647",
    "1430",
    "9999999999",
    "é",
    "أرليت",
    "1O",
    "½",
    "²",
    "PK",
    "axe",
    "Illela",
    "Tibiri",
    "plus",
    "d",
]
PIECES = st.sampled_from([*CODES, *POINTS, *VOCABULARY.words, *VOCABULARY.keys, *SCRAPS, "\u200b"])
SEPARATORS = st.sampled_from(["", " ", "  ", ",", "/", ".", "-", "=", "\n", "'", ": "])
TEXTS = st.one_of(
    st.text(max_size=200),
    st.text(st.characters(), max_size=60),
    st.lists(st.tuples(PIECES, SEPARATORS), max_size=25).map(lambda parts: "".join(a + b for a, b in parts)),
)


def read(text: str, line: Any = "agents", post: str | None = "ASM") -> Any:
    return READER.read(text, line=line, at=AT, post=post)


@settings(max_examples=150, deadline=None)
@given(TEXTS, st.sampled_from(["agents", "hotline"]), st.sampled_from([None, "ASM", "XXX"]))
def test_any_text_gives_a_reading(text: str, line: str, post: str | None) -> None:
    parse = read(text, line, post)
    assert parse.readings
    assert parse.text == text
    json.dumps(parse.to_dict())
    cheaply_urgent(text)


@settings(max_examples=150, deadline=None)
@given(TEXTS, st.sampled_from(["agents", "hotline"]))
def test_every_word_is_in_the_evidence_or_in_the_note(text: str, line: str) -> None:
    parse = read(text, line)
    source = Source(text)
    evidence = [(part.start, part.end) for reading in parse.readings for part in reading.evidence]
    notes = " ".join(reading.note or "" for reading in parse.readings)
    for token in tokenize(source, VOCABULARY):
        start, end = source.span(token.start, token.end)
        assert any(a <= start and end <= b for a, b in evidence) or text[start:end] in notes, text[start:end]


@settings(max_examples=150, deadline=None)
@given(TEXTS)
def test_what_is_read_is_sound(text: str) -> None:
    for reading in read(text).readings:
        assert all(value >= 0 for value in reading.people.values())
        assert (reading.severity is None) == (reading.code is None)
        assert len({problem.field for problem in reading.problems}) == len(reading.problems)
        if reading.code is not None and reading.kind == "report":
            present = {"place": reading.place, "people": reading.people, "partners": reading.partners}
            asked = {problem.field for problem in reading.problems}
            for field in READER.book[reading.code].required & present.keys():
                hour = field == "people" and any(p.code == "ambiguous_hour" for p in reading.problems)
                assert present[field] or field in asked or hour


COUNTS = st.dictionaries(st.sampled_from("HFGLMX"), st.integers(1, 400), min_size=1, max_size=5)
NAMES = {"H": "men", "F": "women", "G": "boys", "L": "girls", "M": "minors", "X": "adults"}


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(CODES), st.sampled_from(POINTS), COUNTS, st.sampled_from(" *#,;\n/|-"), st.booleans())
def test_what_was_written_is_read_back(
    code: str, point: str, counts: dict[str, int], separator: str, lower: bool
) -> None:
    parts = [code, point, *(f"{key}{value}" for key, value in counts.items())]
    text = separator.join(parts)
    (reading,) = read(text.lower() if lower else text).readings
    assert reading.code == code
    assert reading.place is not None
    assert (reading.place.code, reading.place.source) == (point, "code")
    total = sum(counts.values())
    assert reading.people == {**{NAMES[key]: value for key, value in counts.items()}, "total": total}


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(CODES), st.sampled_from(POINTS), COUNTS)
def test_separators_may_be_missing(code: str, point: str, counts: dict[str, int]) -> None:
    joined = code + point + "".join(f"{key}{value}" for key, value in counts.items())
    (reading,) = read(joined).readings
    assert reading.code == code
    assert reading.place is not None
    assert reading.place.code == point
    assert {NAMES[key]: value for key, value in counts.items()}.items() <= reading.people.items()


@pytest.mark.parametrize("code", CODES)
def test_every_alias_is_read_as_its_code(code: str) -> None:
    for alias in READER.book[code].aliases:
        (reading,) = read(alias).readings
        assert (reading.code, reading.code_from) == (code, "alias"), alias


@pytest.mark.parametrize("point", POINTS)
def test_every_spelling_of_a_point_is_read_or_asked_about(point: str) -> None:
    for spelling in READER.gazetteer.by_code[point].spellings:
        (reading,) = read(f"SOS {spelling}").readings
        if reading.place is not None:
            assert reading.place.code == point, spelling
        else:
            assert "ambiguous_place" in [problem.code for problem in reading.problems], spelling
