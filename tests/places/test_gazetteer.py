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
