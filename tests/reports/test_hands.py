"""Texts that other hands would write, and that were once misread in silence."""

import pytest

from tests.reports.conftest import ReadOne


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("RPZ Bilma H12 F3", {"men": 12, "women": 3, "total": 15}),
        ("RPZ Abalak: H 38", {"men": 38, "total": 38}),
        ("RPZ Bilmah H38", {"men": 38, "total": 38}),
    ],
)
def test_a_key_after_a_place_is_no_part_of_its_name(
    text: str, people: dict[str, int], read_one: ReadOne
) -> None:
    assert read_one(text)["people"] == people


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("RPZ ASM X2 deux enfants", {"adults": 2, "minors": 2, "total": 4}),
        ("RPZ ASM H=2: deux enfants", {"men": 2, "minors": 2, "total": 4}),
        ("RPZ ASM T200 (deux cents)", {"total": 200}),
    ],
)
def test_a_number_is_said_twice_only_in_brackets_after_a_key(
    text: str, people: dict[str, int], read_one: ReadOne
) -> None:
    assert read_one(text)["people"] == people


@pytest.mark.parametrize("written", ["17Opers", "17O pers", "1OOpers", "8Omaza 9Ofem"])
def test_the_letter_o_is_a_zero_before_a_joined_word_too(written: str, read_one: ReadOne) -> None:
    plain = written.replace("O", "0")
    assert read_one(f"RPZ ASM {written}")["people"] == read_one(f"RPZ ASM {plain}")["people"] != {}


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("RPZ ASM 24 mata 5girls", {"women": 24, "girls": 5, "total": 29}),
        ("RPZ ASM mata uku,three boys", {"women": 3, "boys": 3, "total": 6}),
        ("RPZ ASM # twenty women", {"women": 20, "total": 20}),
        ("PAP DNS trois personnes=142NG", {"total": 3}),
    ],
)
def test_each_word_has_its_own_number(text: str, people: dict[str, int], read_one: ReadOne) -> None:
    reading = read_one(text)
    assert (reading["people"], reading["problems"]) == (people, [])


def test_a_comma_before_a_distance_is_no_decimal_comma(read_one: ReadOne) -> None:
    place = read_one("MED,26KM S ZINDER,3 pers")["place"]
    assert (place["name"], place["from"]) == ("26 km S Zinder", "offset")


def test_a_number_between_two_countries_is_nobodys(read_one: ReadOne) -> None:
    assert read_one("ARR DNS GN 53 Ghana")["nationalities"] == {"GN": None, "GH": None}


@pytest.mark.parametrize("thanks", ["na gode", "NA GODE", "Na Gode"])
def test_thanks_are_no_nationality(thanks: str, read_one: ReadOne) -> None:
    assert read_one(f"RUM ASM {thanks}")["nationalities"] == {}


@pytest.mark.parametrize("text", ["RAS SGD 11:45: calme", "RAS SGD 11:45:"])
def test_a_colon_may_follow_an_hour(text: str, read_one: ReadOne) -> None:
    assert read_one(text)["occurred_at"] == "2026-11-21T10:45:00Z"


@pytest.mark.parametrize("before", ["08h30", "depuis Algérie", "20/11"])
def test_a_control_counts_after_whatever_is_read(before: str, read_one: ReadOne) -> None:
    assert read_one(f"tra dns f3 {before} pcs")["controls"] == ["PCS"]


@pytest.mark.parametrize(
    "aside",
    [
        "l'enquete continue",
        "depuis 48h",
        "pendant 72h",
        "2 bidons de 20L",
        "500 euros chacun",
        "pas de 3G ici",
        "IL A PAYE 300 MIL F",
        "ON NE SAIT PAS",
        "LA RN25 EST COUPEE",
    ],
)
@pytest.mark.parametrize("report", ["RPZ Arlit H590 F32", "RPZ Arlit 647"])
def test_what_is_said_beside_a_report_counts_nobody(aside: str, report: str, read_one: ReadOne) -> None:
    alone = read_one(report)
    beside = read_one(f"{report} - {aside}")
    assert beside["people"] in (alone["people"], {})
    assert bool(beside["people"]) != ("people" in {problem["field"] for problem in beside["problems"]})
    assert beside["nationalities"] == {}


@pytest.mark.parametrize("text", ["rpz asm h12 3g le chef est la", "RPZ ASM H12 3G - la route est mauvaise"])
def test_boys_before_an_article_are_boys(text: str, read_one: ReadOne) -> None:
    assert read_one(text)["people"] == {"men": 12, "boys": 3, "total": 15}


@pytest.mark.parametrize("after", ["KAN ce matin", "KAN. ce n'est pas tout"])
def test_a_small_word_ends_no_name(after: str, read_one: ReadOne) -> None:
    assert read_one(f"TRA DNS F4 vers {after}")["destination"]["code"] == "KAN"


@pytest.mark.parametrize("written", ["ne1", "1ne", "NE1"])
def test_niger_joined_to_a_number_is_niger_in_any_case(written: str, read_one: ReadOne) -> None:
    reading = read_one(f"tdm abk t1 {written} men 08h30")
    assert (reading["people"], reading["nationalities"]) == ({"total": 1}, {"NE": 1})
