"""`vigie card`: a file that can be printed, or a sentence that says why not."""

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway import cli

Vigie = Callable[..., int]


@pytest.fixture
def vigie(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Vigie:
    """The command in a folder of its own, with no database anywhere; its exit status."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> int:
        monkeypatch.setattr(sys, "argv", ["vigie", *words])
        try:
            cli.main()
        except SystemExit as end:
            return int(end.code or 0)
        return 0

    return run


def test_the_french_pdf_is_what_one_gets_unasked(vigie: Vigie, tmp_path: Path) -> None:
    assert vigie("card") == 0
    assert (tmp_path / "vigie-card-fr.pdf").read_bytes().startswith(b"%PDF-")


def test_the_page_holds_everything_in_itself(vigie: Vigie, tmp_path: Path) -> None:
    assert vigie("card", "--lang", "ha", "--format", "html", "--output", "card.html") == 0
    page = (tmp_path / "card.html").read_text(encoding="utf-8")
    assert '<html lang="ha">' in page
    assert "size: 105mm 148mm" in page
    assert "href=" not in page
    assert " src=" not in page


def test_the_agencys_own_codebook_is_printed(
    vigie: Vigie, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert vigie("codebook", "export", "own") == 0
    file = tmp_path / "own" / "codebook.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("Rumeur", "On raconte"), encoding="utf-8")
    monkeypatch.setenv("VIGIE_AGENCY_DIR", str(tmp_path / "own"))
    assert vigie("card", "--format", "html", "--output", "card.html") == 0
    assert "On raconte" in (tmp_path / "card.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("post", ["ASM", "NTC"])
def test_as_many_neighbours_of_a_post_are_named_as_fit(
    vigie: Vigie, capsys: pytest.CaptureFixture[str], tmp_path: Path, post: str
) -> None:
    assert vigie("card", "--post", post, "--format", "html", "--output", "card.html") == 0
    assert capsys.readouterr().err == "card.html is written.\n"
    page = (tmp_path / "card.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 2
    assert "PRÈS DE" in page


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--post", "QQQ"), "'QQQ' is no code of a point"),
        (("--number", "call me"), "--number is digits"),
        (("--sheet", "--format", "html"), "--sheet is for PDF"),
        (("--lang", "xx"), "'xx' is not one of"),
        (("--output", "no/such/folder.pdf"), "no/such/folder.pdf: No such file"),
    ],
)
def test_what_cannot_be_printed_is_said_in_a_sentence(
    vigie: Vigie, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], sentence: str
) -> None:
    assert vigie("card", *words) in (1, 2)
    complained = capsys.readouterr().err
    assert sentence in complained
    assert complained.count("\n") == 1


def test_a_codebook_that_outgrows_the_card_is_told(
    vigie: Vigie, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert vigie("codebook", "export", "own") == 0
    file = tmp_path / "own" / "codebook.toml"
    text = file.read_text(encoding="utf-8")
    longest = f'short_fr = "{"attente " * 5}"'
    needs = 'required = ["place", "people", "quantity", "partners", "destination"]'
    text = re.sub(r'required = \["place"\]', needs, re.sub(r'short_fr = ".*"', longest, text))
    file.write_text(text, encoding="utf-8")
    monkeypatch.setenv("VIGIE_AGENCY_DIR", str(tmp_path / "own"))
    assert vigie("card") == 0
    assert "The card has 3 sides: at 6.5 points" in capsys.readouterr().err
