"""How many SMS a text costs."""

import re

from gateway.text.gsm7 import EXTENSION, is_gsm7

GSM7_ONE, GSM7_PART = 160, 153
UCS2_ONE, UCS2_PART = 70, 67

_EXTENSION = re.compile(f"[{re.escape(EXTENSION)}]")


def septets(text: str) -> int:
    """The length of a GSM-7 text; letters of the extension table cost two."""
    return len(text) + len(_EXTENSION.findall(text))


def segments(text: str) -> int:
    """The number of SMS that a network would send: nothing counts as one."""
    if is_gsm7(text):
        units = [2 if letter in EXTENSION else 1 for letter in text]
        return _parts(units, GSM7_ONE, GSM7_PART)
    units = [2 if ord(letter) > 0xFFFF else 1 for letter in text]
    return _parts(units, UCS2_ONE, UCS2_PART)


def _parts(units: list[int], one: int, part: int) -> int:
    """A letter of two units is never split between two parts, so it may leave one unit unused."""
    if sum(units) <= one:
        return 1
    parts, room = 1, part
    for unit in units:
        if unit > room:
            parts, room = parts + 1, part
        room -= unit
    return parts
