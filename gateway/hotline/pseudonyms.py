"""The name by which a hotline contact goes: `C-4F7K` tells nothing of the number. Rules.

A contact's ordinal as letters and digits that are not mistaken for each other, scattered so that
neighbours differ: four signs for the first million contacts, more after that.
"""

import re
from typing import Final

_SIGNS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MEANT: Final = str.maketrans("OIL", "011")
_SHORT: Final = len(_SIGNS) ** 4
_STEP, _START = 402_653, 31_357
_BACK: Final = pow(_STEP, -1, _SHORT)
_PSEUDONYM: Final = re.compile(r"C-?([0-9A-Z]{4,12})")


def pseudonym(ordinal: int) -> str:
    above, place = divmod(ordinal, _SHORT)
    return f"C-{_written(above) if above else ''}{_written((place * _STEP + _START) % _SHORT).zfill(4)}"


def ordinal(text: str) -> int | None:
    """The ordinal behind a pseudonym as somebody typed it; None when it is none."""
    found = _PSEUDONYM.fullmatch(text.strip().upper())
    signs = found[1].translate(_MEANT) if found else ""
    if not signs or not set(signs) <= set(_SIGNS):
        return None
    above, place = divmod(_read(signs), _SHORT)
    return above * _SHORT + (place - _START) * _BACK % _SHORT


def _written(number: int) -> str:
    signs = ""
    while number:
        number, sign = divmod(number, len(_SIGNS))
        signs = _SIGNS[sign] + signs
    return signs


def _read(signs: str) -> int:
    number = 0
    for sign in signs:
        number = number * len(_SIGNS) + _SIGNS.index(sign)
    return number
