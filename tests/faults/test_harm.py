"""Texts that harm their reader are set aside and harm nobody else; a killed sender loses no alert.

A text that a killed sender had claimed stays claimed for half a minute: that passes while the other
gateway is poisoned.
"""

import re
from collections.abc import Iterator

import pytest

from gateway.demo import LOAD_TEST_NUMBERS
from gateway.inbox.service import DEAD_AFTER
from gateway.outbox.service import LEASE
from gateway.storage.audit import AuditEntry
from tests.faults import law
from tests.faults.gateway import Gateway, eventually, kill
from tests.faults.hooks import BEGUN, FLAG, KILLS, RAISES, SLOW
from tests.faults.law import IN, ON_DUTY
from tests.faults.load import Text, at_once, say, sos
from tests.standins.twilio import Fault


@pytest.fixture
def poisoned(hurried: Gateway) -> Iterator[Gateway]:
    """Marked texts are poison until the flag is gone."""
    flag = hurried.data_dir / FLAG
    flag.touch()
    yield hurried
    flag.unlink(missing_ok=True)


@pytest.fixture(scope="module")
def cut_off(gateway: Gateway) -> Text:
    """Its alert and its receipt were taken by the provider, and their senders killed before they knew."""
    cry = sos("+22790000104", "SOS KNI 33")
    for number in (cry.sender, ON_DUTY):
        gateway.standin.order(Fault.LOST_ANSWER, to=number)
    say(gateway.url, cry)
    gateway.standin.expect(ON_DUTY, "par Agent Gaya")
    gateway.standin.expect(cry.sender, "Recu")
    kill(*gateway.workers("alerts"), *gateway.workers("outbox"))
    return cry


@pytest.mark.usefixtures("cut_off")
def test_the_next_alert_to_the_same_officer_does_not_wait_for_the_killed_sender(gateway: Gateway) -> None:
    cry = sos("+22790000101", "SOS DAO 36")
    say(gateway.url, cry)
    gateway.standin.expect(ON_DUTY, "par Agent Assamaka", within=LEASE.total_seconds() / 2)


def test_poison_is_set_aside_its_neighbours_are_read_and_replay_brings_it_back(poisoned: Gateway) -> None:
    sender, *others = LOAD_TEST_NUMBERS[100:160]
    poison = [Text(sender, RAISES), Text(LOAD_TEST_NUMBERS[160], KILLS)]
    neighbours = [Text(number, "FLX AGZ 45") for number in others]
    behind = Text(sender, "FLX AGZ 46")
    at_once(poisoned.url, [[poison[0], behind], [poison[1]], neighbours])
    eventually(lambda: poisoned.count(IN.c.state == "dead") == 2, "both are set aside", 60)
    eventually(lambda: law.read(poisoned, [*neighbours, behind]), "the others are read")
    _nothing_of_it_is_told(poisoned, poison)

    (poisoned.data_dir / FLAG).unlink()
    assert poisoned.vigie("inbox", "replay").startswith("2 dead messages")
    eventually(lambda: law.read(poisoned, poison), "the dead are read")
    assert poisoned.count(AuditEntry.action == "dead message replayed") == 2
    law.holds(poisoned, [*neighbours, *poison])


def _nothing_of_it_is_told(gateway: Gateway, poison: list[Text]) -> None:
    """The reason is a class, a file and a line."""
    raised, killed = (gateway.rows(law.messages_of(text))[0].error for text in poison)
    assert re.fullmatch(r"ValueError at gateway/inbox/service\.py:\d+", raised)
    assert killed == "its reader died"


def test_postgresql_killed_while_a_batch_is_retried_one_by_one_makes_nothing_dead(poisoned: Gateway) -> None:
    """As often as would be fatal to a text that killed its reader."""
    slow = Text(LOAD_TEST_NUMBERS[200], SLOW)
    say(poisoned.url, slow)
    _while_one_is_read(poisoned)
    kill(*poisoned.workers("inbox"))
    for _ in range(DEAD_AFTER):
        _while_one_is_read(poisoned)
        poisoned.kill("postgres")
        eventually(lambda: poisoned.rows(law.messages_of(slow)), "PostgreSQL is back")
    assert not law.read(poisoned, [slow]), "each kill came while it was read"
    (poisoned.data_dir / FLAG).unlink()
    law.holds(poisoned, [slow])


def _while_one_is_read(gateway: Gateway) -> None:
    """Wait until the reader of a slow text has just begun."""
    begun = gateway.data_dir / BEGUN
    begun.unlink(missing_ok=True)
    eventually(begun.exists, "one is read")


def test_after_its_sender_was_killed_an_alert_goes_again_and_a_receipt_does_not(
    gateway: Gateway, cut_off: Text
) -> None:
    gateway.standin.expect(ON_DUTY, "par Agent Gaya", within=45)
    law.holds(gateway, [cut_off])
    (receipt,) = gateway.rows(law.texts_of(cut_off, "receipt"))
    assert receipt.state == "failed"
    assert "may have been taken" in receipt.error
