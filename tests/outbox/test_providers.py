"""Whatever a provider does: an alert arrives at least once, a text to a hotline contact at most once."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa

from gateway import demo
from gateway.channels import posting, twilio_api
from gateway.channels.africastalking import AfricasTalkingChannel
from gateway.channels.android import AndroidChannel, SendingApi, read_lines
from gateway.channels.base import TextChannel
from gateway.channels.guard import Guard
from gateway.channels.http import HttpChannel
from gateway.channels.kannel import KannelChannel
from gateway.channels.records import ChannelState, Line
from gateway.channels.twilio import TwilioChannel
from gateway.hotline import service as hotline
from gateway.hotline.service import Caller
from gateway.outbox import drafts
from gateway.outbox.drafts import Draft
from gateway.outbox.service import queue
from gateway.people.safety import State, Way, marked
from gateway.services import Services
from gateway.storage.database import table_of
from tests.clock import Clock
from tests.conversations.phones import Agency
from tests.standins import africastalking, android, http, kannel
from tests.standins.africastalking import AfricasTalkingStandIn
from tests.standins.android import AndroidStandIn
from tests.standins.http import HttpStandIn
from tests.standins.kannel import KannelStandIn
from tests.standins.misbehaving import Fault, Misbehaving
from tests.standins.twilio import ACCOUNT_SID, AUTH_TOKEN, TwilioStandIn

TIME_OUT, LATE, SLOW = 0.15, 0.3, 0.03
PUBLIC_URL = "http://127.0.0.1:8080"
FIRST = demo.OFFICERS[0][0]
# The provider surely has not taken the text and we know it, or it is only slow.
ALWAYS_ARRIVES = {Fault.GONE, Fault.UNAVAILABLE, Fault.SLOW}
BROKEN = (Fault.GONE, Fault.DIES_AFTER, Fault.ANSWERS_LATE, Fault.ERROR_FIRST, Fault.UNAVAILABLE)


@dataclass(frozen=True)
class Provider:
    """A strict stand-in, the channel that speaks to it by another address, and whom it has texts for."""

    standin: Callable[[], AbstractContextManager[Any]]
    channel: Callable[[str], TextChannel]
    taken: Callable[[Any], list[str]]


PROVIDERS = {
    "twilio": Provider(
        lambda: TwilioStandIn(callbacks=False),
        lambda url: TwilioChannel(
            "it", ACCOUNT_SID, [AUTH_TOKEN], public_url=PUBLIC_URL, api_url=url, country="NE"
        ),
        lambda standin: [message.to for message in standin.messages],
    ),
    "africastalking": Provider(
        AfricasTalkingStandIn,
        lambda url: AfricasTalkingChannel(
            "it", africastalking.USERNAME, africastalking.API_KEY, Guard(), country="NE", api_url=url
        ),
        lambda standin: [fields["to"] for fields in standin.taken],
    ),
    "kannel": Provider(
        KannelStandIn,
        lambda url: KannelChannel(
            "it",
            ["a" * 16],
            public_url=PUBLIC_URL,
            sendsms_url=url,
            username=kannel.USERNAME,
            password=kannel.PASSWORD,
            country="NE",
        ),
        lambda standin: [message.to for message in standin.messages],
    ),
    "android": Provider(
        AndroidStandIn,
        lambda url: AndroidChannel(
            "it",
            [android.SIGNING_KEY],
            read_lines(demo.AGENTS_LINE, "NE"),
            country="NE",
            api=SendingApi(url, android.USER, android.PASSWORD),
        ),
        lambda standin: [number for fields in standin.taken for number in fields["phoneNumbers"]],
    ),
    "http": Provider(
        HttpStandIn,
        lambda url: HttpChannel("it", [http.SECRET], country="NE", send_url=url),
        lambda standin: [fields["to"] for fields in standin.taken],
    ),
}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The five seconds of a sending, cut short."""
    monkeypatch.setattr(posting, "_SECONDS", TIME_OUT)
    monkeypatch.setattr(twilio_api, "_READ_SECONDS", TIME_OUT)


@dataclass
class Stage:
    """The agency, whose lines all go through one provider, and what stands before that one."""

    agency: Agency
    before: Misbehaving
    taken: Callable[[], list[str]]

    def texts_to(self, number: str) -> int:
        return self.taken().count(number)

    def suffers(self, fault: Fault, text: Callable[[str], None], number: str) -> None:
        """A text is called for and meets the fault; a little later all is well again."""
        self.before.order(fault)
        text(number)
        self.agency.work()
        self.before.wait_until_idle()
        self.before.comes_back()
        self.agency.fast_forward(seconds=15)

    def stays_broken(self, fault: Fault, text: Callable[[str], None], number: str) -> None:
        """A text is called for while whatever is asked of this provider meets the fault."""
        self.before.order(fault, always=True)
        text(number)
        self.agency.work()
        assert self.trouble(), fault
        self.agency.fast_forward(seconds=15)
        self.before.wait_until_idle()
        self.before.comes_back()
        self.agency.fast_forward(minutes=2)  # it was left alone for a while

    def trouble(self) -> str | None:
        """What is on file about the provider's channel, for the operator to see."""
        states = table_of(ChannelState)
        with self.agency.services.engine.connect() as connection:
            reason = connection.scalar(sa.select(states.c.reason).where(states.c.channel == "it"))
        return str(reason) if reason else None

    def alert(self, caller: str) -> None:
        self.agency.accept(caller, "aidez moi", demo.HOTLINE, read=False)

    def text_to_contact(self, number: str) -> None:
        services = self.agency.services
        number_hash, now = services.cipher.digest(number), services.now()
        with services.engine.begin() as connection:
            met = hotline.meet(connection, services.cipher, {number_hash: Caller(number, now)})
            contact = met[number_hash]
            safe = marked(State.SAFE_NOW, now, way=Way.SMS)
            hotline.mark(connection, services.cipher, contact, safe, by="test", why="she said so", now=now)
            draft = Draft("hotline", drafts.HOTLINE, "it", demo.AGENTS_LINE, number, "Bonjour", contact)
            queue(connection, services.cipher, [draft], now)


@pytest.fixture(params=PROVIDERS)
def stage(request: pytest.FixtureRequest, services: Services, clock: Clock) -> Iterator[Stage]:
    provider, agency = PROVIDERS[request.param], Agency(services, clock)
    with provider.standin() as standin, Misbehaving(standin.url, late=LATE, slow=SLOW) as before:
        services.channels["it"] = provider.channel(before.url)
        with services.engine.begin() as connection:
            connection.execute(sa.update(table_of(Line)).values(channel="it"))
        yield Stage(agency, before, lambda: provider.taken(standin))
        before.wait_until_idle()


def test_an_alert_arrives_at_least_once_and_a_text_to_a_contact_at_most_once(stage: Stage) -> None:
    for place, fault in enumerate(Fault):
        unmarked, contact = f"+227900055{place:02}", f"+227900056{place:02}"
        before = stage.texts_to(FIRST)
        stage.suffers(fault, stage.alert, unmarked)
        assert stage.texts_to(FIRST) > before, fault
        stage.suffers(fault, stage.text_to_contact, contact)
        possible = {1} if fault in ALWAYS_ARRIVES else {0, 1}
        assert stage.texts_to(contact) in possible, fault
        assert stage.texts_to(unmarked) == 0, fault
    assert stage.before.requests > 2 * len(Fault)  # so some were repeated


@pytest.fixture
def other(stage: Stage) -> Iterator[HttpStandIn]:
    """Another provider, which is well: the agency has two more lines there."""
    services = stage.agency.services
    with HttpStandIn() as standin:
        services.channels["other"] = HttpChannel("other", [http.SECRET], country="NE", send_url=standin.url)
        with services.engine.begin() as connection:
            for number, profile in (("+22780000003", "agents"), ("+22780000004", "hotline")):
                sealed = {
                    "number": services.cipher.encrypt(number),
                    "number_hash": services.cipher.digest(number),
                }
                connection.execute(
                    sa.insert(table_of(Line)).values(**sealed, profile=profile, channel="other")
                )
        yield standin


def test_while_a_provider_stays_broken_alerts_leave_by_another(stage: Stage, other: HttpStandIn) -> None:
    def by_the_other(number: str) -> int:
        return [fields["to"] for fields in other.taken].count(number)

    for place, fault in enumerate(BROKEN):
        caller, contact = f"+227900055{place:02}", f"+227900056{place:02}"
        before = by_the_other(FIRST)
        stage.stays_broken(fault, stage.alert, caller)
        assert by_the_other(FIRST) > before, fault
        stage.stays_broken(fault, stage.text_to_contact, contact)
        assert stage.texts_to(contact) + by_the_other(contact) <= 1, fault
        if fault in ALWAYS_ARRIVES:
            assert by_the_other(contact) == 1, fault
