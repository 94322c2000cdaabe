"""The kinds of channel, what each must be told in secret, and those that the settings switch on."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from gateway.channels import answers
from gateway.channels.africastalking import API_URL, AfricasTalkingChannel
from gateway.channels.android import AndroidChannel, SendingApi, read_lines
from gateway.channels.answers import BadChannelError, Secret
from gateway.channels.arkesel import ArkeselChannel
from gateway.channels.base import Channel
from gateway.channels.comviva import ComvivaChannel
from gateway.channels.generic import GenericChannel, read_wire
from gateway.channels.guard import Guard
from gateway.channels.http import HttpChannel
from gateway.channels.hubtel import HubtelChannel
from gateway.channels.infobip import InfobipChannel
from gateway.channels.kannel import KannelChannel
from gateway.channels.nalo import NaloChannel
from gateway.channels.simulator import SimulatorChannel
from gateway.channels.twilio import TwilioChannel
from gateway.channels.ussd import UssdChannel
from gateway.settings import BadSettingsError, Settings

_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")


@dataclass(frozen=True, slots=True)
class Kind:
    """A provider: what to ask for, and how to build a channel from the answers."""

    secrets: tuple[Secret, ...]
    build: Callable[[str, Mapping[str, str], Settings], Channel]
    calls: tuple[str, ...] = ("sms",)
    """how the addresses that its provider calls end"""
    texts: bool = True
    """whether lines may go through it"""
    whatsapp: bool = False
    """whether a line of it may be on WhatsApp"""


def _twilio(name: str, secrets: Mapping[str, str], settings: Settings) -> Channel:
    return TwilioChannel(
        name,
        secrets["account_sid"],
        answers.several(secrets["auth_token"]),
        public_url=settings.public_url,
        api_url=settings.twilio_api_url,
        country=settings.country,
    )


def _http(name: str, secrets: Mapping[str, str], settings: Settings) -> Channel:
    send_url = answers.address(secrets, "send_url")
    return HttpChannel(name, answers.several(secrets["secret"]), country=settings.country, send_url=send_url)


def _android(name: str, secrets: Mapping[str, str], settings: Settings) -> Channel:
    try:
        lines = read_lines(secrets["lines"], settings.country)
    except ValueError:
        raise BadChannelError(f"lines are not written so: {_SIMS}.") from None
    url = answers.address(secrets, "url")
    user, password = secrets.get("user", ""), secrets.get("password", "")
    if url and not (user and password):
        raise BadChannelError(f"The channel {name} needs user and password to send by its url.")
    api = SendingApi(url, user, password) if url else None
    return AndroidChannel(name, answers.several(secrets["secret"]), lines, country=settings.country, api=api)


def _kannel(name: str, secrets: Mapping[str, str], settings: Settings) -> Channel:
    return KannelChannel(
        name,
        answers.several(secrets["key"]),
        public_url=settings.public_url,
        sendsms_url=answers.address(secrets, "sendsms_url"),
        username=secrets["username"],
        password=secrets["password"],
        smsc=secrets.get("smsc", ""),
        country=settings.country,
    )


def _simulator(name: str, secrets: Mapping[str, str], settings: Settings) -> Channel:
    return SimulatorChannel(name, answers.several(secrets["secret"]), country=settings.country)


def _africastalking(name: str, secrets: Mapping[str, str], settings: Settings) -> Channel:
    return AfricasTalkingChannel(
        name,
        secrets["username"],
        secrets["api_key"],
        answers.guard(name, secrets, settings),
        country=settings.country,
        api_url=answers.address(secrets, "api_url") or API_URL,
    )


def _comviva(name: str, secrets: Mapping[str, str], settings: Settings) -> Channel:
    return ComvivaChannel(
        name,
        Guard(networks=answers.networks(secrets)),
        secrets["userid"],
        secrets["password"],
        country=settings.country,
        service_code=answers.service_code(secrets),
    )


def _ussd(provider: type[UssdChannel]) -> Callable[[str, Mapping[str, str], Settings], Channel]:
    """How the channel of a provider is built that asks for nothing of its own."""

    def build(name: str, secrets: Mapping[str, str], settings: Settings) -> Channel:
        return provider(
            name,
            answers.guard(name, secrets, settings),
            country=settings.country,
            service_code=answers.service_code(secrets),
            user_id=secrets.get("user_id", ""),
        )

    return build


def _ussd_kind(provider: type[UssdChannel], *secrets: Secret, calls: str = "ussd?key=…") -> Kind:
    return Kind((*secrets, *_HELD), _ussd(provider), calls=(calls,), texts=False)


def _generic(name: str, secrets: Mapping[str, str], settings: Settings) -> Channel:
    try:
        wire = read_wire(secrets)
    except ValueError as error:
        raise BadChannelError(f"{error} is not written so: {_WIRE[str(error)]}.") from None
    guard, code = answers.guard(name, secrets, settings), answers.service_code(secrets)
    return GenericChannel(name, guard, wire, country=settings.country, service_code=code)


_SIMS = "DEVICE:SIM=+227…, comma-separated, or the number alone if the phone has one SIM"
_HMAC = Secret("secret", "secret that signs each body (HMAC-SHA-256); two, comma-separated, while rotating")
_CALLBACK_KEY = Secret(
    "callback_key",
    "key that you put into the callback addresses as ?key=…; two, comma-separated, while rotating",
)
_ADDRESSES = Secret(
    "addresses",
    "addresses that it calls from (198.51.100.7, 203.0.113.0/24), if it tells them",
    required=False,
    hidden=False,
)
_HELD = (replace(_CALLBACK_KEY, required=False), _ADDRESSES)
_SERVICE_CODE = Secret("service_code", "our code as it is dialled (*384#)", hidden=False)
_USER_ID = Secret("user_id", "user id that it gave us", hidden=False)
_WIRE: Final[Mapping[str, str]] = {
    "source": "form, json or query",
    "fields": "session=…, sender=…, text=…, and if it has them code=…, kind=…",
    "typed": "all or latest",
    "kinds": "first=…, over=…, if fields names a kind",
    "answer": "text=…, state=…, on=…, end=…, or nothing for CON and END",
}
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
            _ADDRESSES,
            Secret("api_url", f"address of its API, if not {API_URL}", required=False, hidden=False),
        ),
        _africastalking,
        calls=("sms?key=…", "ussd?key=…"),
    ),
    "comviva": Kind(
        (
            Secret("userid", "userid that it calls with", hidden=False),
            Secret("password", "password that it calls with"),
            _SERVICE_CODE,
            _ADDRESSES,
        ),
        _comviva,
        calls=("ussd",),
        texts=False,
    ),
    "infobip": _ussd_kind(InfobipChannel, replace(_SERVICE_CODE, required=False), calls="ussd/KEY"),
    "arkesel": _ussd_kind(ArkeselChannel, _USER_ID, _SERVICE_CODE),
    "nalo": _ussd_kind(NaloChannel, _USER_ID, _SERVICE_CODE),
    "hubtel": _ussd_kind(HubtelChannel),
    "generic": Kind(
        (
            Secret("source", f"where its fields stand: {_WIRE['source']}", hidden=False),
            Secret("fields", f"what it calls them: {_WIRE['fields']}", hidden=False),
            Secret("typed", f"what it tells of the answers typed: {_WIRE['typed']}", hidden=False),
            Secret("kinds", f"kinds of request: {_WIRE['kinds']}", required=False, hidden=False),
            Secret("answer", f"fields of an answer: {_WIRE['answer']}", required=False, hidden=False),
            replace(_SERVICE_CODE, required=False),
            *_HELD,
        ),
        _generic,
        calls=("ussd?key=…",),
        texts=False,
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
        if secret.required and not answers.several(secrets.get(secret.name, "")):
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
