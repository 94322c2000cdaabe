"""Which question a reading calls for, and what counts as its answer."""

from datetime import UTC, datetime
from itertools import combinations

import pytest

from gateway.inbox.wording import ask, codes_for_help
from gateway.reports.dialogue import GRAVEST_FIRST, Question, answered, question
from gateway.reports.reader import Reader
from gateway.reports.reading import Problem, Reading
from gateway.text.gsm7 import WRITTEN
from gateway.text.segments import segments

AT = datetime(2026, 11, 21, 13, tzinfo=UTC)
LANGUAGES = ("fr", "en", "ha")


def read(reader: Reader, text: str) -> Reading:
    return reader.read(text, line="agents", at=AT, post=None).readings[0]


def ask_about(reader: Reader, text: str) -> Question:
    asked = question(read(reader, text), text, reader, "fr")
    assert asked is not None
    return asked


def answer(reader: Reader, text: str, words: str) -> Reading | None:
    def no_code(_: str) -> Reading:
        raise AssertionError("no code was asked for")

    return answered(ask_about(reader, text), read(reader, text), words, reader, AT, no_code)


@pytest.mark.parametrize(
    ("text", "problem", "letters"),
    [
        ("RPZ Illela 40", "ambiguous_place", "A) Nigeria B) Tahoua"),
        ("RPZ Tibiri 40", "ambiguous_place", "A) Maradi B) Dosso"),
        ("RPZ 40", "missing_place", ""),
        ("RPZ ASM", "missing_people", ""),
        ("RPZ ASM 1430", "ambiguous_hour", "A) 1.430 pers. B) 14:30"),
        ("CVM ASM 12", "missing_destination", ""),
        ("KIT AGZ ICMPD", "missing_quantity", ""),
        ("CNS AGZ 12", "missing_partners", ""),
        ("RPZ ASM T40 H30 F20", "total_mismatch", "A) 40 B) 50"),
        ("SOS 13.41,20.55", "coordinates_swapped", "A) 13.41N 20.55E (Bosso) B) 20.55N 13.41E (Dao Timmi)"),
    ],
)
def test_the_gravest_doubt_is_asked_about_with_letters_where_there_are_candidates(
    reader: Reader, text: str, problem: str, letters: str
) -> None:
    asked = ask_about(reader, text)
    assert (asked.problem, asked.lettered()) == (problem, letters)
    assert Question.from_dict(asked.to_dict()) == asked


def test_the_place_is_asked_about_before_the_people(reader: Reader) -> None:
    assert ask_about(reader, "RPZ Illela").problem == "ambiguous_place"


@pytest.mark.parametrize("text", ["RPZ ASM 40", "bonjour chef", "", "RAS GAY"])
def test_what_is_clear_and_what_nobody_can_answer_is_not_asked_about(reader: Reader, text: str) -> None:
    assert question(read(reader, text), text, reader, "fr") is None


@pytest.mark.parametrize("words", ["ASM", "Assamaka", "a Assamaka svp", "c'est assamaka", "19.367 5.8"])
def test_a_place_may_be_said_in_any_way(reader: Reader, words: str) -> None:
    after = answer(reader, "RPZ 40", words)
    assert after is not None
    assert after.place is not None
    assert (round(after.place.lat or 0), after.problems) == (19, ())


@pytest.mark.parametrize("words", ["14", "ok", "je ne sais pas", "CVM ASM", "B", "", "le chef est a ASM"])
def test_anything_else_is_no_answer_to_where(reader: Reader, words: str) -> None:
    assert answer(reader, "RPZ 40", words) is None


@pytest.mark.parametrize(
    ("words", "people"),
    [
        ("14", {"total": 14}),
        ("1277", {"total": 1277}),
        ("1430", {"total": 1430}),
        ("14 pers", {"total": 14}),
        ("une trentaine", {"total": 30}),
        ("H12 F3", {"men": 12, "women": 3, "total": 15}),
    ],
)
def test_a_number_may_be_said_in_many_ways(reader: Reader, words: str, people: dict[str, int]) -> None:
    after = answer(reader, "RPZ ASM", words)
    assert after is not None
    assert after.people == people


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("problem", GRAVEST_FIRST)
def test_an_open_question_fits_one_segment_in_every_language(
    reader: Reader, problem: str, language: str
) -> None:
    place = max(reader.gazetteer.by_code.values(), key=lambda point: len(point.name))
    reading = Reading("drill", code="RPZ")
    text = ask(Question(problem, place.name), reading, "482135", language, drill=True)
    assert segments(text) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_choice_between_codes_fits_one_segment(reader: Reader, language: str) -> None:
    labelled = sorted(reader.book.codes, key=lambda code: -len(reader.book.label(code, language)))[:9]
    for codes in combinations(labelled, 4):
        reading = Reading("unknown", problems=(Problem("code_suggested", "code", codes),))
        asked = question(reading, "", reader, language)
        assert asked is not None
        text = ask(asked, reading, "482135", language, drill=True)
        assert segments(text) == 1, text
        assert set(text) <= WRITTEN, set(text) - WRITTEN
        assert all(f") {code} " in text for code in codes)


@pytest.mark.parametrize("language", LANGUAGES)
def test_help_fills_one_segment_and_no_more(reader: Reader, language: str) -> None:
    text = codes_for_help(list(reader.book.codes), reader.book, language)
    assert segments(text) == 1
    assert len(text) > 110
