"""Texts that were once misread in silence: a figure is right, or it is asked about and stays in the note."""

from typing import Any

import pytest

from gateway.reports.reader import Reader
from tests.reports.conftest import AT, ReadOne


def problems(reading: dict[str, Any]) -> set[str]:
    return {problem["code"] for problem in reading["problems"]}


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("CVM AGZ 2 bus 80 pers vers DRK", {"total": 80}),
        ("RPZ ASM 2 bus 120 pers", {"total": 120}),
        ("2 000 refoules Assamaka", {"total": 2000}),
        ("1 200 refoules a assamaka", {"total": 1200}),
        ("RPZ ASM total 647 h 590 f 32", {"total": 647, "men": 590, "women": 32}),
        ("RPZ ASM tot 647 h 590 f 32", {"total": 647, "men": 590, "women": 32}),
        ("RPZ ASM h590 f32 total 647", {"total": 647, "men": 590, "women": 32}),
        ("RPZ ASM h 590 f 32 total: 647", {"total": 647, "men": 590, "women": 32}),
        ("RPZ ASM H590 F32 total=647", {"total": 647, "men": 590, "women": 32}),
        ("RPZ ASM 45 total", {"total": 45}),
        ("RPZ ASM soit un total de 45", {"total": 45}),
        ("RPZ ASM soit un total de 45 pers", {"total": 45}),
        ("RPZ ASM 20 ou 30", {"total": 20, "total_max": 30}),
        ("RPZ ASM 20 ou 30 pers", {"total": 20, "total_max": 30}),
        ("VIC ASM T37 hommes 29 yara 3", {"total": 37, "men": 29, "minors": 3}),
        ("EXT ASM GN 26 mata 35, H 29", {"women": 35, "men": 29, "total": 64}),
        ("SEQ ASM F31/h21/15enf", {"women": 31, "men": 21, "minors": 15, "total": 67}),
        ("RPZ ASM F 31/14 enfants/maza 54", {"women": 31, "minors": 14, "men": 54, "total": 99}),
        ("SEQ ASM T9 rancon 500000F 2 bus 3/11", {"total": 9}),
        ("VIC ASM H4, 10 000F par pers", {"men": 4, "total": 4}),
        ("EXT ASM RN20 919 personnes", {"total": 919}),
        ("VIC ASM H=16 M7 - 17NE", {"men": 16, "minors": 7, "total": 23}),
        ("MNA ASM T4 plaque 8M755", {"total": 4}),
        ("RPZ ASM 12 pers 4x4", {"total": 12}),
        ("RPZ ASM 12 pers age 52 4x4", {"total": 12}),
        ("EXT ASM dala 302 payer 643mil - trente migrants", {"total": 30}),
        ("SEQ ASM T67 F 33 quota 18 par jour", {"total": 67, "women": 33}),
        ("SEQ ASM 12 pers tel 90.00.01.03", {"total": 12}),
    ],
)
def test_a_figure_goes_where_it_belongs(text: str, people: dict[str, int], read_one: ReadOne) -> None:
    reading = read_one(text)
    assert reading["people"] == people
    assert reading["problems"] == []


@pytest.mark.parametrize(
    "text",
    [
        "RPZ ASM le 20 250 pers",
        "RPZ ASM poste 4 120 pers",
        "RPZ ASM pk 4 120 pers",
        "RPZ ASM lundi 20 250 pers",
        "RPZ ASM 30 ou 20 pers",
        "CVM Agadez 2 camions 60 et 45 pers vers Dirkou",
        "RPZ ASM 60 et 3 enfants",
        "RPZ ASM 2 bus avec 40 migrants chacun",
        "RPZ ASM l2 H1O",
        "RPZ ASM total 647 h 590 f",
        "RPZ ASM 2 bus 80",
        "RPZ ASM 15 bus 600",
        "RPZ ASM 60 et 45",
        "RPZ ASM 20 a 30 et 40 pers",
        "RPZ ASM 45 hommes, femmes et enfants",
        "RPZ ASM 10 femmes et enfants",
        "RPZ ASM 9 femmes 24",
        "RPZ ASM 45 h 12 f 3 e",
        "EXT ASM poste 9 femmes 26 hommes 12",
        "RPZ ASM migrants 50 hommes",
        "MNA ASM fille 12",
        "CVM AGZ 25x3 vers DRK",
        "RPZ ASM 1,277 prs",
        "RPZ ASM deux cents (250) pers",
        "RPZ-ASM-40-50",
        "EXT ASM payer 607mil F 35",
    ],
)
def test_an_unclear_total_is_asked_about_and_not_filled(text: str, read_one: ReadOne) -> None:
    reading = read_one(text)
    assert reading["people"].keys().isdisjoint({"total", "total_max"})
    assert problems(reading) == {"total_unclear"}


@pytest.mark.parametrize(
    ("text", "occurred_at"),
    [
        ("VIC ASM T4 plaque 1202", None),
        ("SEQ ASM hier 8h, de 4 a 13 ans, T4", "2026-11-20T07:00:00Z"),
        ("VIC ASM lundi 9h / payer 656mil", "2026-11-16T08:00:00Z"),
        ("EXT ASM enfants: 17/10 men", None),
        ("SEQ ASM 12 juin mille deux cents (1200) personnes", "2026-06-12T11:00:00Z"),
        ("RAS ASM le 12/06/1200", None),
        ("RPZ ASM 10 a 12h 45 pers", None),
        ("RPZ ASM 45 a 13h", "2026-11-21T12:00:00Z"),
    ],
)
def test_an_hour_and_a_day_are_no_other_figures(
    text: str, occurred_at: str | None, read_one: ReadOne
) -> None:
    assert read_one(text)["occurred_at"] == occurred_at


@pytest.mark.parametrize(
    ("text", "transport"),
    [
        ("EXT ASM 1 bus 3 passeurs", {"BUS": 1}),
        ("RPZ ASM groupe 1 - 4x4", {"VEH": None}),
        ("CVM AGZ bus 45 places 40 pers vers DRK", {"BUS": None}),
        ("SOS ASM 3/11 +22799469077 4 hilux", {"VEH": 4}),
        ("SOS ASM T=583 - 2motos - rancon 900 000 F", {"MOT": 2}),
    ],
)
def test_a_vehicle_keeps_its_own_number(
    text: str, transport: dict[str, int | None], read_one: ReadOne
) -> None:
    assert read_one(text)["transport"] == transport


@pytest.mark.parametrize("text", ["SOS ASM 2 bus avec 40 migrants chacun", "RPZ ASM T40 T50"])
def test_what_was_counted_in_vain_is_in_the_note(text: str, read_one: ReadOne) -> None:
    reading = read_one(text)
    assert reading["people"] == {}
    assert "40" in reading["note"]


def test_vehicles_are_no_people(read_one: ReadOne) -> None:
    assert read_one("RPZ ASM 2 bus 120 pers")["transport"] == {"BUS": 2}


def test_a_small_l_beside_capitals_may_be_a_one(read_one: ReadOne) -> None:
    assert read_one("RPZ ASM l2 H1O")["people"] == {"men": 10}
    assert read_one("rpz asm l2 h3")["people"] == {"total": 5, "girls": 2, "men": 3}


@pytest.mark.parametrize("word", ["vu", "ai", "ba", "ni", "za", "mu", "si", "pt"])
def test_a_function_word_is_no_nationality(word: str, read_one: ReadOne) -> None:
    assert read_one(f"RPZ ASM on a {word} 2 bus avec 40 migrants")["nationalities"] == {}


def test_a_milestone_is_no_nationality(read_one: ReadOne) -> None:
    assert read_one("SOS ASM PK45 12 pers")["nationalities"] == {}


def test_a_number_beside_an_unread_people_word_forbids_a_total(read_one: ReadOne) -> None:
    reading = read_one("RPZ ASM H4 payer 500 pers")
    assert "total" not in reading["people"]
    assert problems(reading) == {"total_unclear"}
    assert "500" in reading["note"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("30 personnes mortes de soif a Dirkou", "DCD"),
        ("3 tués a Arlit", "DCD"),
        ("mutane 3 sun mutu Arlit", "DCD"),
        ("an kashe mutane 3 Arlit", "DCD"),
        ("3 killed Arlit", "DCD"),
        ("4 filles vendues a Agadez", "TRA"),
        ("4 girls sold Agadez", "TRA"),
        ("mortes de rire", None),
    ],
)
def test_the_gravest_words_are_known(text: str, code: str | None, read_one: ReadOne) -> None:
    assert read_one(text)["code"] == code


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("SOS ASM " * 20, ["SOS"]),
        ("RPZ ASM " * 2500, ["RPZ"]),
        ("RPZ ASM 40 SOS DRK 3 pers RPZ ASM", ["RPZ", "SOS"]),
        (" ".join(f"RPZ ASM {n}" for n in range(40, 60)), ["RPZ"] * 4),
    ],
)
def test_a_text_has_four_readings_at_most(text: str, codes: list[str], reader: Reader) -> None:
    readings = reader.read(text, line="agents", at=AT, post=None).readings
    assert [reading.code for reading in readings] == codes
    read = sum(part.end - part.start for reading in readings for part in reading.evidence)
    noted = sum(len((reading.note or "").replace(" ", "")) for reading in readings)
    assert read + noted == len(text.replace(" ", ""))


def test_a_separator_may_stand_between_a_preposition_and_its_place(read_one: ReadOne) -> None:
    assert read_one("FLX,GAY,H18,F6,vers,NIA")["destination"]["code"] == "NIA"


def test_a_point_whose_code_is_a_word_counts_after_a_misspelt_code(read_one: ReadOne) -> None:
    assert read_one("PAQ GAY F2 NG2")["place"]["code"] == "GAY"


def test_what_no_phone_sends_is_kept_in_the_note_and_its_beginning_read(reader: Reader) -> None:
    words = "RPZ ASM T40 " + "bla " * 5000 + "SOS H12"
    (reading,) = reader.read(words, line="agents", at=AT, post=None).readings
    assert (reading.code, reading.people) == ("RPZ", {"total": 40})
    assert reading.note is not None
    assert reading.note.endswith("bla SOS H12")
    assert reading.note.count("bla") == 5000


@pytest.mark.parametrize(
    "text",
    ["RPZ ASM 100 nigerians 50 maliens 30 guineens 20", "RPZ ASM 20 GN120", "RPZ ASM GN120 ML30 40"],
)
def test_a_bare_number_below_the_nationals_is_no_total(text: str, read_one: ReadOne) -> None:
    reading = read_one(text)
    assert reading["people"] == {}
    assert [problem["code"] for problem in reading["problems"]] == ["total_unclear"]


def test_a_range_before_a_key_with_a_number_is_the_total(read_one: ReadOne) -> None:
    assert read_one("FLX ASM 40 ou 50 F10")["people"] == {"total": 40, "total_max": 50, "women": 10}


@pytest.mark.parametrize("text", ["RPZ ABK M62", "SEQ ABK M62 F3"])
def test_any_number_of_minors_counts(text: str, read_one: ReadOne) -> None:
    assert read_one(text)["people"]["minors"] == 62


@pytest.mark.parametrize("text", ["VIC recue par Mme Diffa F2", "ARR le nomme Arlit H1"])
def test_a_person_is_no_place(text: str, read_one: ReadOne) -> None:
    assert read_one(text)["place"] is None


@pytest.mark.parametrize("text", ["RPZ ASM ½ douzaine", "RPZ ASM 4½ pers"])
def test_a_part_of_one_is_nobody(text: str, read_one: ReadOne) -> None:
    reading = read_one(text)
    assert reading["people"] == {}
    assert reading["problems"]
