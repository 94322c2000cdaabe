"""Whole sentences of agents and callers: what a word means beside others, so that nothing is read into it."""

from typing import Any

import pytest

from tests.reports.conftest import ReadOne


def problems(reading: dict[str, Any]) -> set[str]:
    return {problem["code"] for problem in reading["problems"]}


def code_of(reading: dict[str, Any], field: str) -> str | None:
    place = reading[field]
    return None if place is None else place.get("code") or place.get("country")


@pytest.mark.parametrize(
    "text",
    [
        "VAB Achegour une Toyota L200 sans carburant",
        "RAS poste de Gaya, patrouille G5 Sahel passee",
        "RAS Madama, pas de 3G ni radio",
        "RAS Madama la 3G est coupee",
        "RAS Madama reseau 4G coupe",
        "RAS Madama cas de H1N1",
        "RAS AGZ reunion B2B",
        "RAS AGZ passage d'un F16",
        "RAS AGZ un char T72",
        "SOS AGZ rancon 1 500 000 F",
        "SOS AGZ ils veulent 2M CFA",
        "SOS AGZ ils veulent 2M F",
        "SOS AGZ ils demandent 1 500 000 F par personne",
    ],
)
def test_models_networks_and_sums_are_nobody(text: str, read_one: ReadOne) -> None:
    reading = read_one(text)
    assert (reading["people"], reading["problems"]) == ({}, [])


@pytest.mark.parametrize("text", ["VAB ASM 3G 2F", "VAB ASM L200 H3", "VAB ASM 2M 3F", "VAB ASM 4G 2L"])
def test_keys_joined_to_figures_are_counts(text: str, read_one: ReadOne) -> None:
    assert read_one(text)["people"]["total"] > 1


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("les refoules sont 67 dont 5 femmes, Assamaka", {"total": 67, "women": 5}),
        ("VIC Agadez 2 femmes vendues 300 000 F chacune", {"total": 2, "women": 2}),
        ("SOS ASM 6 hommes, ils ont paye 50 000 F chacun", {"total": 6, "men": 6}),
        ("ROF Assamaka lundi 1.245 personnes dont 130 enfants", {"total": 1245, "minors": 130}),
    ],
)
def test_a_sentence_says_how_many(text: str, people: dict[str, int], read_one: ReadOne) -> None:
    reading = read_one(text)
    assert (reading["people"], reading["problems"]) == (people, [])


@pytest.mark.parametrize(
    "text",
    [
        "RPZ ASM une femme et son bebe et 12 hommes",
        "RPZ ASM H12 F4 avec leurs enfants",
        "RPZ ASM H12 et des enfants",
        "RPZ ASM 1/2 douzaine de personnes",
    ],
)
def test_people_that_nobody_has_counted_are_asked_about(text: str, read_one: ReadOne) -> None:
    reading = read_one(text)
    assert "total" not in reading["people"]
    assert problems(reading) == {"total_unclear"}
    assert reading["occurred_at"] is None


@pytest.mark.parametrize(
    "text",
    [
        "I want to say thank you",
        "je n'ai plus d'espoir",
        "on a tou dit",
        "kan on est arrive",
        "my phone battery is dead, call me later",
        "j'ai perdu mon téléphone",
        "mon telephone est en panne",
        "on nous traite mal ici",
        "3 corps",
        "merci !",
    ],
)
def test_what_callers_say_in_passing_fills_nothing(text: str, read_one: ReadOne) -> None:
    reading = read_one(text, line="hotline")
    assert reading["people"] == {}
    assert reading["place"] is reading["origin"] is reading["destination"] is None
    assert reading["urgent"] is False
    assert reading["code"] == ("DCD" if "corps" in text else None)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("abeg help us, dem lock us for one compound", "SEQ"),
        ("help us", "SOS"),
        ("j'ai perdu mon telephone et mon frere est mort", "DCD"),
        ("on est perdus, telephone en panne", "SOS"),
        ("ils on pri nos papié", "PAP"),
        ("sekestré ds 1 maison", "SEQ"),
    ],
)
def test_a_caller_is_in_the_gravest_danger_that_is_said(text: str, code: str, read_one: ReadOne) -> None:
    assert read_one(text, line="hotline")["code"] == code


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("parti de Dirkou pour Madama", (None, "DRK", "MDM")),
        ("un camion partira de Agadez", (None, "AGZ", None)),
        ("parti de Kano vers Agadez", (None, "KAN", "AGZ")),
        ("ici c'est Konni", ("KNI", None, None)),
        ("ku gaya wa yan sanda muna Arlit", ("ARL", None, None)),
        ("nous voulons aller a Sebha", (None, None, "SBH")),
        ("en route pour Sebha", (None, None, "SBH")),
        ("en direction de Sebha", (None, None, "SBH")),
        ("a destination de Sebha", (None, None, "SBH")),
        ("marcher jusqu'a Sebha", (None, None, "SBH")),
        ("ca va a Konni", ("KNI", None, None)),
    ],
)
def test_the_words_around_a_place_say_where_from_and_where_to(
    text: str, where: tuple[str | None, ...], read_one: ReadOne
) -> None:
    reading = read_one(text, line="hotline")
    assert tuple(code_of(reading, field) for field in ("place", "origin", "destination")) == where


@pytest.mark.parametrize(
    "text",
    [
        "RPZ ASM 150 personnes, le trajet a dure 12h",
        "RPZ ASM 150 personnes, 3h de marche",
        "RPZ ASM 150 personnes, bus immatricule 1430",
        "RPZ ASM 150 personnes, CNI 1234",
        "RPZ ASM 150 personnes, mission jusqu'au 25/11",
    ],
)
def test_how_long_until_when_and_a_plate_are_no_time(text: str, read_one: ReadOne) -> None:
    reading = read_one(text)
    assert reading["people"] == {"total": 150}
    assert (reading["occurred_at"], reading["problems"]) == (None, [])


def test_what_is_planned_has_not_happened(read_one: ReadOne) -> None:
    reading = read_one("WAH Konni 1 fille, mariage prevu vendredi")
    assert reading["occurred_at"] is None
    assert problems(reading) == {"future_time"}


def test_a_name_that_many_towns_bear_is_no_place(read_one: ReadOne) -> None:
    reading = read_one("RPZ Sabon Gari T40", post="ASM")
    assert reading["place"] is None
    assert problems(reading) == {"missing_place"}


def test_a_slip_that_the_rest_of_the_text_confirms_is_not_asked_about(read_one: ReadOne) -> None:
    reading = read_one("DCDD madama 2 corps")
    assert (reading["code"], reading["problems"]) == ("DCD", [])


@pytest.mark.parametrize("text", ["RPZ ASM GUINEE 150 MALI 120", "RPZ ASM 150 GUINEE 120 MALI"])
def test_countries_are_counted_like_their_people(text: str, read_one: ReadOne) -> None:
    reading = read_one(text)
    assert reading["nationalities"] == {"GN": 150, "ML": 120}
    assert reading["people"] == {}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("RAS AGZ patrouille de 8 hommes", "agents"),
        ("RAS AGZ equipe de 4 personnes en mission", "agents"),
        ("SOS AGZ 5 hommes armes sur la route", "agents"),
        ("3 hommes m'ont pris a la gare de Tahoua", "hotline"),
        ("un homme m'a propose du travail", "hotline"),
    ],
)
def test_who_is_at_work_or_did_it_is_not_counted(text: str, line: str, read_one: ReadOne) -> None:
    reading = read_one(text, line=line)
    assert (reading["people"], reading["problems"]) == ({}, [])


@pytest.mark.parametrize(
    "text",
    [
        "RLB MDM 80 nigeriens dont 10 femmes expulses de Libye",
        "RPZ ASM 67 arrives hier dont 5 femmes",
        "RPZ ASM H60 F40 E12",
    ],
)
def test_a_part_is_not_taken_for_the_whole(text: str, read_one: ReadOne) -> None:
    reading = read_one(text)
    assert "total" not in reading["people"]
    assert problems(reading) == {"total_unclear"}


@pytest.mark.parametrize(
    ("text", "destination"),
    [
        ("mon mari est parti a Alger", "Algiers"),
        ("ina son koma Kano", "Kano"),
        ("I wan go Agadez", "Agadez"),
        ("je serai a Agadez demain", "Agadez"),
    ],
)
def test_where_somebody_goes_is_not_where_it_happens(text: str, destination: str, read_one: ReadOne) -> None:
    reading = read_one(text, line="hotline")
    assert reading["place"] is None
    assert reading["destination"]["name"] == destination


def test_a_sum_for_each_leaves_the_people_as_they_are(read_one: ReadOne) -> None:
    reading = read_one("12 personnes enfermees, ils demandent 400000 chacun", line="hotline")
    assert (reading["people"], reading["problems"]) == ({"total": 12}, [])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("on m'a violée mon tel est 90000103", "VBG"),
        ("on est perdus mon tel est presque mort", "SOS"),
        ("on a tres soif my battery is low", "EAU"),
        ("2 chameaux morts", None),
        ("que Dieu vous aide", None),
        ("merci pour votre aide", None),
    ],
)
def test_what_is_said_of_a_thing_hides_nothing_said_of_people(
    text: str, code: str | None, read_one: ReadOne
) -> None:
    assert read_one(text, line="hotline")["code"] == code


@pytest.mark.parametrize(
    "text",
    [
        "RPZ ASM H12 F3, marche de 12h",
        "RPZ ASM H12 F3, message 2/3",
        "RPZ ASM H12 F3, grade B2",
        "RPZ ASM H12 F3, plaque AB 1430 NE",
        "RPZ ASM H12 F3, rappeler a 13h",
        "RPZ ASM H12 F3 ELLES NE VEULENT PAS PARTIR ok",
    ],
)
def test_what_is_said_beside_the_counts_changes_none(text: str, read_one: ReadOne) -> None:
    reading = read_one(text)
    assert reading["people"] == {"men": 12, "women": 3, "total": 15}
    assert (reading["occurred_at"], reading["nationalities"], reading["problems"]) == (None, {}, [])


def test_offenders_are_not_the_people_of_a_report(read_one: ReadOne) -> None:
    reading = read_one("VBG DRK femme nigeriane violee par 3 hommes")
    assert reading["people"] == {}
    assert problems(reading) == {"missing_people"}


def test_an_and_in_capitals_is_no_nationality(read_one: ReadOne) -> None:
    reading = read_one("SEQ ARL 4 HOM ET 2 FEM, 1 chien")
    assert reading["people"] == {"men": 4, "women": 2, "total": 6}
    assert reading["nationalities"] == {}


@pytest.mark.parametrize(
    "text",
    [
        "RPZ ASM 2 groupes de 45",
        "CVM AGZ 3 hilux, 25 pers chaque, vers DRK",
        "RPZ ASM le 15 et 16 450 pers",
        "RPZ ASM cumul 1250 pers",
    ],
)
def test_a_figure_that_stands_for_more_or_less_is_asked_about(text: str, read_one: ReadOne) -> None:
    reading = read_one(text)
    assert reading["people"] == {}
    assert problems(reading) == {"total_unclear"}


@pytest.mark.parametrize("text", ["RPZ ASM 45 pers en provenance du Nigeria", "RPZ ASM 45 pers ex Nigeria"])
def test_a_country_that_people_come_from_is_no_nationality(text: str, read_one: ReadOne) -> None:
    reading = read_one(text)
    assert (reading["nationalities"], reading["origin"]) == ({}, {"country": "NG"})


def test_a_week_is_no_day(read_one: ReadOne) -> None:
    reading = read_one("RPZ ASM semaine du 10/11, 450 pers")
    assert (reading["people"], reading["occurred_at"]) == ({"total": 450}, None)


def test_of_two_countries_that_people_come_from_none_is_chosen(read_one: ReadOne) -> None:
    reading = read_one("we are from Ghana and Togo", line="hotline")
    assert (reading["origin"], reading["nationalities"]) == (None, {})


def test_a_wife_beside_counted_children_is_one_more(read_one: ReadOne) -> None:
    reading = read_one("ma femme et mes 3 enfants sont a Assamaka", line="hotline")
    assert reading["people"] == {"minors": 3}
    assert problems(reading) == {"total_unclear"}


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("RPZ ASM 30 adultes 10 mineurs", {"adults": 30, "minors": 10, "total": 40}),
        ("SEQ SBH rancon 5M 12 pers", {"total": 12}),
        ("SOS ASM effectif 12 hommes", {}),
        ("SOS ASM le M62 manifeste", {}),
        ("SEQ SBH 12 pers, sgt B.", {"total": 12}),
    ],
)
def test_grown_ups_and_sums_are_told_apart(text: str, people: dict[str, int], read_one: ReadOne) -> None:
    reading = read_one(text)
    assert (reading["people"], reading["problems"]) == (people, [])


@pytest.mark.parametrize("text", ["RPZ ASM hommes femmes enfants 40", "RPZ ASM 1500 F"])
def test_what_may_be_another_figure_is_asked_about(text: str, read_one: ReadOne) -> None:
    reading = read_one(text)
    assert reading["people"] == {}
    assert problems(reading) == {"total_unclear"}


@pytest.mark.parametrize("text", ["H24", "appartement F3", "ils veulent 5M pour le liberer"])
def test_callers_use_no_keys(text: str, read_one: ReadOne) -> None:
    assert read_one(text, line="hotline")["people"] == {}
