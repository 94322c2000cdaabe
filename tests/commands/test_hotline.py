"""`vigie hotline`: an officer decides, by pseudonym; every decision and every look goes on record."""

import base64
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway import demo
from gateway.alerts.records import Alert
from gateway.hotline import service as contacts
from gateway.hotline.calls import RECORDING
from gateway.hotline.voice import Event, What
from gateway.messages import Kind
from gateway.people.marks import CONTACT
from gateway.services import Services
from gateway.storage.database import table_of
from tests.commands.conftest import Run
from tests.commands.test_keys import Office

NUMBER = "+22790000501"
Decisions = Callable[[], list[tuple[str, str]]]


@pytest.fixture
def name(agency: Services, run: Run) -> str:
    """Somebody wrote to the hotline a moment ago; the commands go by the real clock."""
    office = Office(agency)
    office.acceptor.accept(office.message(NUMBER, "aidez moi", demo.HOTLINE))
    office.work()
    listed = run("hotline", "list")
    found = re.search(r"C-\w{4}", listed.out)
    assert found, listed
    return found[0]


def test_nothing_goes_to_a_contact_until_marked_safe_and_then_a_neutral_text_does(
    run: Run, name: str, decisions: Decisions
) -> None:
    assert run("hotline", "answer", name, "hello").status == 1
    marked = run("hotline", "mark", name, "safe-now", "--by", "sms", "--why", "said so on the phone")
    assert (marked.status, marked.err) == (0, "")
    answered = run("hotline", "answer", name.lower(), "hello")
    assert (answered.status, answered.err) == (0, "")
    shown = run("hotline", "show", name).out
    assert "safe now by sms" in shown
    assert "said so on the phone" in shown
    actions = [action for action, _ in decisions()]
    assert actions[-3:] == ["contact marked", "contact answered", "contact shown"]
    assert NUMBER not in run("hotline", "list").out + shown


def test_a_number_is_shown_only_while_it_may_be_called_and_goes_on_record(
    run: Run, name: str, decisions: Decisions
) -> None:
    assert run("hotline", "number", name).status == 1
    run("hotline", "mark", name, "safe-now", "--by", "call", "--why", "said so")
    assert run("hotline", "number", name).out.strip() == NUMBER
    assert decisions()[-1][0] == "number revealed"


def test_nobody_having_called_is_said_in_a_sentence(run: Run, name: str) -> None:
    assert "Nobody has called" in run("hotline", "calls").out


def test_words_are_asked_for_and_never_shown(run: Run, name: str) -> None:
    kept = run("hotline", "words", name, typed="mangue\ncitron\n")
    assert kept.status == 0
    assert "agreed upon" in run("hotline", "show", name).out
    assert run("hotline", "words", name, typed="mangue\nMangue\n").status == 2


@pytest.mark.parametrize(
    "words",
    [
        ("mark", "C-0000", "never", "--why", "x"),
        ("mark", "NAME", "safe-now", "--why", "no way"),
        ("mark", "NAME", "safe-at-hours", "--by", "sms", "--hours", "25:00-26:00", "--why", "x"),
        (
            "mark",
            "NAME",
            "safe-at-hours",
            "--by",
            "sms",
            "--hours",
            "8:00-9:00",
            "--days",
            "89",
            "--why",
            "x",
        ),
        ("mark", "NAME", "safe-at-hours", "--by", "sms", "--hours", "18:00-18:00", "--why", "x"),
        ("mark", "NAME", "safe-at-hours", "--by", "sms", "--why", "x"),
        ("mark", "NAME", "never", "--days", "12", "--why", "x"),
        ("done", "NAME"),
        ("show", "482135"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(run: Run, name: str, words: tuple[str, ...]) -> None:
    refused = run("hotline", *(name if word == "NAME" else word for word in words))
    assert refused.status == 2
    assert refused.err.startswith("vigie: ")


def test_who_asked_to_be_called_is_a_task_until_somebody_did(agency: Services, run: Run, name: str) -> None:
    assert "Nobody is to be called back" in run("hotline", "tasks").out
    with agency.engine.begin() as connection:
        contact = connection.execute(sa.select(CONTACT.c.id)).scalar_one()
        asked = datetime.now(UTC)
        contacts.asks_to_be_called(connection, agency, contact, asked, hours=None, language="fr")
    listed = run("hotline", "tasks").out
    assert name in listed
    assert "may be called" in listed
    assert run("hotline", "done", name).status == 0
    assert "Nobody is to be called back" in run("hotline", "tasks").out


def test_a_call_back_is_warned_of_where_the_word_for_duress_was_said_since(
    agency: Services, run: Run, name: str
) -> None:
    run("hotline", "words", name, typed="mangue\ncitron\n")
    with agency.engine.begin() as connection:
        contact = connection.execute(sa.select(CONTACT.c.id)).scalar_one()
        asked = datetime.now(UTC)
        contacts.asks_to_be_called(connection, agency, contact, asked, hours=None, language="fr")
    office = Office(agency)
    office.acceptor.accept(office.message(NUMBER, "citron", demo.HOTLINE))
    office.work()
    listed = run("hotline", "tasks").out
    assert "do not call (she said the word for duress" in listed
    assert "may be called" not in listed


def test_a_voice_message_is_played_out_by_the_reference_of_its_alert_and_goes_on_record(
    agency: Services, run: Run, decisions: Decisions, tmp_path: Path
) -> None:
    office = Office(agency)
    spoken = Event(What.SPOKE, "RE" + "0" * 32, "fr").id_in("CA1")
    message = replace(office.message(NUMBER, "", demo.HOTLINE), kind=Kind.CALL, provider_id=spoken)
    office.acceptor.accept(message)
    office.work()
    assert "on its way" in run("hotline", "recordings").out
    with agency.engine.begin() as connection:
        reference = connection.execute(sa.select(table_of(Alert).c.reference)).scalar_one()
    out = tmp_path / "said.mp3"
    assert run("hotline", "recording", reference, "--output", str(out)).status == 1  # it has not come yet
    audio = agency.cipher.encrypt(base64.b64encode(b"ID3 said").decode())
    with agency.engine.begin() as connection:
        connection.execute(sa.update(RECORDING).values(state="done", due_at=None, audio=audio))
    assert run("hotline", "recording", reference, "--output", str(out)).status == 0
    assert out.read_bytes() == b"ID3 said"
    assert decisions()[-1][0] == "recording played out"
    listed = run("hotline", "recordings").out
    assert "here" in listed
    assert NUMBER not in listed
    with agency.engine.begin() as connection:
        connection.execute(sa.update(RECORDING).values(audio=None, erased_at=datetime.now(UTC)))
    assert "erased" in run("hotline", "recordings").out
    assert "was erased" in run("hotline", "recording", reference, "--output", str(out)).err
    assert run("hotline", "recording", "000000", "--output", str(out)).status == 2
    listed = run("hotline", "calls").out
    assert "spoke" in listed
    assert NUMBER not in listed


def test_the_sentences_to_record_are_listed_and_hausa_is_said_to_be_missing(run: Run) -> None:
    listed = run("hotline", "prompts").out
    assert "Hausa is not offered" in listed
