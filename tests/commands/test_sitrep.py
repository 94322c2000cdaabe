"""`vigie sitrep`: what an operator gets, as text, page and PDF."""

from pathlib import Path

import pytest

from gateway.services import Services
from tests.commands.conftest import Run
from tests.commands.test_keys import Office, office

__all__ = ["office"]


def test_the_report_of_today_is_text_and_shows_no_number_nor_anybodys_words(run: Run, office: Office) -> None:
    ran = run("sitrep", "--since", "2026-11-21T00:00", "--until", "2026-11-22T00:00")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith("Rapport de situation · Niger\ndu 21/11/2026 00:00 au 22/11/2026 00:00\n")
    assert "Refoulement Point Zéro, Assamaka, 647 pers." in ran.out
    for hidden in ("camionnette", "aidez", "+227", "90000"):
        assert hidden not in ran.out


def test_a_region_is_reported_by_itself_in_english(run: Run, office: Office) -> None:
    period = ("--since", "2026-11-21T00:00", "--until", "2026-11-22T00:00")
    assert "647 people" in run("sitrep", "--region", "agadez", "--lang", "en", *period).out
    out = run("sitrep", "--region", "Maradi", "--lang", "en", *period).out
    assert out.startswith("Situation report · Maradi")
    assert "No alert is open." in out


@pytest.mark.parametrize(
    ("form", "begins"), [("html", b"<!DOCTYPE html>"), ("pdf", b"%PDF"), ("text", b"Rapport")]
)
def test_a_file_is_written(run: Run, agency: Services, tmp_path: Path, form: str, begins: bytes) -> None:
    out = tmp_path / "report"
    ran = run("sitrep", "--format", form, "--out", str(out))
    assert (ran.status, ran.out, ran.err) == (0, "", f"{out} is written.\n")
    assert out.read_bytes().startswith(begins)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--since", "2026-11-22", "--until", "2026-11-21"), "--since must be earlier than --until."),
        (("--since", "2020-01-01"), "A report is of 366 days at most"),
        (("--since", "yesterday"), "is no ISO time"),
        (("--region", "Kano"), "is no region"),
        (("--lang", "ha"), "ha"),
        (("--out", "/nowhere/at/all"), "--out cannot be written (No such file or directory)."),
    ],
)
def test_what_cannot_be_reported_is_said_in_a_sentence(
    run: Run, agency: Services, words: tuple[str, ...], sentence: str
) -> None:
    ran = run("sitrep", *words)
    assert (ran.status, sentence in ran.err) == (2, True)
