"""A provider that never answers keeps no alert from leaving."""

from collections.abc import Iterator

import pytest

from gateway.demo import LOAD_TEST_NUMBERS
from tests.faults import law
from tests.faults.gateway import Gateway, eventually, stopped
from tests.faults.law import ON_DUTY, OUT
from tests.faults.load import Text, say, sos
from tests.standins.twilio import Fault


@pytest.fixture
def obedient(gateway: Gateway) -> Iterator[Gateway]:
    yield gateway
    gateway.standin.obey()


def test_an_sos_is_alerted_although_the_provider_never_answers_anything_else(obedient: Gateway) -> None:
    reporters = LOAD_TEST_NUMBERS[:60]
    for number in reporters:
        obedient.standin.order(Fault.HANG, times=1000, to=number)
    routine = [Text(number, "FLX AGZ 44") for number in reporters]
    say(obedient.url, *routine)
    eventually(lambda: obedient.count(OUT.c.state == "sending") >= 8, "every slot hangs")
    cry = sos(words="SOS ASM 61")
    say(obedient.url, cry)
    obedient.standin.expect(ON_DUTY, "Assamaka")
    obedient.standin.obey()
    law.holds(obedient, [*routine, cry])


def test_an_alert_is_not_kept_waiting_by_an_earlier_one_that_went_with_hanging_receipts(
    obedient: Gateway,
) -> None:
    """The earlier one left at once; its officer must be free again although its batch goes on."""
    routine = [Text(number, "FLX AGZ 47") for number in LOAD_TEST_NUMBERS[60:120]]
    for text in routine:
        obedient.standin.order(Fault.HANG, times=1000, to=text.sender)
    first, second = sos("+22790000102", "SOS MDM 34"), sos("+22790000103", "SOS NIA 35")
    with stopped(obedient.workers("alerts")):
        with stopped(obedient.workers("outbox")):
            say(obedient.url, *routine, first)
            eventually(lambda: law.read(obedient, [*routine, first]), "all is read")
        obedient.standin.expect(ON_DUTY, "par Agent Dan Issa")
    say(obedient.url, second)
    obedient.standin.expect(ON_DUTY, "par Agent Agadez")
    obedient.standin.obey()
    law.holds(obedient, [*routine, first, second])


def test_an_alert_whose_first_sending_is_never_answered_still_leaves_in_time(obedient: Gateway) -> None:
    obedient.standin.order(Fault.HANG, to=ON_DUTY)
    cry = sos(words="SOS GAY 62")
    say(obedient.url, cry)
    obedient.standin.expect(ON_DUTY, "Gaya")
    law.holds(obedient, [cry])
