"""What an operator is asked about a channel, and how the answers are read. A bad one raises BadChannelError."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from gateway.channels.guard import Guard, Network, is_fit, read_networks
from gateway.settings import Settings

_CODE = re.compile(r"\*?[0-9]+(\*[0-9]+)*#?")


class BadChannelError(Exception):
    """A channel cannot be built; the message is one sentence that says what is missing or wrong."""


@dataclass(frozen=True, slots=True)
class Secret:
    """Something that an operator is asked for. ``hidden``: not shown while it is typed."""

    name: str
    question: str
    required: bool = True
    hidden: bool = True


def guard(name: str, secrets: Mapping[str, str], settings: Settings) -> Guard:
    """What holds a provider that signs nothing."""
    keys, callers = several(secrets.get("callback_key", "")), networks(secrets)
    if not keys and not callers:
        raise BadChannelError(
            f"The channel {name} needs a callback_key, or the addresses that its provider calls from: "
            "it signs nothing."
        )
    if not all(is_fit(key) for key in keys):
        raise BadChannelError("callback_key must be 16 to 128 letters, digits, hyphens and underscores.")
    return Guard(keys, callers, open=settings.demo)


def networks(secrets: Mapping[str, str]) -> tuple[Network, ...]:
    """Those that its provider calls from."""
    try:
        return read_networks(several(secrets.get("addresses", "")))
    except ValueError:
        raise BadChannelError(
            "addresses are written 198.51.100.7 or 203.0.113.0/24, comma-separated."
        ) from None


def service_code(secrets: Mapping[str, str]) -> str:
    """Our code as it is dialled, or nothing."""
    code = secrets.get("service_code", "").strip()
    if code and not _CODE.fullmatch(code):
        raise BadChannelError("service_code is written as it is dialled: *384# or *384*57#.")
    return code


def address(secrets: Mapping[str, str], name: str) -> str:
    """One to call, or nothing."""
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


def several(value: str) -> tuple[str, ...]:
    """What is written comma-separated."""
    return tuple(part.strip() for part in value.split(",") if part.strip())
