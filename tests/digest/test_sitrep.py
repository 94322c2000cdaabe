"""The situation report: the same figures as text, page and PDF; whole, escaped, and without what it must not show."""

import io
import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from PIL import Image

from gateway.digest import contents, page, pdf, plain
from gateway.digest.contents import Sitrep, all_words
from gateway.digest.drawing import Disc, Drawing, Path, Words, chart_of, map_of
from gateway.digest.figures import Material, Report, Spot, figures
from gateway.digest.png import to_png
from gateway.digest.svg import to_svg
from gateway.places.basemap import load_basemap
from gateway.places.gazetteer import load_gazetteer
from gateway.places.roads import load_roads
from gateway.reports.codebook import load_codebook
from tests.digest.samples import CALM, UNTIL, busy_day

BOOK = load_codebook()
BUSY = busy_day()


def made(
    material: Material = BUSY, region: str | None = None, language: str = "fr"
) -> tuple[Sitrep, dict[str, Drawing]]:
    counted = figures(material, BOOK, region)
    sitrep = contents.sitrep(counted, BOOK, language, UNTIL)
    says = sitrep.says
    drawn = map_of(counted, load_basemap(), load_gazetteer(), load_roads(), sitrep.language, says["map_says"])
    return sitrep, {"map": drawn, "chart": chart_of(counted, sitrep.language, says["chart"])}


def pages(document: bytes) -> int:
    return len(re.findall(rb"/Type /Page\b", document))


def test_both_languages_say_the_same_things() -> None:
    french, english = (all_words()[language] for language in contents.LANGUAGES)
    assert list(french) == list(english)
    for key, text in french.items():
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", english[key])), key


def test_an_alert_says_how_many_reports_tell_of_it_and_how_far_it_has_come() -> None:
    states = [item.state for item in made()[0].open]
    assert any("4 rapports" in state for state in states)
    assert any(state.endswith("min, sur place") for state in states)
    assert any(state.endswith("pas encore prise") for state in states)


def test_a_post_that_is_silent_is_named_to_its_region() -> None:
    assert made()[0].silent == made(region="Agadez")[0].silent != ()
    assert made(region="Maradi")[0].silent == ()


def test_a_language_without_words_is_french() -> None:
    assert made(language="ha")[0].says["title"] == "Rapport de situation"


@pytest.mark.parametrize("region", [None, "Agadez"])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_busy_day_is_two_pages_and_a_calm_one_is_one(language: str, region: str | None) -> None:
    sitrep, pictures = made(BUSY, region, language)
    document = pdf.to_pdf(sitrep, pictures["map"])
    assert document.startswith(b"%PDF")
    assert pages(document) == 2
    sitrep, pictures = made(CALM, region, language)
    assert pages(pdf.to_pdf(sitrep, pictures["map"])) == 1


def test_what_fills_more_than_two_pages_with_no_row_left_to_cut_is_made_all_the_same() -> None:
    names = [f"{'Campement provisoire ' * 4}{number}" for number in range(12)]
    reports = [
        replace(report, spot=Spot(names[number % len(names)], None))
        for number, report in enumerate(BUSY.reports)
    ]
    sitrep, pictures = made(replace(BUSY, reports=reports, gaps=[*BUSY.gaps] * 6))
    assert pages(pdf.to_pdf(sitrep, pictures["map"])) > 2


def test_every_report_without_an_alert_stands_in_the_page_and_the_text() -> None:
    sitrep, pictures = made()
    html, text = page.to_html(sitrep, pictures), plain.to_text(sitrep)
    assert len(sitrep.later) > 20
    for item in (*sitrep.later, *sitrep.open):
        assert item.references in html
        assert item.references in text
    for key in sitrep.keys:
        assert key.figure in text


def test_what_a_place_is_called_is_no_markup() -> None:
    odd = Report(
        "482135", UNTIL.replace(hour=12), "report", "CVM", 3, Spot("<b>R&D</b>", "Agadez", 17.0, 8.0), 5
    )
    sitrep, pictures = made(replace(CALM, reports=(odd,)))
    html = page.to_html(sitrep, pictures)
    assert "&lt;b&gt;R&amp;D&lt;/b&gt;" in html
    assert "<b>R&D" not in html
    assert pdf.to_pdf(sitrep, pictures["map"])


def test_nothing_is_fetched_from_elsewhere_and_nothing_runs() -> None:
    sitrep, pictures = made()
    html = page.to_html(sitrep, pictures).replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"<script|https?:|@import|url\(|<link|\son\w+=", html)
    mail = page.to_mail(sitrep, pictures, {"map": "map@vigie", "chart": "chart@vigie"})
    assert re.findall(r'src="([^"]+)"', mail) == ["cid:map@vigie", "cid:chart@vigie"]
    assert "<svg" not in mail


@pytest.mark.parametrize("region", [None, "Zinder"])
def test_where_a_caller_is_stands_nowhere(region: str | None) -> None:
    sitrep, pictures = made(region=region)
    for form in (page.to_html(sitrep, pictures), plain.to_text(sitrep)):
        assert "Zinder Birni" not in form
        assert "900000" not in form


def test_the_map_shows_each_report_that_has_a_position_in_sight() -> None:
    sitrep, pictures = made()
    picture = pictures["map"]
    discs = [mark for mark in picture.marks if isinstance(mark, Disc) and mark.radius > 6]
    for disc in discs:
        assert 0 < disc.x < picture.width
        assert 0 < disc.y < picture.height
    centres = {(disc.x, round(disc.y + 3.2, 3)) for disc in discs}
    counts = [
        int(mark.text) for mark in picture.marks
        if isinstance(mark, Words) and mark.bold and (mark.x, round(mark.y, 3)) in centres
    ]  # fmt: skip
    assert sum(counts) == sum(count.reports for spot, count in sitrep.figures.places if spot.lat)
    assert len([mark for mark in picture.marks if isinstance(mark, Path)]) > 20


@pytest.mark.parametrize("material", [BUSY, CALM], ids=["busy", "calm"])
@pytest.mark.parametrize("name", ["map", "chart"])
def test_a_drawing_is_the_same_size_in_every_form(material: Material, name: str) -> None:
    drawing = made(material)[1][name]
    svg = ET.fromstring(to_svg(drawing))  # noqa: S314 - our own
    assert svg.get("viewBox") == f"0 0 {drawing.width:.0f} {drawing.height:.0f}"
    with Image.open(io.BytesIO(to_png(drawing))) as image:
        assert image.size[0] == round(drawing.width * 2)
        assert len(image.getcolors() or ()) > 3


def test_the_bars_of_the_chart_add_up() -> None:
    sitrep, _ = made()
    chart = chart_of(sitrep.figures, "fr", "")
    above = [mark.text for mark in chart.marks if isinstance(mark, Words) and mark.bold]
    assert [int(number) for number in above] == [
        counts.total() for _, counts in sitrep.figures.days if counts
    ]
