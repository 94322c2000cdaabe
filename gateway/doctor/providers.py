"""Channels and lines: whether each is configured, and what Twilio says of its own side."""

import json
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import sqlalchemy as sa

from gateway.channels.answers import BadChannelError
from gateway.channels.base import CallingChannel, Channel, VoiceChannel
from gateway.channels.numbers import on_whatsapp
from gateway.channels.records import ChannelRecord, Line
from gateway.channels.registry import build_channel, channels_from_settings
from gateway.doctor.findings import Finding, note, ok, warning, wrong
from gateway.hotline.prompts import missing
from gateway.settings import BadSettingsError, Settings
from gateway.storage.cipher import CannotDecryptError, Cipher
from gateway.storage.database import table_of

CHANNEL, LINE = table_of(ChannelRecord), table_of(Line)
_SECONDS = (2.5, 2.5)


@dataclass(frozen=True, slots=True)
class OurLine:
    id: int
    number: str = field(repr=False)
    profile: str
    channel: str


def lines(connection: sa.Connection, cipher: Cipher) -> list[OurLine]:
    return [
        OurLine(row.id, cipher.decrypt(row.number), row.profile, row.channel)
        for row in connection.execute(sa.select(LINE).order_by(LINE.c.id))
    ]


def examine(connection: sa.Connection, cipher: Cipher, settings: Settings) -> Iterator[Finding]:
    ours = lines(connection, cipher)
    good: dict[str, Channel] = {}
    configured = list(_configured(connection, cipher, settings))
    if not configured:
        yield wrong("channels", "There is none: `vigie channels add KIND NAME` sets one up.")
    for name, kind, secrets in configured:
        try:
            good[name] = build_channel(name, kind, secrets, settings)
        except BadChannelError as error:
            yield wrong(f"channel {name}", f"{error} Mend it: `vigie channels add {kind} {name} --replace`.")
            continue
        if kind == "twilio":
            yield from _twilio(name, secrets, settings, [line for line in ours if line.channel == name])
        else:
            yield ok(f"channel {name}", f"is configured ({kind}).")
    yield from _lines(ours, good)
    yield _calling(ours, good)
    phoned = [line for line in ours if line.profile == "hotline" and not on_whatsapp(line.number)]
    if any(isinstance(good.get(line.channel), VoiceChannel) for line in phoned):
        yield from _prompts(settings.prompts_dir)


def _calling(ours: Sequence[OurLine], good: Mapping[str, Channel]) -> Finding:
    """Whether officers can be called, as what is gravest wants it."""
    lines = [line for line in ours if line.profile == "agents" and not on_whatsapp(line.number)]
    if any(isinstance(good.get(line.channel), CallingChannel) for line in lines):
        return ok("calls", "Officers are called where severity asks for it.")
    return note(
        "calls",
        "No agents' line of ours can call, so alerts go by SMS alone, which wakes few: add a line through Twilio.",
    )


def _configured(
    connection: sa.Connection, cipher: Cipher, settings: Settings
) -> Iterator[tuple[str, str, Mapping[str, str]]]:
    """Name, kind and secrets: the environment's, then the database's that it does not hide."""
    try:
        by_environment = set(channels_from_settings(settings))
    except BadSettingsError:
        by_environment = {"twilio"}  # which lacks its token, as building it will tell
    if "twilio" in by_environment:
        tokens = ",".join(settings.twilio_auth_token)
        yield "twilio", "twilio", {"account_sid": settings.twilio_account_sid, "auth_token": tokens}
    if "http" in by_environment:
        yield "http", "http", {"secret": settings.http_secret}
    for row in connection.execute(sa.select(CHANNEL).where(CHANNEL.c.active).order_by(CHANNEL.c.name)):
        if row.name not in by_environment:
            yield row.name, row.kind, _secrets(cipher, row.secrets)


def _secrets(cipher: Cipher, sealed: bytes) -> Mapping[str, str]:
    try:
        secrets: Mapping[str, str] = json.loads(cipher.decrypt(sealed))
    except (CannotDecryptError, ValueError):
        return {}
    return secrets


def _prompts(folder: Path) -> Iterator[Finding]:
    lacking = missing(folder, "ha")
    if lacking:
        yield note(
            "voice menu",
            f"Hausa is not offered until its {len(lacking)} missing sentences are recorded in {folder / 'ha'}: "
            "`vigie hotline prompts` lists them.",
        )
    else:
        yield ok("voice menu", "is offered in French, Hausa and English.")


def _lines(ours: Sequence[OurLine], channels: Container[str]) -> Iterator[Finding]:
    agents = [line for line in ours if line.profile == "agents"]
    if not agents:
        yield wrong(
            "lines",
            "There is no line for agents, from which alerts are sent too: "
            "`vigie lines add NUMBER --profile agents --channel NAME`.",
        )
    elif all(on_whatsapp(line.number) for line in agents):
        yield warning(
            "lines",
            "Every line for agents is on WhatsApp, where no officer can be written to first: add one that is not, "
            "or alerts may reach nobody.",
        )
    for line in ours:
        if line.channel not in channels:
            yield wrong(
                "lines",
                f"Line {line.id} goes through the channel {line.channel}, which is not in order: set that one up, "
                "or `vigie lines add` with another.",
            )
    if not any(line.profile == "hotline" for line in ours):
        yield note("lines", "There is no hotline; `vigie lines add NUMBER --profile hotline …` makes one.")
    elif agents:
        yield ok("lines", f"{len(ours)} are configured.")


def _twilio(
    name: str, secrets: Mapping[str, str], settings: Settings, ours: Sequence[OurLine]
) -> Iterator[Finding]:
    part = f"channel {name}"
    if not settings.public_url.startswith("https://"):
        yield warning(
            part, "VIGIE_PUBLIC_URL is not https: texts would cross the net in clear; put TLS before it."
        )
    account, tokens = secrets["account_sid"], [token.strip() for token in secrets["auth_token"].split(",")]
    base = f"{settings.twilio_api_url}/2010-04-01/Accounts/{account}"
    accepted = None
    for place, token in enumerate(tokens, start=1):
        try:
            answer = requests.get(f"{base}.json", auth=(account, token), timeout=_SECONDS)
        except requests.RequestException:
            yield wrong(
                part, f"Twilio cannot be reached at {settings.twilio_api_url}: check this machine's way out."
            )
            return
        if answer.status_code == 200:
            accepted = accepted or token
        else:
            which = f"token {place} of {len(tokens)}" if len(tokens) > 1 else "the account or its token"
            refused = warning if len(tokens) > 1 else wrong
            yield refused(
                part, f"Twilio refuses {which} ({answer.status_code}): take the right one from its console."
            )
    if accepted:
        yield ok(part, "Twilio accepts the account and its token.")
        for line in ours:
            yield from _number(f"{base}/IncomingPhoneNumbers.json", (account, accepted), line, settings, name)
    elif len(tokens) > 1:
        yield wrong(part, "Twilio accepts none of its tokens, so nothing can be sent.")


def _number(
    url: str, credentials: tuple[str, str], line: OurLine, settings: Settings, name: str
) -> Iterator[Finding]:
    """How Twilio is set up for one of our lines, as far as its API tells."""
    part = f"line {line.id}"
    found = _look_up(url, credentials, line.number)
    expected = f"{settings.public_url}/webhooks/{name}/sms"
    if found is None:
        yield note(part, f"Twilio's API does not tell of this number: see that its texts go to {expected}.")
    else:
        if str(found.get("sms_url", "")).partition("#")[0] != expected:
            yield warning(part, f"Twilio sends its texts elsewhere: set `A message comes in` to {expected}.")
        if not found.get("sms_fallback_url"):
            yield warning(
                part,
                "It has no fallback address, and Twilio does not try twice by itself: set `Primary handler fails` "
                f"to {expected} too, and add #rc=3&rp=all to both.",
            )
    if line.profile == "hotline":
        yield note(
            part,
            "Whether Twilio answers STOP and HELP by itself cannot be read from its API: text HELP to the hotline "
            "from a phone of yours, and if anything comes back ask Twilio's support to switch its opt-out "
            "handling off (in a messaging service: Opt-Out Management).",
        )


def _look_up(url: str, credentials: tuple[str, str], number: str) -> Mapping[str, Any] | None:
    try:
        answer = requests.get(url, params={"PhoneNumber": number}, auth=credentials, timeout=_SECONDS)
        listed = answer.json()["incoming_phone_numbers"] if answer.status_code == 200 else []
        return next((one for one in listed if one.get("phone_number") == number), None)
    except (requests.RequestException, ValueError, KeyError, AttributeError, TypeError):
        return None
