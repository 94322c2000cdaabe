"""Addresses as providers write them, made one."""

import re
import unicodedata
from typing import Final

import phonenumbers

WHATSAPP: Final = "whatsapp:"  # how Twilio writes it, before a number

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_DIGIT = re.compile(r"\d")  # of any script
_TYPED = re.compile(r"[+0-9\s().\-/]+")


def normalised(address: str, country: str) -> str:
    """A phone number as E.164; short codes, names and lines on WhatsApp stay as they are.

    Digits of any script become ASCII's. ``country`` (two letters) is that of numbers written without one.
    """
    if _E164.fullmatch(address):  # nearly always: the library takes a hundred times as long
        return address
    address = _DIGIT.sub(lambda digit: str(unicodedata.decimal(digit[0])), address.strip())
    if not _TYPED.fullmatch(address):
        return address
    try:
        number = phonenumbers.parse(address, country)
    except phonenumbers.NumberParseException:
        return address
    if not phonenumbers.is_possible_number(number):
        return address
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def on_whatsapp(line: str) -> bool:
    """Whether it is a line of ours on WhatsApp: there nobody may be written to who did not write lately."""
    return line.startswith(WHATSAPP)


def international(address: str, country: str) -> str:
    """The same for networks that write the country first and no plus: ``2348030000001``, and ours."""
    ours = normalised(address, country)
    return f"+{ours}" if _E164.fullmatch(f"+{ours}") else ours
