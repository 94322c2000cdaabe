"""Several lines: a text that cannot leave by one leaves by the next, and each channel keeps its rate."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from gateway import bootstrap, demo
from gateway.channels.base import (
    NoRouteSendError,
    OptedOutSendError,
    PermanentSendError,
    RefusedSendError,
    TemporarySendError,
    UncertainSendError,
)
from gateway.channels.records import ChannelState, Line
from gateway.hotline import service as hotline
from gateway.hotline.service import Caller
from gateway.messages import Delivery, Receipt
from gateway.outbox import drafts
from gateway.outbox.drafts import Draft
from gateway.outbox.records import OutboundRecord
from gateway.outbox.service import queue
from gateway.people.safety import State, Way, marked
from gateway.services import Services
from gateway.storage.database import table_of
from tests.clock import Clock
from tests.conversations.phones import Agency, Air

LINE, STATE, OUT = table_of(Line), table_of(ChannelState), table_of(OutboundRecord)
CONTACT, ON_WHATSAPP = "+22790000501", "whatsapp:+22780000004"
SECOND_LINE, OTHER_HOTLINE = "+22780000003", "+22780000004"
OFFICER, AGENT = demo.OFFICERS[0][0], demo.REPORTERS[0].number
REFUSALS = [TemporarySendError("no credit"), NoRouteSendError("no route"), UncertainSendError("no answer")]


@pytest.fixture
def agency(services: Services, clock: Clock) -> Agency:
    """The demo agency, whose lines go through one channel."""
    return Agency(services, clock)


@pytest.fixture
def spare(agency: Agency) -> Air:
    """A second agents' line, dearer, by a channel of its own."""
    return add_line(agency, SECOND_LINE, "spare", cost=10)


def add_line(stage: Agency, number: str, channel: str, **more: Any) -> Air:
    cipher = stage.services.cipher
    row = {
        "number": cipher.encrypt(number),
        "number_hash": cipher.digest(number),
        "profile": "agents",
        "channel": channel,
        **more,
    }
    with stage.services.engine.begin() as connection:
        connection.execute(sa.insert(LINE).values(**row))
    air = Air(stage.clock, channel)
    stage.services.channels[channel] = air
    return air


def call_for(stage: Agency, purpose: str, number: str, line: str = demo.AGENTS_LINE, times: int = 1) -> None:
    rank = drafts.SEVERITY_1 if purpose == "nobody" else drafts.RECEIPT
    draft = Draft(purpose, rank, stage.air.name, line, number, "un texte")
    with stage.services.engine.begin() as connection:
        queue(connection, stage.services.cipher, [draft] * times, stage.clock())


def deliver(stage: Agency) -> None:
    while stage.outbox.deliver(alerts=True) + stage.outbox.deliver(alerts=False):
        pass


def state(stage: Agency, channel: str) -> Any:
    with stage.services.engine.connect() as connection:
        return connection.execute(sa.select(STATE).where(STATE.c.channel == channel)).one_or_none()


def senders(air: Air) -> Sequence[str]:
    return [message.sender for message in air.tried]


@pytest.mark.parametrize("error", REFUSALS, ids=lambda error: type(error).__name__)
def test_an_alert_that_one_line_does_not_take_leaves_by_the_next_at_once(
    agency: Agency,
    spare: Air,
    error: Exception,
) -> None:
    agency.air.fails(OFFICER, error)
    call_for(agency, "nobody", OFFICER)
    deliver(agency)
    assert len(spare.arrived[OFFICER]) == 1
    assert senders(spare) == [SECOND_LINE]
    assert agency.air.tries(OFFICER) == 1


def test_a_receipt_that_may_have_gone_is_not_repeated_by_another_line(
    agency: Agency,
    spare: Air,
) -> None:
    agency.air.fails(AGENT, UncertainSendError("no answer"))
    call_for(agency, "receipt", AGENT)
    deliver(agency)
    assert (agency.air.tries(AGENT), spare.tries(AGENT)) == (1, 0)


def test_a_receipt_that_surely_has_not_gone_leaves_by_another_line(agency: Agency, spare: Air) -> None:
    agency.air.fails(AGENT, TemporarySendError("no credit"))
    call_for(agency, "receipt", AGENT)
    deliver(agency)
    assert spare.tries(AGENT) == 1


def test_a_number_that_does_not_exist_is_tried_by_no_other_line(agency: Agency, spare: Air) -> None:
    agency.air.fails(OFFICER, PermanentSendError("no such number"))
    call_for(agency, "nobody", OFFICER)
    deliver(agency)
    assert spare.tries(OFFICER) == 0


def test_when_every_line_failed_the_first_is_tried_again_after_a_pause(
    agency: Agency,
    spare: Air,
) -> None:
    agency.air.fails(OFFICER, TemporarySendError("no credit"))
    spare.fails(OFFICER, TemporarySendError("no credit"))
    call_for(agency, "nobody", OFFICER)
    deliver(agency)
    assert (agency.air.tries(OFFICER), spare.tries(OFFICER)) == (1, 1)
    agency.clock.forward(seconds=10)
    deliver(agency)
    assert agency.air.tries(OFFICER) + spare.tries(OFFICER) == 3
    assert len(agency.air.arrived[OFFICER]) + len(spare.arrived[OFFICER]) == 1


def test_a_text_of_the_hotline_never_leaves_by_a_line_of_the_agents(agency: Agency, spare: Air) -> None:
    hotline = add_line(agency, OTHER_HOTLINE, "second-hotline", profile="hotline")
    agency.air.fails(CONTACT, TemporarySendError("no credit"))
    text_to_contact(agency, demo.HOTLINE, Way.SMS)
    deliver(agency)
    assert senders(hotline) == [OTHER_HOTLINE]
    assert spare.tried == []


def test_an_alert_that_its_provider_could_not_deliver_leaves_by_another_line(
    agency: Agency,
    spare: Air,
) -> None:
    call_for(agency, "nobody", OFFICER)
    deliver(agency)
    (sent,) = agency.air.tried
    record = bootstrap.receipts(agency.services)
    for _ in range(2):
        record(Receipt(agency.air.name, str(sent.id), Delivery.FAILED, message_id=sent.id))
    deliver(agency)
    assert len(spare.arrived[OFFICER]) == 1
    (again,) = spare.tried
    record(Receipt("spare", str(again.id), Delivery.FAILED, message_id=again.id))
    deliver(agency)
    assert agency.air.tries(OFFICER) + spare.tries(OFFICER) == 2


def test_a_channel_in_trouble_is_gone_round_and_tried_again_after_a_minute(
    agency: Agency,
    spare: Air,
) -> None:
    agency.air.fails(OFFICER, TemporarySendError("no credit"))
    call_for(agency, "nobody", OFFICER)
    deliver(agency)
    trouble = state(agency, agency.air.name)
    assert (trouble.failures, trouble.reason) == (1, "no credit")
    assert trouble.failing_since == trouble.failed_at == agency.clock()
    call_for(agency, "nobody", OFFICER)
    deliver(agency)
    assert (agency.air.tries(OFFICER), spare.tries(OFFICER)) == (1, 2)
    agency.clock.forward(minutes=1)
    call_for(agency, "nobody", OFFICER)
    deliver(agency)
    assert agency.air.tries(OFFICER) == 2
    well = state(agency, agency.air.name)
    assert (well.failures, well.failing_since, well.reason) == (0, None, None)
    assert well.last_out_at == agency.clock()


def test_an_alert_goes_the_cheapest_way_and_an_answer_stays_in_its_thread(
    agency: Agency,
) -> None:
    cheap = add_line(agency, SECOND_LINE, "cheap", cost=0)
    with agency.services.engine.begin() as connection:
        connection.execute(sa.update(LINE).where(LINE.c.channel != "cheap").values(cost=25))
    call_for(agency, "nobody", OFFICER)
    call_for(agency, "receipt", AGENT)
    deliver(agency)
    assert (cheap.tries(OFFICER), cheap.tries(AGENT), agency.air.tries(AGENT)) == (1, 0, 1)


def test_a_channel_keeps_its_rate_and_alerts_come_first(agency: Agency) -> None:
    with agency.services.engine.begin() as connection:
        connection.execute(sa.insert(STATE).values(channel=agency.air.name, rate=60))
    for number in demo.LOAD_TEST_NUMBERS[:20]:
        call_for(agency, "receipt", number)
    deliver(agency)
    at_once = len(agency.air.tried)
    assert at_once == 4, "a burst of five seconds' worth, and one left for an alert"
    call_for(agency, "nobody", OFFICER)
    deliver(agency)
    assert [message.recipient for message in agency.air.tried[at_once:]] == [OFFICER]
    for _ in range(10):
        agency.clock.forward(seconds=1)
        deliver(agency)
    assert at_once + 1 <= len(agency.air.tried) <= at_once + 1 + 10
    agency.clock.forward(seconds=30)
    for _ in range(20):
        deliver(agency)
        agency.clock.forward(seconds=1)
    assert len(agency.air.tried) == 21


def test_a_slow_channel_keeps_no_other_waiting(agency: Agency) -> None:
    add_line(agency, SECOND_LINE, "quick")
    with agency.services.engine.begin() as connection:
        connection.execute(sa.insert(STATE).values(channel=agency.air.name, rate=1))
    for number in demo.LOAD_TEST_NUMBERS[:200]:
        call_for(agency, "receipt", number)
    for number in demo.LOAD_TEST_NUMBERS[200:220]:
        call_for(agency, "receipt", number, SECOND_LINE)
    deliver(agency)
    quick = agency.services.channels["quick"]
    assert isinstance(quick, Air)
    assert len(quick.tried) == 20
    assert len(agency.air.tried) == 1


def test_it_is_kept_by_which_lines_a_text_went(agency: Agency, spare: Air) -> None:
    agency.air.fails(OFFICER, TemporarySendError("no credit"))
    call_for(agency, "nobody", OFFICER)
    deliver(agency)
    (row,) = agency.outgoing(agency.first)
    assert (row.channel, len(row.tried), row.attempts) == ("spare", 2, 2)
    assert agency.services.cipher.decrypt(row.sender) == SECOND_LINE
    assert timedelta(0) <= row.sent_at - row.created_at < timedelta(seconds=1)
    assert spare.tries(OFFICER) == 1


def text_to_contact(stage: Agency, line: str, way: Way) -> None:
    services, number_hash = stage.services, stage.services.cipher.digest(CONTACT)
    with services.engine.begin() as connection:
        met = hotline.meet(connection, services.cipher, {number_hash: Caller(CONTACT, stage.clock())})
        contact = met[number_hash]
        safe = marked(State.SAFE_NOW, stage.clock(), way=way)
        hotline.mark(
            connection, services.cipher, contact, safe, by="test", why="she said so", now=stage.clock()
        )
        draft = Draft("hotline", drafts.HOTLINE, stage.air.name, line, CONTACT, "Bonjour", contact)
        queue(connection, services.cipher, [draft], stage.clock())


def change_line(stage: Agency, number: str, **columns: Any) -> None:
    with stage.services.engine.begin() as connection:
        where = LINE.c.number_hash == stage.services.cipher.digest(number)
        connection.execute(
            sa.update(LINE).where(where).values(columns) if columns else sa.delete(LINE).where(where)
        )


@pytest.mark.parametrize("change", [{"profile": "agents"}, {}], ids=["given to the agents", "removed"])
def test_a_text_to_a_contact_does_not_leave_by_a_line_that_is_no_hotline_any_more(
    agency: Agency, change: dict[str, str]
) -> None:
    text_to_contact(agency, demo.HOTLINE, Way.SMS)
    change_line(agency, demo.HOTLINE, **change)
    deliver(agency)
    assert agency.air.tried == []
    (row,) = agency.rows(OUT)
    assert (row.state, row.error) == ("withheld", "hotline contact: no hotline line goes this way any more")


def test_a_text_to_a_contact_who_is_safe_on_whatsapp_is_tried_there_again_and_not_by_sms(
    agency: Agency,
) -> None:
    whatsapp = add_line(agency, ON_WHATSAPP, "whatsapp", profile="hotline")
    whatsapp.fails(CONTACT, TemporarySendError("busy"))
    text_to_contact(agency, ON_WHATSAPP, Way.WHATSAPP)
    deliver(agency)
    agency.clock.forward(seconds=10)
    deliver(agency)
    assert len(whatsapp.arrived[CONTACT]) == 1
    assert agency.air.tries(CONTACT) == 0


@pytest.mark.parametrize("change", [{"profile": "hotline"}, {}], ids=["given to the hotline", "removed"])
def test_an_alert_whose_line_is_the_agents_no_more_leaves_by_another_of_theirs(
    agency: Agency, spare: Air, change: dict[str, str]
) -> None:
    call_for(agency, "nobody", OFFICER)
    change_line(agency, demo.AGENTS_LINE, **change)
    deliver(agency)
    assert senders(spare) == [SECOND_LINE]
    assert agency.air.tried == []


def test_an_alert_does_not_wait_for_a_full_channel_while_another_has_room(agency: Agency, spare: Air) -> None:
    with agency.services.engine.begin() as connection:
        connection.execute(sa.insert(STATE).values(channel=agency.air.name, rate=1))
    call_for(agency, "nobody", OFFICER, times=3)
    deliver(agency)
    assert (agency.air.tries(OFFICER), spare.tries(OFFICER)) == (1, 2)


def test_when_no_line_has_a_route_the_next_officer_is_called_at_once(agency: Agency, spare: Air) -> None:
    for air in (agency.air, spare):
        air.fails(OFFICER, NoRouteSendError("no route"))
    agency.accept("+22790000502", "aidez moi", demo.HOTLINE)
    agency.tick()
    second = demo.OFFICERS[1][0]
    assert agency.air.tries(second) + spare.tries(second) == 1
    agency.clock.forward(seconds=10)
    deliver(agency)
    assert len(agency.air.arrived[OFFICER]) + len(spare.arrived[OFFICER]) == 1


def test_a_receipt_that_no_line_has_a_route_for_is_given_up(agency: Agency, spare: Air) -> None:
    for air in (agency.air, spare):
        air.fails(AGENT, NoRouteSendError("no route"))
    call_for(agency, "receipt", AGENT)
    deliver(agency)
    (row,) = agency.rows(OUT)
    assert (row.state, row.error) == ("failed", "no route")


def test_a_text_that_a_receipt_is_just_settling_is_not_claimed(agency: Agency) -> None:
    call_for(agency, "nobody", OFFICER)
    with agency.services.engine.begin() as connection:
        connection.execute(sa.select(OUT.c.id).with_for_update())
        deliver(agency)
        connection.execute(sa.update(OUT).values(state="delivered"))
    deliver(agency)
    assert agency.air.tried == []


def test_a_line_on_the_same_channel_is_kept_as_the_one_that_a_text_left_by(agency: Agency) -> None:
    add_line(agency, SECOND_LINE, "spare")
    change_line(agency, SECOND_LINE, channel=agency.air.name)
    agency.air.fails(AGENT, NoRouteSendError("no route"))
    call_for(agency, "receipt", AGENT)
    deliver(agency)
    (row,) = agency.rows(OUT)
    assert agency.services.cipher.decrypt(row.sender) == SECOND_LINE == senders(agency.air)[-1]


def test_a_late_failure_of_an_earlier_try_does_not_undo_the_later_one(agency: Agency, spare: Air) -> None:
    call_for(agency, "nobody", OFFICER)
    agency.air.always_answers = "second"
    agency.air.fails(OFFICER, UncertainSendError("no answer"))
    spare.fails(OFFICER, TemporarySendError("busy"))
    deliver(agency)
    agency.clock.forward(seconds=10)
    deliver(agency)
    (row,) = agency.rows(OUT)
    assert (row.state, row.provider_id) == ("sent", "second")
    record = bootstrap.receipts(agency.services)
    record(Receipt(agency.air.name, "first", Delivery.FAILED, message_id=row.id))
    assert [row.state for row in agency.rows(OUT)] == ["sent"]
    record(Receipt(agency.air.name, "second", Delivery.FAILED, message_id=row.id))
    assert [row.state for row in agency.rows(OUT)] == ["failed"]


def of_the_first_try(agency: Agency, state: Delivery) -> Receipt:
    (row,) = agency.rows(OUT)
    return Receipt(agency.air.name, "first", state, message_id=row.id)


@pytest.mark.parametrize("state", [Delivery.SENT, Delivery.FAILED, Delivery.DELIVERED])
def test_of_a_try_before_another_line_took_it_only_its_arrival_counts(
    agency: Agency, spare: Air, state: Delivery
) -> None:
    call_for(agency, "nobody", OFFICER)
    agency.air.fails(OFFICER, UncertainSendError("no answer"))
    deliver(agency)
    record = bootstrap.receipts(agency.services)
    record(of_the_first_try(agency, state))
    (row,) = agency.rows(OUT)
    arrived = state is Delivery.DELIVERED
    assert (row.state, row.provider_id, row.channel) == (
        "delivered" if arrived else "sent",
        str(row.id),
        "spare",
    )
    record(Receipt("spare", str(row.id), Delivery.FAILED, message_id=row.id))
    assert [row.state for row in agency.rows(OUT)] == ["delivered" if arrived else "failed"]


def test_a_channel_that_a_text_was_never_handed_to_says_nothing_about_it(agency: Agency, spare: Air) -> None:
    call_for(agency, "nobody", OFFICER)
    deliver(agency)
    (row,) = agency.rows(OUT)
    bootstrap.receipts(agency.services)(Receipt("spare", "x", Delivery.DELIVERED, message_id=row.id))
    assert [row.state for row in agency.rows(OUT)] == ["sent"]


@pytest.mark.parametrize("fault", [UncertainSendError("no answer"), TemporarySendError("no credit")])
def test_a_failure_of_an_earlier_try_takes_no_alert_out_of_the_queue(
    agency: Agency, fault: Exception
) -> None:
    call_for(agency, "nobody", OFFICER)
    agency.air.fails(OFFICER, fault)
    deliver(agency)
    bootstrap.receipts(agency.services)(of_the_first_try(agency, Delivery.FAILED))
    agency.clock.forward(seconds=5)
    deliver(agency)
    assert len(agency.air.arrived[OFFICER]) == 1


def test_a_text_to_a_contact_that_was_given_up_and_did_arrive_has_arrived(agency: Agency) -> None:
    agency.air.fails(CONTACT, UncertainSendError("no answer"))
    text_to_contact(agency, demo.HOTLINE, Way.SMS)
    deliver(agency)
    record = bootstrap.receipts(agency.services)
    record(of_the_first_try(agency, Delivery.DELIVERED))
    record(of_the_first_try(agency, Delivery.FAILED))
    (row,) = agency.rows(OUT)
    assert (row.state, row.error) == ("delivered", None)


def test_what_a_channel_suffers_from_is_not_tried_by_each_of_its_lines_in_a_row(agency: Agency) -> None:
    for place in range(3, 9):
        add_line(agency, f"+2278000000{place}", "more")
        change_line(agency, f"+2278000000{place}", channel=agency.air.name)
    agency.air.fails(OFFICER, *[UncertainSendError("no answer")] * 7)
    call_for(agency, "nobody", OFFICER)
    deliver(agency)
    assert agency.air.tries(OFFICER) == 1
    agency.clock.forward(seconds=3)
    deliver(agency)
    assert agency.air.tries(OFFICER) == 2


def test_many_channels_that_all_fail_make_an_alert_wait_no_longer_than_one(agency: Agency) -> None:
    airs = [agency.air, *(add_line(agency, f"+2278000000{place}", f"{place}") for place in range(3, 8))]
    for air in airs:
        air.fails(OFFICER, TemporarySendError("no network"), TemporarySendError("no network"))
    call_for(agency, "nobody", OFFICER)
    deliver(agency)
    assert [air.tries(OFFICER) for air in airs] == [1] * 6
    agency.clock.forward(seconds=3)
    deliver(agency)
    assert [air.tries(OFFICER) for air in airs] == [2] * 6
    agency.clock.forward(seconds=6)
    deliver(agency)
    assert sum(len(air.arrived[OFFICER]) for air in airs) == 1


def test_an_alert_to_an_officer_who_told_one_provider_to_stop_leaves_by_another(
    agency: Agency, spare: Air
) -> None:
    agency.air.fails(OFFICER, OptedOutSendError("Twilio error 21610"))
    call_for(agency, "nobody", OFFICER)
    deliver(agency)
    assert len(spare.arrived[OFFICER]) == 1
    assert agency.rows(OUT)[0].state == "sent"
    agency.fast_forward(seconds=1)
    second = demo.OFFICERS[1][0]
    (told,) = [*agency.air.arrived[second], *spare.arrived[second]]
    assert "dit STOP" in told.words


def test_a_receipt_to_an_agent_who_told_a_provider_to_stop_leaves_by_no_other(
    agency: Agency, spare: Air
) -> None:
    agency.air.fails(AGENT, OptedOutSendError("Twilio error 21610"))
    call_for(agency, "receipt", AGENT)
    deliver(agency)
    assert spare.tries(AGENT) == 0


def test_what_refuses_every_text_is_on_file_as_trouble_and_what_has_no_route_to_one_number_is_not(
    agency: Agency, spare: Air
) -> None:
    agency.air.fails(OFFICER, RefusedSendError("answered 400"))
    spare.fails(OFFICER, NoRouteSendError("no route"))
    call_for(agency, "nobody", OFFICER)
    deliver(agency)
    assert state(agency, agency.air.name).reason == "answered 400"
    assert state(agency, "spare") is None


def test_a_line_that_cannot_be_decrypted_stops_no_other(agency: Agency, spare: Air) -> None:
    with agency.services.engine.begin() as connection:
        connection.execute(sa.update(LINE).where(LINE.c.channel == "spare").values(number=b"damaged"))
    call_for(agency, "nobody", OFFICER)
    deliver(agency)
    assert agency.air.tries(OFFICER) == 1


@pytest.mark.parametrize("change", [{"profile": "hotline"}, {}], ids=["given to the hotline", "removed"])
@pytest.mark.parametrize("purpose", ["receipt", "taken"])
def test_a_text_to_a_reporter_leaves_by_a_line_that_is_the_agents_when_it_leaves(
    agency: Agency, spare: Air, purpose: str, change: dict[str, str]
) -> None:
    call_for(agency, purpose, AGENT)
    change_line(agency, demo.AGENTS_LINE, **change)
    deliver(agency)
    assert senders(spare) == [SECOND_LINE]
    assert agency.air.tried == []


@pytest.mark.parametrize("change", [{"profile": "hotline"}, {}], ids=["given to the hotline", "removed"])
def test_a_text_to_a_reporter_never_leaves_by_the_hotline(agency: Agency, change: dict[str, str]) -> None:
    call_for(agency, "receipt", AGENT)
    change_line(agency, demo.AGENTS_LINE, **change)
    deliver(agency)
    assert agency.air.tried == []
    (row,) = agency.rows(OUT)
    assert (row.state, row.error) == ("withheld", "no agents' line is left that it may leave by")
