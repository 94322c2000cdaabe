import tomllib
from importlib.resources import files

import pytest

from gateway.data.files import DataError, DataFile, strictly
from gateway.places.coordinates import find
from gateway.places.gazetteer import (
    COLUMNS,
    load_gazetteer,
    parse_points,
    within_one_edit,
)
from gateway.places.locate import between, distance, moved
from gateway.places.pluscodes import complete

GAZETTEER = load_gazetteer()
HEAD = ",".join(COLUMNS)


def test_all_points_are_there() -> None:
    assert len(GAZETTEER.by_code) == 97
    assert GAZETTEER.by_code["ESP"].lat is None


@pytest.mark.parametrize("name", ["N'Guigmi", "nguigmi", "N GUIGMI", "N’Guigmi", "n-guigmi"])
def test_one_name_in_many_spellings(name: str) -> None:
    assert [point.code for point in GAZETTEER.named(name)] == ["NGM"]


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("Illela", ["ILN", "ILL"]),
        ("Ilella", ["ILN", "ILL"]),
        ("Tibiri", ["TBM", "TBD"]),
        ("أرليت", ["ARL"]),
        ("x", []),
    ],
)
def test_ambiguity_is_kept(name: str, codes: list[str]) -> None:
    assert [point.code for point in GAZETTEER.named(name)] == codes


@pytest.mark.parametrize(
    ("word", "codes"), [("zindre", ["ZDR"]), ("malanvile", ["MLV"]), ("qqqqqq", []), ("gayx", [])]
)
def test_a_misspelt_name(word: str, codes: list[str]) -> None:
    assert [point.code for point in GAZETTEER.similar(word)] == codes


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("AS,Assamaka,,NE,Agadez,x,12,1,1,", "2: 'AS' is not three capital letters"),
        ("ASM,,,NE,Agadez,x,12,1,1,", "2: ASM has no name"),
        ("ASM,Assamaka,,NE,Agadez,x,12,,1,", "2: ASM needs lat, lon and radius_km, or none"),
        ("ASM,Assamaka,,NE,Agadez,x,12,1,,", "2: ASM needs lat, lon and radius_km, or none"),
        ("ASM,Assamaka,,NE,Agadez,x,91,1,1,", "2: ASM lies outside 10 to 35 N"),
        ("ASM,Assamaka,,NE,Agadez,x,5.8,19.3,1,", "the wrong way round"),
        ("ASM,Assamaka,,NE,Agadez,x,12,1,0,", "2: ASM: radius_km is more than 0"),
        ("ASM,Assamaka,,NE,Agadez,x,north,1,1,", "are numbers with a dot"),
        ("ASM,A,,NE,A,x,12,1,1,\nASM,A,,NE,A,x,12,1,1,", "3: ASM stands twice"),
        ("ASM,A,,NE,A,x,12,1,1", "2: has 9 fields, not 10"),
        ('ASM,A,"a\nb",NE,A,x,12,1,1,\nDRK,A,,NE,A,x,1,1,1,', "4: DRK lies outside"),
        ('ASM,"A,,NE,A,x,12,1,1,', "is not CSV"),
    ],
)
def test_a_fault_is_named_with_its_line(row: str, fault: str) -> None:
    with pytest.raises(DataError, match=fault):
        strictly(parse_points, DataFile("points.csv", f"{HEAD}\n{row}\n"))


def test_other_columns_are_refused() -> None:
    with pytest.raises(DataError, match="csv:1: the first line must be code,name"):
        strictly(parse_points, DataFile("points.csv", "code,name\n"))


@pytest.mark.parametrize(
    ("one", "other"), [("rpz", "rps"), ("rpz", "rp"), ("med", "mde"), ("sos", "soos"), ("a", "b")]
)
def test_one_edit(one: str, other: str) -> None:
    assert within_one_edit(one, other)
    assert within_one_edit(other, one)


@pytest.mark.parametrize(("one", "other"), [("rpz", "rzx"), ("rpz", "r"), ("abcd", "badc")])
def test_more_than_one_edit(one: str, other: str) -> None:
    assert not within_one_edit(one, other)


def test_positions_on_a_round_earth() -> None:
    arlit, agadez = (18.737, 7.385), (16.973, 7.991)
    assert moved(arlit, 35, 0) == (19.05176, 7.385)
    assert between(agadez, arlit)[0] == pytest.approx(17.8552, abs=0.001)
    assert distance(agadez, between(agadez, arlit, 45)) == pytest.approx(45, abs=0.01)


@pytest.mark.parametrize(
    ("text", "lat", "lon", "radius"),
    [
        ("20,55 13,41", 20.55, 13.41, 1),
        ("19.367,5.8", 19.367, 5.8, 10),
        ("20.55/13.41", 20.55, 13.41, 1),
        ("n19°22 e5°48", 19.366667, 5.8, 2),
        ("20°12'36\"n 12°59'24\"e", 20.21, 12.99, 0.1),
        ("14.95n 0.31w", 14.95, -0.31, 1),
        ("https://maps.example/?q=19.3671,5.8012", 19.3671, 5.8012, 0.1),
    ],
)
def test_ways_to_write_a_position(text: str, lat: float, lon: float, radius: float) -> None:
    (fix,) = find(f"sos {text} 25 pers")
    assert (fix.lat, fix.lon, fix.radius_km) == (lat, lon, radius)
    assert f"sos {text} 25 pers"[fix.start : fix.end] == text


@pytest.mark.parametrize(
    "text", ["rpz asm 1.277 prs", "n19 e5 48 pers", "h12 3 n 5 e", "le 24.03.25 a 14.30"]
)
def test_figures_that_are_no_position(text: str) -> None:
    assert find(text) == []


@pytest.mark.parametrize(
    ("text", "lat", "lon", "radius"),
    [
        ("19.367;5.8", 19.367, 5.8, 10),
        ("19,3671 | 5,8012", 19.3671, 5.8012, 0.1),
        ("20,55,13,41", 20.55, 13.41, 1),
        ("20.55\n13.41", 20.55, 13.41, 1),
        ("14.95 -0.31", 14.95, -0.31, 1),
        ("n19 22.000 e5 48.000", 19.366667, 5.8, 0.1),
        ("n 19 22 e 5 48", 19.366667, 5.8, 2),
        ("19.22.00n 5.48.00e", 19.366667, 5.8, 0.1),
        ("19°22'n, 5°48'e", 19.366667, 5.8, 2),
        ("n19*22 e5*48", 19.366667, 5.8, 2),
        ("e5°48 n19°22", 19.366667, 5.8, 2),
        ("19.367 nord 5.8 est", 19.367, 5.8, 10),
        ("lon: 5.8012, lat: 19.3671", 19.3671, 5.8012, 0.1),
        ("https://www.google.com/maps/@19.3671,5.8012,15z", 19.3671, 5.8012, 0.1),
        ("maps.google.com/maps?q=19.3671%2c5.8012&z=17", 19.3671, 5.8012, 0.1),
        ("geo:19.3671,5.8012", 19.3671, 5.8012, 0.1),
        ("8fvc9g8f+6x", 47.365562, 8.524938, 0.1),
        ("31qgb 12345 67890", 19.594702, 5.02451, 0.1),
        ("32qke 1234 5678", 17.679405, 6.288442, 0.1),
    ],
)
def test_more_ways_to_write_a_position(text: str, lat: float, lon: float, radius: float) -> None:
    (fix,) = find(f"sos {text} 25 pers")
    assert (fix.lat, fix.lon) == pytest.approx((lat, lon), abs=2e-6)
    assert fix.radius_km == radius
    assert f"sos {text} 25 pers"[fix.start : fix.end] == text


@pytest.mark.parametrize(
    "text",
    [
        "rpz asm 12 h 3 f",
        "rpz asm 30 40",
        "rpz asm t120 h110",
        "14.30-15.45",
        "le 24.03 14.30",
        "12,3,4,5",
        "12.500 15.300 f",
        "30per1234",
        "30 per 1234",
        "90.00.01.03",
    ],
)
def test_counts_times_and_money_are_no_position(text: str) -> None:
    assert find(text) == []


@pytest.mark.parametrize(
    ("short", "near", "full"),
    [
        ("9g8f+6x", (47.4, 8.6), "8fvc9g8f+6x"),
        ("8f+6x", (47.36, 8.52), "8fvc9g8f+6x"),
        ("9g8f+6x", (47.99, 8.01), "8fw99g8f+6x"),
    ],
)
def test_a_short_plus_code_is_completed_beside_a_place(
    short: str, near: tuple[float, float], full: str
) -> None:
    assert complete(short, near) == full


def test_a_town_has_no_code_and_lies_in_a_region() -> None:
    (tessaoua,) = GAZETTEER.named("tessaoua")
    assert (tessaoua.code, tessaoua.country, tessaoua.region) == (None, "NE", "Maradi")
    assert tessaoua.label == "Tessaoua Maradi"


def test_points_come_before_towns_of_the_same_name() -> None:
    assert [point.code for point in GAZETTEER.named("gaya")] == ["GAY"]
    assert [town.region for town in GAZETTEER.towns["gaya"]] == ["Kano"]


def test_no_town_is_a_point_or_bears_its_code() -> None:
    for towns in GAZETTEER.towns.values():
        for town in towns:
            assert town.lat is not None
            assert town.lon is not None
            same = GAZETTEER.by_name.get(town.name.lower(), ())
            assert all(
                distance((town.lat, town.lon), (point.lat, point.lon)) > 15
                for point in same
                if point.lat is not None and point.lon is not None
            )


def test_the_words_of_the_guard_are_names_of_towns(reader_words: frozenset[str]) -> None:
    assert reader_words <= GAZETTEER.towns.keys()


@pytest.fixture
def reader_words() -> frozenset[str]:
    text = (files("gateway.data") / "lexicon.toml").read_text(encoding="utf-8")
    return frozenset(tomllib.loads(text)["places"]["town_words"])


def test_the_source_of_the_towns_is_named_beside_them() -> None:
    text = (files("gateway.data") / "places.csv").read_text(encoding="utf-8")
    assert "GeoNames" in text.partition("name,")[0]
    assert "CC BY 4.0" in text.partition("name,")[0]
