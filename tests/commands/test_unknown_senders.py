"""`vigie reporters unknown` and `vigie reporters add --unknown`: from stranger to reporter, and no number shown."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from gateway import demo
from gateway.outbox.records import OutboundRecord
from gateway.people.records import Reporter
from gateway.services import Services
from gateway.storage.database import table_of
from tests.clock import Clock
from tests.commands.conftest import Run
from tests.commands.test_bad_input import refused
from tests.commands.test_keys import Office
from tests.commands.test_reread import CHANGE, REPORT, rows, texts

OUT, REPORTER = table_of(OutboundRecord), table_of(Reporter)
STRANGER, OTHER = "+22790000555", "+22790000556"


@pytest.fixture
def office(agency: Services) -> Office:
    return Office(agency)


def id_of(office: Office, number: str) -> str:
    return office.services.cipher.digest(number).hex()[:8]


def answers(office: Office, number: str) -> list[str]:
    digest = office.services.cipher.digest(number)
    return [
        office.services.cipher.decrypt(row.text)
        for row in rows(office, OUT)
        if bytes(row.recipient_hash) == digest
    ]


def register(run: Run, office: Office, number: str, *options: str) -> Any:
    return run("reporters", "add", "--unknown", id_of(office, number), "--name", "Issa", *options)


def test_unknown_senders_are_listed_with_what_they_sent(run: Run, office: Office, clock: Clock) -> None:
    texts(office, "FLX ASM 40", "SOS ASM 12", "bonjour", sender=STRANGER)
    clock.forward(seconds=60)
    texts(office, "RAS ASM", "TEST SOS ASM 12", sender=OTHER)
    texts(office, "RAS ASM")
    texts(office, "aidez nous", sender="+22790000557", to=demo.HOTLINE)
    lines = [line.split() for line in run("reporters", "unknown").out.splitlines()]
    assert [line[0] for line in lines[1:3]] == [id_of(office, OTHER), id_of(office, STRANGER)]
    assert " ".join(lines[1][1:6]) == "+227 9• •• •• 56"
    assert lines[1][6] == "2"
    assert lines[1][-2:] == ["4", "RAS"], "a drill is nothing grave"
    assert lines[2][6] == "3"
    assert lines[2][-3:] == ["1", "FLX,", "SOS"]
    assert len(lines) == 4


def test_nobody_unknown(run: Run, office: Office) -> None:
    texts(office, "RAS ASM")
    assert run("reporters", "unknown").out == "Nobody unknown has written on the agents' line.\n"


def test_a_stranger_who_is_registered_gets_his_reports_and_answers(run: Run, office: Office) -> None:
    texts(office, "FLX ASM 40", "SOS ASM 12", sender=STRANGER)
    assert answers(office, STRANGER) == []
    ran = register(run, office, STRANGER, "--post", "arl", "--organisation", "Police", "--language", "ha")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == "Issa +227 9• •• •• 55 is registered; 2 earlier texts are theirs.\n"
    new = next(row for row in rows(office, REPORTER) if row.name == "Issa")
    assert (new.post, new.language, new.active) == ("ARL", "ha", True)
    before = rows(office, REPORT)
    assert {row.reporter_id for row in before} == {new.id}
    assert {row.verified for row in before} == {False}
    assert answers(office, STRANGER) == []
    assert "Nobody unknown" in run("reporters", "unknown").out
    texts(office, "RAS", sender=STRANGER)
    (answer,) = answers(office, STRANGER)
    assert "RAS Arlit" in answer
    assert rows(office, REPORT)[-1].verified


def test_that_it_was_linked_is_in_the_history_and_on_record(
    run: Run, office: Office, decisions: Callable[[], list[tuple[str, str]]]
) -> None:
    texts(office, "FLX ASM 40", sender=STRANGER)
    register(run, office, STRANGER)
    (change,) = rows(office, CHANGE)
    assert (change.why, change.field, change.old) == ("registered", "reporter", None)
    actions = [action for action, _ in decisions()]
    assert actions[-2:] == ["reporter added", "earlier reports linked"]
    (report,) = rows(office, REPORT)
    shown = run("reports", "show", report.reference).out
    assert "registered" in shown
    assert "Issa" in shown
    assert "its sender was not registered then" in shown


def test_his_number_is_nowhere(
    run: Run, office: Office, decisions: Callable[[], list[tuple[str, str]]]
) -> None:
    texts(office, "FLX ASM 40", sender=STRANGER)
    said = [run("reporters", "unknown"), register(run, office, STRANGER), run("reporters", "unknown")]
    for ran in said:
        assert "0000555" not in ran.out.replace(" ", "") + ran.err
    assert "0000555" not in str(decisions())


def test_a_registered_stranger_may_correct_what_he_sent_before(run: Run, office: Office) -> None:
    texts(office, "FLX ASM 83", sender=STRANGER)
    register(run, office, STRANGER)
    texts(office, "CORR 38 pas 83", sender=STRANGER)
    assert rows(office, REPORT)[0].reading["people"] == {"total": 38}


def test_an_import_takes_in_what_strangers_sent_too(run: Run, office: Office, tmp_path: Path) -> None:
    texts(office, "FLX ASM 83", sender=STRANGER)
    texts(office, "FLX ASM 84", sender=OTHER)
    file = tmp_path / "agents.csv"
    file.write_text(f"number,name\n{STRANGER},Issa\n")
    assert run("reporters", "import", str(file)).status == 0
    first, second = rows(office, REPORT)
    assert (first.reporter_id is None, second.reporter_id is None) == (False, True)


def test_a_reporter_who_was_switched_off_comes_back(run: Run, office: Office) -> None:
    register_all = sa.update(REPORTER).values(active=False)
    with office.services.engine.begin() as connection:
        connection.execute(register_all)
    texts(office, "FLX ASM 83")
    assert register(run, office, demo.REPORTERS[0].number).status == 0
    assert rows(office, REPORT)[0].reporter_id is not None


@pytest.mark.parametrize("id_", ["", "ffffffff", "x"])
def test_an_id_of_nobody(run: Run, office: Office, id_: str) -> None:
    texts(office, "FLX ASM 40", sender=STRANGER)
    sentence = refused(run("reporters", "add", "--unknown", id_, "--name", "Issa"))
    assert "is the ID of no unknown sender" in sentence


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--post", "QQQ"), "vigie: Its post is none of the points that we know.\n"),
        (("--organisation", "a\x07"), "vigie: The organisation holds a control character.\n"),
    ],
)
def test_what_may_be_entered_wrongly(
    run: Run, office: Office, options: tuple[str, ...], sentence: str
) -> None:
    texts(office, "FLX ASM 40", sender=STRANGER)
    assert refused(register(run, office, STRANGER, *options)) == sentence


def test_a_name_as_sender_is_listed_and_cannot_be_registered(run: Run, office: Office) -> None:
    texts(office, "votre solde est bas", sender="ORANGE")
    assert "O•••GE" in run("reporters", "unknown").out
    assert "The number is no phone number that can be" in refused(register(run, office, "ORANGE"))
