"""The network fails: what must arrive is repeated, what must not come twice is not."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway import bootstrap
from gateway.channels.base import (
    OptedOutSendError,
    PermanentSendError,
    TemporarySendError,
    UncertainSendError,
)
from gateway.messages import Delivery, Receipt
from gateway.outbox.service import LEASE
from tests.conversations.phones import Agency, KilledError, Text, although_it_arrives

REPORT = "RPZ ASM 647"
QUIET = "FLX ASM 40"


def receipt_of(text: Text, state: Delivery) -> Receipt:
    return Receipt("simulator", str(text.id), state, message_id=text.id)


def test_a_permanent_failure_to_the_first_brings_the_second_at_once(agency: Agency) -> None:
    agency.air.fails(agency.first.number, PermanentSendError("no such number"))
    agency.agent.texts(REPORT)
    agency.agent.expects("Recu")
    agency.fast_forward(seconds=1)
    agency.second.replies(agency.second.expects("ALERTE").code)
    agency.second.expects("est a vous")
    agency.agent.expects("pris en charge")
    assert [row.error for row in agency.outgoing(agency.first)] == ["no such number"]


def test_a_failure_that_the_provider_reports_later_brings_the_second_at_once(agency: Agency) -> None:
    agency.agent.texts(REPORT)
    agency.agent.expects("Recu")
    alert = agency.first.expects("ALERTE")
    agency.fast_forward(minutes=2)
    bootstrap.receipts(agency.services)(receipt_of(alert, Delivery.FAILED))
    agency.fast_forward(seconds=1)
    agency.second.replies(agency.second.expects("ALERTE").code)
    agency.second.expects("est a vous")
    agency.agent.expects("pris en charge 14:02")


def test_a_failure_that_is_reported_after_the_answer_wakes_nobody(agency: Agency) -> None:
    agency.agent.texts(REPORT)
    agency.agent.expects("Recu")
    alert = agency.first.expects("ALERTE")
    agency.first.replies(alert.code)
    agency.first.expects("est a vous")
    agency.agent.expects("pris en charge")
    bootstrap.receipts(agency.services)(receipt_of(alert, Delivery.FAILED))
    agency.fast_forward(minutes=30)


def test_when_all_numbers_are_dead_the_escalation_still_goes_on(agency: Agency) -> None:
    dead = [PermanentSendError("no such number")] * 3
    for phone in (agency.first, agency.second, agency.supervisor):
        agency.air.fails(phone.number, *dead[:1])
    agency.agent.texts(REPORT)
    agency.agent.expects("Recu")
    agency.fast_forward(minutes=2)
    agency.supervisor.expects_nothing()
    agency.fast_forward(minutes=10)
    agency.supervisor.expects("ALERTE")


def test_temporary_failures_are_retried_with_growing_waits_and_the_text_comes_once(agency: Agency) -> None:
    agency.air.fails(agency.agent.number, *[TemporarySendError("no route")] * 4)
    agency.agent.texts(QUIET)
    waits = []
    while not agency.air.arrived[agency.agent.number]:
        (row,) = agency.outgoing(agency.agent)
        assert (row.state, row.error) == ("queued", "no route")
        waits.append((row.due_at - agency.clock()).total_seconds())
        agency.fast_forward(seconds=waits[-1])
    agency.agent.expects("Recu")
    assert [1 <= wait / 2**step < 3 for step, wait in enumerate(waits)] == [True] * 4
    agency.fast_forward(minutes=10)


def test_an_alert_that_may_have_been_taken_is_repeated_with_the_same_code(agency: Agency) -> None:
    agency.air.fails(agency.first.number, although_it_arrives(UncertainSendError("no answer in time")))
    agency.agent.texts(REPORT)
    agency.agent.expects("Recu")
    code = agency.first.expects("ALERTE").code
    agency.fast_forward(seconds=5)
    assert agency.first.expects("ALERTE").code == code


def test_a_receipt_that_may_have_been_taken_is_not_repeated_and_says_why(agency: Agency) -> None:
    agency.air.fails(agency.agent.number, although_it_arrives(UncertainSendError("no answer in time")))
    agency.agent.texts(QUIET)
    agency.agent.expects("Recu")
    agency.fast_forward(minutes=30)
    (row,) = agency.outgoing(agency.agent)
    assert row.state == "failed"
    assert row.error == "no answer in time; it may have been taken, so it is not repeated"


def test_a_receipt_that_cannot_leave_for_hours_is_given_up_with_a_visible_reason(agency: Agency) -> None:
    agency.air.fails(agency.agent.number, *[TemporarySendError("no route")] * 500)
    agency.agent.texts(QUIET)
    agency.fast_forward(minutes=241)
    (row,) = agency.outgoing(agency.agent)
    assert row.state == "failed"
    assert row.error.startswith(("no route; given up after", "no route; expired before it could be sent"))


def test_a_text_whose_hour_passed_before_anybody_sent_it_is_given_up(agency: Agency) -> None:
    agency.accept(agency.agent.number, QUIET, agency.agent.line, read=False)
    agency.drain()
    agency.clock.forward(hours=5)
    agency.work()
    (row,) = agency.outgoing(agency.agent)
    assert (row.state, row.error) == ("failed", "expired before it could be sent")


def test_an_alert_goes_out_while_everything_else_hangs(agency: Agency) -> None:
    agency.air.hangs(agency.agent.number)
    agency.accept(agency.agent.number, QUIET, agency.agent.line, read=False)
    agency.drain()
    general = threading.Thread(target=lambda: agency.outbox.deliver(alerts=False), daemon=True)
    general.start()
    assert agency.air.holds_one.wait(timeout=10)
    agency.accept(agency.agent.number, "SOS ASM", agency.agent.line, read=False)
    agency.drain()
    assert agency.outbox.deliver(alerts=True) == 1
    agency.first.expects("ALERTE 1")
    assert agency.outbox.deliver(alerts=False) == 0, "one text in flight for each number"
    agency.air.goes_on.set()
    general.join(timeout=10)
    agency.work()
    agency.agent.expects("FLX")
    agency.agent.expects("SOS")


@pytest.mark.parametrize("arrived", [False, True])
def test_an_alert_whose_sender_died_is_sent_again(agency: Agency, arrived: bool) -> None:
    killed = KilledError()
    agency.air.fails(agency.first.number, although_it_arrives(killed) if arrived else killed)
    with pytest.raises(KilledError):
        agency.stranger().texts("SOS ASM")
    if arrived:
        agency.first.expects("ALERTE")
    agency.fast_forward(seconds=LEASE.total_seconds())
    agency.first.expects_nothing()
    agency.fast_forward(seconds=1)
    agency.first.expects("ALERTE")


@pytest.mark.parametrize("arrived", [False, True])
def test_a_receipt_whose_sender_died_may_have_gone_and_is_not_repeated(agency: Agency, arrived: bool) -> None:
    killed = KilledError()
    agency.air.fails(agency.agent.number, although_it_arrives(killed) if arrived else killed)
    with pytest.raises(KilledError):
        agency.agent.texts(QUIET)
    if arrived:
        agency.agent.expects("Recu")
    agency.fast_forward(seconds=LEASE.total_seconds() + 1)
    (row,) = agency.outgoing(agency.agent)
    assert row.state == "failed"
    assert row.error == "its sender died; it may have been taken, so it is not repeated"


def test_a_channel_that_breaks_its_word_harms_no_other_text(agency: Agency) -> None:
    agency.air.fails(agency.agent.number, ValueError("a number +22790000101 in a message"))
    agency.agent.texts(REPORT)
    alert = agency.first.expects("ALERTE")
    (row,) = agency.outgoing(agency.agent)
    assert row.state == "failed"
    assert "ValueError" in row.error
    assert "+227" not in row.error
    agency.fast_forward(minutes=1)
    agency.first.replies(alert.code)
    agency.first.expects("est a vous")
    agency.agent.expects("pris en charge")


def test_a_provider_that_gives_the_same_id_twice_makes_no_text_go_twice(agency: Agency) -> None:
    agency.air.always_answers = "queued"
    agency.agent.texts(REPORT)
    agency.agent.expects("Recu")
    agency.first.replies(agency.first.expects("ALERTE").code)
    agency.first.expects("est a vous")
    agency.agent.expects("pris en charge")
    agency.fast_forward(minutes=1)
    assert {row.state for row in agency.outgoing(agency.agent)} == {"sent"}


def test_a_delivery_receipt_that_overtakes_our_own_record_is_kept(agency: Agency) -> None:
    agency.air.fails(agency.first.number, although_it_arrives(UncertainSendError("no answer in time")))
    agency.agent.texts(REPORT)
    agency.agent.expects("Recu")
    alert = agency.first.expects("ALERTE")
    bootstrap.receipts(agency.services)(receipt_of(alert, Delivery.DELIVERED))
    agency.fast_forward(minutes=1)
    (row,) = agency.outgoing(agency.first)
    assert row.state == "delivered"
    assert row.sent_at == agency.clock() - timedelta(minutes=1)


def test_alerts_leave_before_answers_before_receipts(agency: Agency) -> None:
    for words in (QUIET, "RPZ ASM 12", "SOS ASM"):
        agency.accept(agency.agent.number, words, agency.agent.line, read=False)
    agency.accept(agency.first.number, "1000", agency.first.line, read=False)
    agency.drain()
    agency.work()
    agency.fast_forward(minutes=1)
    order = [message.text for message in agency.air.tried if message.recipient == agency.first.number]
    assert [text.split()[0] for text in order] == ["ALERTE", "Code", "ALERTE"]
    agency.first.expects("ALERTE 1")
    agency.first.expects("Code non reconnu")
    agency.first.expects("ALERTE 2")
    for words in ("FLX", "RPZ", "SOS"):
        agency.agent.expects(words)


def _second_hears_that_the_first_stopped(agency: Agency) -> None:
    agency.agent.texts(REPORT)
    agency.agent.expects("Recu")
    agency.fast_forward(seconds=1)
    agency.second.replies(agency.second.expects("ALERTE 1").code)
    agency.second.expects("est a vous")
    agency.agent.expects("pris en charge")
    agency.fast_forward(minutes=1)
    agency.second.replies(agency.second.expects("Officier Un", "dit STOP: appelez-le").code)
    agency.second.expects("est a vous")


def test_an_officer_who_told_the_provider_to_stop_is_an_alert_to_the_others_once(agency: Agency) -> None:
    agency.air.fails(agency.first.number, OptedOutSendError("Twilio error 21610"), OptedOutSendError("again"))
    _second_hears_that_the_first_stopped(agency)
    agency.agent.texts("SOS ASM 12 pers")
    agency.agent.expects("Recu")
    agency.fast_forward(seconds=1)
    agency.second.replies(agency.second.expects("ALERTE 1").code)
    agency.second.expects("est a vous")
    agency.agent.expects("pris en charge")


def test_an_officer_who_wants_texts_again_is_the_first_to_be_alerted_again(agency: Agency) -> None:
    agency.air.fails(agency.first.number, OptedOutSendError("Twilio error 21610"))
    _second_hears_that_the_first_stopped(agency)
    agency.gendarme.texts("SOS DNS")
    agency.gendarme.expects("Recu")
    agency.fast_forward(seconds=1)
    agency.first.replies(agency.first.expects("ALERTE 1").code)
    agency.first.expects("est a vous")
    agency.gendarme.expects("pris en charge")
    agency.fast_forward(minutes=5)


def test_a_receipt_may_say_it_later_and_a_reporter_who_did_so_wakes_nobody(agency: Agency) -> None:
    record = bootstrap.receipts(agency.services)
    agency.agent.texts(QUIET)
    told = replace(receipt_of(agency.agent.expects("Recu"), Delivery.FAILED), opted_out=True)
    record(told)
    agency.fast_forward(minutes=2)
    agency.agent.texts(REPORT)
    agency.agent.expects("Recu")
    alert = agency.first.expects("ALERTE")
    agency.first.replies(alert.code)
    taken = agency.first.expects("est a vous")
    agency.agent.expects("pris en charge")
    record(replace(receipt_of(taken, Delivery.FAILED), opted_out=True))
    agency.fast_forward(seconds=1)
    agency.second.replies(agency.second.expects("Officier Un", "dit STOP").code)
    agency.second.expects("est a vous")
