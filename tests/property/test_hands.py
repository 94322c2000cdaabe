"""Laws of reading: written then read is the same report, whoever wrote it, and nothing beside it changes it.

What is read is right, or a problem names the field, or the words are left in the note for a person to read:
`wrong` says which fields are none of these.
"""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.reports.reader import load_reader
from gateway.text.folding import squeeze
from tests.property.asides import NUMBERED, PLAIN
from tests.property.hands import ACCENTS, CASES, ODDITIES, Dress, Report, reports
from tests.reports.test_typos import slips

# `EXAMPLES=20000 pytest tests/property/test_hands.py` looks further, and elsewhere each time.
EXAMPLES: Final = int(os.environ.get("EXAMPLES", "0"))
LAW: Final = settings(max_examples=EXAMPLES or 150, deadline=None, derandomize=not EXAMPLES)
AT: Final = datetime(2026, 11, 21, 13, 0, tzinfo=UTC)
READER: Final = load_reader("Africa/Niamey")
KM_A_DEGREE: Final = 100  # less than it is, for the law's sake

VOCABULARY: Final = READER.vocabulary
WORDS: Final = (
    VOCABULARY.known
    | VOCABULARY.points.keys()
    | VOCABULARY.iso
    | READER.gazetteer.by_name.keys()
    | READER.gazetteer.towns.keys()
)

SECONDS: Final = 5

# What a report says when nobody says it.
SILENT: Final[Mapping[str, Any]] = {
    "code": None,
    "place": None,
    "people": {},
    "approximate": False,
    "nationalities": {},
    "transport": {},
    "controls": [],
    "partners": [],
    "quantity": None,
    "origin": None,
    "destination": None,
    "occurred_at": None,
    "urgent": False,
    "reference": None,
    "replace": None,
    "also": [],
}


def read(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = READER.read(text, line="agents", at=AT, post=None).to_dict()["readings"]
    return found


def asked(reading: dict[str, Any]) -> set[str]:
    """The fields that a problem names. An hour that may be a count is one of both, a number of them too."""
    fields = {problem["field"] for problem in reading["problems"]}
    if any(problem["code"] == "ambiguous_hour" for problem in reading["problems"]):
        fields |= {"people", "occurred_at"}
    return fields | {"approximate"} if "people" in fields else fields


def is_there(said: Mapping[str, Any], found: Mapping[str, Any] | None) -> bool:
    """The point that was meant, or a position as near to it as the reading claims to be."""
    if found is None or "country" in said or "country" in found:
        return said == found
    if said["code"] is not None:
        return bool(said["code"] == found["code"] and found["from"] != "post")
    near = max(said["within"], found["radius_km"] / KM_A_DEGREE)
    return bool(abs(found["lat"] - said["lat"]) <= near and abs(found["lon"] - said["lon"]) <= near)


def differs(field: str, said: Any, found: Any) -> bool:
    if field in ("place", "origin", "destination") and said is not None:
        return not is_there(said, found)
    return bool(said != found)


def is_less(said: Any, found: Any) -> bool:
    """Nothing was made of some words: they are in the note. No country is wrong, no count of one is."""
    if isinstance(said, dict) and isinstance(found, dict):
        return all(name in said and value in (None, said[name]) for name, value in found.items())
    return not found


# People and place are what lives hang on: these are read, or asked about.
VITAL: Final = frozenset({"code", "place", "people", "quantity", "destination"})


def wrong(says: Mapping[str, Any], reading: dict[str, Any]) -> dict[str, Any]:
    """What was read otherwise than it was said, with nobody asked."""
    return {
        field: (said, reading[field])
        for field, said in {**SILENT, **says}.items()
        if field not in asked(reading)
        and differs(field, said, reading[field])
        and (field in VITAL or not is_less(said, reading[field]))
    }


@LAW
@given(reports())
def test_a_report_in_any_hand_is_read_as_it_was_meant_or_asked_about(report: Report) -> None:
    (reading,) = read(report.text)
    assert wrong(report.says, reading) == {}


def settled(report: Report) -> dict[str, Any]:
    """The reading of a report in the plainest hand."""
    (reading,) = read(" ".join(report.words))
    return reading


DRESSES: Final = [dress for dress in (*ACCENTS, *ODDITIES) if dress is not str]
LEFT: Final = ("note", "evidence")


@LAW
@given(reports(), st.sampled_from(DRESSES))
def test_accents_digits_and_invisible_letters_change_nothing(report: Report, dress: Dress) -> None:
    plain = " ".join(report.words)
    for bare, dressed in zip(read(plain), read(dress(plain)), strict=True):
        assert {k: v for k, v in bare.items() if k not in LEFT} == {
            k: v for k, v in dressed.items() if k not in LEFT
        }


@LAW
@given(reports(), st.sampled_from(CASES))
def test_a_field_stays_as_it_is_in_another_case_or_is_asked_about_or_left(
    report: Report, case: Dress
) -> None:
    bare = settled(report)
    (cased,) = read(case(" ".join(report.words)))
    says = {field: bare[field] for field in SILENT if field not in asked(bare)}
    assert wrong_between(says, cased) == {}


def wrong_between(says: Mapping[str, Any], reading: dict[str, Any]) -> dict[str, Any]:
    return {
        field: (said, reading[field])
        for field, said in says.items()
        if said
        and field not in asked(reading)
        and said != reading[field]
        and (field in VITAL or not is_less(said, reading[field]))
    }


@LAW
@given(reports(), st.sampled_from(PLAIN), st.sampled_from([". ", "\n", ", ", " - "]), st.booleans())
def test_a_sentence_beside_a_report_changes_no_code_no_place_and_no_count(
    report: Report, aside: str, separator: str, first: bool
) -> None:
    bare = settled(report)
    text = " ".join(report.words)
    readings = read(f"{aside}{separator}{text}" if first else f"{text}{separator}{aside}")
    assert [{k: r[k] for k in COUNTED} for r in readings] == [{k: bare[k] for k in COUNTED}]


COUNTED: Final = ("code", "place", "people", "quantity", "nationalities", "transport")


@LAW
@given(reports(), st.sampled_from(NUMBERED), st.sampled_from([". ", "\n", ", ", " - "]), st.booleans())
def test_a_number_that_counts_nobody_changes_no_count_unasked(
    report: Report, aside: str, separator: str, first: bool
) -> None:
    bare = settled(report)
    text = " ".join(report.words)
    (reading,) = read(f"{aside}{separator}{text}" if first else f"{text}{separator}{aside}")
    for field in ("people", "quantity", "nationalities"):
        assert reading[field] == bare[field] or field in asked(reading)


@LAW
@given(st.data())
def test_no_slip_in_a_code_makes_another_of_it_unasked(data: st.DataObject) -> None:
    report = data.draw(reports())
    slip = data.draw(st.sampled_from(sorted(slips(report.words[0]) - WORDS)))
    words = [slip, *report.words[1:]]
    if data.draw(st.booleans()):
        words = [*words[1:], words[0]]
    for reading in read(data.draw(st.sampled_from([" ", "\n", ", "])).join(words)):
        assert reading["code"] in (None, report.words[0]) or "code" in asked(reading)


@LAW
@given(reports(), reports())
def test_what_was_read_before_leaves_no_trace(report: Report, other: Report) -> None:
    once = read(report.text)
    read(other.text)
    assert read(report.text) == once


# Any text whatsoever: letters of every script, control letters, halves of letters, and pieces of reports.
PIECES: Final = st.one_of(
    st.text(max_size=20), st.text(st.characters(), max_size=8), reports().map(lambda report: report.text)
)
TEXTS: Final = st.lists(PIECES, max_size=6).map(" ".join)


@LAW
@given(TEXTS, st.sampled_from(["agents", "hotline"]))
def test_every_letter_is_in_the_evidence_or_in_the_note_and_never_twice(text: str, line: Any) -> None:
    readings = READER.read(text, line=line, at=AT, post="ASM").readings
    spans = sorted((part.start, part.end) for reading in readings for part in reading.evidence)
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))
    rest = list(text)
    for start, end in spans:
        rest[start:end] = " " * (end - start)
    noted = " ".join(reading.note or "" for reading in readings)
    assert letters("".join(rest)) == letters(noted)


def letters(text: str) -> list[str]:
    """What is a letter or a figure for the reader too: `º` is a sign of degrees."""
    return [letter for letter in text if letter.isalnum() and squeeze(letter)]


@pytest.mark.parametrize(
    "piece", ["9", "1.", "12h", "N19", "1 200 ", "RPZ ", "H1 ", "deux cents ", "a" * 9 + " ", "!", "\ud800"]
)
def test_ten_thousand_letters_are_read_in_bounded_time(piece: str) -> None:
    text = (piece * 10_000)[:10_000]
    began = time.process_time()
    READER.read(text, line="agents", at=AT, post="ASM")
    assert time.process_time() - began < SECONDS


ELSEWHERE: Final = """
import sys
from tests.property.test_hands import read
for text in sys.stdin.read().split("\\0"):
    print(read(text))
"""


def test_another_process_reads_the_same() -> None:
    texts = [f"{aside}. RPZ Bilma H12 F3 40 maliens, 12 GN vers Konni hier" for aside in (*PLAIN, *NUMBERED)]
    found = subprocess.run(
        [sys.executable, "-c", ELSEWHERE],
        input="\0".join(texts),
        env={**os.environ, "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.splitlines() == [str(read(text)) for text in texts]
