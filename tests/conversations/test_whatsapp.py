"""WhatsApp through Twilio: the same people as by SMS, and a shared position says where."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa

from gateway.alerts.desk import Desk
from gateway.channels.base import WebhookRequest
from gateway.channels.records import Line
from gateway.channels.twilio import TwilioChannel
from gateway.people.records import Contact
from gateway.reports.records import ReportRecord
from gateway.storage.database import table_of
from tests.conversations.phones import Agency, Phone
from tests.standins.twilio import ACCOUNT_SID, AUTH_TOKEN, Sent, TwilioStandIn, inbound_whatsapp, signed

LINE, HOTLINE = "+22780000011", "+22780000012"
ACHEGOUR = ("19.02", "11.58")
REPORT, CONTACT = table_of(ReportRecord), table_of(Contact)


@dataclass
class WhatsApp:
    """Twilio, with a line for agents and a hotline on WhatsApp."""

    agency: Agency
    provider: TwilioStandIn
    channel: TwilioChannel

    def receives(self, sender: str, words: str = "", *, to: str = LINE, **more: Any) -> None:
        self.provider.wrote_lately.add(f"whatsapp:{sender}")
        url = "http://127.0.0.1:8080/webhooks/twilio/sms"
        fields = inbound_whatsapp(sender, words, to=to, **more)
        headers, body = signed(url, fields), urlencode(fields).encode()
        call = WebhookRequest("POST", url, "/webhooks/twilio/sms", headers, body, self.agency.clock())
        self.channel.verify(call)
        message = self.channel.parse_inbound(call)
        assert message is not None
        self.agency.acceptor.accept(message)
        self.agency.work()

    def expect(self, number: str, *words: str) -> Sent:
        sent = self.provider.expect(f"whatsapp:{number}", words[0])
        assert all(word in sent.body for word in words), sent.body
        assert sent.sender == f"whatsapp:{LINE}"
        return sent


@pytest.fixture
def whatsapp(agency: Agency) -> Iterator[WhatsApp]:
    cipher = agency.services.cipher
    with TwilioStandIn(callbacks=False) as provider:
        channel = TwilioChannel(
            "twilio",
            ACCOUNT_SID,
            [AUTH_TOKEN],
            public_url="http://127.0.0.1:8080",
            api_url=provider.url,
            country="NE",
        )
        agency.services.channels["twilio"] = channel
        with agency.services.engine.begin() as connection:
            for number, profile in ((LINE, "agents"), (HOTLINE, "hotline")):
                address = f"whatsapp:{number}"
                sealed = {"number": cipher.encrypt(address), "number_hash": cipher.digest(address)}
                connection.execute(
                    sa.insert(table_of(Line)).values(**sealed, profile=profile, channel="twilio")
                )
        yield WhatsApp(agency, provider, channel)
        provider.assert_nothing_more(quiet=0.0)


def report(agency: Agency) -> dict[str, Any]:
    (row,) = agency.rows(REPORT, REPORT.c.kind == "report")
    return dict(row.reading | row._asdict())


def test_asked_where_an_agent_shares_his_position(agency: Agency, whatsapp: WhatsApp) -> None:
    agent = agency.reporter("+22790000151", post=None)
    whatsapp.receives(agent.number, "SOS 12 pers")
    whatsapp.expect(agent.number, "Ou?")
    agency.first.expects("ALERTE 1", "12 pers", "manque le lieu")
    whatsapp.receives(agent.number, pin=ACHEGOUR)
    whatsapp.expect(agent.number, "Recu", "19.02 11.58", "12 pers")
    agency.first.expects("CORRIGE", "19.02 11.58", without="manque")
    placed = report(agency)
    assert (placed["place"]["lat"], placed["place"]["lon"], placed["problems"]) == (19.02, 11.58, [])


def test_a_position_after_a_report_that_named_no_place_says_where(agency: Agency, whatsapp: WhatsApp) -> None:
    whatsapp.receives(agency.agent.number, "SOS 12 pers")  # placed at the post, for want of a better
    whatsapp.expect(agency.agent.number, "SOS Assamaka")
    agency.first.expects("ALERTE 1", "Assamaka")
    whatsapp.receives(agency.agent.number, pin=ACHEGOUR)
    whatsapp.expect(agency.agent.number, "19.02 11.58", "12 pers")
    agency.first.expects("CORRIGE", "19.02 11.58", "12 pers")
    assert report(agency)["place"]["from"] == "coordinates"


def test_a_position_given_while_something_else_is_asked_is_kept_and_the_question_put_again(
    agency: Agency,
) -> None:
    agency.agent.texts("FLX venant de Agadez")
    agency.agent.expects("Combien de personnes?")
    agency.agent.replies("lat 19.02 lon 11.58")
    agency.agent.expects("Combien de personnes?")
    agency.agent.replies("30")
    agency.agent.expects("19.02 11.58", "30 pers")


@pytest.mark.parametrize("words", ["SOS DNS 12 pers", "AIDE"])
def test_a_position_changes_no_report_that_says_where_it_is(agency: Agency, words: str) -> None:
    agency.agent.texts(words)
    agency.agent.expects()
    before = agency.rows(REPORT)
    if words.startswith("SOS"):
        agency.first.expects("ALERTE 1")
    agency.agent.texts("lat 19.02 lon 11.58")
    agency.agent.expects("position seule")
    assert agency.rows(REPORT)[: len(before)] == before


def test_a_position_much_later_changes_nothing(agency: Agency) -> None:
    agency.agent.texts("CVM 40 vers Agadez")
    agency.agent.expects("CVM Assamaka")
    agency.fast_forward(minutes=31)
    agency.agent.texts("lat 19.02 lon 11.58")
    agency.agent.expects("position seule")
    assert report(agency)["place"]["from"] == "post"


def test_a_position_after_a_report_that_was_taken_back_is_none_of_it(agency: Agency) -> None:
    agency.agent.texts("CVM 40 vers Agadez")
    agency.agent.expects("CVM Assamaka")
    agency.agent.texts("ANNU")
    agency.agent.expects("Annule")
    agency.agent.texts("lat 19.02 lon 11.58")
    agency.agent.expects("position seule")


def test_on_whatsapp_a_reporter_is_the_same_person_as_by_sms(agency: Agency, whatsapp: WhatsApp) -> None:
    agency.agent.texts("CVM ASM 40 vers Agadez")
    first = agency.agent.expects("Recu").reference
    whatsapp.receives(agency.agent.number, "CORR T45")
    whatsapp.expect(agency.agent.number, first, "45 pers")
    whatsapp.receives(agency.agent.number, "CVM ASM 40 vers Agadez")
    whatsapp.expect(agency.agent.number, "Recu")
    one, other = agency.rows(REPORT, REPORT.c.kind == "report")
    assert other.repeat_of == one.id


def test_a_hotline_contact_is_the_same_on_whatsapp_and_is_left_in_peace_there(
    agency: Agency, whatsapp: WhatsApp
) -> None:
    caller = agency.caller("+22790000551")
    whatsapp.receives(caller.number, "aidez moi on est enfermes", to=HOTLINE)
    agency.first.expects("ALERTE")
    caller.texts("aidez moi vite")
    agency.first.expects("SUITE", "meme personne")
    (contact,) = agency.rows(CONTACT)
    assert agency.services.cipher.decrypt(contact.number) == caller.number
    whatsapp.provider.assert_nothing_more(quiet=0.0)


def test_a_reporter_who_once_wrote_to_the_hotline_is_left_in_peace_on_whatsapp_too(
    agency: Agency, whatsapp: WhatsApp
) -> None:
    agent = Phone(agency, agency.agent.number, line="+22780000002")
    agent.texts("aidez moi")
    agency.first.expects("ALERTE")
    whatsapp.receives(agent.number, "CVM ASM 40 vers Agadez")
    whatsapp.provider.assert_nothing_more(quiet=0.0)


def test_alerts_leave_by_sms_whichever_line_was_set_up_first(agency: Agency, whatsapp: WhatsApp) -> None:
    lines = table_of(Line)
    with agency.services.engine.begin() as connection:
        first = connection.execute(sa.select(sa.func.min(lines.c.id))).scalar_one()
        mine = lines.c.number_hash == agency.services.cipher.digest(f"whatsapp:{LINE}")
        connection.execute(sa.update(lines).where(mine).values(id=first - 1))
        desk = Desk(connection, agency.services)
    assert desk.line == "+22780000001"


def test_nothing_of_a_profile_is_kept_or_logged(
    agency: Agency, whatsapp: WhatsApp, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    whatsapp.receives(agency.agent.number, "DCD ASM 2", profile="Zeinabou Unique")
    whatsapp.expect(agency.agent.number, "Recu")
    agency.first.expects("ALERTE")
    printed = "".join(capfd.readouterr())
    assert "Zeinabou" not in caplog.text + printed
    assert "+22790000101" not in caplog.text + printed
