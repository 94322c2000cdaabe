"""What must never be misread in silence: each text is read with certainty or asked about."""

from typing import Any

import pytest

from gateway.reports.reader import Reader
from tests.reports.conftest import AT, ReadOne


def problems(reading: dict[str, Any]) -> set[str]:
    return {problem["code"] for problem in reading["problems"]}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("RPZ ASM 1430", "ambiguous_hour"),
        ("RPZ ASM 12H", "ambiguous_hour"),
        ("RPZ ASM 14h 30", "ambiguous_hour"),
        ("RPZ ASM 84 prs NIG", "ambiguous_nationality"),
        ("MNA AGZ L2 NG ou NE", "ambiguous_nationality"),
        ("RPZ Illela 40", "ambiguous_place"),
        ("RPZ Tibiri 40", "ambiguous_place"),
        ("SVT Dirkou Madama 4 pers", None),
        ("SOS 12 pers Dirkou, Madama", "ambiguous_place"),
        ("SEQ a tchintoulous 14 pers", "missing_place"),
        ("SEQ 12 pers en Libye", "missing_place"),
        ("SEQ 12 pers a 2h de Dirkou", "missing_place"),
        ("RPZ ASM", "missing_people"),
        ("RPZ ASM 5000F", "missing_people"),
        ("RPZ ASM 90000101", "missing_people"),
        ("RPZ ASM +227 90 00 01 01", "missing_people"),
        ("RPZ ASM 1.277", "missing_people"),
        ("RPZ ASM deux trois pers", "total_unclear"),
        ("RPZ ASM 14 ans", "missing_people"),
        ("RPZ ASM 3 jours", "missing_people"),
        ("RPZ ASM PLD 213", "missing_people"),
        ("RPZ ASM 647 647", "total_unclear"),
        ("RPZ ASM T40 T50", "total_unclear"),
        ("CVM DRK T1 277 vers MDM", "total_unclear"),
        ("VIC ZDR 2 fem 1 bb", "total_unclear"),
        ("RPZ ASM T96 H70 F20 M18", "total_mismatch"),
        ("RPZ ASM 2 groupes de 40 pers", "total_unclear"),
        ("FLX GAY IN 120 OUT 80", "missing_people"),
        ("RPZ ASM 50%", "missing_people"),
        ("RPZ ASM le 12", "missing_people"),
        ("RUM 3 hilux sud Madama", "missing_place"),
        ("RUM 3 hilux au sud de Madama", "missing_place"),
        ("MNA AGZ 1 garcon et 2 filles 14", "total_unclear"),
        ("KIT AGZ 200 L OIM", "missing_quantity"),
        ("KIT AGZ 200 kits", "missing_partners"),
        ("CVM DRK 50 pers", "missing_destination"),
        ("SVT BIL 31 pers R482134", "bad_reference"),
        ("ANNU 482134", "bad_reference"),
        ("SOS 13.41 20.55 12 pers", "coordinates_swapped"),
        ("SOS 45.3 13.41 12 pers", "coordinates_out_of_area"),
        ("RAS SGD 23h30", "future_time"),
        ("RPS ASM H40", "code_suggested"),
        ("allo la base", "no_code"),
        ("   ", "empty"),
    ],
)
def test_the_doubt_is_named(text: str, problem: str | None, read_one: ReadOne) -> None:
    assert problems(read_one(text, post="ASM")) == ({problem} if problem else set())


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("RPZASM647", {"total": 647}),
        ("RPZASM647H590F32", {"total": 647, "men": 590, "women": 32}),
        ("RPZ ASM 647 H 590 F 32", {"total": 647, "men": 590, "women": 32}),
        ("RPZ ASM 12 H 3 F", {"total": 15, "men": 12, "women": 3}),
        ("RPZ ASM 12H30F", {"total": 42, "men": 12, "women": 30}),
        ("rpz assamka 1.277prs dt 14fem 9enf", {"total": 1277, "women": 14, "minors": 9}),
        ("RPZ ASM 1 277 prs", {"total": 1277}),
        ("RPZ ASM T1.277", {"total": 1277}),
        ("RPZ ASM 1O0 pers", {"total": 100}),
        ("RPZ ASM 400aine", {"total": 400}),
        ("SEQ DRK une trentaine ds ghetto, rancon 500milF", {"total": 30}),
        ("RPZ ASM 40 a 50 pers", {"total": 40, "total_max": 50}),
        ("RPZ ASM 10-12 pers", {"total": 10, "total_max": 12}),
        ("FLX THA maza 30 mata 5 yara 2", {"total": 37, "men": 30, "women": 5, "minors": 2}),
        ("VIC ZDR 2 femmes enceintes", {"total": 2, "women": 2, "pregnant": 2}),
        ("SEQ ARL 12 pers il y a 2h", {"total": 12}),
        ("SOS 90 00 01 01 12 pers Arlit", {"total": 12}),
        ("MNA AGZ L2 G1 14ans", {"total": 3, "girls": 2, "boys": 1}),
        ("MNA AGZ 1 garcon 12 ans et 2 filles 14 et 16 ans", {"total": 3, "boys": 1, "girls": 2}),
        ("EXT GAY 500F 3 pers", {"total": 3}),
        ("Tme konni 12enf talibe 1 marabou", {"total": 12, "minors": 12}),
        ("MNA AGZ 2 enfants seuls", {"total": 2, "minors": 2}),
        ("RPZ ASM T12 senegalais 12", {"total": 12}),
    ],
)
def test_people_are_counted(text: str, people: dict[str, int], read_one: ReadOne) -> None:
    reading = read_one(text)
    assert reading["people"] == people
    assert reading["problems"] == []


@pytest.mark.parametrize(
    ("text", "occurred_at"),
    [
        ("RAS SGD 14h30", "2026-11-21T13:30:00Z"),
        ("RAS SGD 14:00", "2026-11-21T13:00:00Z"),
        ("RAS SGD 0650", "2026-11-21T05:50:00Z"),
        ("RAS SGD hier 23h30", "2026-11-20T22:30:00Z"),
        ("RAS SGD hier", "2026-11-20T11:00:00Z"),
        ("RAS SGD hier soir", "2026-11-20T18:00:00Z"),
        ("RAS SGD ce matin", "2026-11-21T07:00:00Z"),
        ("RAS SGD ce matin 6h", "2026-11-21T05:00:00Z"),
        ("RAS SGD lundi", "2026-11-16T11:00:00Z"),
        ("RAS SGD 20/11", "2026-11-20T11:00:00Z"),
        ("RAS SGD 24.03.25", "2025-03-24T11:00:00Z"),
        ("RAS SGD depuis hier", None),
        ("RAS SGD depuis 14h30", None),
        ("RAS SGD il y a 2h", None),
        ("RAS SGD auj", None),
        ("RAS SGD 31/02", None),
        ("RAS SGD du 12 au 15 a 9h", None),
    ],
)
def test_when_it_happened(text: str, occurred_at: str | None, read_one: ReadOne) -> None:
    assert read_one(text)["occurred_at"] == occurred_at


@pytest.mark.parametrize(
    ("text", "code", "source"),
    [
        ("RAS N'Guigmi", "NGM", "name"),
        ("RAS n guigmi", "NGM", "name"),
        ("R.A.S. séguédine", "SGD", "name"),
        ("RAS gare Agadez", "AGR", "name"),
        ("RAS Zindre", "ZDR", "fuzzy"),
        ("RAS", "ASM", "post"),
        ("RAS Illela Nigeria", "ILN", "name"),
        ("RAS Tibiri, Dosso", "TBD", "name"),
        ("RAS say", "SAY", "code"),
        ("RAS pres de arlit", "ARL", "name"),
        ("RUM a 5 km de Arlit", "ARL", "name"),
        ("RAS 15 km NE Arlit", None, "offset"),
        ("RAS entre Arlit et Agadez", None, "road"),
        ("RAS PK45 Agadez-Arlit", None, "road"),
        ("RAS 20,55 13,41", None, "coordinates"),
    ],
)
def test_where_it_happened(text: str, code: str | None, source: str, read_one: ReadOne) -> None:
    place = read_one(text, post="ASM")["place"]
    assert (place["code"], place["from"]) == (code, source)


@pytest.mark.parametrize(
    ("text", "kind", "reference"),
    [
        ("ANNU", "cancel", None),
        ("ANNU482135", "cancel", "482135"),
        ("CORR 482135 F4 ASM", "correction", "482135"),
        ("PLUS 482135 F2", "addition", "482135"),
        ("plus d eau a Latey 30 prs", "report", None),
        ("TEST RPZ ASM 40", "drill", None),
        ("AIDE", "help", None),
        ("taimako", "help", None),
        ("STOP", "stop", None),
        ("STOP au poste", "unknown", None),
    ],
)
def test_service_words(text: str, kind: str, reference: str | None, read_one: ReadOne) -> None:
    reading = read_one(text)
    assert (reading["kind"], reading["reference"]) == (kind, reference)


def test_a_correction_names_what_it_takes_the_place_of(read_one: ReadOne) -> None:
    assert read_one("CORR 38 pas 83")["replace"] == [[83, 38]]


def test_callers_are_never_told_that_they_wrote_it_wrong(read_one: ReadOne) -> None:
    for text in ("je ne sais pas", "ku taimake ni babu ruwan sha", "help dem collect my passport", "ساعدوني"):
        reading = read_one(text, line="hotline")
        assert reading["kind"] == "hotline"
        assert reading["problems"] == []
    assert read_one("ساعدوني محبوس في دركو", line="hotline")["code"] == "SEQ"
    assert problems(read_one("", line="hotline")) == {"empty"}


def test_words_that_only_look_grave(read_one: ReadOne) -> None:
    for text in ("bonne journee", "mort de rire", "babu ruwana", "babu ruwan sama"):
        assert read_one(text, line="hotline")["code"] is None


def test_the_original_text_is_kept_and_quoted(reader: Reader) -> None:
    text = "RPZ\u00a0ASM ٦٤٧ pers é\u200bvident"
    parse = reader.read(text, line="agents", at=AT, post=None)
    assert parse.text == text
    (reading,) = parse.readings
    assert {(part.field, text[part.start : part.end]) for part in reading.evidence} == {
        ("code", "RPZ"),
        ("place", "ASM"),
        ("people", "٦٤٧"),
        ("people", "pers"),
    }
    assert reading.note == "é\u200bvident"
