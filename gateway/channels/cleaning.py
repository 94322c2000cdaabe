"""What every adapter does with the strings that it was given."""

import re
from collections.abc import Mapping
from typing import Final

from gateway.channels.base import BadRequestError
from gateway.channels.numbers import WHATSAPP, international, normalised
from gateway.observability import masked

ID_LENGTH: Final = 128
ADDRESS_LENGTH: Final = 64
# PostgreSQL stores no NUL, UTF-8 no half of a surrogate pair (JSON can spell both).
_CURRENCY = re.compile("[A-Z]{3}")
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def needed(fields: Mapping[str, str], *names: str) -> str:
    """A field of a form, under the first of its names that is there."""
    for name in names:
        if name in fields:
            return fields[name]
    raise BadRequestError(f"{names[0]} is missing")


def clean_text(value: str) -> str:
    """The words as they can be stored: NUL removed, halves of surrogate pairs replaced."""
    if value.isascii() and "\0" not in value:
        return value
    return _UNSTORABLE.sub(lambda found: "" if found[0] == "\0" else "\ufffd", value)


def clean_id(value: str, field: str) -> str:
    """A provider's id. An over-long one is refused: cut short, two messages could become one."""
    return _short(value, field, ID_LENGTH)


def clean_address(value: str, field: str, country: str) -> str:
    """A recipient, E.164 if it is a number."""
    return normalised(_short(value, field, ADDRESS_LENGTH), country)


def clean_sender(value: str, field: str, country: str) -> str:
    """Whoever wrote, by the bare number: the same person on WhatsApp and by SMS."""
    return clean_address(value.removeprefix(WHATSAPP), field, country)


def clean_msisdn(value: str, field: str, country: str) -> str:
    """The number of whoever dialled, E.164."""
    return international(_short(value, field, ADDRESS_LENGTH), country)


def clean_error(value: str) -> str:
    """A provider's reason, fit for the database and the screen: short and without numbers."""
    return str(masked(clean_text(value).strip()[:100]))


def _short(value: str, field: str, length: int) -> str:
    cleaned = clean_text(value).strip()
    if not cleaned:
        raise BadRequestError(f"{field} is empty")
    if len(cleaned) > length:
        raise BadRequestError(f"{field} is longer than {length} characters")
    return cleaned


def money(currency: str, amount: str) -> str:
    """An amount as a table shows it. Raise ValueError for what is none."""
    if not _CURRENCY.fullmatch(currency):
        raise ValueError("no currency")
    return f"{currency} {float(amount):.2f}"
