"""What people read on paper and on a screen, by language. What they read by SMS is in `templates_sms/`."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

LANGUAGES: Final = ("fr", "en", "ha")

Words = Mapping[str, Mapping[str, str]]


@cache
def words(language: str) -> Words:
    """The tables of a language: `words("fr")["people"]["men"]`."""
    return all_words()[language]


@cache
def all_words() -> Mapping[str, Words]:
    tables: Mapping[str, Words] = tomllib.loads(
        (files("gateway.text") / "words.toml").read_text(encoding="utf-8")
    )
    return tables


def word(language: str, table: str, key: object) -> str:
    """A key that has no word stands for itself."""
    return words(language)[table].get(str(key), str(key))
