"""The GSM 03.38 alphabet: what one SMS of 160 signs can carry."""

import re
import unicodedata
from functools import cache

BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = "\f^{}\\[~]|€"
ALPHABET = frozenset(BASIC + EXTENSION)

# Vendors disagree about the rest of the table (ç most of all), so we write only these letters.
WRITTEN = frozenset(chr(code) for code in range(0x20, 0x7F) if chr(code) != "`") | frozenset("éèàù\n")

_PLAIN = re.compile("[ -_a-~éèàù\n]*")
_SUBSTITUTES = {
    "`": "'",
    "‘": "'",
    "’": "'",
    "‚": "'",
    "‛": "'",
    "ʼ": "'",
    "ʻ": "'",
    "´": "'",
    "“": '"',
    "”": '"',
    "„": '"',
    "«": '"',
    "»": '"',
    "‹": "'",
    "›": "'",
    "‐": "-",
    "‑": "-",
    "‒": "-",
    "–": "-",
    "—": "-",
    "―": "-",
    "−": "-",
    "…": "...",
    "•": "-",
    "×": "x",
    "→": "->",
    "±": "+-",
    "°": " ",
    "€": "EUR",
    "£": "GBP",
    "œ": "oe",
    "Œ": "OE",
    "æ": "ae",
    "Æ": "AE",
    "ø": "o",
    "Ø": "O",
    "đ": "d",
    "Đ": "D",
    "ł": "l",
    "ß": "ss",
    "ɓ": "b",
    "ɗ": "d",
    "ƙ": "k",
    "ƴ": "y",
    "Ɓ": "B",
    "Ɗ": "D",
    "Ƙ": "K",
    "Ƴ": "Y",
    "ŋ": "n",
    "Ŋ": "N",
    "ɛ": "e",
    "ɔ": "o",
    "\t": " ",
    "\r": " ",
    "\f": " ",
    "\v": " ",
    "\u2028": "\n",
    "\u2029": "\n",
}


def is_gsm7(text: str) -> bool:
    return ALPHABET.issuperset(text)


def offending(text: str) -> list[str]:
    """Each letter outside the alphabet, once, in order of first use."""
    return [letter for letter in dict.fromkeys(text) if letter not in ALPHABET]


def fold(text: str) -> str:
    """The nearest text of ASCII and é è à ù; letters with no Latin likeness (Arabic, emoji) are left out."""
    if _PLAIN.fullmatch(text):
        return text
    return "".join(map(_fold_letter, unicodedata.normalize("NFC", text)))


@cache
def _substitute(letter: str) -> str:
    decomposed = unicodedata.normalize("NFKD", letter)
    return "".join(_SUBSTITUTES.get(part, part) for part in decomposed)


def _fold_letter(letter: str) -> str:
    if letter in WRITTEN:
        return letter
    substitute = _SUBSTITUTES.get(letter)
    if substitute is None:
        substitute = _substitute(letter) if ord(letter) < 0x2000 else unicodedata.normalize("NFKD", letter)
    return "".join(part for part in substitute if part in WRITTEN)
