"""`vigie parse`: one text or a stream, for a program or for a person, with no database anywhere."""

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from io import StringIO
from itertools import pairwise, takewhile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

import gateway
from gateway import cli
from gateway.commands.explaining import LABELS, Page, language_here
from gateway.reports.explanation import Explanation
from gateway.reports.reader import load_reader
from gateway.text.words import LANGUAGES

AT = datetime(2026, 11, 21, 13, 0, tzinfo=UTC)
READER = load_reader("Africa/Niamey")


def explained(text: str, *, language: str = "en", width: int = 78, colours: bool = False) -> str:
    out = StringIO()
    console = Console(
        file=out, width=width, force_terminal=colours, color_system="standard" if colours else None
    )
    parse = READER.read(text, line="agents", at=AT, post=None)
    Page(console, Explanation(language, READER)).show(parse)
    return out.getvalue()


def text_lines(text: str, width: int) -> list[str]:
    """The text with its signs: what stands before the first empty line."""
    return [*takewhile(bool, explained(text, width=width).split("\n"))]


def ran(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str, typed: str = ""
) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["vigie", "parse", *words])
    monkeypatch.setattr(sys, "stdin", StringIO(typed))
    status = 0
    try:
        cli.main()
    except SystemExit as end:
        status = int(end.code or 0)
    said = capsys.readouterr()
    return status, said.out, said.err


def test_each_field_has_its_sign_below_the_words_that_gave_it() -> None:
    lines = explained("RPZ ASM 647 H590 vers DRK svp").splitlines()
    assert lines[:6] == [
        "  RPZ ASM 647 H590 vers DRK svp",
        "  1^^ 2^^ 3^^^^^^^ 4^^^^^^^",
        "",
        '  1   code    RPZ Pushback, Point Zero; severity 1, life at stake  ("RPZ")',
        '  2   place   Assamaka [ASM]; 19.367, 5.8, within 2 km  ("ASM")',
        '  3   people  men 590, in all 647  ("647 H590")',
    ]
    assert '  Note, kept as it is: "svp"' in lines


def test_every_incident_of_a_text_is_told_by_itself() -> None:
    said = explained("RPZ ASM 30 et SEQ AGZ 4 fem", language="fr")
    assert re.findall(r"Incident \d sur 2", said) == ["Incident 1 sur 2", "Incident 2 sur 2"]
    assert "4   code       SEQ Personnes séquestrées" in said


def test_a_doubt_is_told_with_what_would_be_asked() -> None:
    said = explained("RPZ Illela 40", language="fr")
    assert "À éclaircir: le lieu peut être Illela (Nigeria) [ILN] / Illéla (Niger) [ILL]." in said
    assert 'Serait demandé: "Recu ....... Illela: A) Nigeria B) Tahoua?"' in said


def test_of_several_incidents_one_doubt_is_asked_about() -> None:
    said = explained("RPZ ASM et SEQ Illela 4 fem")
    assert said.count("To be cleared up") == 2
    assert said.count("Would be asked") == 1
    assert "Illela: A) Nigeria B) Tahoua?" in said


def test_a_caller_is_asked_nothing() -> None:
    parse = READER.read("RPZ Illela", line="hotline", at=AT, post=None)
    out = StringIO()
    Page(Console(file=out, width=78), Explanation("en", READER)).show(parse)
    assert "Nothing to ask." in out.getvalue()


def test_a_line_from_right_to_left_has_no_signs_below_it_but_its_words_are_quoted() -> None:
    lines = explained("SOS دركو 12\nSOS").splitlines()
    assert lines[:3] == ["  SOS دركو 12", "  SOS", "  3^^"]
    assert any('("دركو")' in line for line in lines)


def test_colours_underline_the_words_only_in_a_terminal() -> None:
    assert "\x1b[4;31mRPZ\x1b[0m" in explained("RPZ ASM 12", colours=True)
    assert "\x1b" not in explained("RPZ ASM 12")


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300), st.integers(22, 100))
def test_any_text_is_shown_within_the_width_and_harmless(text: str, width: int) -> None:
    shown = text_lines(text, width)
    assert all(cell_len(line) <= width for line in shown)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", "".join(shown))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(["RPZ", "ASM", "647", "H590", "vers DRK", "GN12", "xx", "14h30"]), max_size=30),
    st.integers(22, 60),
)
def test_the_signs_stand_below_their_own_words(words: list[str], width: int) -> None:
    text = " ".join(words)
    for above, below in pairwise(text_lines(text, width)):
        if below.strip() and set(below) <= {" ", "^", *LABELS} and "^" in below:
            assert not [
                letter
                for letter, sign in zip(above, below.ljust(len(above)), strict=False)
                if letter == "x" and sign != " "
            ]
            assert len(below) <= len(above.rstrip())


def test_the_language_is_that_of_the_terminal_else_french(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    assert language_here() == "fr"
    for value, language in (("en_GB.UTF-8", "en"), ("ha_NE", "ha"), ("C.UTF-8", "fr"), ("de_DE", "fr")):
        monkeypatch.setenv("LANG", value)
        assert language_here() == language
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    assert language_here() == "en"


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_explanation_can_be_asked_for_in_any_language(
    language: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, said, _ = ran(monkeypatch, capsys, "--explain", "--lang", language, "RPZ ASM")
    assert status == 0
    assert READER.book.label("RPZ", language) in said


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("nothing", 'Line 2: this is no JSON object with a "text".'),
        ('{"text": 5}', 'Line 2: this is no JSON object with a "text".'),
        ("[" * 100_000, 'Line 2: this is no JSON object with a "text".'),
        ('{"text": "x", "line": ["hotline"]}', "Line 2: its line is no string."),
        ('{"text": "x", "line": "x"}', "Line 2: the line is agents or hotline."),
        ('{"text": "x", "at": 5}', "Line 2: its at is no string."),
        ('{"text": "x", "at": "noon"}', "Line 2: 'noon' is no ISO time"),
        ('{"text": "x", "post": "QQQ"}', "Line 2: 'QQQ' is no code of a point"),
    ],
)
def test_a_faulty_line_is_named_after_the_good_ones_were_read(
    row: str, sentence: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, said, complained = ran(monkeypatch, capsys, typed=f'{{"text": "RAS", "post": "AGZ"}}\n{row}\n')
    assert status == 2
    assert json.loads(said)["readings"][0]["place"]["code"] == "AGZ"
    assert sentence in complained
    assert complained.count("\n") == 1


def test_absent_values_of_a_line_are_those_of_the_options(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = '{"text": "RAS", "post": null}\n\n{"text": "aidez moi", "line": "hotline"}\n'
    status, said, _ = ran(monkeypatch, capsys, "--post", "asm", typed=typed)
    first, second = map(json.loads, said.splitlines())
    assert (status, first["readings"][0]["place"]["code"], second["line"]) == (0, "ASM", "hotline")


@pytest.mark.timeout(60)
def test_each_answer_comes_before_the_next_text_is_written(tmp_path: Path) -> None:
    with subprocess.Popen(
        (sys.executable, "-m", "gateway.cli", "parse"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(Path(gateway.__file__).parents[1])},
        cwd=tmp_path,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for text in ("RPZ ASM 12", "RAS AGZ"):
            process.stdin.write(json.dumps({"text": text}).encode() + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["text"] == text
        process.stdin.write(b'\xff\xfe"\n')
        process.stdin.close()
        assert process.wait(30) == 2


def test_no_database_is_needed_nor_its_address_looked_at(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VIGIE_DATABASE_URL", "not an address")
    monkeypatch.setenv("VIGIE_REDIS_URL", "not an address")
    assert ran(monkeypatch, capsys, "RAS AGZ")[0] == 0


def test_half_a_letter_comes_back_as_it_was_given(tmp_path: Path) -> None:
    answered = subprocess.run(
        (sys.executable, "-m", "gateway.cli", "parse"),
        input=b'{"text": "RAS GAY \\ud800 calme"}\n',
        capture_output=True,
        check=True,
        env=os.environ
        | {"PYTHONPATH": str(Path(gateway.__file__).parents[1]), "LC_ALL": "C", "PYTHONUTF8": "0"},
        cwd=tmp_path,
    )
    assert json.loads(answered.stdout)["text"] == "RAS GAY \ud800 calme"
