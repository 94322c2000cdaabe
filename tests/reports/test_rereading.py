"""Reading an old text again: what stays, what becomes another, what a person must see. No database."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.reports.reader import load_reader
from gateway.reports.reading import Reading
from gateway.reports.rereading import differences, needs_a_person, reread, sort_of, would_have_alerted
from gateway.reports.revision import Change

READER = load_reader("Africa/Niamey")
BOOK = READER.book


def read(text: str) -> Reading:
    at = datetime(2026, 11, 21, 13, tzinfo=UTC)
    return READER.read(text, line="agents", at=at, post=None).readings[0]


def test_what_nobody_has_touched_reads_as_today() -> None:
    fresh = read("RPZ ASM 647")
    assert reread(read("blabla"), fresh, (), BOOK) is fresh


def test_a_field_that_a_person_has_changed_stays_and_severity_follows() -> None:
    before, fresh = read("FLX ASM T40"), read("FLX ARL T500")
    after = reread(before, fresh, {"people", "severity"}, BOOK)
    assert after.people == {"total": 40}
    assert after.place == fresh.place
    assert after.severity == read("FLX ARL T40").severity


def test_a_code_that_a_person_has_chosen_stays_with_its_kind() -> None:
    before, fresh = read("RPZ ASM T40"), read("blabla ASM T40")
    after = reread(before, fresh, {"code"}, BOOK)
    assert (after.kind, after.code, after.severity) == ("report", "RPZ", before.severity)
    assert needs_a_person(before, after, BOOK) is None


def test_a_doubt_about_a_field_that_was_answered_does_not_come_back() -> None:
    fresh = read("CVM Illela 40 vers Agadez")
    assert [problem.field for problem in fresh.problems] == ["place"]
    before = replace(read("CVM ILL 40 vers Agadez"), people={"total": 40})
    assert reread(before, fresh, {"place"}, BOOK).problems == ()


def test_what_is_missing_after_a_reread_is_said() -> None:
    before, fresh = read("RPZ ASM"), read("RPZ ASM T40")
    after = reread(before, fresh, {"people"}, BOOK)
    assert [problem.code for problem in after.problems] == ["missing_people"]


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("blabla", "CORR 38 pas 83", "reads as a correction of another report now"),
        ("FLX ASM 40", "TEST FLX ASM 40", "was filed as report and reads as drill now"),
        ("FLX ASM 40", "blabla", "was filed as report and reads as unknown now"),
        ("TEST FLX ASM 40", "TEST", "no code is found in it any more, it is filed as FLX"),
    ],
)
def test_what_was_understood_is_not_taken_back_unseen(old: str, new: str, why: str) -> None:
    assert needs_a_person(read(old), read(new), BOOK) == why


def test_a_code_that_left_the_codebook_needs_a_person() -> None:
    gone = replace(read("FLX ASM 40"), code="ZZZ")
    after = reread(gone, read("FLX ASM 40"), {"code"}, BOOK)
    assert needs_a_person(gone, after, BOOK) == "its code ZZZ is not in the codebook any more"


def test_differences_name_kind_doubts_and_fields_but_not_where_they_stood() -> None:
    assert differences(read("FLX ASM 40"), read("  FLX   ASM 40")) == ()
    names = {change.field for change in differences(read("blabla ASM"), read("FLX ASM 40"))}
    assert {"kind", "code", "severity", "people", "problems"} <= names
    assert "evidence" not in names


def test_a_change_fills_changes_or_empties() -> None:
    assert sort_of(Change("code", None, "RPZ")) == "filled"
    assert sort_of(Change("people", {"total": 1}, {"total": 2})) == "changed"
    assert sort_of(Change("problems", [{"code": "no_code"}], [])) == "emptied"


@pytest.mark.parametrize(
    ("old", "new", "alerted"),
    [
        ("blabla", "SOS ASM 12", True),
        ("blabla", "TEST SOS ASM 12", False),
        ("SOS ASM 12", "SOS ASM 13", False),
        ("blabla", "RAS ASM", False),
    ],
)
def test_only_a_report_that_is_newly_grave_would_have_alerted(old: str, new: str, *, alerted: bool) -> None:
    assert would_have_alerted(read(old), read(new)) is alerted
