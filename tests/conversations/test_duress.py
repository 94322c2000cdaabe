"""A reporter says the word for duress: the officers are called, and nothing on that phone tells of it."""

from uuid import UUID

import pytest
import sqlalchemy as sa

from gateway.alerts.records import Alert
from gateway.hotline import duress
from gateway.people.records import Reporter
from gateway.storage.database import table_of
from tests.conversations.phones import Agency, Phone

ALERT, REPORTER = table_of(Alert), table_of(Reporter)
WORD, OTHER = "citron", "banane"


def reporter_of(agency: Agency, phone: Phone) -> UUID:
    theirs = REPORTER.c.number_hash == agency.services.cipher.digest(phone.number)
    (row,) = agency.rows(REPORTER, theirs)
    id_: UUID = row.id
    return id_


def agrees(agency: Agency, phone: Phone, word: str | None = WORD) -> None:
    id_ = reporter_of(agency, phone)
    with agency.services.engine.begin() as connection:
        duress.agree_on_word(connection, agency.services.cipher, id_, word, "operator")


def takes(agency: Agency, *containing: str) -> None:
    alert = agency.first.expects(*containing)
    agency.first.replies(alert.code)
    agency.first.expects(alert.reference)


@pytest.mark.parametrize("words", ["RAS ASM {}", "{}", "RPZ ASM 14 {}", "TEST SOS ASM {}"])
def test_the_word_is_answered_like_any_other_to_the_letter(agency: Agency, words: str) -> None:
    agrees(agency, agency.agent)
    told = []
    for word in (OTHER, WORD):
        agency.agent.texts(words.format(word))
        answers = agency.air.unread[agency.agent.number]
        told.append([answer.words for answer in answers])
        answers.clear()
    agency.air.unread.clear()
    with agency.services.engine.begin() as connection:
        connection.execute(sa.update(ALERT).values(state="closed", due_at=None))
    assert [without_digits(answer) for answer in told[0]] == [without_digits(answer) for answer in told[1]]


def without_digits(words: str) -> str:
    """Two receipts differ by their reference."""
    return "".join("0" if letter.isdigit() else letter for letter in words)


def test_the_word_is_heard_at_the_end_of_the_longest_text(agency: Agency) -> None:
    agrees(agency, agency.agent)
    agency.agent.texts("RAS ASM " + "le " * 300 + WORD)
    agency.agent.expects("Recu")
    takes(agency, "MOT DE CONTRAINTE")


def test_the_word_calls_the_officers_at_once(agency: Agency) -> None:
    agrees(agency, agency.agent)
    agency.agent.texts("RAS ASM Citron")
    agency.agent.expects("Recu")
    takes(agency, "ALERTE 1", "Assamaka", "par Agent Assamaka", "MOT DE CONTRAINTE, n'ecrivez pas")
    agency.agent.expects_nothing()  # not even that somebody took it


def test_the_word_said_again_is_told_with_the_alert_that_there_is(agency: Agency) -> None:
    agrees(agency, agency.agent)
    agency.agent.texts("RAS ASM Citron")
    agency.agent.expects("Recu")
    alert = agency.first.expects("ALERTE 1", "MOT DE CONTRAINTE")
    agency.first.replies(alert.code)
    agency.first.expects(alert.reference)
    agency.agent.texts("RAS ASM citron")
    agency.agent.expects("Recu")
    agency.first.expects("SUITE", alert.reference, "MOT DE CONTRAINTE")
    assert len(agency.rows(ALERT)) == 1
    with agency.services.engine.begin() as connection:
        connection.execute(sa.update(ALERT).values(state="closed", due_at=None))
    agency.agent.texts("RAS ASM citron")
    agency.agent.expects("Recu")
    takes(agency, "ALERTE 1", "MOT DE CONTRAINTE")


def test_an_officer_who_says_it_is_not_told_himself(agency: Agency) -> None:
    with agency.services.engine.begin() as connection:
        mine = agency.services.cipher.digest(agency.first.number)
        (sealed,) = connection.execute(
            sa.text("SELECT number FROM officers WHERE number_hash = :it"), {"it": mine}
        ).one()
        theirs = REPORTER.c.number_hash == agency.services.cipher.digest(agency.agent.number)
        connection.execute(sa.update(REPORTER).where(theirs).values(number=sealed, number_hash=mine))
    agrees(agency, agency.first)
    agency.first.texts("RAS ASM citron")
    agency.first.expects("Recu")
    alert = agency.second.expects("MOT DE CONTRAINTE")
    agency.second.replies(alert.code)
    agency.second.expects(alert.reference)


def test_whose_word_it_is_not_says_nothing_by_it(agency: Agency) -> None:
    agrees(agency, agency.agent)
    agency.gendarme.texts("RAS DNS citron")
    agency.gendarme.expects("Recu")


def test_a_word_that_was_taken_back_says_nothing(agency: Agency) -> None:
    agrees(agency, agency.agent)
    agrees(agency, agency.agent, None)
    agency.agent.texts("RAS ASM citron")
    agency.agent.expects("Recu")
