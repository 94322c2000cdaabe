"""`vigie sitrep`: what an operator gets, as text, page and PDF."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.services import Services
from gateway.silence.records import PostRhythm
from tests.commands.conftest import Run
from tests.commands.test_keys import Office, office
from tests.standins.mail import Mailbox, certificate, free_port, server, told

__all__ = ["office"]


def test_the_report_of_today_is_text_and_shows_no_number_nor_anybodys_words(run: Run, office: Office) -> None:
    ran = run("sitrep", "--since", "2026-11-21T00:00", "--until", "2026-11-22T00:00")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith("Rapport de situation · Niger\ndu 21/11/2026 00:00 au 22/11/2026 00:00\n")
    assert "Refoulement Point Zéro, Assamaka, 647 pers." in ran.out
    for hidden in ("camionnette", "aidez", "+227", "90000"):
        assert hidden not in ran.out


def test_a_silent_post_stands_in_the_report(run: Run, agency: Services) -> None:
    rhythm = {"every": timedelta(hours=12), "grace": timedelta(hours=1), "severity": 2}
    with agency.engine.begin() as connection:
        times = dict.fromkeys(("since", "due_at", "told_at"), agency.now())
        connection.execute(sa.insert(PostRhythm).values(post="ASM", **rhythm, **times))
    assert "Assamaka, alerte donnée le 21/11/2026 14:00" in run("sitrep").out
    assert "Assamaka" not in run("sitrep", "--region", "Maradi").out


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
    ran = run("sitrep", "--format", form, "--output", str(out))
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
        (("--output", "/nowhere/at/all"), "--output cannot be written (No such file or directory)."),
    ],
)
def test_what_cannot_be_reported_is_said_in_a_sentence(
    run: Run, agency: Services, words: tuple[str, ...], sentence: str
) -> None:
    ran = run("sitrep", *words)
    assert (ran.status, sentence in ran.err) == (2, True)


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch, run: Run, tmp_path: Path) -> Iterator[Mailbox]:
    with server("none", certificate(tmp_path)[1]) as (port, box):
        _mail_server(monkeypatch, port)
        yield box


def _mail_server(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    given = {"HOST": "127.0.0.1", "PORT": str(port), "SECURITY": "none", "FROM": "vigie@example.org"}
    for name, value in given.items():
        monkeypatch.setenv(f"VIGIE_SMTP_{name}", value)


def test_it_is_mailed_to_the_chiefs_concerned_each_in_their_language(
    run: Run, agency: Services, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIGIE_SITREP_TO", "cabinet@example.org")
    assert run("officers", "chief", "+22790000902", "--email", "pays@example.org").status == 0
    north = ("officers", "chief", "+22790000903", "--region", "Agadez", "--email", "nord@example.org")
    assert run(*north).status == 0
    assert run("sitrep", "--send").out == "Mailed to 2.\n"
    assert mailbox.recipients == ["pays@example.org", "cabinet@example.org"]
    assert run("sitrep", "--send", "--region", "Agadez").out == "Mailed to 1.\n"
    assert mailbox.recipients[2:] == ["nord@example.org"]
    noon = ("sitrep", "--send", "--since", "2026-11-20T12:00", "--until", "2026-11-21T12:00")
    assert run(*noon).out == "Mailed to 2.\n"
    again = run(*noon)
    assert (again.status, "was mailed before; another --until makes another" in again.err) == (2, True)


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ({"RCPT": "550 no"}, "The mail server refuses the recipient (550).\n"),
        ({"RCPT": "450 no"}, "now (450). It is tried again by the gateway.\n"),
    ],
)
def test_a_mail_that_does_not_leave_says_why(
    run: Run, agency: Services, monkeypatch: pytest.MonkeyPatch, answers: dict[str, str], sentence: str
) -> None:
    monkeypatch.setenv("VIGIE_SITREP_TO", "cabinet@example.org")
    with told(answers) as port:
        _mail_server(monkeypatch, port)
        ran = run("sitrep", "--send")
    assert (ran.status, ran.err.endswith(sentence), "cabinet" in ran.err) == (1, True, False)


def test_without_a_server_or_anybody_to_mail_to_it_says_so(
    run: Run, agency: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = run("sitrep", "--send")
    assert (ran.status, "VIGIE_SMTP_HOST is empty" in ran.err) == (2, True)
    _mail_server(monkeypatch, free_port())
    ran = run("sitrep", "--send")
    assert (ran.status, "There is nobody to mail it to" in ran.err) == (2, True)


def test_the_doctor_tries_the_mail_server(
    run: Run, agency: Services, monkeypatch: pytest.MonkeyPatch, mailbox: Mailbox
) -> None:
    assert "mail: 127.0.0.1 is ready to take situation reports." in run("doctor").out
    _mail_server(monkeypatch, free_port())
    assert "wrong    mail: 127.0.0.1:" in run("doctor").out
    monkeypatch.setenv("VIGIE_SMTP_HOST", "")
    assert "note     mail: No situation report is mailed" in run("doctor").out
    monkeypatch.setenv("VIGIE_SITREP_TO", "cabinet@example.org")
    assert "warning  mail: Situation reports are to be mailed" in run("doctor").out


def test_a_mail_server_without_a_sender_is_refused(
    run: Run, agency: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIGIE_SMTP_HOST", "mail.example.org")
    ran = run("people")
    assert (ran.status, "VIGIE_SMTP_FROM is empty" in ran.err) == (2, True)
