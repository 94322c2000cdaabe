"""Folding for matching: `N'Guigmi`, `ɗaya` and `٣` become `n'guigmi`, `daya` and `3`."""

import unicodedata
from functools import lru_cache
from typing import Final

_LETTERS: Final = {
    **dict.fromkeys("‘’‚‛ʼʻ´`ʾʿ", "'"),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    **dict.fromkeys("→⇒➔➡", "->"),
    "′": "'",
    "″": "''",
    **dict.fromkeys("“”„", '"'),
    "ɓ": "b",
    "ɗ": "d",
    "ƙ": "k",
    "ƴ": "y",
    "ŋ": "n",
    "œ": "oe",
    "æ": "ae",
    "ø": "o",
    "ß": "ss",
    "ı": "i",
    "⁄": "/",  # what a vulgar fraction falls apart into
    "،": ",",
    "؛": ";",
    "٫": ",",
    "ـ": "",
    "º": "°",
    "˚": "°",
    "±": "±",
}


@lru_cache(maxsize=4096)
def fold_letter(letter: str) -> str:
    """What one letter is read as: lower case, no accent, no hook, ASCII digits; nothing when invisible."""
    chosen = _LETTERS.get(letter.lower())
    if chosen is not None:
        return chosen
    category = unicodedata.category(letter)
    if category in ("Cf", "Mn", "Me", "Mc", "Cs"):
        return ""
    if category == "Nd":
        return str(unicodedata.digit(letter))
    if category in ("Cc", "Zl", "Zp", "Zs"):
        return " " if letter not in "\n\r" else "\n"
    decomposed = unicodedata.normalize("NFKD", letter).lower()
    return "".join(_LETTERS.get(part, part) for part in decomposed if not unicodedata.combining(part))


def fold_for_matching(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text.lower()
    return "".join(map(fold_letter, text))


def squeeze(text: str) -> str:
    """Letters and digits alone: how names are compared."""
    return "".join(letter for letter in fold_for_matching(text) if letter.isalnum())
