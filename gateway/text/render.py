"""SMS texts from `templates_sms/`: one GSM-7 segment each, whatever the values.

A template is one line with `{field}` values; a part in `[...]` is left out when a value in it is empty.
"""

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

from gateway.text.gsm7 import fold
from gateway.text.segments import GSM7_ONE, septets

DEFAULT_LANGUAGE: Final = "fr"
# What gives way when a text is too long, first one first; below its floor a value tells nothing.
SHORTENED: Final = (
    ("words", 12),
    ("who", 12),
    ("place", 16),
    ("label", 14),
    ("words", 0),
    ("who", 0),
    ("value", 12),
    ("other", 12),
)
FREE_TEXT: Final = frozenset({"place", "who", "words", "label"})

# What folding would leave as it is: printable ASCII but the backtick, single spaces between words.
_PLAIN = re.compile(r"[!-_a-~]*(?: [!-_a-~]+)*")
_LONG_NUMBER = re.compile(r"\d{4,}")
_FIELD = re.compile(r"\{(\w+)\}")


class Part(NamedTuple):
    """A stretch of a template: `literals[0] value literals[1] value ... literals[-1]`."""

    literals: tuple[str, ...]
    fields: tuple[str, ...]
    optional: bool


def count(number: int) -> str:
    """A number as our texts write it: with a dot, so that only a reply code is four digits in a row."""
    return f"{number:,}".replace(",", ".")


def people(number: int | None, language: str, *, approximate: bool = False) -> str:
    """How many, for a receipt or an alert; nothing when it is not known."""
    if number is None:
        return ""
    return f"{'env. ' if approximate else ''}{count(number)} {phrase('people', language)}"


def phrase(key: str, language: str) -> str:
    """A word of the language's `words.txt`; a key that has none stands for itself."""
    return _words(language).get(key, key)


def render(name: str, language: str, **fields: object) -> str:
    parts = _template(name, language)
    values = {key: _clean(key, value, language) for key, value in fields.items() if value is not None}
    text = _fill(parts, values)
    return text if fits(text) else _shortened(parts, values)


def fits(text: str) -> bool:
    """Whether a text of GSM-7 letters is one segment."""
    return 2 * len(text) <= GSM7_ONE or septets(text) <= GSM7_ONE


def _shortened(parts: Sequence[Part], values: dict[str, str]) -> str:
    text = _fill(parts, values)
    for field, floor in SHORTENED:
        excess = septets(text) - GSM7_ONE
        if excess <= 0:
            break
        value = values.get(field, "")
        if len(value) > floor:
            values[field] = cut(value, max(len(value) - excess, floor))
            text = _fill(parts, values)
    return text


def cut(value: str, length: int) -> str:
    """At most `length` letters, at a word's end when that loses little."""
    short = value[:length].rstrip(" ,;:.-('")
    at_word = short.rpartition(" ")[0]
    if value[length : length + 1].isalnum() and len(at_word) > length * 2 // 3:
        short = at_word.rstrip(" ,;:.-('")
    return short


def _clean(key: str, value: object, language: str) -> str:
    text = value if type(value) is str else str(value)
    if key == "doubt":
        text = phrase(text, language)
    if not _PLAIN.fullmatch(text):
        text = " ".join(fold(text).split())
    if key in FREE_TEXT and _LONG_NUMBER.search(text):
        return _LONG_NUMBER.sub("#", text)
    if key == "people":
        return _LONG_NUMBER.sub(lambda match: count(int(match[0])), text)
    return text


def _fill(parts: Sequence[Part], values: dict[str, str]) -> str:
    filled: list[str] = []
    for part in parts:
        given = [values.get(field, "") for field in part.fields]
        if part.optional and "" in given:
            continue
        filled.append(part.literals[0])
        for value, literal in zip(given, part.literals[1:], strict=True):
            filled += (value, literal)
    return "".join(filled).strip()


@cache
def _template(name: str, language: str) -> tuple[Part, ...]:
    return tuple(_parse(_read(language, name)))


def _parse(template: str) -> list[Part]:
    parts = []
    for index, stretch in enumerate(re.split(r"[\[\]]", template)):
        pieces = _FIELD.split(stretch)
        if stretch:
            parts.append(Part(tuple(pieces[::2]), tuple(pieces[1::2]), optional=index % 2 == 1))
    return parts


@cache
def _words(language: str) -> dict[str, str]:
    pairs = (line.split("=", 1) for line in _read(language, "words").splitlines() if "=" in line)
    return {key.strip(): text.strip() for key, text in pairs}


def _read(language: str, name: str) -> str:
    folder = files("templates_sms")
    chosen = folder / language / f"{name}.txt"
    if not (language.isalpha() and chosen.is_file()):
        chosen = folder / DEFAULT_LANGUAGE / f"{name}.txt"
    return chosen.read_text(encoding="utf-8").strip()
