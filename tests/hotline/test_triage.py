"""What a hotline text asks for besides what is read in it."""

from datetime import UTC, datetime
from functools import cache

import pytest

from gateway.hotline import triage
from gateway.hotline.triage import Notice, Words
from gateway.reports.reader import Reader, load_reader
from gateway.reports.reading import Reading


@cache
def reader() -> Reader:
    return load_reader("Africa/Niamey")


def reading(text: str) -> Reading:
    at = datetime(2026, 11, 21, 13, 0, tzinfo=UTC)
    return reader().read(text, line="hotline", at=at, post=None).readings[0]


def wants_silence(text: str) -> bool:
    stops = [words for words, kind in reader().vocabulary.services.items() if kind == "stop"]
    return triage.asks_for_silence(text, reading(text), stops)


def digest(word: str) -> bytes:
    return f"hash of {word}".encode()


AGREED = Words(code=digest("mangue"), duress=digest("citron"))
ASKED = Words(code=AGREED.code, duress=AGREED.duress, asked=True)


@pytest.mark.parametrize(
    "text",
    [
        "STOP", "stop.", "Stop svp", "STOP STOP", "arrêtez", "n'ecrivez plus", "ne m'écrivez plus svp", "mauvais numero",
        "0", " 0 ", "unsubscribe", "Wrong number", "don't text me", "please stop", "daina", "ku daina", "Kada ku kira",
        "kuskuren lamba", "توقف", "لا تتصل", "رقم خطأ",
    ],
)  # fmt: skip
def test_a_wish_for_silence_is_understood_in_every_language(text: str) -> None:
    assert wants_silence(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "oui", "1", "00", "bonjour", "aidez moi stop ils arrivent", "SOS stop", "ils nous ont arrete", "stop on est enfermes",
        "non stop depuis hier on marche", "je suis a la gare", "0 eau",
    ],
)  # fmt: skip
def test_other_texts_ask_for_no_silence(text: str) -> None:
    assert not wants_silence(text)


@pytest.mark.parametrize(
    ("text", "words", "notice"),
    [
        ("mangue", AGREED, Notice.WORD_RIGHT),
        ("MANGUÉ!", AGREED, Notice.WORD_RIGHT),
        ("le mot est mangue svp", AGREED, Notice.WORD_RIGHT),
        ("man gue", AGREED, Notice.WORD_RIGHT),
        ("citron", AGREED, Notice.DURESS),
        ("C i t r o n", AGREED, Notice.DURESS),
        ("mangue citron", AGREED, Notice.DURESS),
        ("citrons", AGREED, None),
        ("bonjour", AGREED, None),
        ("", AGREED, None),
        ("bonjour", ASKED, Notice.WORD_WRONG),
        ("", ASKED, Notice.WORD_WRONG),
        ("mangue", ASKED, Notice.WORD_RIGHT),
        ("citron", ASKED, Notice.DURESS),
        ("mangue", Words(), None),
        ("mangue", Words(asked=True), Notice.WORD_WRONG),
    ],
)
def test_the_agreed_words_are_found_however_they_are_written(
    text: str, words: Words, notice: Notice | None
) -> None:
    assert triage.word_in(text, words, digest) == notice


def test_the_same_work_is_done_for_every_word() -> None:
    done = {}
    for text in ("mangue", "citron", "banane"):
        asked: list[str] = []
        triage.word_in(text, ASKED, lambda word, asked=asked: asked.append(word) or digest(word))  # type: ignore[misc]
        done[text] = len(asked)
    assert len(set(done.values())) == 1


def test_a_word_of_duress_is_a_crisis_whatever_else_is_read() -> None:
    assert triage.of_text(reading("bonjour"), Notice.DURESS).severity == 1
    assert triage.of_text(reading("bonjour"), Notice.WORD_RIGHT).severity == 2
    assert triage.of_text(reading("ils nous ont enfermes"), None).severity == 1


def test_the_third_call_without_a_word_wakes_somebody() -> None:
    told = [triage.of_call(silent=True, lately=count, to_be_called=False) for count in (1, 2, 3, 4)]
    assert told == [None, None, triage.Triage(2, Notice.SILENT_CALL), None]
    assert triage.of_call(silent=False, lately=1, to_be_called=True) == triage.Triage(2, Notice.MISSED_CALL)


def test_a_reporters_calls_are_told_once_an_hour() -> None:
    assert [triage.of_reporters_call(count) is not None for count in (1, 2, 3)] == [True, False, False]
