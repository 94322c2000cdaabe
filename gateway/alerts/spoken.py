"""What officers hear who are called: class and place, never a number nor a caller's words. A rule."""

import tomllib
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Final

from gateway.alerts.facts import Facts
from gateway.hotline.voice import Prompt
from gateway.reports.codebook import Codebook
from gateway.text.render import DEFAULT_LANGUAGE

Part = Prompt | str
"""A sentence that can be recorded, or words that no one can have recorded before."""
_GRAVEST: Final = 1


@cache
def sentences() -> Mapping[Prompt, str]:
    """All that can be recorded, in each language."""
    read = tomllib.loads(files("gateway.alerts").joinpath("spoken.toml").read_text(encoding="utf-8"))
    return {
        Prompt(language, f"officer_{name}"): words
        for language in read
        for name, words in read[language].items()
    }


def prompt(language: str, name: str) -> Prompt:
    return Prompt(language, f"officer_{name}")


def alert(book: Codebook, facts: Facts, language: str, synthesised: Collection[str]) -> list[Part]:
    """What it is about; in a language that no voice speaks its names are said in French."""
    said_in = language if language in synthesised else DEFAULT_LANGUAGE
    names = (book.label(facts.code, said_in) if facts.code else None, facts.place)
    parts: list[Part] = [prompt(language, "alert_1" if facts.severity == _GRAVEST else "alert_2")]
    if facts.hotline:
        parts.append(prompt(language, "hotline"))
    if any(names):
        parts.append(f"{', '.join(filter(None, names))}.")
    return parts


def words(parts: Sequence[Part]) -> str:
    """The same in writing."""
    return " ".join(part if isinstance(part, str) else sentences()[part] for part in parts)
