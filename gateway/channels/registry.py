"""The kinds of channel, what each must be told in secret, and those that the settings switch on."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from gateway.channels import address_key
from gateway.channels.africastalking import API_URL, AfricasTalkingChannel
from gateway.channels.android import AndroidChannel, SendingApi, read_lines
from gateway.channels.base import Channel
from gateway.channels.http import HttpChannel
from gateway.channels.kannel import KannelChannel
from gateway.channels.simulator import SimulatorChannel
from gateway.channels.twilio import TwilioChannel
from gateway.settings import BadSettingsError, Settings

_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")


class BadChannelError(Exception):
    """A channel cannot be built; the message is one sentence that says what is missing or wrong."""


@dataclass(frozen=True, slots=True)
class Secret:
    """Something that an operator is asked for. ``hidden``: not shown while it is typed."""

    name: str
    question: str
    required: bool = True
    hidden: bool = True


@dataclass(frozen=True, slots=True)
class Kind:
    """A provider: what to ask for, and how to build a channel from the answers."""

    secrets: tuple[Secret, ...]
    build: Callable[[str, Mapping[str, str], Settings], Channel]
    address_ends: str = ""
    """what its provider must add to our address"""
    whatsapp: bool = False
    """whether a line of it may be on WhatsApp"""


def _twilio(name: str, secrets: Mapping[str, str], settings: Settings) -> Channel:
    return TwilioChannel(
        name,
        secrets["account_sid"],
        _several(secrets["auth_token"]),
        public_url=settings.public_url,
        api_url=settings.twilio_api_url,
        country=settings.country,
    )


def _http(name: str, secrets: Mapping[str, str], settings: Settings) -> Channel:
    send_url = _address(secrets, "send_url")
    return HttpChannel(name, _several(secrets["secret"]), country=settings.country, send_url=send_url)


def _android(name: str, secrets: Mapping[str, str], settings: Settings) -> Channel:
    try:
        lines = read_lines(secrets["lines"], settings.country)
    except ValueError:
        raise BadChannelError(f"lines are not written so: {_SIMS}.") from None
    url, user, password = _address(secrets, "url"), secrets.get("user", ""), secrets.get("password", "")
    if url and not (user and password):
        raise BadChannelError(f"The channel {name} needs user and password to send by its url.")
    api = SendingApi(url, user, password) if url else None
    return AndroidChannel(name, _several(secrets["secret"]), lines, country=settings.country, api=api)


def _kannel(name: str, secrets: Mapping[str, str], settings: Settings) -> Channel:
    return KannelChannel(
        name,
        _several(secrets["key"]),
        public_url=settings.public_url,
        sendsms_url=_address(secrets, "sendsms_url"),
        username=secrets["username"],
        password=secrets["password"],
        smsc=secrets.get("smsc", ""),
        country=settings.country,
    )


def _simulator(name: str, secrets: Mapping[str, str], settings: Settings) -> Channel:
    return SimulatorChannel(name, _several(secrets["secret"]), country=settings.country)


def _africastalking(name: str, secrets: Mapping[str, str], settings: Settings) -> Channel:
    return AfricasTalkingChannel(
        name,
        secrets["username"],
        secrets["api_key"],
        _keys(secrets),
        country=settings.country,
        api_url=_address(secrets, "api_url") or API_URL,
    )


def _keys(secrets: Mapping[str, str]) -> tuple[str, ...]:
    keys = _several(secrets["callback_key"])
    if not all(address_key.is_fit(key) for key in keys):
        raise BadChannelError("callback_key must be 16 to 128 letters, digits, hyphens and underscores.")
    return keys


_SIMS = "DEVICE:SIM=+227…, comma-separated, or the number alone if the phone has one SIM"
_HMAC = Secret("secret", "secret that signs each body (HMAC-SHA-256); two, comma-separated, while rotating")
_CALLBACK_KEY = Secret(
    "callback_key",
    "key that you put into the callback addresses as ?key=…; two, comma-separated, while rotating",
)
KINDS: Final[Mapping[str, Kind]] = {
    "twilio": Kind(
        (
            Secret("account_sid", "account SID (AC…)", hidden=False),
            Secret("auth_token", "auth token; two, comma-separated, while rotating"),
        ),
        _twilio,
        whatsapp=True,
    ),
    "http": Kind(
        (_HMAC, Secret("send_url", "address to post outgoing texts to", required=False, hidden=False)),
        _http,
        whatsapp=True,
    ),
    "android": Kind(
        (
            Secret("secret", "signing key that the app shows under Settings, Webhooks"),
            Secret("lines", f"our line of each SIM: {_SIMS}", hidden=False),
            Secret(
                "url", "address to send by: http://PHONE:8080, or the cloud's", required=False, hidden=False
            ),
            Secret("user", "user that the app shows", required=False, hidden=False),
            Secret("password", "its password", required=False),
        ),
        _android,
    ),
    "kannel": Kind(
        (
            Secret("key", "key that its addresses carry (key=…); two, comma-separated, while changing"),
            Secret("sendsms_url", "address of smsbox's sendsms (http://…/cgi-bin/sendsms)", hidden=False),
            Secret("username", "username of its sendsms-user", hidden=False),
            Secret("password", "password of its sendsms-user"),
            Secret("smsc", "SMSC that outgoing texts take", required=False, hidden=False),
        ),
        _kannel,
    ),
    "simulator": Kind((_HMAC,), _simulator),
    "africastalking": Kind(
        (
            Secret("username", "username of the application (sandbox in the sandbox)", hidden=False),
            Secret("api_key", "API key"),
            _CALLBACK_KEY,
            Secret("api_url", f"address of its API, if not {API_URL}", required=False, hidden=False),
        ),
        _africastalking,
        address_ends="?key=…",
    ),
}


def build_channel(name: str, kind: str, secrets: Mapping[str, str], settings: Settings) -> Channel:
    """A channel, ready for use. Raise BadChannelError."""
    if not _NAME.fullmatch(name):
        raise BadChannelError(
            f"{name!r} is no name for a channel: small letters, digits and hyphens, a letter first."
        )
    if kind not in KINDS:
        raise BadChannelError(f"There is no kind of channel {kind!r}; there are {', '.join(KINDS)}.")
    for secret in KINDS[kind].secrets:
        if secret.required and not _several(secrets.get(secret.name, "")):
            raise BadChannelError(f"The channel {name} needs its {secret.name}: {secret.question}.")
    return KINDS[kind].build(name, secrets, settings)


def channels_from_settings(settings: Settings) -> dict[str, Channel]:
    """The channels that the environment switches on, by name. Raise BadSettingsError."""
    given: dict[str, dict[str, str]] = {}
    if settings.twilio_account_sid:
        if not settings.twilio_auth_token:
            raise BadSettingsError("VIGIE_TWILIO_AUTH_TOKEN: is empty, but VIGIE_TWILIO_ACCOUNT_SID is set.")
        tokens = ",".join(settings.twilio_auth_token)
        given["twilio"] = {"account_sid": settings.twilio_account_sid, "auth_token": tokens}
    if settings.http_secret:
        given["http"] = {"secret": settings.http_secret}
    return {name: build_channel(name, name, secrets, settings) for name, secrets in given.items()}


def _address(secrets: Mapping[str, str], name: str) -> str:
    url = secrets.get(name, "")
    if url and not url.startswith(("http://", "https://")):
        raise BadChannelError(f"{name} must begin with http:// or https://.")
    if url and not _names_a_host(url):
        raise BadChannelError(f"{name} must name a host, and a port only as a number: http://host:8080.")
    return url


def _names_a_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and " " not in url and parts.port != 0
    except ValueError:
        return False


def _several(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())
