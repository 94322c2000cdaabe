import pytest

from gateway.data.files import DataError, DataFile, strictly
from gateway.places.gazetteer import load_gazetteer, within_one_edit
from gateway.reports.codebook import load_codebook, parse_codebook

BOOK = load_codebook()
GOOD = """
[[code]]
code = "SOS"
family = "danger"
label_fr = "x"
label_en = "x"
short_fr = "x"
short_en = "x"
short_ha = "x"
severity = 1
escalation = ["total>=100:1"]
required = ["place"]
"""


def test_the_whole_list_is_there() -> None:
    assert len(BOOK.codes) == 34
    assert BOOK["RPZ"].required == {"place", "people"}
    assert BOOK["CVM"].required == {"place", "people", "destination"}


def test_two_slips_lie_between_any_two_codes() -> None:
    codes = sorted(BOOK.codes)
    near = [(a, b) for a in codes for b in codes if a < b and within_one_edit(a, b)]
    assert not near


def test_no_code_is_also_a_point() -> None:
    assert not BOOK.codes.keys() & load_gazetteer().by_code.keys()


@pytest.mark.parametrize(
    ("code", "people", "controls", "urgent", "severity"),
    [
        ("RPZ", {"total": 99}, 0, False, 2),
        ("RPZ", {"total": 100}, 0, False, 1),
        ("TSX", {"women": 5}, 0, False, 2),
        ("TSX", {"boys": 1}, 0, False, 1),
        ("VAB", {"total": 0}, 0, False, 2),
        ("VAB", {"women": 1}, 0, False, 1),
        ("EAU", {}, 0, False, 2),
        ("EAU", {}, 0, True, 1),
        ("EAU", {"under_5": 1}, 0, False, 1),
        ("PAP", {}, 1, False, 2),
        ("RAS", {"total": 500}, 3, True, 4),
    ],
)
def test_severity_is_raised_as_the_book_says(
    code: str, people: dict[str, int], controls: int, *, urgent: bool, severity: int
) -> None:
    assert BOOK[code].severity_for(people, controls=controls, urgent=urgent) == severity


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('code = "SOS"', 'code = "SO"', "3: SO: a code has three capital letters"),
        ("severity = 1", "severity = 9", "10: SOS: severity must be a number from 1 to 4"),
        ("severity = 1", 'severity = "1"', "10: SOS: severity must be a number from 1 to 4"),
        ("severity = 1", "", "2: SOS: severity is missing"),
        ("total>=100:1", "total=100:1", "11: SOS: escalation 'total=100:1' must be like"),
        ("total>=100:1", "camels>1:1", "11: SOS: escalation 'camels>1:1' counts an unknown thing"),
        ('["place"]', '[\n"place",\n"camels"\n]', "14: SOS: unknown field camels"),
        ('["place"]', '["origin"]', "12: SOS: origin cannot be required"),
        ('["place"]', '"place"', "12: SOS: required must be a list"),
        ('family = "danger"', "", "2: SOS: family is missing"),
        ('family = "danger"', 'family = "danger"\ncolour = "red"', "5: SOS: unknown key colour"),
        ('short_ha = "x"', 'short_ha = ""', "9: SOS: short_ha must be words in quotes, not empty"),
        ("severity = 1", "severity = ", "10: is not TOML: Invalid value"),
        ("[[code]]", "[code]", "1: each code begins with"),
        (None, "", "1: holds no"),
    ],
)
def test_a_fault_is_named_with_its_line(old: str | None, new: str, fault: str) -> None:
    text = new if old is None else GOOD.replace(old, new)
    with pytest.raises(DataError, match=rf"^codebook\.toml:{fault}"):
        strictly(parse_codebook, DataFile("codebook.toml", text))


def test_a_good_code_is_taken_and_stands_once() -> None:
    assert [*strictly(parse_codebook, DataFile("x", GOOD)).codes] == ["SOS"]
    with pytest.raises(DataError, match="x:15: SOS: stands twice"):
        strictly(parse_codebook, DataFile("x", GOOD + GOOD))


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(DataError) as caught:
        strictly(parse_codebook, DataFile("x", GOOD.replace('"x"', '""')))
    assert [fault.line for fault in caught.value.faults] == [5, 6, 7, 8, 9]
