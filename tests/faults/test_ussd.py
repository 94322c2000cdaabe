"""Somebody dials while things die: a session goes on, and a phone is told at once where it cannot."""

import pytest

from gateway import demo
from gateway.inbox.records import InboundRecord
from gateway.storage.database import table_of
from gateway.supervisor import proc
from tests.faults import law
from tests.faults.gateway import Gateway, eventually
from tests.standins.ussd import AfricasTalkingPhone, Call, Reply, over_http

IN = table_of(InboundRecord)
REPORTER = demo.LOAD_TEST_NUMBERS[-1]
WALK = ("1", "CVM", "ARL", "38", "DRK", "2", "1")


@pytest.fixture
def phone(gateway: Gateway) -> AfricasTalkingPhone:
    """Its provider tries again where nobody answers."""
    once = over_http(gateway.port)

    def call(call: Call) -> Reply:
        reply = eventually(lambda: once(call), "an answer")
        assert isinstance(reply, Reply)
        return reply

    return AfricasTalkingPhone(call, REPORTER, demo.SERVICE_CODE, key="")


def die(gateway: Gateway, *names: str) -> None:
    """Kill, and wait until others are there in their place and all is well."""
    dead = {gateway.child(name) for name in names}
    gateway.kill(*names)

    def is_well_again() -> bool:
        return dead.isdisjoint(proc.children_of(gateway.parent)) and gateway.is_well()

    eventually(is_well_again, f"well again with another {names}")


def test_a_session_goes_on_although_everything_is_killed_between_its_screens(
    gateway: Gateway, phone: AfricasTalkingPhone
) -> None:
    phone.dial()
    for answer, victims in zip(
        WALK, (("web",), (), ("postgres", "redis"), (), (), ("web", "clock"), ()), strict=True
    ):
        phone.answer(answer)
        die(gateway, *victims)
    assert phone.screen.startswith("Message enregistre")
    law.settle(gateway)
    gateway.standin.expect(REPORTER, "38")
    assert gateway.count(IN.c.channel == "africastalking", IN.c.state == "read") == 1
    law.nobody_else_was_texted(gateway)


def test_a_phone_is_told_where_to_text_while_the_database_answers_nothing(
    gateway: Gateway, phone: AfricasTalkingPhone
) -> None:
    phone.dial()
    phone.answer("1")
    phone.answer("CVM")
    with gateway.frozen("postgres"):
        phone.answer("ARL")
        assert demo.HOTLINE in phone.screen
        assert not phone.goes_on
    eventually(gateway.is_well, "well again")
    phone.dial()
    assert "CVM" in phone.screen
    phone.answer("2")
    assert "1 Signaler" in phone.screen
