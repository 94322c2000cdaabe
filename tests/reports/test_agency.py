"""The agency edits its files: what is wrong in them is named with file, line and what to do."""

import csv
from pathlib import Path

import pytest

from gateway.data.files import DataError, packaged
from gateway.places.roads import load_roads
from gateway.reports.agency import examine
from gateway.reports.reader import load_reader
from tests.reports.conftest import AT

DATA = Path(__file__).parents[2] / "gateway" / "data"
BOOK, WORDS, POINTS, PARTNERS = "codebook.toml", "lexicon.toml", "points.csv", "partners.csv"
TOWNS, ROADS, POLICY = "places.csv", "roads.csv", "escalation.toml"


def edited(folder: Path, name: str, old: str, new: str) -> str:
    """A copy of a packaged file in ``folder``, with one thing changed in it."""
    text = (DATA / name).read_text(encoding="utf-8")
    assert old in text
    changed = text.replace(old, new, 1)
    (folder / name).write_text(changed, encoding="utf-8")
    return changed


def faults(folder: Path) -> list[str]:
    return [str(fault).replace(f"{folder}/", "") for fault in examine(str(folder)).faults]


def test_the_files_that_come_with_us_have_no_fault() -> None:
    assert {BOOK, WORDS, POINTS, TOWNS, PARTNERS, ROADS, POLICY} == set(packaged())
    assert examine().faults == ()


def test_an_empty_folder_changes_nothing(tmp_path: Path) -> None:
    assert faults(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "line_with", "words"),
    [
        (BOOK, 'code = "RUM"', 'code = "RUS"', 'code = "RAS"', "RAS is one slip away from RUS"),
        (BOOK, 'code = "RUM"', 'code = "RSA"', 'code = "RAS"', "RAS is one slip away from RSA"),
        (
            BOOK,
            'code = "RUM"',
            'code = "ASM"',
            'code = "ASM"',
            "'ASM' means point ASM elsewhere and incident ASM here",
        ),
        (
            BOOK,
            'code = "RUM"',
            'code = "PLD"',
            'code = "PLD"',
            "'PLD' means transport PLD elsewhere and incident PLD",
        ),
        (
            BOOK,
            'code = "RUM"',
            'code = "VIO"',
            'code = "VIO"',
            "'VIO' means control VIO elsewhere and incident VIO",
        ),
        (BOOK, '"rumeur"', '"wahaya"', '["wahaya", "on dit', "'wahaya' means incident WAH elsewhere"),
        (
            BOOK,
            '    "retenus",',
            '    "kits distribues",',
            '["distribution", "kits distr',
            "means incident SEQ",
        ),
        (BOOK, '    "retenus",', '    "mata",', '    "mata",', "'mata' means people women elsewhere"),
        (
            BOOK,
            '    "retenus",',
            '    "eau",',
            '    "eau",',
            "'eau' means incident EAU elsewhere and incident SEQ here",
        ),
        (
            BOOK,
            '    "retenus",',
            '    "tue",',
            '    "tue",',
            "the alias 'tue' of incident SEQ is one slip away from TME",
        ),
        (BOOK, '    "retenus",', '    "?",', '    "?",', "'?' has no letter or digit"),
        (BOOK, 'short_en = "Rumour"\n', "", '[[code]]\ncode = "RUM"', "RUM: short_en is missing"),
        (BOOK, 'short_en = "Rumour"', 'short_en = ""', 'short_en = ""', "RUM: short_en must be words"),
        (BOOK, "severity = 3", "severity = 5", "severity = 5", "CVM: severity must be a number from 1 to 4"),
        (BOOK, '"total>=100:2"', '"total>100"', '"total>100"', "escalation 'total>100' must be like"),
        (BOOK, '["place", "quantity"', '["plce", "quantity"', '["plce"', "KIT: unknown field plce"),
        (WORDS, 'adults = ["x"]', 'grown = ["x"]', "grown = [", "keys.grown is unknown"),
        (WORDS, 'urgent = ["urg",', "urgent = [3,", "urgent = [3,", "words.urgent must be a list of words"),
        (WORDS, "deux = 2", 'deux = "2"', 'deux = "2"', "numbers.deux must be a number"),
        (
            WORDS,
            'ML = ["mali"]',
            'ML = ["mali", "niger"]',
            'ML = ["mali", "niger"]',
            "'niger' means country NE",
        ),
        (WORDS, 'ESC = ["slave",', 'XYZ = ["slave",', "XYZ = [", "XYZ is no code of the codebook"),
        (WORDS, 'ESC = ["slave",', 'ESC = ["held",', "ESC = [", "'held' means incident SEQ elsewhere"),
        (BOOK, '    "retenus",', '    "hilux",', '    "hilux",', "'hilux' means transport VEH elsewhere"),
        (BOOK, '    "retenus",', '    "igz",', '    "igz",', "'igz' means point IGZ elsewhere"),
        (POINTS, "\nIGZ,In", "\nRPZ,In", "RPZ,In", "'RPZ' means incident RPZ elsewhere and point RPZ here"),
        (POINTS, "Guezzam|عين قزام,DZ", "Guezzam,Algerie", "IGZ,", "IGZ: 'Algerie' is no country of two"),
        (POINTS, "Guezzam|عين قزام,DZ", "Guezzam,ZZ", "IGZ,", "IGZ: there is no country ZZ: write its ISO"),
        (PARTNERS, "OIM,IOM,", "OIM,IOM|rpz,", "OIM,IOM", "'rpz' means incident RPZ elsewhere"),
        (PARTNERS, "OIM,IOM,", "OIM,IOM|asm,", "OIM,IOM", "'asm' means point ASM elsewhere"),
        (PARTNERS, "OIM,IOM,", "STOP,IOM,", "STOP,IOM", "'STOP' means service stop elsewhere"),
        (WORDS, '["annu"]', '["corr", "annu"]', '["corr", "annu"]', "'corr' means service correction else"),
        (WORDS, '["annu"]', '["annule"]', '["annule"]', "service.cancel lacks 'annu', which the card"),
        (WORDS, '["plus"]', "[]", "addition = []", "service.addition lacks 'plus'"),
        (WORDS, '["test"]', '["test", "wahaya"]', '["test", "wahaya"]', "'wahaya' means incident WAH else"),
        (WORDS, 'adults = ["x"]', 'adlts = ["x"]', "adlts = [", "adlts is unknown: did you mean adults?"),
        (BOOK, 'short_en = "Rumour"', f'short_en = "{"R" * 41}"', "RRR", "short_en has 41 letters: shorten"),
        (BOOK, 'short_en = "Rumour"', 'short_en = "Rumo😀ur"', "Rumo😀ur", "no SMS can carry: replace 😀"),
        (
            BOOK,
            'family = "trafficking"',
            'family = "trafiking"',
            "trafiking",
            "did you mean trafficking? There",
        ),
        (BOOK, "aliases = [", "alias = [", "alias = [", "unknown key alias: did you mean aliases?"),
        (BOOK, "aliases = [", "zzz = [", "zzz = [", "unknown key zzz: remove it"),
        (BOOK, "severity = 2", "severity = two", "severity = two", "words need quotes, a list needs commas"),
        (WORDS, "hier = 1", "hier = ", "hier = ", "is not TOML"),
        (POINTS, "\nIGZ,In Guezzam", "\nPZR,In Guezzam", "PZR,In Guezzam", "PZR stands twice"),
        (POINTS, "19.574,5.768", "5.768,19.574", "IGZ,", "the wrong way round"),
        (POINTS, "19.574,5.768", "19.574,", "IGZ,", "IGZ needs lat, lon and radius_km"),
        (POINTS, "In-Guezzam|", "Arlit|", "ARL,Arlit", "IGZ and ARL share the name arlit"),
        (TOWNS, "BF,Boucle du Mouhoun", "Burkina,Boucle", "Burkina,Boucle", "is no country of two letters"),
        (TOWNS, "12.464,-3.461", "12.464,", "12.464,,", "lat, lon and radius_km are numbers"),
        (PARTNERS, "OIM,IOM,", "OIM,HCR,", "HCR,UNHCR", "'HCR' means partner OIM elsewhere"),
        (PARTNERS, "OIM,IOM,Org", "OIM,IOM,Org,", "OIM,IOM", "has 6 fields, not 5"),
        (PARTNERS, "migrations,,", "migrations,2025-01-01,2024-01-01", "OIM,IOM", "active_to is before"),
        (PARTNERS, "migrations,,", "migrations,01/02/2025,", "OIM,IOM", "are days such as 2026-01-31"),
        (ROADS, "AGZ|ARL|", "AGX|ARL|", "Agadez - Arlit", "AGX is no point of points.csv: add it there"),
        (ROADS, "AGZ|ACH|", "AGZ|ESP|", "Agadez - Ach", "ESP has no position in points.csv: add one"),
        (ROADS, "DRK|BIL,", "DRK|DRK,", "Dirkou - Bilma", "a road has two points or more, each once"),
        (ROADS, "BIL,movement,", "BIL,mouvement,", "Dirkou - Bilma", "no code is of the family mouvement"),
        (ROADS, "BIL,movement,", "BIL,,", "Dirkou - Bilma", "no family of codes travels on it: write one"),
        (ROADS, "movement,60,8", "movement,8,60", "Agadez - Ach", "fastest is less than slowest: mend"),
        (ROADS, "movement,60,8", "movement,fast,8", "Agadez - Ach", "are whole km/h from 1 to 150"),
        (ROADS, "Dirkou - Bilma,", ",", ",DRK|BIL", "a road has no name: give it one"),
    ],
)
def test_a_fault_is_named_with_file_and_line(
    tmp_path: Path, name: str, old: str, new: str, line_with: str, words: str
) -> None:
    changed = edited(tmp_path, name, old, new)
    said = faults(tmp_path)
    (fault,) = [fault for fault in said if words in fault]
    file, line, _ = fault.split(":", 2)
    source = changed if line_with in changed else (DATA / file).read_text(encoding="utf-8")
    assert int(line) == source[: source.index(line_with)].count("\n") + 1
    assert Path(file).name == (name if line_with in changed else WORDS)


@pytest.mark.parametrize("name", [BOOK, WORDS])
def test_of_a_file_that_cannot_be_read_no_more_is_said(tmp_path: Path, name: str) -> None:
    edited(tmp_path, name, " = [", " = [[")
    (fault,) = faults(tmp_path)
    assert "is not TOML" in fault


def test_a_code_with_a_fault_is_not_called_missing_too(tmp_path: Path) -> None:
    edited(tmp_path, BOOK, 'code = "ESC"\nfamily = ', 'code = "ESC"\ncolour = ')
    said = faults(tmp_path)
    assert len(said) == 2
    assert all(": ESC: " in fault for fault in said)


def test_a_packaged_file_is_called_so(tmp_path: Path) -> None:
    edited(tmp_path, BOOK, 'code = "ESC"', 'code = "XKQ"')
    (fault,) = faults(tmp_path)
    assert fault.startswith("(packaged) lexicon.toml:")
    assert fault.endswith(": ESC is no code of the codebook: add it there")


@pytest.mark.parametrize(
    "name", ["Codebook.toml", "points.csv.txt", "points (1).csv", "partners.xlsx", "codebook", "codes.toml"]
)
def test_a_file_that_looks_like_ours_and_is_not_read_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("")
    there_are = (
        "codebook.toml, escalation.toml, lexicon.toml, partners.csv, places.csv, points.csv, roads.csv"
    )
    assert faults(tmp_path) == [f"{name}: is not read: the files are {there_are}; rename it, or move it away"]


@pytest.mark.parametrize("name", ["codebook.toml.bak", "points.csv~", ".points.csv.swp", "README.md"])
def test_a_file_that_was_laid_aside_is_let_be(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("")
    assert faults(tmp_path) == []


def test_a_family_of_the_agencys_own_and_letters_with_a_likeness_are_taken(tmp_path: Path) -> None:
    edited(tmp_path, BOOK, 'family = "trafficking"', 'family = "environnement"')
    assert faults(tmp_path) == []
    edited(tmp_path, BOOK, 'short_ha = "Zargin safarar mutane"', 'short_ha = "Ɗan ƙasa, enquête"')
    assert faults(tmp_path) == []


def test_semicolons_may_part_the_fields(tmp_path: Path) -> None:
    rows = list(csv.reader((DATA / PARTNERS).read_text(encoding="utf-8").splitlines()))
    with (tmp_path / PARTNERS).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";").writerows(rows)
    assert faults(tmp_path) == []
    assert examine(str(tmp_path)).partners == examine().partners


def test_a_table_that_is_missing_is_named(tmp_path: Path) -> None:
    edited(tmp_path, WORDS, "[keys]", "[kees]")
    assert "lexicon.toml:1: keys is missing: add it, as in a file of `vigie codebook export`" in faults(
        tmp_path
    )


def test_a_folder_that_is_none_is_named() -> None:
    with pytest.raises(DataError, match=r"^/nowhere: is no folder: make it, or mend VIGIE_AGENCY_DIR$"):
        load_reader("Africa/Niamey", "/nowhere")


def test_a_file_of_another_encoding_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / POINTS).write_bytes("code,name\nASM,Sérou\n".encode("latin-1"))
    assert faults(tmp_path) == ["points.csv:2: is not UTF-8: save the file as UTF-8"]


def test_a_faulty_file_stops_the_start_with_every_fault(tmp_path: Path) -> None:
    edited(tmp_path, BOOK, 'code = "RUM"', 'code = "PLD"')
    edited(tmp_path, POINTS, "19.574,5.768", "19.574,")
    with pytest.raises(DataError) as caught:
        load_reader("Africa/Niamey", str(tmp_path))
    assert len(str(caught.value).splitlines()) == 2


def test_our_roads_lead_past_what_an_agency_with_points_of_its_own_does_not_know(tmp_path: Path) -> None:
    text = (DATA / POINTS).read_text(encoding="utf-8")
    kept = [line for line in text.splitlines() if not line.startswith(("PZR,", "BIL,"))]
    (tmp_path / POINTS).write_text("\n".join(kept), encoding="utf-8")
    assert faults(tmp_path) == []
    roads = {road.name: road.points for road in load_roads(str(tmp_path))}
    assert roads["Agadez - Arlit - Assamaka - In Guezzam - Tamanrasset"] == (
        "AGZ",
        "ARL",
        "ASM",
        "IGZ",
        "TAM",
    )
    assert "Dirkou - Bilma" not in roads


def test_what_the_agency_wrote_is_read(tmp_path: Path) -> None:
    edited(tmp_path, BOOK, '"racket"', '"racket", "taxe sauvage"')
    edited(tmp_path, PARTNERS, "OIM,IOM,", "PUI,premiere urgence,,,\nOIM,IOM,")
    ours = load_reader("Africa/Niamey", str(tmp_path))
    (reading,) = ours.read("taxe sauvage assamaka avec PUI", line="agents", at=AT, post=None).readings
    assert (reading.code, reading.partners) == ("EXT", ("PUI",))
    theirs = load_reader("Africa/Niamey")
    (reading,) = theirs.read("taxe sauvage assamaka avec PUI", line="agents", at=AT, post=None).readings
    assert (reading.code, reading.partners) == (None, ())


def test_a_file_that_a_spreadsheet_saved_is_read(tmp_path: Path) -> None:
    text = (DATA / POINTS).read_text(encoding="utf-8")
    (tmp_path / POINTS).write_bytes(text.replace("\n", "\r\n").encode("utf-8-sig"))
    assert faults(tmp_path) == []
