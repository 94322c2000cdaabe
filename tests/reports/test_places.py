"""Where: what is read as the place, where from and where to, and what is asked about."""

from typing import Any

import pytest

from gateway.reports.reader import Reader
from tests.reports.conftest import AT, ReadOne


def problems(reading: dict[str, Any]) -> list[str]:
    return [problem["code"] for problem in reading["problems"]]


def named(place: dict[str, Any] | None) -> str | None:
    """The code, the town, the country: what the place is known by."""
    return None if place is None else str(place.get("country") or place["code"] or place["name"])


@pytest.mark.parametrize(
    ("text", "place", "source"),
    [
        ("SOS Tessaoua 12 pers", "Tessaoua", "name"),
        ("rum 3 hilux a malbaza", "Malbaza", "name"),
        ("RPZ 12 PERS TESSAOUA", "Tessaoua", "name"),
        ("TME Birnin Kebbi M7", "Birnin Kebbi", "name"),
        ("tra f3 a birnin gwari", "Birnin Gwari", "name"),
        ("RUM 3 hilux vus a Mourzouk", "Murzuk", "name"),
        ("sos 12 pers, filingue", "Filingué", "name"),
        ("TRA KTS F3", "KTS", "code"),
        ("TRA Katsina F3", "KTS", "name"),
        ("TRA Katsina-Ala F3", "Katsina-Ala", "name"),
        ("VIC Zindre F2", "ZDR", "fuzzy"),
        ("FLX Malanvile 39", "MLV", "fuzzy"),
        ("SOS dan isaa 12 pers", "DNS", "fuzzy"),
        ("SOS Tessauoa 12 pers", "Tessaoua", "fuzzy"),
        ("SOS 12 pers, Dirkuo", "DRK", "fuzzy"),
    ],
)
def test_points_and_towns_are_known_by_name(text: str, place: str, source: str, read_one: ReadOne) -> None:
    reading = read_one(text, post="MDM")
    assert (named(reading["place"]), reading["place"]["from"]) == (place, source)
    assert problems(reading) in ([], ["missing_people"])


def test_a_town_has_a_position_and_no_code(read_one: ReadOne) -> None:
    place = read_one("SOS Tessaoua 12 pers")["place"]
    assert place == {
        "code": None, "name": "Tessaoua", "lat": 13.757, "lon": 7.987, "radius_km": 2, "from": "name",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("VIC Illela Sokoto F2", "ILN"),
        ("VIC Illela Nigeria F2", "ILN"),
        ("VIC Illela NG F2", "ILN"),
        ("VIC Illela Tahoua F2", "ILL"),
        ("RPZ Tibiri Dosso 40", "TBD"),
        ("RPZ Tibiri, Dosso 40", "TBD"),
        ("RPZ Tibiri Maradi 40", "TBM"),
        ("TRA Gaya F3", "GAY"),
        ("TRA Gaya Kano F3", "Gaya"),
        ("TRA a Gaya Nigeria F3", "Gaya"),
        ("ARR Gaya, NG, toyota", "GAY"),
        ("TRA Gwaram Jigawa F3", "Gwaram"),
    ],
)
def test_what_is_named_beside_it_decides_between_namesakes(text: str, place: str, read_one: ReadOne) -> None:
    reading = read_one(text)
    assert named(reading["place"]) == place
    assert problems(reading) in ([], ["missing_people"])


@pytest.mark.parametrize(
    ("text", "candidates"),
    [
        ("RPZ Illela 40", ["ILN", "ILL"]),
        ("RPZ ilella 40", ["ILN", "ILL"]),
        ("RPZ illella 40", ["ILN", "ILL"]),
        ("RPZ Tibiri 40", ["TBM", "TBD"]),
        ("RPZ 40 pers Agadez Arlit", ["AGZ", "ARL"]),
        ("TRA Gwaram F3", ["Gwaram Bauchi", "Gwaram Jigawa"]),
        ("SOS 40km nord illela 12 pers", ["ILN", "ILL"]),
        ("SOS entre Konni et Illela 12 pers", ["ILN", "ILL"]),
        ("SOS 40km nord arlit 12 pers Assamaka", ["40 km N Arlit", "ASM"]),
        ("SOS Arlit-Assamaka 12 pers", ["ARL", "ASM"]),
        ("SOS 40 km nord Arlit et 20 km sud Agadez 12 pers", ["40 km N Arlit", "AGZ"]),
        ("SOS Arlit ou Assamaka 12 pers", ["ARL", "ASM"]),
        ("SOS 20.55 13.41 et 21.55 13.41 12 pers", ["20.55 13.41", "21.55 13.41"]),
    ],
)
def test_a_tie_is_asked_about(text: str, candidates: list[str], read_one: ReadOne) -> None:
    reading = read_one(text, post="ASM")
    assert reading["place"] is None
    (problem,) = reading["problems"]
    assert (problem["code"], problem["candidates"]) == ("ambiguous_place", candidates)


def test_a_candidate_reads_as_what_it_stands_for(read_one: ReadOne) -> None:
    (problem,) = read_one("TRA Gwaram F3")["problems"]
    readings = [read_one(f"TRA {candidate} F3") for candidate in problem["candidates"]]
    assert [problems(reading) for reading in readings] == [[], []]
    assert len({(reading["place"]["lat"], reading["place"]["lon"]) for reading in readings}) == 2


@pytest.mark.parametrize(
    "text",
    [
        "RPZ ASM 40 pers da sauri",
        "RPZ ASM 40 pers, Moussa Keita blesse",
        "RPZ ASM 40 pers ont paye la rancon a la banki",
        "RPZ ASM 40 pers, il lame",
        "RPZ ASM 40 pers lafia lau",
        "RPZ ASM 40 pers, ca sert a rien",
        "RPZ ASM 40 pers, mascara et savon",
        "RPZ ASM 40 pers pour manger",
        "RPZ ASM 40 pers de passage",
        "RPZ ASM 40 pers, malama Hadiza",
    ],
)
def test_a_word_that_is_also_a_town_is_no_place(text: str, read_one: ReadOne) -> None:
    reading = read_one(text)
    assert named(reading["place"]) == "ASM"
    assert (reading["origin"], reading["destination"], reading["problems"]) == (None, None, [])


@pytest.mark.parametrize(
    "text",
    [
        "SOS 12 pers sokoto",
        "SOS 12 pers zone de Djado",
        "SOS 12 pers region d'Agadez",
        "SOS 12 pers a kaya",
        "SOS 12 pers Kumasi",
        "SEQ a tchintoulous 14 pers",
        "SOS 12 pers axe Agadez Arlit Assamaka",
        "SOS PK450 Agadez-Arlit 12 pers",
        "SOS 12 pers au nord de Madama",
        "SOS https://maps.app.goo.gl/abcd 12 pers",
        "SOS 9Q5V+3X 12 pers",
        "SOS 14.95-0.31 12 pers",
        "SOS gps 19.3671 12 pers",
        "SOS 2077N 1372E 12 pers",
        "SOS 20° 13° 12 pers",
        "SOS 20 km est puits Espoir 12 pers",
        "SEQ 12 pers ghetto quartier Misrata",
        "SOS 40-50 km nord Arlit 12 pers",
        "SOS 12 pers apres Arlit",
        "SOS 12 pers, la police de Konni",
    ],
)
def test_a_place_that_was_said_and_not_understood_is_not_the_post(text: str, read_one: ReadOne) -> None:
    reading = read_one(text, post="ASM")
    assert reading["place"] is None
    assert problems(reading) == ["missing_place"]


@pytest.mark.parametrize(
    ("text", "post", "place"),
    [
        ("SOS 12 pers", "ASM", "ASM"),
        ("SOS g pas gps 12 pers", "ASM", "ASM"),
        ("SOS, camion renverse 12 pers", "ASM", "ASM"),
        ("RPZ 40 depuis Arlit", "ASM", "ASM"),
        ("CORR T45", "ASM", None),
        ("ANNU", "ASM", None),
        ("PLUS R482135 2 bb", "ASM", None),
        ("bonjour 12 pers", "ASM", None),
        ("SOS 12 pers", "XXX", None),
    ],
)
def test_nothing_named_is_the_reporters_own_post(
    text: str, post: str, place: str | None, read_one: ReadOne
) -> None:
    assert named(read_one(text, post=post)["place"]) == place


@pytest.mark.parametrize(
    ("text", "origin", "destination"),
    [
        ("FLX THA H20 depuis KNI vers AGZ", "KNI", "AGZ"),
        ("FLX THA H20 dps Konni pr Agadez", "KNI", "AGZ"),
        ("FLX THA H20 from Sokoto to Tripoli", "Sokoto", "Tripoli"),
        ("FLX THA H20 daga Kano zuwa Agadez", "KAN", "AGZ"),
        ("FLX THA H20 venant de Birnin Kebbi", "Birnin Kebbi", None),
        ("FLX THA H20 en provenance de Cotonou", "Cotonou", None),
        ("FLX THA H20 -> Agadez", None, "AGZ"),
        ("FLX THA H20 > AGZ", None, "AGZ"),
        ("FLX THA H20 depuis le Nigeria vers la Libye", "NG", "LY"),
        ("RPZ ASM 12 femmes de Bamako", "Bamako", None),
        ("RPZ ASM T120 de Benin City", "Benin City", None),
        ("CVM DRK 50 pers vers Madma", None, "MDM"),
        ("CVM DRK 50 pers depuis Agadze vers MDM", "AGZ", "MDM"),
        ("CVM DRK 50 pers vers 21.95 13.65", None, "21.95 13.65"),
        ("FLX THA H20 partis de Konni a destination d'Agadez", "KNI", "AGZ"),
        ("FLX THA H20 depuis Kano Nigeria vers Sebha Libye", "KAN", "SBH"),
        ("FLX THA H20 de Kantche Zinder", "KTC", None),
        ("RAS ASM depuis hier", None, None),
        ("RAS ASM pour info", None, None),
    ],
)
def test_where_from_and_where_to(
    text: str, origin: str | None, destination: str | None, read_one: ReadOne
) -> None:
    reading = read_one(text)
    assert (named(reading["origin"]), named(reading["destination"])) == (origin, destination)
    assert reading["problems"] == []
    assert reading["nationalities"] == {}


@pytest.mark.parametrize(
    ("text", "name", "lat", "lon", "radius"),
    [
        ("SOS 40km nord arlit 12 pers", "40 km N Arlit", 19.09673, 7.385, 8),
        ("SOS 15 km au N d'Assamaka 12 pers", "15 km N Assamaka", 19.5019, 5.8, 3),
        ("SOS 15 km NE Arlit 12 pers", "15 km NE Arlit", 18.83236, 7.48578, 3),
        ("SOS 15 km N-E Arlit 12 pers", "15 km NE Arlit", 18.83236, 7.48578, 3),
        ("SOS 15 km nord-est de Arlit 12 pers", "15 km NE Arlit", 18.83236, 7.48578, 3),
        ("SOS 60 km N/NE Arlit 12 pers", "60 km NNE Arlit", 19.23539, 7.6037, 12),
        ("SOS quarante km nord arlit 12 pers", "40 km N Arlit", 19.09673, 7.385, 8),
        ("SOS 15km north of Arlit 12 people", "15 km N Arlit", 18.8719, 7.385, 3),
        ("SOS 15 km arewa da Arlit mutane 12", "15 km N Arlit", 18.8719, 7.385, 3),
        ("SOS 5 km w Arlit 12 pers", "5 km O Arlit", 18.737, 7.33752, 2),
        ("SOS 12,5 km N Arlit 5 pers", "12.5 km N Arlit", 18.84942, 7.385, 2.5),
        ("SOS Arlit 40 km nord 12 pers", "40 km N Arlit", 19.09673, 7.385, 8),
        ("SOS 30 km sud de Tessaoua 12 pers", "30 km S Tessaoua", 13.4872, 7.987, 6),
        ("SOS 500m nord ASM 12 pers", "0.5 km N Assamaka", 19.3715, 5.8, 2),
        ("VAB axe Madama Dao", "Madama - Dao Timmi", 21.25501, 13.58972, 77.5),
        ("SOS entre Arlit et Assamaka 12 pers", "Arlit - Assamaka", 19.05369, 6.594, 90.4),
        ("SOS PK45 Agadez-Arlit 12 pers", "PK 45 Agadez - Arlit", 17.35781, 7.85987, 10),
        ("SOS PK 45 axe Agadez Arlit 12 pers", "PK 45 Agadez - Arlit", 17.35781, 7.85987, 10),
        ("SOS km 45 route Agadez Arlit 12 pers", "PK 45 Agadez - Arlit", 17.35781, 7.85987, 10),
        ("SOS 9Q5V+3X Agadez 12 pers", "17.3577 7.79494", 17.357688, 7.794938, 0.1),
        ("SOS Agadez 9Q5V+3X 12 pers", "17.3577 7.79494", 17.357688, 7.794938, 0.1),
        ("SOS 31QGB 12345 67890 12 pers", "19.5947 5.02451", 19.594702, 5.02451, 0.1),
        ("SOS ASM 20.55 13.41 12 pers", "20.55 13.41", 20.55, 13.41, 1),
    ],
)
def test_places_are_reckoned(
    text: str, name: str, lat: float, lon: float, radius: float, read_one: ReadOne
) -> None:
    reading = read_one(text, post="MDM")
    place = reading["place"]
    assert (place["code"], place["name"]) == (None, name)
    assert (place["lat"], place["lon"]) == pytest.approx((lat, lon), abs=1e-4)
    assert place["radius_km"] == pytest.approx(radius, abs=0.05)
    assert reading["people"] in ({}, {"total": 12}, {"total": 5})
    assert reading["problems"] == []


@pytest.mark.parametrize(
    ("text", "place", "radius"),
    [
        ("SOS pres de Arlit 12 pers", "ARL", 5),
        ("SOS puits de Latey 12 pers", "LTY", 40),
        ("SOS gare de Niamey 12 pers", "NIA", 5),
        ("SOS sortie d'Agadez 12 pers", "AGZ", 5),
        ("SOS a 5 km de Arlit 12 pers", "ARL", 5),
        ("SOS 40 km de Arlit 12 pers", "ARL", 40),
        ("SOS 10 km nord 20.55 13.41 12 pers", "20.55 13.41", 10),
        ("SOS 40 a 50 km nord Arlit 12 pers", "ARL", 50),
        ("SOS 12 pers axe Arlit", "ARL", 5),
        ("SOS PK45 Agadez 12 pers", "AGZ", 45),
        ("SOS Arlit 12 pers, 40 km au nord", "ARL", 40),
        ("RPZ ASM 40 pers ont marche 15 km", "ASM", 2),
        ("RPZ ASM 40 pers axe Agadez Arlit", "ASM", 2),
    ],
)
def test_the_radius_holds_what_was_said(text: str, place: str, radius: float, read_one: ReadOne) -> None:
    reading = read_one(text)
    assert (named(reading["place"]), reading["place"]["radius_km"]) == (place, radius)
    assert reading["problems"] == []


@pytest.mark.parametrize(
    ("text", "place", "problem", "candidates"),
    [
        ("SOS 13.41 20.55 12 pers", None, "coordinates_swapped", ["13.41 20.55", "20.55 13.41"]),
        ("SOS 5.8 19.367 12 pers", None, "coordinates_out_of_area", ["19.367 5.8"]),
        ("SOS 45.3 13.41 12 pers", None, "coordinates_out_of_area", None),
        ("SOS ASM 45.3 13.41 12 pers", "ASM", "coordinates_out_of_area", None),
        ("SOS N5°48 E19°22 12 pers", None, "coordinates_out_of_area", ["19.3667 5.8"]),
    ],
)
def test_coordinates_that_cannot_be_meant_are_asked_about(
    text: str, place: str | None, problem: str, candidates: list[str] | None, read_one: ReadOne
) -> None:
    reading = read_one(text, post="MDM")
    assert named(reading["place"]) == place
    assert problems(reading) == [problem]
    assert reading["problems"][0].get("candidates") == candidates


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("RPZ ASM 12 H 3 F", {"total": 15, "men": 12, "women": 3}),
        ("RPZ ASM T120 H110", {"total": 120, "men": 110}),
        ("RPZ ASM H12 N 3 E 5", None),
        ("RPZ ASM 30 per 14h30", {"total": 30}),
        ("RPZ ASM 1.277 prs", {"total": 1277}),
        ("SOS N19 22 E5 48 25 pers", {"total": 25}),
        ("SOS 20.55 13.41 25 pers", {"total": 25}),
        ("RPZ ASM 40 pers de 14.30 a 15.45", {"total": 40}),
        ("RPZ ASM 40 pers 14.30-15.45", {"total": 40}),
        ("RPZ ASM 40 pers le 20.11 14.30", {"total": 40}),
    ],
)
def test_no_position_takes_counts_or_times(
    text: str, people: dict[str, int] | None, read_one: ReadOne
) -> None:
    reading = read_one(text)
    assert reading["place"]["from"] == ("coordinates" if text.startswith("SOS") else "code")
    assert people is None or reading["people"] == people


def test_a_second_incident_may_have_a_position_of_its_own(reader: Reader) -> None:
    text = "RPZ ASM T120 20.55 13.41 SOS 21.55 13.41 4 pers"
    first, second = reader.read(text, line="agents", at=AT, post=None).readings
    assert (first.place and first.place.name, second.place and second.place.name) == (
        "20.55 13.41",
        "21.55 13.41",
    )


@pytest.mark.parametrize(
    ("text", "candidates"),
    [
        ("CVM AGZ 50 pers vers Illela", ["ILN", "ILL"]),
        ("CVM AGZ 50 pers vers Dirkou et Madama", ["DRK", "MDM"]),
        ("CVM AGZ 50 pers vers Dirkou Madama", ["DRK", "MDM"]),
        ("CVM AGZ 50 pers vers Tessaoua Zinder", ["Tessaoua Maradi", "ZDR"]),
        ("CVM AGZ 50 pers -> Dirkou -> Madama", ["DRK", "MDM"]),
    ],
)
def test_where_to_is_asked_about_too(text: str, candidates: list[str], read_one: ReadOne) -> None:
    reading = read_one(text)
    assert reading["destination"] is None
    (problem,) = reading["problems"]
    assert (problem["code"], problem["field"]) == ("ambiguous_place", "destination")
    assert problem["candidates"] == candidates
