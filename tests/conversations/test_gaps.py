"""What never reached us is on the provider's list: it is taken in late, once, and told as late."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

import pytest
import sqlalchemy as sa

from gateway import demo
from gateway.channels.base import AskError
from gateway.channels.records import ChannelState, Line
from gateway.channels.twilio import TwilioChannel
from gateway.inbox import gaps
from gateway.inbox.gaps import AGAIN_AFTER, EVERY, LOOKS_BACK, SETTLES, Gaps
from gateway.inbox.records import InboundRecord
from gateway.messages import InboundMessage
from gateway.observability import METRICS
from gateway.reports.records import ReportRecord
from gateway.storage.audit import AuditEntry
from gateway.storage.database import table_of
from tests.conversations.phones import Agency, KilledError
from tests.standins.twilio import ACCOUNT_SID, AUTH_TOKEN, Fault, TwilioStandIn

IN, REPORT, STATE = table_of(InboundRecord), table_of(ReportRecord), table_of(ChannelState)
AGENT, CALLER, FIRST = "+22790000101", "+22790000501", "+22790000901"


@pytest.fixture
def twilio(agency: Agency) -> Iterator[TwilioStandIn]:
    """Twilio, through which all our lines go."""
    with TwilioStandIn(callbacks=False) as provider:
        agency.services.channels["twilio"] = TwilioChannel(
            "twilio",
            ACCOUNT_SID,
            ["an old token", AUTH_TOKEN],
            public_url="http://127.0.0.1:8080",
            api_url=provider.url,
            country="NE",
        )
        with agency.services.engine.begin() as connection:
            connection.execute(sa.update(table_of(Line)).values(channel="twilio"))
        yield provider
        provider.assert_nothing_more(quiet=0.0)


def channel(agency: Agency) -> TwilioChannel:
    found = agency.services.channels["twilio"]
    assert isinstance(found, TwilioChannel)
    return found


def seek(agency: Agency) -> Gaps:
    found = gaps.find(agency.services, channel(agency), agency.clock() - LOOKS_BACK)
    agency.work()
    return found


def test_a_text_that_never_reached_us_is_taken_in_and_told_with_its_hour(
    agency: Agency, twilio: TwilioStandIn
) -> None:
    sent = agency.clock() - timedelta(hours=3)
    sid = twilio.receives(AGENT, "DCD ASM 2", sent)
    assert seek(agency) == Gaps(listed=1, missing=1)
    assert "rapport de 11:00" in twilio.expect(FIRST, "ALERTE").body
    twilio.expect(AGENT, "Recu")
    (row,) = agency.rows(IN)
    assert (row.provider_id, row.sent_at, row.received_at) == (sid, sent, agency.clock())
    (report,) = agency.rows(REPORT)
    assert (report.sent_at, report.received_at) == (sent, agency.clock())


def test_what_is_here_is_not_taken_in_again(agency: Agency, twilio: TwilioStandIn) -> None:
    twilio.receives(AGENT, "CVM ASM 40 vers Agadez", agency.clock() - timedelta(hours=1))
    assert seek(agency).missing == 1
    twilio.expect(AGENT, "Recu")
    assert [seek(agency) for _ in range(3)] == [Gaps(1, 0)] * 3
    assert len(agency.rows(IN)) == 1


def test_neither_our_own_texts_nor_those_to_numbers_that_are_none_of_ours_nor_the_newest_are_taken_in(
    agency: Agency, twilio: TwilioStandIn
) -> None:
    now = agency.clock()
    twilio.receives(AGENT, "CVM ASM 40", now - timedelta(hours=1), to="+22780000099")
    twilio.receives(AGENT, "CVM ASM 41", now - SETTLES + timedelta(seconds=1))
    twilio.receives(AGENT, "CVM ASM 42", now - LOOKS_BACK - timedelta(seconds=1))
    twilio.take({"To": demo.AGENTS_LINE, "From": demo.HOTLINE, "Body": "Recu"})
    assert seek(agency) == Gaps(0, 0)
    twilio.messages.clear()


def test_a_hotline_text_on_the_list_is_alerted_and_its_sender_left_in_peace(
    agency: Agency, twilio: TwilioStandIn
) -> None:
    twilio.receives(CALLER, "aidez moi", agency.clock() - timedelta(days=2), to=demo.HOTLINE)
    assert seek(agency).missing == 1
    assert "texte de 19/11 14:00" in twilio.expect(FIRST, "ALERTE").body


def test_many_pages_come_in_once_each_in_the_order_of_sending(agency: Agency, twilio: TwilioStandIn) -> None:
    at = agency.clock() - timedelta(hours=12)
    numbers = [f"+2279000{7000 + count}" for count in range(30)]
    for count in range(630):
        twilio.receives(numbers[count % 30], f"bonjour {count}", at + timedelta(seconds=count))
    heard: list[tuple[int, int]] = []
    found = gaps.find(
        agency.services,
        channel(agency),
        agency.clock() - LOOKS_BACK,
        told=lambda listed, missing: heard.append((listed, missing)),
    )
    assert found == Gaps(630, 630)
    assert heard == [(500, 500), (630, 630)]
    assert twilio.pages == 630 // 200 + 1 + 1  # and the hotline's one
    rows = sorted(agency.rows(IN), key=lambda row: (row.received_at, row.id))
    assert all(one.sent_at < other.sent_at for one, other in pairwise(rows))
    agency.drain()


@pytest.mark.parametrize(
    ("fault", "status", "reason"),
    [
        (Fault.LIST_REFUSE, 500, "Twilio answered 500 when asked for its list"),
        (Fault.LIST_REFUSE, 429, "Twilio answered 429 when asked for its list"),
        (Fault.LIST_REFUSE, 403, "Twilio refuses our credentials"),
        (Fault.LIST_GARBAGE, 200, "Twilio's list cannot be understood"),
    ],
)
def test_a_list_that_breaks_off_is_an_error_and_what_was_compared_until_then_is_here(
    agency: Agency, twilio: TwilioStandIn, fault: Fault, status: int, reason: str
) -> None:
    for count in range(700):
        twilio.receives("+22790007001", f"bonjour {count}", agency.clock() - timedelta(minutes=count + 10))

    def breaks_off(_listed: int, _missing: int) -> None:
        twilio.order(fault, status=status)

    with pytest.raises(AskError) as caught:
        gaps.find(agency.services, channel(agency), agency.clock() - LOOKS_BACK, told=breaks_off)
    assert caught.value.reason == reason
    assert len(agency.rows(IN)) == 600  # three pages
    twilio.obey()
    assert gaps.find(agency.services, channel(agency), agency.clock() - LOOKS_BACK) == Gaps(700, 100)


def test_one_text_that_cannot_be_understood_costs_no_other_and_is_told(
    agency: Agency, twilio: TwilioStandIn
) -> None:
    for count in range(3):
        twilio.receives(AGENT, f"RAS ASM {count}", agency.clock() - timedelta(minutes=count + 10))
    twilio.order(Fault.LIST_TIMELESS)
    with pytest.raises(AskError) as caught:
        seek(agency)
    assert caught.value.reason == "1 of the texts on Twilio's list cannot be understood"
    agency.work()
    assert len(agency.rows(IN)) == 2
    assert seek(agency) == Gaps(3, 1)
    for _ in range(3):
        twilio.expect(AGENT, "Recu")


def test_a_line_whose_list_is_not_to_be_had_keeps_no_other_from_being_compared(
    agency: Agency, twilio: TwilioStandIn
) -> None:
    for line in (demo.AGENTS_LINE, demo.HOTLINE):
        twilio.receives(CALLER, "allo", agency.clock() - timedelta(hours=1), to=line)
    for refused in (demo.AGENTS_LINE, demo.HOTLINE):
        twilio.order(Fault.LIST_REFUSE, status=500, to=refused)
        with pytest.raises(AskError):
            gaps.find(agency.services, channel(agency), agency.clock() - LOOKS_BACK)
    assert len(agency.rows(IN)) == 2


def test_a_text_with_no_words_at_all_is_taken_in(agency: Agency, twilio: TwilioStandIn) -> None:
    """A picture alone, or words that Twilio was told to forget."""
    for words in ("", None):
        twilio.receives(CALLER, words, agency.clock() - timedelta(hours=1))  # type: ignore[arg-type]
    assert gaps.find(agency.services, channel(agency), agency.clock() - LOOKS_BACK) == Gaps(2, 2)


def test_what_came_in_while_the_channel_had_another_name_is_not_taken_in_again(
    agency: Agency, twilio: TwilioStandIn
) -> None:
    twilio.receives(AGENT, "CVM ASM 40 vers Agadez", agency.clock() - timedelta(hours=1))
    assert seek(agency).missing == 1
    twilio.expect(AGENT, "Recu")
    with agency.services.engine.begin() as connection:
        connection.execute(sa.update(IN).values(channel="formerly"))
    assert seek(agency) == Gaps(1, 0)


def test_a_provider_that_is_not_there_is_an_error(agency: Agency, twilio: TwilioStandIn) -> None:
    away = TwilioChannel(
        "twilio", ACCOUNT_SID, [AUTH_TOKEN], public_url="", api_url="http://127.0.0.1:9", country="NE"
    )
    with pytest.raises(AskError, match="cannot be reached"):
        gaps.find(agency.services, away, agency.clock() - LOOKS_BACK)


def test_it_is_done_once_a_day_whoever_rings(agency: Agency, twilio: TwilioStandIn) -> None:
    services = agency.services
    assert gaps.due(services) == ["twilio"]
    twilio.receives(CALLER, "allo", agency.clock() - timedelta(hours=1))
    for _ in range(3):
        gaps.find_daily(services, "twilio")
    assert (twilio.pages, gaps.due(services)) == (2, [])
    agency.clock.forward(seconds=EVERY.total_seconds())
    assert gaps.due(services) == ["twilio"]
    gaps.find_daily(services, "twilio")
    assert twilio.pages == 4
    gaps.find_daily(services, demo.SIMULATOR)  # which keeps no list
    gaps.find_daily(services, "gone")
    with services.engine.connect() as connection:
        assert connection.execute(sa.select(STATE.c.channel)).scalars().all() == ["twilio"]


def test_a_list_that_was_not_to_be_had_is_asked_for_again_after_an_hour(
    agency: Agency, twilio: TwilioStandIn
) -> None:
    twilio.order(Fault.LIST_REFUSE, status=500)
    gaps.find_daily(agency.services, "twilio")
    assert gaps.due(agency.services) == []
    agency.clock.forward(seconds=AGAIN_AFTER.total_seconds())
    assert gaps.due(agency.services) == ["twilio"]


class DyingChannel(TwilioChannel):
    """Takes whoever asks for its list down."""

    def list_inbound(self, *_: object) -> Iterator[InboundMessage]:
        raise KilledError


def test_whoever_dies_while_asking_is_followed_by_another_after_an_hour(agency: Agency) -> None:
    agency.services.channels["twilio"] = DyingChannel(
        "twilio", ACCOUNT_SID, [AUTH_TOKEN], public_url="", api_url="", country="NE"
    )
    with agency.services.engine.begin() as connection:
        connection.execute(sa.update(table_of(Line)).values(channel="twilio"))
    with pytest.raises(KilledError):
        gaps.find_daily(agency.services, "twilio")
    assert gaps.due(agency.services) == []
    agency.clock.forward(seconds=AGAIN_AFTER.total_seconds())
    assert gaps.due(agency.services) == ["twilio"]


def test_it_is_on_record_and_counted_without_personal_data(agency: Agency, twilio: TwilioStandIn) -> None:
    def counted() -> float:
        return METRICS.get_sample_value("vigie_gaps_found_total", {"channel": "twilio"}) or 0.0

    before = counted()
    for count in range(3):
        twilio.receives(CALLER, f"allo {count}", agency.clock() - timedelta(hours=1))
    seek(agency)
    assert counted() - before == 3
    with agency.services.engine.connect() as connection:
        entries = connection.execute(sa.select(table_of(AuditEntry))).all()
    (entry,) = [entry for entry in entries if entry.action == "missing texts taken in"]
    assert (entry.actor, entry.subject, entry.detail["texts"]) == ("vigie", "channel twilio", 3)
    assert "90000501" not in str(entry)
    seek(agency)
    assert counted() - before == 3
