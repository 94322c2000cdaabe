"""What is left of our credit: asked of each provider that tells, once an hour, by whoever comes first."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from gateway.channels.africastalking import AfricasTalkingChannel
from gateway.channels.base import AskError, CreditChannel
from gateway.channels.guard import Guard
from gateway.channels.records import ChannelState
from gateway.channels.registry import build_channel
from gateway.channels.twilio import TwilioChannel
from gateway.services import Services
from gateway.watching import credit
from tests.clock import Clock
from tests.standins import africastalking
from tests.standins.africastalking import AfricasTalkingStandIn
from tests.standins.twilio import ACCOUNT_SID, AUTH_TOKEN, TwilioStandIn

NOBODY = "http://127.0.0.1:9"


def twilio(url: str, token: str = AUTH_TOKEN) -> TwilioChannel:
    return TwilioChannel("twilio", ACCOUNT_SID, [token], public_url="http://here", api_url=url, country="NE")


def africas_talking(url: str, key: str = africastalking.API_KEY) -> AfricasTalkingChannel:
    return AfricasTalkingChannel("at", africastalking.USERNAME, key, Guard(), country="NE", api_url=url)


@pytest.fixture
def provider() -> Iterator[TwilioStandIn]:
    with TwilioStandIn(callbacks=False) as standin:
        yield standin


@pytest.fixture
def other() -> Iterator[AfricasTalkingStandIn]:
    with AfricasTalkingStandIn() as standin:
        yield standin


def known(services: Services) -> dict[str, str | None]:
    with services.engine.connect() as connection:
        rows = connection.execute(sa.select(ChannelState.channel, ChannelState.credit)).all()
    return {row.channel: row.credit for row in rows}


def test_each_provider_tells_it_in_its_own_way(provider: TwilioStandIn, other: AfricasTalkingStandIn) -> None:
    assert twilio(provider.url).credit() == "USD 12.35"
    assert africas_talking(other.url).credit() == "XOF 12500.50"


def test_what_cannot_be_understood_or_is_refused_is_told_without_the_answer(
    provider: TwilioStandIn, other: AfricasTalkingStandIn
) -> None:
    provider.balance, other.balance = "much", "12500"
    channels: list[tuple[CreditChannel, str]] = [
        (twilio(provider.url), "Twilio's balance cannot be understood"),
        (twilio(provider.url, "f" * 32), "Twilio refuses our credentials"),
        (twilio(NOBODY), "Twilio cannot be reached"),
        (africas_talking(other.url), "Africa's Talking's answer cannot be understood"),
        (africas_talking(other.url, "no"), "Africa's Talking refuses our credentials"),
        (africas_talking(NOBODY), "Africa's Talking cannot be reached"),
    ]
    for channel, sentence in channels:
        with pytest.raises(AskError) as caught:
            channel.credit()
        assert caught.value.reason == sentence


def test_it_is_asked_once_an_hour_of_those_that_tell(
    services: Services, clock: Clock, provider: TwilioStandIn
) -> None:
    services.channels["twilio"] = twilio(provider.url)
    services.channels["web"] = build_channel("web", "http", {"secret": "x"}, services.settings)
    assert credit.due(services) == ["twilio"]
    credit.ask(services, "twilio")
    provider.balance = "11"
    credit.ask(services, "twilio")
    credit.ask(services, "web")
    assert (known(services), credit.due(services)) == ({"twilio": "USD 12.35"}, [])
    clock.forward(minutes=60)
    assert credit.due(services) == ["twilio"]
    credit.ask(services, "twilio")
    assert known(services) == {"twilio": "USD 11.00"}


def test_a_clock_that_was_ahead_stops_nobody_from_asking(
    services: Services, clock: Clock, provider: TwilioStandIn
) -> None:
    services.channels["twilio"] = twilio(provider.url)
    clock.forward(days=365)
    credit.ask(services, "twilio")
    clock.forward(days=-365)
    provider.balance = "11"
    assert credit.due(services) == ["twilio"]
    credit.ask(services, "twilio")
    assert (known(services), credit.due(services)) == ({"twilio": "USD 11.00"}, [])


def test_without_an_answer_nothing_is_known_until_the_next_hour(
    services: Services, clock: Clock, provider: TwilioStandIn
) -> None:
    services.channels["twilio"] = twilio(provider.url)
    credit.ask(services, "twilio")
    clock.forward(minutes=60)
    services.channels["twilio"] = twilio(NOBODY)
    credit.ask(services, "twilio")
    assert (known(services), credit.due(services)) == ({"twilio": None}, [])
