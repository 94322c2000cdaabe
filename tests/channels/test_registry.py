"""Which channels there are, what each must be told, and which the settings switch on."""

import pytest

from gateway.channels.answers import BadChannelError
from gateway.channels.http import HttpChannel
from gateway.channels.registry import KINDS, build_channel, channels_from_settings
from gateway.channels.twilio import TwilioChannel
from gateway.settings import BadSettingsError, Settings
from tests.standins.africastalking import API_KEY, CALLBACK_KEY, USERNAME
from tests.standins.twilio import ACCOUNT_SID, AUTH_TOKEN
from tests.standins.ussd import PHONES, told

SECRETS = {
    "twilio": {"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN},
    "http": {"secret": "s"},
    "android": {"secret": "s", "lines": "+22780000001"},
    "kannel": {"key": "k", "sendsms_url": "http://127.0.0.1:13013/x", "username": "u", "password": "p"},
    "simulator": {"secret": "s"},
    "africastalking": {"username": USERNAME, "api_key": API_KEY, "callback_key": CALLBACK_KEY},
    **{phone.kind: told(phone) for phone in PHONES if phone.kind != "africastalking"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_built_from_what_it_asks_for(kind: str) -> None:
    channel = build_channel("niamey-2", kind, SECRETS[kind], Settings.read())
    assert channel.name == "niamey-2"


@pytest.mark.parametrize(
    ("kind", "missing"),
    [(kind, secret.name) for kind in KINDS for secret in KINDS[kind].secrets if secret.required],
)
@pytest.mark.parametrize("value", [None, "", " , "])
def test_a_missing_secret_is_named(kind: str, missing: str, value: str | None) -> None:
    given = {name: secret for name, secret in SECRETS[kind].items() if name != missing}
    with pytest.raises(BadChannelError, match=f"needs its {missing}"):
        build_channel("x", kind, given if value is None else {**given, missing: value}, Settings.read())


@pytest.mark.parametrize("key", ["short", "with a blank in it", "a+b/c=d&e?f#g%h!i", "é" * 16, "x" * 129])
def test_a_callback_key_that_is_easily_guessed_or_fits_no_address_is_refused(key: str) -> None:
    with pytest.raises(BadChannelError, match="callback_key must be") as caught:
        build_channel(
            "x",
            "africastalking",
            {**SECRETS["africastalking"], "callback_key": f"{CALLBACK_KEY}, {key}"},
            Settings.read(),
        )
    assert key not in str(caught.value)


@pytest.mark.parametrize("name", ["", "Twilio", "a/b", "1a", "a" * 33, "é", "a b"])
def test_a_name_that_fits_no_address_is_refused(name: str) -> None:
    with pytest.raises(BadChannelError, match="is no name"):
        build_channel(name, "http", SECRETS["http"], Settings.read())


def test_an_unknown_kind_and_a_wrong_address_are_refused() -> None:
    with pytest.raises(BadChannelError, match=f"there are {', '.join(KINDS)}"):
        build_channel("x", "pigeon", {}, Settings.read())
    with pytest.raises(BadChannelError, match="send_url"):
        build_channel("x", "http", {"secret": "s", "send_url": "ftp://x"}, Settings.read())
    with pytest.raises(BadChannelError, match="sendsms_url"):
        build_channel("x", "kannel", {**SECRETS["kannel"], "sendsms_url": "127.0.0.1"}, Settings.read())
    secrets = {**SECRETS["africastalking"], "api_url": "africastalking.example"}
    with pytest.raises(BadChannelError, match="api_url"):
        build_channel("x", "africastalking", secrets, Settings.read())


@pytest.mark.parametrize("url", ["http://[", "http://host:x", "http://", "http://a b/", "https://host:99999"])
def test_an_address_that_nobody_can_be_called_at_is_refused(url: str) -> None:
    with pytest.raises(BadChannelError, match="send_url must name a host"):
        build_channel("x", "http", {"secret": "s", "send_url": url}, Settings.read())


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"lines": "+22780000001, 80000002 x"}, "lines are not written so: DEVICE:SIM="),
        ({"url": "192.168.1.5:8080"}, "url must begin with"),
        ({"url": "http://192.168.1.5:8080", "user": "sms"}, "needs user and password"),
    ],
)
def test_a_phone_that_is_set_up_wrong_is_refused_and_not_quoted(wrong: dict[str, str], reason: str) -> None:
    with pytest.raises(BadChannelError, match=reason) as caught:
        build_channel("x", "android", SECRETS["android"] | wrong, Settings.read())
    assert "8000000" not in str(caught.value)


def test_the_settings_switch_channels_on() -> None:
    assert channels_from_settings(Settings.read()) == {}
    settings = Settings.read(
        twilio_account_sid=ACCOUNT_SID, twilio_auth_token=(AUTH_TOKEN, "old"), http_secret="s"
    )
    channels = channels_from_settings(settings)
    assert isinstance(channels["twilio"], TwilioChannel)
    assert isinstance(channels["http"], HttpChannel)


def test_an_account_without_token_is_refused() -> None:
    with pytest.raises(BadSettingsError, match="VIGIE_TWILIO_AUTH_TOKEN"):
        channels_from_settings(Settings.read(twilio_account_sid=ACCOUNT_SID))
