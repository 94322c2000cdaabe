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
    ],
)
def test_an_unclear_total_is_asked_about_and_not_filled(text: str, read_one: ReadOne) -> None:
    reading = read_one(text)
    assert reading["people"].keys().isdisjoint({"total", "total_max"})
    assert problems(reading) == {"total_unclear"}


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
