"""A misspelt code is asked about, never guessed; the answer settles it."""

import pytest

from gateway.reports.reader import Reader
from tests.reports.conftest import AT


def fields(reader: Reader, text: str, code: str | None = None) -> dict[str, object]:
    parse = reader.read(text, line="agents", at=AT, post=None, code=code).to_dict()
    (reading,) = parse["readings"]
    return {name: value for name, value in reading.items() if name != "evidence"}


@pytest.mark.parametrize(
    ("misspelt", "right", "code"),
    [
        ("RPX ASM 647", "RPZ ASM 647", "RPZ"),
        ("bjr chef rzp assamka 12 pers", "bjr chef rpz assamka 12 pers", "RPZ"),
        ("sso dirkou 25 pers hier", "sos dirkou 25 pers hier", "SOS"),
        ("Kiit AGZ 200 OIM", "KIT AGZ 200 OIM", "KIT"),
    ],
)
def test_a_code_that_the_sender_settled_reads_as_if_written_so(
    reader: Reader, misspelt: str, right: str, code: str
) -> None:
    asked = fields(reader, misspelt)
    assert asked["code"] is None
    assert code in asked["problems"][0]["candidates"]  # type: ignore[index]
    assert fields(reader, misspelt, code) == fields(reader, right)


@pytest.mark.parametrize("text", ["RPZ ASM 647", "RPX ASM 647", "12 pers a dirkou", ""])
def test_a_settled_code_that_the_text_cannot_mean_changes_nothing(reader: Reader, text: str) -> None:
    assert fields(reader, text, "KIT") == fields(reader, text)


def test_a_settled_code_leaves_the_words_in_place(reader: Reader) -> None:
    parse = reader.read("bjr RPX ASM 647", line="agents", at=AT, post=None, code="RPZ")
    assert ("code", 4, 7) in parse.readings[0].evidence


def test_a_misspelt_code_beside_another_one_is_asked_about_and_settled(reader: Reader) -> None:
    text = "RPX ASM 120 pers. MED F1"
    asked = reader.read(text, line="agents", at=AT, post=None)
    assert [(problem.code, problem.candidates) for problem in asked.readings[0].problems] == [
        ("code_suggested", ("RPZ",))
    ]
    settled = reader.read(text, line="agents", at=AT, post=None, code="RPZ")
    assert [(one.code, one.people, one.problems) for one in settled.readings] == [
        ("RPZ", {"total": 120}, ()),
        ("MED", {"women": 1, "total": 1}, ()),
    ]
