"""The pocket card: whatever the codebook holds stands on it, fits, and can be read without colour."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from html import unescape
from itertools import combinations, islice
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.card.contents import Pairs, Sample, Side, codes_side, neighbours, writing_side
from gateway.card.layout import (
    HEIGHT,
    LARGEST,
    MARGIN,
    SMALLEST,
    WIDTH,
    Box,
    Page,
    TooLongError,
    Words,
    _Sheet,
    pages,
    printable,
)
from gateway.card.page import to_html
from gateway.card.pdf import to_pdf, to_sheet
from gateway.data.files import DataFile, strictly
from gateway.reports.codebook import Codebook, load_codebook, parse_codebook
from gateway.reports.reader import Reader, load_reader
from gateway.text.words import LANGUAGES

READER = load_reader("Africa/Niamey")
BOOK = load_codebook()
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)")


def drawn(
    language: str, *, book: Codebook = BOOK, number: str | None = None, post: str | None = None
) -> list[Page]:
    back = writing_side(READER, language, number=number, post=post)
    return [*pages(codes_side(book, language)), *pages(back)]


def words_of(laid: list[Page]) -> list[Words]:
    return [mark for page in laid for mark in page if isinstance(mark, Words)]


def squeezed(text: str) -> str:
    return "".join(text.split())


def pdf_text(pdf: bytes) -> str:
    """What a PDF says, without the blanks, over which lines are broken."""
    said = b"".join(re.findall(rb"\(((?:\\.|[^()\\])*)\) Tj", pdf))
    plain = _ESCAPE.sub(lambda m: bytes([int(m[1], 8)]) if len(m[1]) == 3 else m[1], said)
    return squeezed(plain.decode("cp1252"))


def html_text(html: str) -> str:
    return squeezed("".join(map(unescape, re.findall(r"<text[^>]*>(.*?)</text>", html))))


def codebook(*codes: tuple[str, str, int]) -> Codebook:
    """The card does not lean on the check of the labels."""
    text = "\n".join(
        f'[[code]]\ncode = "{code}"\nfamily = "f{severity}"\nlabel_fr = "x"\nlabel_en = "x"\nseverity = {severity}\n'
        'short_fr = "x"\nshort_en = "x"\nshort_ha = "x"\nrequired = ["place", "people"]'
        for code, _, severity in codes
    )
    book = strictly(parse_codebook, DataFile("test", text))
    return Codebook(
        {code: replace(book[code], short=dict.fromkeys(LANGUAGES, label)) for code, label, _ in codes}
    )


def code_names() -> Iterator[str]:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return (f"{one}{two}{three}" for one in letters for two in letters for three in letters)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pdf_is_two_a6_pages(language: str) -> None:
    pdf = to_pdf(drawn(language), "Vigie", language)
    boxes = re.findall(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", pdf)
    assert [(round(float(x) / 72 * 25.4), round(float(y) / 72 * 25.4)) for x, y in boxes] == [(105, 148)] * 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_stands_on_it_with_its_label(language: str) -> None:
    laid = drawn(language)
    for text in (
        pdf_text(to_pdf(laid, "Vigie", language)),
        html_text(to_html(laid, "Vigie", language)),
        pdf_text(to_sheet(laid, "Vigie", language)),
    ):
        missing = [
            code.code
            for code in BOOK.codes.values()
            if squeezed(f"{code.severity}{code.code}{code.label(language)}") not in text
        ]
        assert missing == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("post", ["ASM", "GAY", "AGZ"])
def test_the_points_near_a_post_still_fit_two_sides(language: str, post: str) -> None:
    assert len(drawn(language, post=post, number="+227 80 00 00 01")) == 2


def test_the_points_near_a_post_are_its_neighbours_without_shelters_and_ghettos() -> None:
    near = neighbours(READER, READER.gazetteer.by_code["AGZ"])
    assert {"AGZ", "AGR", "TCZ"} <= {point.code for point in near}
    assert {"AGG", "AGH", "ASM"}.isdisjoint({point.code for point in near})


def test_another_codebook_makes_another_card() -> None:
    book = codebook(("QQQ", "Tempête de sable", 1), ("ZZZ", "Panne & \\ <b>", 3))
    laid = drawn("fr", book=book)
    for text in (pdf_text(to_pdf(laid, "Vigie", "fr")), html_text(to_html(laid, "Vigie", "fr"))):
        assert "1QQQTempêtedesable" in text
        assert "3ZZZPanne&\\<b>" in text
        assert "SEQ" not in html_text(to_html(pages(codes_side(book, "fr")), "Vigie", "fr"))


def test_what_most_codes_ask_for_is_said_once_and_what_others_ask_for_with_each() -> None:
    text = squeezed("".join(words.text for words in words_of(pages(codes_side(BOOK, "fr")))))
    assert text.count("lieu,combien;") == 1
    assert "KITDistributionlieu,quantité,partenaire" in text
    assert "CVMConvoidemigrantslieu,combien,versoù" in text
    assert "SOSDétresse,secourslieu2VAB" not in text
    assert "SOSDétresse,secourslieu1DCD" in text


def assert_sound(laid: list[Page]) -> None:
    """Inside the margins, no smaller than the floor, nothing on top of anything else."""
    for page in laid:
        words = words_of([page])
        for run in words:
            assert run.size >= SMALLEST
            assert run.x >= MARGIN - 0.1
            assert run.right <= WIDTH - MARGIN + 0.1, run.text
            assert run.y - run.size * 0.8 >= MARGIN
            assert run.y + run.size * 0.2 <= HEIGHT - MARGIN + 1, run.text
        for one, other in combinations(words, 2):
            beside = one.right <= other.x + 0.1 or other.right <= one.x + 0.1
            below = abs(one.y - other.y) >= min(one.size, other.size) * 0.9
            assert beside or below, (one.text, other.text)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("post", [None, "ASM", "DKR"])
def test_nothing_stands_on_top_of_anything_else(language: str, post: str | None) -> None:
    assert_sound(drawn(language, post=post))
    assert_sound(drawn(language, post=post, number="+227 80 00 00 00 00 00"))


LABELS = st.text(
    st.characters(codec="utf-8", exclude_characters='"\\\x7f', exclude_categories=["Cc", "Cs"]), max_size=60
)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.tuples(LABELS.filter(lambda label: label.strip()), st.integers(1, 4)), min_size=1, max_size=90
    )
)
def test_any_codebook_fits_and_loses_no_code(rows: list[tuple[str, int]]) -> None:
    names = [*islice(code_names(), len(rows))]
    book = codebook(*((name, *row) for name, row in zip(names, rows, strict=True)))
    laid = pages(codes_side(book, "fr"))
    assert_sound(laid)
    text = squeezed("".join(words.text for words in words_of(laid)))
    assert [
        name
        for name, (label, severity) in zip(names, rows, strict=True)
        if squeezed(f"{severity}{name}{printable(label)}") not in text
    ] == []


def test_a_codebook_that_outgrows_a_side_goes_on_to_another() -> None:
    book = codebook(*((name, "Personnes séquestrées", 1) for name in islice(code_names(), 120)))
    laid = pages(codes_side(book, "fr"))
    assert len(laid) == 2
    assert {words.size for words in words_of(laid)} == {SMALLEST, SMALLEST + 2}


def test_type_is_as_large_as_the_codes_allow() -> None:
    few, many = (
        min(
            words.size
            for words in words_of(
                pages(
                    codes_side(
                        codebook(*((name, "Tempête", 1) for name in islice(code_names(), count))), "fr"
                    )
                )
            )
        )
        for count in (5, 60)
    )
    assert SMALLEST < many < few == LARGEST


def test_a_label_longer_than_a_page_is_named() -> None:
    with pytest.raises(TooLongError, match="QQQ"):
        pages(codes_side(codebook(("QQQ", "mot " * 900, 1)), "fr"))


def test_severities_are_told_apart_by_their_shape() -> None:
    shapes = set()
    for severity in (1, 2, 3, 4):
        sheet = _Sheet(7)
        sheet.sign(20, severity)
        boxes = [(bool(box.fill), box.outline, box.round > 0) for box in sheet.marks if isinstance(box, Box)]
        shapes.add(tuple(boxes))
    assert len(shapes) == 4


def read_one(text: str) -> dict[str, Any]:
    evening = datetime(2026, 11, 21, 20, tzinfo=READER.zone)
    (reading,) = READER.read(text, line="agents", at=evening, post=None).to_dict()["readings"]
    plain: dict[str, Any] = reading
    return plain


def side(language: str, reader: Reader = READER) -> Side:
    return writing_side(reader, language, number=None, post=None)


def written(language: str) -> list[str]:
    """Everything that the card says to write."""
    return [sign for block in side(language).blocks if isinstance(block, Pairs) for sign, _ in block.pairs]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_example_is_read_without_a_doubt(language: str) -> None:
    (_, example) = (block.words for block in side(language).blocks if isinstance(block, Sample))
    reading = read_one(example)
    assert (reading["problems"], reading["note"]) == ([], None)
    assert (reading["place"]["code"], reading["people"]["total"]) == ("ASM", 6)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_card_says_to_write_is_read(language: str) -> None:
    services = {"CORR": "correction", "PLUS": "addition", "ANNU": "cancel", "AIDE": "help"}
    for sign in written(language):
        if sign.startswith(tuple(services)):
            assert read_one(sign)["kind"] == services[sign[:4]], sign
        elif sign not in (*EXAMPLE_WORDS, "TEST + message", "TEST + sako"):
            counted = f"{sign}4" if len(sign) < 3 else sign
            text = f"SEQ ARL {counted}" if sign == "T" else f"SEQ T6 {counted}"
            reading = read_one(text)
            assert reading["note"] is None, text
            assert {problem["code"] for problem in reading["problems"]} <= {"missing_place"}, text


EXAMPLE_WORDS = ("SEQ", "F4 L2", "NG6")


def test_the_line_number_is_left_to_be_filled_in() -> None:
    assert any("____" in words.text for words in words_of(drawn("fr")))
    assert any("+227 1" in words.text for words in words_of(drawn("fr", number="+227 1")))
