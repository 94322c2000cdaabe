import pytest

from gateway.places.gazetteer import edits, load_gazetteer
from gateway.reports.codebook import DataError, load_codebook, parse_codebook

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
    near = [(a, b) for a in codes for b in codes if a < b and edits(a, b) < 2]
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
        ('code = "SOS"', 'code = "SO"', "three capital letters"),
        ("severity = 1", "severity = 9", "not 1 to 4"),
        ("total>=100:1", "total=100:1", "is not like"),
        ("total>=100:1", "camels>1:1", "unknown thing"),
        ('["place"]', '["camels"]', "unknown field camels"),
        ('["place"]', '["origin"]', "cannot be required"),
        ('family = "danger"', "", "family is missing"),
        ('family = "danger"', 'family = "danger"\ncolour = "red"', "unknown key colour"),
        ('short_ha = "x"', 'short_ha = ""', "short_ha is empty"),
        ("severity = 1", "severity = ", "line"),
    ],
)
def test_a_fault_is_named_with_file_and_entry(old: str, new: str, fault: str) -> None:
    assert len(parse_codebook(GOOD, "codebook.toml").codes) == 1
    with pytest.raises(DataError, match=fault) as error:
        parse_codebook(GOOD.replace(old, new), "codebook.toml")
    assert "codebook.toml" in str(error.value)


def test_a_code_stands_once() -> None:
    with pytest.raises(DataError, match="stands twice"):
        parse_codebook(GOOD + GOOD, "codebook.toml")
